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
  stop(): void;
}

/** Starts a server of our own on loopback in a temporary folder; as root, as the user `postgres`, for it refuses root. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-postgres-'));
  const root = process.getuid?.() === 0;
  if (root) {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    chownSync(folder, id('-u'), id('-g'));
  }
  chmodSync(folder, 0o700);
  const run = (program: string, ...args: string[]): void => {
    const command = [join(bin, program), ...args];
    const [file = '', ...rest] = root ? ['runuser', '-u', 'postgres', '--', ...command] : command;
    execFileSync(file, rest, { stdio: 'ignore', cwd: folder });
  };
  const data = join(folder, 'data');
  const port = await freePort();
  run('initdb', '-D', data, '-A', 'trust', '-U', 'vigia', '-E', 'UTF8', '--no-sync');
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} -c fsync=off`;
  run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', settings, 'start');
  return {
    url: `postgres://vigia@127.0.0.1:${port}/postgres`,
    stop: () => {
      run('pg_ctl', '-D', data, '-w', '-m', 'immediate', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
