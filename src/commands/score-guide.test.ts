import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { runProgram } from './program.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-guide-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const guide = readFileSync(new URL('../../docs/guide/scoring-files.md', import.meta.url), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(guide)?.[1] ?? '';

test('the example of the guide does what the guide says', async () => {
  writeFileSync(join(folder, 'make.mjs'), block('js'));
  execFileSync(process.execPath, ['make.mjs'], { cwd: folder });
  const command = /^vigia (score .*)$/m.exec(block('sh'))?.[1] ?? '';
  const argv = command.split(' ').map((word) => (word.endsWith('.csv') ? join(folder, word) : word));
  const said: string[] = [];
  const code = await runProgram(argv, '1.2.3', {
    environment: {},
    folder,
    words: createText()('en'),
    print: () => undefined,
    complain: (text) => said.push(text),
  });
  expect([code, said]).toEqual([0, []]);
  const [header, ...lines] = readFileSync(join(folder, 'scores.csv'), 'utf8').trimEnd().split('\n');
  expect(guide).toContain(header);
  expect(lines).toHaveLength(720);
  const strangest = lines.map((line) => line.split(',')).toSorted((a, b) => Number(b[2]) - Number(a[2]))[0] ?? [];
  const [, row, feature] = /strangest row is (\d+).* `top_feature` is `(\w+)`/.exec(guide) ?? [];
  expect([strangest[0], strangest[6]]).toEqual([row, feature]);
});
