import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { Sign } from '../experiment/tally.ts';
import type { LabEvent } from '../supervisor/supervisor.ts';
import { vigiaConfig, type VigiaConfigOptions } from './vigia-config.ts';

/** `dist/main.js`, beside `dist/lab`. */
const main = fileURLToPath(new URL('../../main.js', import.meta.url));
/** What `bench/lab-policy.ts` has trained on simulated incidents. */
const trained = new URL('../policy.gz', import.meta.url);
const READY_S = 90;
const STOP_MS = 6000;
const KEPT_OUTPUT = 4000;
const MOST_PAGES = 5;

export interface VigiaProcess {
  readonly url: string;
  /** Tells Vigía what was changed, as a deployment tool would. */
  tell(event: LabEvent): void;
  /** What it said of entities since `from`, Unix ms, oldest first. */
  signsSince(from: number): Promise<readonly Sign[]>;
  /** Version of the policy that decides. */
  policy(): Promise<string>;
  /** As the person on duty would: what has stopped automation is over once the lab is reset. */
  resetBreaker(): Promise<void>;
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
  for (let tries = 0; tries < READY_S * 5; tries++) {
    if (child.exitCode !== null) throw new Error(output());
    const ok = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await delay(200);
  }
  throw new Error(output());
}

interface Listed {
  readonly next: string | null;
  readonly items: readonly {
    readonly entity?: string;
    readonly root?: string;
    readonly openedAt?: number;
    readonly start?: number;
    readonly kind?: string;
    readonly feature?: string | null;
    readonly features?: readonly string[];
  }[];
}

/** Newest first; more than a fault of some minutes can bring is not read. */
async function listed(url: string, what: string): Promise<Listed['items']> {
  const items: Listed['items'][number][] = [];
  let cursor = '';
  for (let page = 0; page < MOST_PAGES; page++) {
    const response = await fetch(`${url}/api/v1/${what}?limit=100${cursor}`).catch(() => null);
    if (response === null || !response.ok) break;
    const found = (await response.json()) as Listed;
    items.push(...found.items);
    if (found.next === null) break;
    cursor = `&cursor=${encodeURIComponent(found.next)}`;
  }
  return items;
}

async function signs(url: string, from: number): Promise<readonly Sign[]> {
  const [predictions, anomalies, incidents] = await Promise.all([
    listed(url, 'predictions'),
    listed(url, 'anomalies'),
    listed(url, 'incidents'),
  ]);
  const made = [
    ...predictions.map(({ entity = '', openedAt = 0, feature }) => ({
      at: openedAt,
      sign: { entity, kind: 'prediction' as const, detail: feature ?? 'failure' },
    })),
    ...anomalies.map(({ entity = '', start = 0, kind = '' }) => ({
      at: start,
      sign: { entity, kind: 'anomaly' as const, detail: kind },
    })),
    ...incidents.map(({ root = '', openedAt = 0, features = [] }) => ({
      at: openedAt,
      sign: { entity: root, kind: 'incident' as const, detail: features[0] ?? '' },
    })),
  ];
  return made
    .filter(({ at }) => at >= from)
    .map(({ at, sign: { entity, kind, detail } }) => ({ atS: (at - from) / 1000, entity, kind, detail }))
    .sort((a, b) => a.atS - b.atS);
}

/** What is told to it and asked of it over its API. */
const questionsTo = (url: string): Omit<VigiaProcess, 'url' | 'stop'> => ({
  tell: (event) => {
    // An event that cannot be told is missed, as it would be elsewhere; the lab goes on.
    fetch(`${url}/api/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...event, source: 'lab' }),
    }).catch(() => undefined);
  },
  signsSince: (from) => signs(url, from),
  async policy() {
    const response = await fetch(`${url}/api/v1/policies`);
    return ((await response.json()) as { inForce: { version: string } }).inForce.version;
  },
  async resetBreaker() {
    await fetch(`${url}/api/v1/automation/reset`, { method: 'POST', headers: { 'x-vigia': '1' } }).catch(
      () => undefined,
    );
  },
});

/** Starts Vigía as its users do, over a configuration file; resolves when it serves. */
export async function startVigia(
  root: string,
  options: Omit<VigiaConfigOptions, 'dataFolder' | 'logFolder' | 'policyFile'>,
): Promise<VigiaProcess> {
  const port = options.port === 0 ? await freePort() : options.port;
  mkdirSync(root, { recursive: true });
  const file = join(root, 'vigia.yaml');
  const policyFile = join(root, 'policy');
  writeFileSync(policyFile, gunzipSync(readFileSync(trained)));
  const folders = { dataFolder: join(root, 'vigia-data'), logFolder: join(root, 'logs') };
  const config = vigiaConfig({ ...options, ...folders, port, policyFile });
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
  const child = spawn(process.execPath, [main, 'run', '--config', file], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? root },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', () => undefined);
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await ended;
    clearTimeout(late);
  };
  await untilReady(url, child, () => output).catch(async (thrown: unknown) => {
    await stop();
    throw thrown;
  });
  return { url, stop, ...questionsTo(url) };
}
