import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { loadExecutors } from './load-executor.ts';

const root = resolve(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');
const folder = mkdtempSync(join(tmpdir(), 'vigia-executor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('an executor from a package is loaded by name and acts', async () => {
  const [create] = await loadExecutors([{ package: './example-executor' }], fixtures);
  const executor = create!({ clock: systemClock, secret: () => 'hush' });
  expect(executor.kind).toBe('append');
  const file = join(folder, 'lines');
  const request = { key: 'run_1', entity: 'host/a', args: { file, line: 'a ${env:B}' }, timeoutMs: 1000 };
  expect(executor.plan(request)).toEqual([`append to ${file}: a \${env:B}`]);
  expect(await executor.execute(request, new AbortController().signal)).toMatchObject({ status: 'succeeded' });
  expect(readFileSync(file, 'utf8')).toBe('a hush\n');
});

test('the guide shows this very one', () => {
  const guide = readFileSync(join(root, 'docs/guide/actions.md'), 'utf8');
  const shown = /```js\n(.*?)\n```/s.exec(guide)?.[1];
  expect(shown).toBe(readFileSync(join(fixtures, 'example-executor/index.js'), 'utf8').trimEnd());
});

test.each([
  ['./nowhere', /Cannot find module/],
  ['./example-detectors', /no export `createExecutor`/],
])('what cannot be used is named: %s', async (name, reason) => {
  const loading = loadExecutors([{ package: name }], fixtures);
  await expect(loading).rejects.toMatchObject({ code: 'EXTENSION_INVALID', values: { name } });
  await expect(loading).rejects.toThrow(reason);
});
