import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningLab, startLab } from '../../lab/running-lab.ts';
import type { LabEvent } from '../../lab/supervisor/supervisor.ts';
import type { FaultKind, ServiceName } from '../../lab/world.ts';

/** Faults grow as fast as they can here; what they come to and what cures them is the same. */
const GROWTH_S = 8;
const PATIENCE_MS = 90_000;
const built = resolve(import.meta.dirname, '../../dist');

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    if (await holds()) return;
    await delay(300);
  }
  throw new Error(`waited in vain: ${what}`);
}

describe('the real lab', () => {
  const root = mkdtempSync(join(tmpdir(), 'vigia-lab-test-'));
  const events: LabEvent[] = [];
  let lab: RunningLab;

  const member = (name: string) => {
    const found = lab.supervisor.members().find((one) => one.name === name);
    if (!found) throw new Error(name);
    return found;
  };
  /** A metric of a replica, all its labels that hold `label` together; 0 when the replica does not answer. */
  const metric = async (name: string, of: string, label = ''): Promise<number> => {
    const page = await fetch(`http://127.0.0.1:${member(name).port}/metrics`, { signal: AbortSignal.timeout(5000) })
      .then((response) => response.text())
      .catch(() => '');
    return page
      .split('\n')
      .filter((line) => line.startsWith(of) && line.includes(label))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
  const strike = (kind: FaultKind, service: ServiceName, replica: number | null) =>
    lab.inject({ kind, service, replica, growthS: GROWTH_S });
  const errors = (name: string, reason: string) => metric(name, 'lab_errors_total', `reason="${reason}"`);
  /** Whether no more errors of this kind come within some requests. */
  const calm = async (name: string, reason: string): Promise<boolean> => {
    const [before, asked] = [await errors(name, reason), await metric(name, 'lab_requests_total')];
    await until('requests', async () => (await metric(name, 'lab_requests_total')) > asked + 5);
    return (await errors(name, reason)) === before;
  };

  beforeAll(async () => {
    const program = (await import(pathToFileURL(join(built, 'lab/running-lab.js')).href)) as {
      readonly startLab: typeof startLab;
    };
    lab = await program.startLab({ root, seed: 1, onSecond: () => undefined, onEvent: (event) => events.push(event) });
  });

  afterAll(async () => {
    await lab.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it('a memory leak ends in a death of the process, and 20 s later it is there again', async () => {
    strike('memory-leak', 'orders', 2);
    await until('a crash', () => events.some(({ entity, name }) => entity === 'replica/orders-2' && name === 'crash'));
    expect(events.find(({ name }) => name === 'crash')?.text).toMatch(/SIGABRT|134/);
    expect(member('orders-2').up).toBe(false);
    // Nobody has told the callers: they go on asking it.
    expect(member('orders-2').listed).toBe(true);
    await until('a start by itself', () => member('orders-2').up);
    expect(await metric('orders-2', 'lab_heap_used_bytes')).toBeLessThan(40e6);
  });

  it('out of files every request fails, and a restart cures it', async () => {
    strike('fd-leak', 'payments', 1);
    await until('no files', async () => (await errors('payments-1', 'files')) > 0);
    await lab.supervisor.act('restart', 'replica/payments-1');
    expect(await calm('payments-1', 'files')).toBe(true);
    expect(await metric('payments-1', 'process_open_fds')).toBeLessThan(150);
  });

  it('a full disk is as full after a restart; emptying it cures it', async () => {
    strike('disk-filling', 'payments', 2);
    await until('no room', async () => (await errors('payments-2', 'disk')) > 0);
    await lab.supervisor.act('restart', 'replica/payments-2');
    await until('no room again', async () => (await errors('payments-2', 'disk')) > 0);
    await lab.supervisor.act('clear', 'replica/payments-2');
    expect(await calm('payments-2', 'disk')).toBe(true);
  });

  it('a clock that runs away makes others refuse; a restart sets it', async () => {
    strike('clock-skew', 'payments', 3);
    await until('disbelief', async () => (await metric('payments-3', 'lab_clock_offset_seconds')) > 6);
    await until('refusals', async () => (await errors('payments-3', 'stale')) > 0);
    await lab.supervisor.act('restart', 'replica/payments-3');
    expect(await metric('payments-3', 'lab_clock_offset_seconds')).toBe(0);
  });

  it('settings that are rolled back stay so, and the last replica that serves is not taken out', async () => {
    const injection = strike('bad-config', 'orders', null);
    await until('a change', () => events.some(({ name }) => name === 'config_change'));
    expect(await lab.supervisor.act('roll-back-config', 'service/orders')).toBe('settings as before');
    await delay(2500);
    expect(lab.supervisor.isConfigured('orders')).toBe(false);
    injection.stop();
    expect(await lab.supervisor.act('roll-back-version', 'service/orders')).toBe('nothing to roll back');
    await lab.supervisor.act('drain', 'replica/ledger-1');
    await until('one left', () => !member('ledger-1').listed);
    await expect(lab.supervisor.act('drain', 'replica/ledger-2')).rejects.toThrow('last one');
  });

  it('the admin interface acts once for one key, and refuses what does not fit', async () => {
    const ask = (entity: string, key: string) =>
      fetch(`${lab.api.url}/actions/clear`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        body: JSON.stringify({ entity }),
      });
    expect((await ask('replica/inventory-1', 'k')).status).toBe(200);
    expect((await ask('replica/inventory-1', 'k')).status).toBe(200);
    expect(lab.api.actions.filter(({ entity }) => entity === 'replica/inventory-1')).toHaveLength(1);
    expect((await ask('service/inventory', 'l')).status).toBe(409);
    expect((await ask('replica/nobody-1', 'm')).status).toBe(409);
    const targets = (await (await fetch(`${lab.api.url}/targets`)).json()) as readonly unknown[];
    expect(targets.length).toBeGreaterThanOrEqual(10);
  });

  it('after a reset all is as in the beginning', async () => {
    await lab.supervisor.act('scale', 'service/payments');
    expect(lab.supervisor.membersOf('payments')).toHaveLength(5);
    await lab.supervisor.reset();
    expect(lab.supervisor.membersOf('payments')).toHaveLength(3);
    expect(lab.supervisor.members().every(({ up, listed }) => up && listed)).toBe(true);
  });
});

describe('vigia lab', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-lab-arm-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = async (...args: readonly string[]): Promise<{ code: number | null; said: string }> => {
    const child = spawn(process.execPath, [join(built, 'main.js'), 'lab', ...args], { cwd: folder });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, said };
  };

  it('measures an arm, keeps what is done, and goes on with it', async () => {
    const scenario = {
      name: 'tiny',
      seed: 1,
      warmUpS: 0,
      calmS: 0,
      faultS: 15,
      faults: [{ kind: 'partition', service: 'payments', replica: 1, growthS: 5 }],
    };
    writeFileSync(join(folder, 'tiny.yaml'), JSON.stringify(scenario));
    const args = ['--scenario', 'tiny.yaml', '--arm', 'none', '--report', 'out'] as const;
    const first = await run(...args);
    expect(first).toMatchObject({ code: 0 });
    expect(first.said).toContain('partition');
    const report = join(folder, 'out/tiny-none-report.json');
    const figures = JSON.parse(readFileSync(report, 'utf8')) as { unavailability: number; requests: number };
    expect(figures.requests).toBeGreaterThan(20);
    expect(figures.unavailability).toBeGreaterThan(0);
    const kept = readFileSync(join(folder, 'out/tiny-none.json'), 'utf8');
    expect(await run(...args)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'out/tiny-none.json'), 'utf8')).toBe(kept);
    expect(existsSync(join(folder, 'out/tiny-none.json.part'))).toBe(false);
  });

  it.each([
    [['--scenario', 'nowhere.yaml', '--arm', 'none', '--report', 'out'], /nowhere\.yaml: ENOENT/],
    [['--scenario', 'short', '--arm', 'brave', '--report', 'out'], /none, static, vigia/],
    [['--scenario', 'short'], /--arm and --report/],
    [['--faults', 'fire'], /no fault fire/],
    [['--mode', 'wild'], /no mode wild/],
    [['--port', 'x'], /port x/],
  ])('says in one line what is wrong with %j', async (args, line) => {
    const { code, said } = await run(...args);
    expect(code).toBe(2);
    expect(said.trim().split('\n')).toHaveLength(1);
    expect(said).toMatch(line);
  });
});
