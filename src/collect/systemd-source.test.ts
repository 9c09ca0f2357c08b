import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { until } from '../../test/kubernetes/until.ts';
import type { ToldEvent } from '../model/told-event.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';
import { createSystemdSource, parseUnits } from './systemd-source.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-units-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers as `systemctl show` does; the real one needs an init, which tests do not have. */
const systemctl = join(folder, 'systemctl');
const state = join(folder, 'state');
writeFileSync(
  systemctl,
  `#!/bin/sh
printf '%s\\n' "$*" >> ${join(folder, 'asked')}
echo x >> ${join(folder, 'looks')}
cat ${state}
`,
);
chmodSync(systemctl, 0o755);
const looks = (): number => readFileSync(join(folder, 'looks'), 'utf8').split('\n').length - 1;

interface Unit {
  readonly ActiveState: string;
  readonly Result?: string;
  readonly ExecMainStatus?: number;
  readonly NRestarts?: number;
  readonly changed?: number;
}
function put(units: Readonly<Record<string, Unit>>): void {
  const blocks = Object.entries(units).map(
    ([id, { ActiveState, Result = 'success', ExecMainStatus = 0, NRestarts = 0, changed = 1 }]) =>
      `Id=${id}\nActiveState=${ActiveState}\nResult=${Result}\nExecMainStatus=${ExecMainStatus}\nNRestarts=${NRestarts}\n` +
      `StateChangeTimestampMonotonic=${changed}\n`,
  );
  writeFileSync(`${state}.new`, blocks.join('\n'));
  // Whole or as it was, as the other side may read at any moment.
  renameSync(`${state}.new`, state);
}

beforeEach(() => {
  writeFileSync(join(folder, 'looks'), '');
  put({});
});

async function watching(
  work: (told: readonly ToldEvent[], failures: readonly string[]) => Promise<void>,
  program = systemctl,
) {
  const told: ToldEvent[] = [];
  const failures: string[] = [];
  const end = new AbortController();
  const source = createSystemdSource({
    units: ['*.service', 'db-?.mount'],
    intervalMs: 20,
    host: 'web-1',
    systemctl: program,
  });
  const running = source.run(
    {
      clock: systemClock,
      log: createLog('silent'),
      tell: async (events) => void told.push(...events),
      failed: ({ key, values }) => failures.push(`${key} ${String(values['detail'])}`),
      well: () => undefined,
    },
    end.signal,
  );
  await work(told, failures);
  end.abort();
  await running;
}
const look = async (): Promise<void> => {
  const before = looks();
  await until(() => looks() > before + 1);
};

test('tells of units that fail, are restarted, killed for memory, and run again; not of how things were', async () => {
  put({ 'web.service': { ActiveState: 'active' }, 'old.service': { ActiveState: 'failed', Result: 'exit-code' } });
  await watching(async (told) => {
    await look();
    put({ 'web.service': { ActiveState: 'active', NRestarts: 2, changed: 5, Result: 'exit-code', ExecMainStatus: 1 } });
    await until(() => told.length === 1);
    put({ 'web.service': { ActiveState: 'failed', NRestarts: 2, changed: 6, Result: 'oom-kill', ExecMainStatus: 9 } });
    await until(() => told.length === 2);
    put({ 'web.service': { ActiveState: 'active', changed: 7 } });
    await until(() => told.length === 3);
    put({ 'web.service': { ActiveState: 'failed', changed: 8, Result: 'start-limit-hit' } });
    await until(() => told.length === 4);
    await look();
    expect(told.map(({ name, text }) => `${name} | ${text}`)).toEqual([
      'crash | web.service: exit-code, exit code 1, restart 2',
      'oom_kill | web.service: oom-kill, exit code 9',
      'unit_recovered | web.service: active',
      'unit_failed | web.service: start-limit-hit, exit code 0',
    ]);
    expect(told[0]?.labels).toEqual({ host: 'web-1', unit: 'web.service', result: 'exit-code' });
  });
  const [asked = ''] = readFileSync(join(folder, 'asked'), 'utf8').split('\n');
  expect(asked).toMatch(/^show --no-pager --property=Id,ActiveState\S* -- \*\.service db-\?\.mount$/);
});

test('says that there is no systemctl', async () => {
  await watching(
    async (_, failures) => {
      await until(() => failures.length > 1);
      expect(failures[0]).toBe('collect.programFailed ENOENT');
    },
    join(folder, 'none'),
  );
});

test('reads any output, and gives back what was written', () => {
  const word = fc.stringMatching(/^[a-z0-9@.-]{1,20}$/);
  const units = fc.dictionary(word, fc.record({ active: word, result: word, restarts: fc.nat() }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(units, fc.string(), (written, noise) => {
      parseUnits(noise);
      const output = Object.entries(written)
        .map(
          ([id, { active, result, restarts }]) =>
            `Id=${id}\nActiveState=${active}\nResult=${result}\nNRestarts=${restarts}\n`,
        )
        .join('\n');
      const read = [...parseUnits(output)].map(([id, { active, result, restarts }]) => [
        id,
        { active, result, restarts },
      ]);
      expect(Object.fromEntries(read)).toEqual(written);
    }),
  );
});
