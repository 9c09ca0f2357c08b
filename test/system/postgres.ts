import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './vigia.ts';

const ROOT = '/usr/lib/postgresql';

/** Programs of the oldest PostgreSQL from 15 on that is installed here; null when there is none. */
export function findPostgres(): string | null {
  if (!existsSync(ROOT)) return null;
  const versions = readdirSync(ROOT)
    .filter((version) => Number(version) >= 15 && existsSync(join(ROOT, version, 'bin/initdb')))
    .sort((a, b) => Number(a) - Number(b));
  return versions[0] === undefined ? null : join(ROOT, versions[0], 'bin');
}

export const POSTGRES_MISSING = 'PostgreSQL 15 is not installed: run `sudo apt-get install postgresql-15`';

export interface PostgresServer {
  readonly url: string;
  /** Stops it as a kill would; its data stay. */
  down(): void;
  up(): void;
  /** As an administrator would: sessions are ended, what they had committed is written down, and it starts again. */
  restart(): void;
  /** A server that follows this one. */
  replica(): Promise<PostgresServer>;
  stop(): void;
}

const runIn = (folder: string, bin: string, program: string, args: readonly string[]): void => {
  const command = [join(bin, program), ...args];
  const [file = '', ...rest] = isRoot() ? ['runuser', '-u', 'postgres', '--', ...command] : command;
  execFileSync(file, rest, { stdio: 'ignore', cwd: folder });
};

const isRoot = (): boolean => process.getuid?.() === 0;

/** A folder of the user that the server runs as: as root, that is `postgres`, for the server refuses root. */
function serverFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-postgres-'));
  if (isRoot()) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(folder, id('-u'), id('-g'));
  }
  chmodSync(folder, 0o700);
  return folder;
}

/** Starts a server of our own on loopback in a temporary folder. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const folder = serverFolder();
  runIn(folder, bin, 'initdb', ['-D', join(folder, 'data'), '-A', 'trust', '-U', 'vigia', '-E', 'UTF8', '--no-sync']);
  return serve(folder, bin);
}

async function serve(folder: string, bin: string): Promise<PostgresServer> {
  const data = join(folder, 'data');
  const port = await freePort();
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  const control = (...args: string[]): void => runIn(folder, bin, 'pg_ctl', ['-D', data, '-w', ...args]);
  const up = (): void => control('-l', join(folder, 'log'), '-o', settings, 'start');
  const down = (): void => control('-m', 'immediate', 'stop');
  let running = true;
  up();
  return {
    url: `postgres://vigia@127.0.0.1:${port}/postgres`,
    up: () => {
      up();
      running = true;
    },
    down: () => {
      running = false;
      down();
    },
    restart: () => {
      control('-m', 'fast', 'stop');
      up();
    },
    replica: () => {
      const other = serverFolder();
      const from = `host=127.0.0.1 port=${port} user=vigia`;
      runIn(other, bin, 'pg_basebackup', ['-D', join(other, 'data'), '-d', from, '-R', '-c', 'fast', '--no-sync']);
      return serve(other, bin);
    },
    stop: () => {
      if (running) down();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
