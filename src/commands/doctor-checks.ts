import { once } from 'node:events';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { sql } from 'kysely';
import { isLoopback } from '../api/guard.ts';
import { createHostSource } from '../collect/host-source.ts';
import type { Config } from '../config/schema.ts';
import type { Phrase } from '../model/phrase.ts';
import { systemClock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { silentLog } from '../runtime/log.ts';
import { lockFolder } from '../store/folder-lock.ts';
import { openPostgresDatabase } from '../store/postgres-database.ts';
import type { TextKey } from '../text/catalogue.ts';

/** What one look found: all is well, worth knowing, or in the way of a start. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'bad';
  readonly text: Phrase;
}

const finding = (state: Finding['state'], key: TextKey, values: Phrase['values'] = {}): Finding => ({
  state,
  text: { key, values },
});

/** An error of ours as what is in the way. */
function problem(thrown: unknown): Finding {
  if (thrown instanceof VigiaError) {
    return { state: 'bad', text: { key: `errors.${thrown.code}`, values: { ...thrown.values } } };
  }
  return finding('bad', 'errors.INTERNAL', { detail: toError(thrown).message });
}

/** As `engines` of the package says. */
const OLDEST_NODE = '20.19.4';

const parts = (version: string): readonly number[] => version.split('.').map(Number);

/** Whether a version is at least another; both as `20.19.4`. */
export function isAtLeast(version: string, least: string): boolean {
  const [found, wanted] = [parts(version), parts(least)];
  for (const [index, want] of wanted.entries()) {
    const have = found[index] ?? 0;
    if (have !== want) return have > want;
  }
  return true;
}

export function checkNode(version: string = process.versions.node): Finding {
  return isAtLeast(version, OLDEST_NODE)
    ? finding('ok', 'commands.doctor_node', { version })
    : finding('bad', 'commands.doctor_node_old', { version, needed: OLDEST_NODE });
}

/** The folder itself, or the nearest one above it that is there. */
function standing(folder: string): string {
  let path = resolve(folder);
  while (!existsSync(path) && dirname(path) !== path) path = dirname(path);
  return path;
}

/** Whether the data folder can be written and is free. A folder that is not there yet is not made. */
export async function checkData({ data, store }: Config): Promise<readonly Finding[]> {
  const folder = resolve(data);
  const found = standing(folder);
  try {
    if (found === folder) await (await lockFolder(folder)).release();
    else {
      accessSync(found, constants.W_OK | constants.X_OK);
      if (!statSync(found).isDirectory()) throw new Error(`${found}: ENOTDIR`);
    }
  } catch (error) {
    if (error instanceof VigiaError) return [problem(error)];
    return [problem(new VigiaError('STORE_UNWRITABLE', { folder, detail: toError(error).message }))];
  }
  const { bavail, bsize } = await statfs(found);
  const space = { free: bavail * bsize, budget: store.diskBudget };
  return [
    finding('ok', found === folder ? 'commands.doctor_data' : 'commands.doctor_data_new', { folder }),
    space.free < space.budget
      ? finding('warning', 'commands.doctor_space_low', space)
      : finding('ok', 'commands.doctor_space', space),
  ];
}

const ASK_MS = 2000;

/** Whether what listens there is a Vigía. */
async function isVigia(host: string, port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`, {
      signal: AbortSignal.timeout(ASK_MS),
    });
    const { status } = (await response.json()) as { readonly status?: unknown };
    return status === 'ok';
  } catch {
    return false;
  }
}

export async function checkPort({ api: { host, port, tokens } }: Config): Promise<Finding> {
  if (!isLoopback(host) && tokens.length === 0) return problem(new VigiaError('API_ADDRESS_UNSAFE', { host }));
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    return finding('ok', 'commands.doctor_port', { port, host });
  } catch (error) {
    const { code, message } = toError(error) as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') {
      return problem(new VigiaError('API_ADDRESS_INVALID', { host, port, detail: code ?? message }));
    }
    if (await isVigia(host, port)) return finding('warning', 'commands.doctor_port_vigia', { port, host });
    return problem(new VigiaError('PORT_TAKEN', { port, host }));
  }
}

/** Reads this machine once. */
export async function checkHost(): Promise<Finding> {
  const source = createHostSource({ clock: systemClock, log: silentLog });
  await source.read();
  const count = source.series();
  return count > 0 ? finding('ok', 'commands.doctor_host', { count }) : finding('bad', 'commands.doctor_host_none');
}

/** Whether the PostgreSQL server answers; nothing when the embedded one is used. */
export async function checkDatabase({ store: { url } }: Config): Promise<readonly Finding[]> {
  if (url === undefined) return [];
  const database = openPostgresDatabase({ url, poolSize: 1, patienceMs: 0 });
  try {
    await sql`select 1`.execute(database.sql);
    return [finding('ok', 'commands.doctor_database')];
  } catch (error) {
    return [problem(error)];
  } finally {
    await database.close();
  }
}

export const checkDashboard = (folder: string): Finding =>
  existsSync(join(folder, 'index.html'))
    ? finding('ok', 'commands.doctor_dashboard')
    : finding('warning', 'commands.doctor_dashboard_none');

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Whether the programs of command actions are there, as a shell would look for them. */
export function checkActions({ actions }: Config, path: string): readonly Finding[] {
  return actions.flatMap(({ id, executor, args: { argv } }): readonly Finding[] => {
    const command: unknown = executor === 'command' && Array.isArray(argv) ? argv[0] : undefined;
    // A placeholder says only at the time what it is.
    if (typeof command !== 'string' || command.includes('{')) return [];
    const folders = command.includes('/') ? [''] : path.split(delimiter).filter((folder) => folder !== '');
    const there = folders.some((folder) => isExecutable(folder === '' ? command : join(folder, command)));
    return [
      there
        ? finding('ok', 'commands.doctor_action', { action: id, command })
        : problem(new VigiaError('EXECUTOR_MISSING', { command })),
    ];
  });
}
