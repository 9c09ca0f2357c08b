import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanUp, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const NEEDED = ['/usr/bin/podman', '/usr/sbin/runc'];
const MISSING = `podman or runc is not installed, or this is not root`;
const there = NEEDED.every((program) => existsSync(program)) && process.getuid?.() === 0;
const run = promisify(execFile);
const NAME = `vigia-events-${process.pid}`;

/** A root file system with a shell and nothing else, so that no image is needed. */
function makeRoot(): string {
  const root = join(temporaryFolder(), 'root');
  const libraries = execFileSync('ldd', ['/bin/sh'], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const file of ['/bin/sh', ...libraries]) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    cpSync(file, join(root, file), { dereference: true });
  }
  for (const folder of ['dev', 'proc', 'sys', 'etc', 'tmp', 'run']) mkdirSync(join(root, folder), { recursive: true });
  return root;
}

interface Listed {
  readonly items: readonly {
    readonly name: string;
    readonly severity: string;
    readonly labels: Record<string, string>;
  }[];
}

describe("podman itself, by Docker's events", () => {
  let vigia: RunningVigia;
  let engine: ChildProcess | null = null;
  let socket = '';
  let root = '';

  async function startEngine(): Promise<void> {
    rmSync(socket, { force: true });
    engine = spawn('podman', ['system', 'service', '--time', '0', `unix://${socket}`], { stdio: 'ignore' });
    for (let tries = 0; tries < 600 && !existsSync(socket); tries++) await delay(50);
  }
  async function stopEngine(): Promise<void> {
    const ended = engine === null || engine.exitCode !== null ? null : once(engine, 'exit');
    engine?.kill('SIGKILL');
    await ended;
  }
  // No limit above those of this process may be asked for, and health checks need systemd.
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024', '--no-healthcheck'];
  const options = ['--network', 'none', '--runtime', 'runc', ...limits];
  const runOnce = (name: string, script: string): Promise<unknown> =>
    run('podman', ['run', '--rm', '--name', name, ...options, '--rootfs', root, '/bin/sh', '-c', script]).catch(
      () => null,
    );

  beforeAll(async () => {
    if (!there && process.env['CI'] !== undefined) throw new Error(MISSING);
    if (!there) return;
    root = makeRoot();
    socket = join(temporaryFolder(), 'engine.sock');
    await startEngine();
    const config = { collect: { host: { enabled: false }, docker: { socket } }, step: '1s' };
    vigia = await startVigia({ config });
  });
  afterAll(async () => {
    if (there) {
      await run('podman', ['rm', '-f', '--ignore', `${NAME}-a`, `${NAME}-b`, `${NAME}-c`]).catch(() => null);
      await vigia.stop();
    }
    await stopEngine();
    cleanUp();
  });
  beforeEach((context) => {
    if (!there) context.skip(MISSING);
  });

  const about = async (name: string) =>
    (await vigia.get<Listed>('/api/v1/events?limit=1000')).items.filter(({ labels }) => labels['container'] === name);
  const names = async (name: string): Promise<readonly string[]> =>
    (await about(name)).map((event) => `${event.name} ${event.severity}`).sort();

  it('tells of a container that ends, is restarted and is killed, also of what happened while it was away', async () => {
    await runOnce(`${NAME}-a`, 'exit 3');
    await expect.poll(() => names(`${NAME}-a`), { timeout: 60_000, interval: 250 }).toEqual(['container_died warning']);
    expect((await about(`${NAME}-a`))[0]?.labels['exit_code']).toBe('3');

    const wait = 'while :; do read x < /dev/zero; done';
    await run('podman', ['run', '-d', '--name', `${NAME}-b`, ...options, '--rootfs', root, '/bin/sh', '-c', wait]);
    await run('podman', ['restart', '-t', '0', `${NAME}-b`]);
    await run('podman', ['kill', `${NAME}-b`]);
    await expect
      .poll(() => names(`${NAME}-b`), { timeout: 60_000, interval: 250 })
      .toEqual(['container_died warning', 'container_died warning', 'kill info', 'restart info']);

    await stopEngine();
    await runOnce(`${NAME}-c`, 'exit 4');
    await startEngine();
    await expect.poll(() => names(`${NAME}-c`), { timeout: 90_000, interval: 250 }).toEqual(['container_died warning']);
    expect(await names(`${NAME}-a`)).toHaveLength(1);
  });
});
