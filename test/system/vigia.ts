import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const mainFile = resolve(import.meta.dirname, '../../dist/main.js');

/** A running Vigía: the built program, started as a user would. */
export interface RunningVigia {
  readonly url: string;
  readonly folder: string;
  readonly pid: number;
  /** Everything it has printed so far. */
  output(): string;
  get<T>(path: string): Promise<T>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** Ends it with the signal and resolves with its exit code (null when killed). */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface StartOptions {
  /** Content of `vigia.yaml`; JSON is YAML. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Data folder to go on with; a new one by default, which the caller removes with `cleanUp`. */
  readonly folder?: string;
  readonly port?: number;
  readonly readyWithinMs?: number;
  readonly main?: string;
}

/** A port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

const folders: string[] = [];
const children = new Set<ChildProcess>();

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-test-'));
  folders.push(folder);
  return folder;
}

/** Ends what a failed test left running and removes its folders. */
export function cleanUp(): void {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Spawns the program without waiting for anything. */
export function spawnVigia(
  options: StartOptions & { readonly folder: string; readonly port: number; readonly args?: readonly string[] },
): {
  readonly child: ChildProcess;
  readonly output: () => string;
} {
  const main = options.main ?? mainFile;
  if (!existsSync(main)) throw new Error('dist/ is not built: run `npm run build` first, or `npm test`, which does');
  const args = [...(options.args ?? [])];
  if (options.config) {
    const file = join(options.folder, 'vigia.yaml');
    writeFileSync(file, JSON.stringify(options.config));
    args.push('--config', file);
  }
  const child = spawn(process.execPath, [main, ...args], {
    cwd: options.folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: options.folder,
      VIGIA_DATA: join(options.folder, 'data'),
      VIGIA_API_PORT: String(options.port),
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let text = '';
  const keep = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-2_000_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.once('exit', () => children.delete(child));
  return { child, output: () => text };
}

/** Runs the program to its end, for commands and for starts that must fail. */
export async function runVigia(
  args: readonly string[],
  options: StartOptions = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const folder = options.folder ?? temporaryFolder();
  const { child, output } = spawnVigia({ ...options, args, folder, port: options.port ?? (await freePort()) });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output: output() };
}

export async function startVigia(options: StartOptions = {}): Promise<RunningVigia> {
  const folder = options.folder ?? temporaryFolder();
  const port = options.port ?? (await freePort());
  const { child, output } = spawnVigia({ ...options, folder, port });
  const url = `http://127.0.0.1:${port}`;
  const limit = Date.now() + (options.readyWithinMs ?? 60_000);
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`Vigía ended before it was ready:\n${output()}`);
    const ok = await fetch(`${url}/readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) break;
    if (Date.now() > limit) {
      child.kill('SIGKILL');
      throw new Error(`Vigía was not ready in time:\n${output()}`);
    }
    await delay(50);
  }
  return {
    url,
    folder,
    pid: child.pid ?? -1,
    output,
    get: async <T>(path: string) => {
      const response = await fetch(url + path);
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    post: (path, body, headers = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers: {
          'x-vigia': '1',
          'content-type': typeof body === 'string' ? 'text/plain' : 'application/json',
          ...headers,
        },
        ...(body === undefined ? { body: '{}' } : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'close') as Promise<[number | null]>;
      child.kill(signal);
      return (await ended)[0];
    },
  };
}

/** Asks again until the answer is not null; fails with what was seen last. */
export async function eventually<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const limit = Date.now() + withinMs;
  let last = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== null && answer !== undefined && answer !== false) return answer;
    } catch (error) {
      last = error instanceof Error ? ` (${error.message})` : '';
    }
    if (Date.now() > limit) {
      throw new Error(`did not happen within ${withinMs / 1000} s: ${what}${last}`);
    }
    await delay(250);
  }
}
