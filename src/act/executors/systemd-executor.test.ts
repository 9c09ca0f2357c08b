import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { checkExecutor } from '../check-executor.ts';
import { onceByKey } from './once.ts';
import { createSystemdExecutor } from './systemd-executor.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-systemd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that takes what `systemctl` is asked; the real one needs an init. */
const systemctl = join(folder, 'systemctl');
writeFileSync(
  systemctl,
  `#!${process.execPath}
const fs = require('fs');
const unit = process.argv.at(-1);
fs.appendFileSync(${JSON.stringify(join(folder, 'asked'))}, process.argv.slice(2).join(' ') + '\\n');
if (unit === 'gone.service') process.exit(5);
if (unit === 'broken.service') process.exit(1);
if (unit === 'hang.service') {
  fs.writeFileSync(${JSON.stringify(folder)} + '/pid-' + process.pid, String(process.pid));
  setInterval(() => {}, 1000);
} else console.log(unit === 'much.service' ? 'ab\\0é'.repeat(100000) : unit);
`,
);
chmodSync(systemctl, 0o755);

const secret = 'tok"en-1';
const executor = onceByKey(
  createSystemdExecutor({
    clock: systemClock,
    secret: (reference) => (reference === '${env:TOKEN}' ? secret : null),
    environment: process.env,
    units: ['*.service'],
    systemctl,
  }),
);
const asked = (): string[] =>
  existsSync(join(folder, 'asked')) ? readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n') : [];
const alive = (): number =>
  readdirSync(folder).filter(
    (name) => name.startsWith('pid-') && existsSync(`/proc/${readFileSync(join(folder, name), 'utf8')}/fd/0`),
  ).length;

checkExecutor('systemd', () => ({
  executor,
  working: { unit: 'web.service' },
  acted: async () => asked().filter((line) => line.endsWith(' web.service')).length,
  failing: { unit: 'broken.service' },
  hanging: { unit: 'hang.service' },
  hangs: async () => {
    for (let i = 0; i < 400 && alive() === 0; i++) await delay(25);
  },
  left: async () => alive(),
  missing: { unit: 'gone.service' },
  telling: { unit: '${env:TOKEN}.service' },
  secret,
  chatty: { unit: 'much.service' },
}));

test('asks for a restart and nothing else, of the system or of the user', async () => {
  const request = { key: 'run_user', entity: 'host/a', args: { unit: 'mine.service', user: true }, timeoutMs: 20_000 };
  await executor.execute(request, new AbortController().signal);
  expect(asked().at(-1)).toBe('--user --no-ask-password restart -- mine.service');
});

test('touches no unit that is not allowed', async () => {
  const strict = createSystemdExecutor({
    clock: systemClock,
    secret: () => null,
    environment: process.env,
    units: ['web-*.service'],
    systemctl,
  });
  const before = asked().length;
  for (const unit of ['sshd.service', '', '--force', 'web-1.service/../sshd']) {
    const request = { key: `run_${unit}`, entity: 'host/a', args: { unit }, timeoutMs: 20_000 };
    const { error } = await strict.execute(request, new AbortController().signal);
    expect(error).toMatchObject({ code: 'EXECUTOR_UNSTARTABLE', values: { detail: 'act.systemd.units' } });
  }
  expect(asked()).toHaveLength(before);
});
