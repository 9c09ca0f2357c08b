import { access, constants, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toError, VigiaError } from '../runtime/errors.ts';
import { EngineStopped } from './engine-stopped.ts';
import { openEngine } from './pglite-engine.ts';
import { unpackPreparedFolder } from './prepared-folder.ts';

/** Where the database lies within the data folder. */
export const databaseFolder = (folder: string): string => join(folder, 'store');

export const isNoSpace = (error: unknown): boolean => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === '53100' || code === 'ENOSPC' || /no space left/i.test(String(message));
};

/** Makes sure that a database is there. Never writes into a folder that holds anything else. */
export async function prepareDatabaseFolder(folder: string): Promise<void> {
  const target = databaseFolder(folder);
  const names = await readdir(target).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new VigiaError('STORE_UNWRITABLE', { folder, detail: error.message }, error);
  });
  if (names.includes('PG_VERSION')) return;
  if (names.length > 0) {
    throw new VigiaError('STORE_DAMAGED', { folder, detail: `${target} holds files but no PG_VERSION` });
  }
  try {
    await createDatabaseFolder(target);
  } catch (error) {
    if (isNoSpace(error)) throw new VigiaError('STORE_FULL', { folder }, error);
    throw new VigiaError('STORE_UNWRITABLE', { folder, detail: toError(error).message }, error);
  }
}

/** Fills a folder beside the target and renames it: a start that dies half-way leaves nothing half-made. */
async function createDatabaseFolder(target: string): Promise<void> {
  const draft = `${target}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { recursive: true, mode: 0o700 });
  if (!(await unpackPreparedFolder(draft))) await (await openEngine({ folder: draft })).close();
  await rename(draft, target);
}

/** What an engine that would not open, or that stopped, means for the operator. */
export async function explainStop(folder: string, error: unknown): Promise<VigiaError> {
  const log = error instanceof EngineStopped ? error.log : toError(error).message;
  if (/no space left/i.test(log)) return new VigiaError('STORE_FULL', { folder }, error);
  try {
    await access(databaseFolder(folder), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    return new VigiaError('STORE_UNWRITABLE', { folder, detail: toError(cause).message }, error);
  }
  const line = log.split('\n').findLast((entry) => /(?:PANIC|FATAL):/.test(entry));
  const detail = line?.replace(/^.*?(?:PANIC|FATAL):\s*/, '') ?? toError(error).message;
  return new VigiaError('STORE_DAMAGED', { folder, detail }, error);
}
