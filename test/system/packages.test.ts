import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Run } from '../../src/model/action.ts';
import { cleanUp, eventually, runVigia, startVigia, temporaryFolder } from './vigia.ts';

/** The worked examples of the guide, as somebody would install them beside their configuration. */
const FIXTURES = resolve(import.meta.dirname, '../fixtures');
const ENTITY = 'service/orders';
const PATIENCE = 120_000;

afterAll(cleanUp);

function installed(...names: readonly string[]): string {
  const folder = temporaryFolder();
  for (const name of names)
    cpSync(join(FIXTURES, name), join(folder, 'node_modules', name), { recursive: true, dereference: true });
  return folder;
}

const configOf = (folder: string, act: object): object => ({
  step: '1s',
  collect: { host: { enabled: false } },
  act,
  actions: [
    {
      id: 'note',
      title: { en: 'Take a note', es: 'Tomar nota' },
      executor: 'append',
      args: { file: join(folder, 'notes'), line: '{entity.name} with ${env:SEAL}' },
    },
  ],
});

describe('packages of the configuration', () => {
  it('bring an executor and a policy by name; what the executor does is planned, approved, done and kept without secrets', async () => {
    const folder = installed('example-executor', 'example-policy');
    const act = { executors: [{ package: 'example-executor' }], policies: [{ package: 'example-policy' }] };
    const vigia = await startVigia({ folder, config: configOf(folder, act), env: { SEAL: 'sealed-with-wax' } });
    expect((await vigia.post('/api/v1/samples', `queue_depth{entity="${ENTITY}"} 5\n`)).status).toBe(204);
    const asked = await eventually('the run is asked for', PATIENCE, async () => {
      const answer = await vigia.post('/api/v1/runs', { action: 'note', entity: ENTITY });
      return answer.status === 201 ? ((await answer.json()) as Run) : null;
    });
    const notes = join(folder, 'notes');
    expect(asked).toMatchObject({
      state: 'awaiting_approval',
      plan: [`append to ${notes}: orders with \${env:SEAL}`],
    });
    expect(existsSync(notes)).toBe(false);
    expect((await vigia.post(`/api/v1/runs/${asked.id}/approve`)).status).toBe(200);
    const done = await eventually('it is done', PATIENCE, async () => {
      const run = await vigia.get<Run>(`/api/v1/runs/${asked.id}`);
      return run.state === 'succeeded' && run;
    });
    expect(readFileSync(notes, 'utf8')).toBe('orders with sealed-with-wax\n');
    expect(JSON.stringify(done)).not.toContain('sealed-with-wax');
    expect(vigia.output()).not.toContain('sealed-with-wax');
    await vigia.stop();
  });

  it.each([
    ['executors', 'example-policy', /example-policy.*createExecutor/],
    ['policies', 'example-executor', /example-executor.*policyFactory/],
    ['executors', 'no-such-package', /no-such-package/],
  ])('that bring no %s are named, and nothing starts: %s', async (kind, name, told) => {
    const folder = installed('example-executor', 'example-policy');
    const config = configOf(folder, { [kind]: [{ package: name }] });
    const { code, output } = await runVigia([], { folder, config, env: { SEAL: 'sealed-with-wax' } });
    expect(code).not.toBe(0);
    expect(output).toMatch(told);
    expect(output).toContain('EXTENSION_INVALID');
  });
});
