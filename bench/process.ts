import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** The compiled benchmark stands in `node_modules/.cache/vigia-bench/bench`; the shipped program in `dist`. */
const mainFile = resolve(process.cwd(), 'dist/main.js');
const PAGE_BYTES = 4096;
const TICKS_A_SECOND = 100;

/** The built program under measurement. */
export interface Measured {
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly startSeconds: number;
  /** Seconds of CPU used so far, all threads. */
  cpuSeconds(): number;
  residentMegabytes(): number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let tries = 0; tries < 6000; tries++) {
    if (child.exitCode !== null) throw new Error(`Vigía ended by itself:\n${output()}`);
    const ok = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await delay(20);
  }
  throw new Error(`Vigía was not ready in two minutes:\n${output()}`);
}

/** Starts the built program on a free port; a folder given is gone on with, a new one is removed at the end. */
export async function measure(config: object, folder?: string): Promise<Measured> {
  const own = folder ?? mkdtempSync(join(tmpdir(), 'vigia-bench-'));
  const port = await freePort();
  const file = join(own, 'vigia.yaml');
  writeFileSync(file, JSON.stringify(config));
  const started = performance.now();
  const child = spawn(process.execPath, [mainFile, '--config', file], {
    cwd: own,
    env: { PATH: process.env['PATH'] ?? '', HOME: own, VIGIA_DATA: join(own, 'data'), VIGIA_API_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child, () => text);
  const proc = (name: string): string => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  return {
    url,
    port,
    folder: own,
    startSeconds: (performance.now() - started) / 1000,
    cpuSeconds: () => {
      const stat = proc('stat');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
    },
    residentMegabytes: () => (Number(proc('statm').split(' ')[1]) * PAGE_BYTES) / 1024 ** 2,
    stop: async () => {
      if (child.exitCode === null) {
        const ended = once(child, 'close');
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
        await ended;
        clearTimeout(late);
      }
      if (!folder) rmSync(own, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The q-quantile of some numbers by the nearest rank; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}
