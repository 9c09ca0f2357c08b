import { statfs } from 'node:fs/promises';
import { Kysely } from 'kysely';
import type { Clock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Database } from './database.ts';
import { lockFolder } from './folder-lock.ts';
import { type PgliteThread, startPgliteThread } from './pglite-thread.ts';
import { sessionDialect } from './session-dialect.ts';
import { singleSessionPool } from './single-session-pool.ts';

/** Below this much free space no bulk data is taken in: PostgreSQL stops dead when it cannot write its log. */
const RESERVE_BYTES = 32 * 1024 * 1024;
/** The disk is asked at most this often. */
const ROOM_CHECK_MS = 1000;
/** An engine that stopped is opened again at most this often. */
const REOPEN_MS = 1000;

export interface PgliteOptions {
  readonly folder: string;
  readonly clock: Clock;
}

/**
 * PGlite in a thread of its own, in a data folder that this process owns until `close`. A committed statement survives
 * the death of the process, not a loss of power. An engine that stopped (disk full) is opened again by the next
 * statement. Throws `STORE_LOCKED`, `STORE_UNWRITABLE`, `STORE_FULL` or `STORE_DAMAGED`, and never deletes data.
 */
export async function openPgliteDatabase({ folder, clock }: PgliteOptions): Promise<Database> {
  const lock = await lockFolder(folder);
  let thread: PgliteThread;
  try {
    thread = await startPgliteThread(folder);
  } catch (error) {
    await lock.release();
    throw error;
  }

  let failure: { readonly error: Error; readonly at: number } | null = null;
  const current = async (): Promise<PgliteThread> => {
    if (thread.alive()) return thread;
    if (failure && clock.monotonic() - failure.at < REOPEN_MS) throw failure.error;
    try {
      thread = await startPgliteThread(folder);
      return thread;
    } catch (error) {
      failure = { error: toError(error), at: clock.monotonic() };
      throw error;
    }
  };

  const pool = singleSessionPool(current, async () => {
    await thread.close();
    await lock.release();
  });
  // oxlint-disable-next-line typescript/no-empty-object-type -- no table is known to the builder
  const sql = new Kysely<{}>({ dialect: sessionDialect(pool) });
  return {
    engine: 'pglite',
    sql,
    transaction: (work) => sql.transaction().execute(work),
    ensureRoom: roomCheck(folder, clock),
    close: () => pool.close(),
  };
}

/** Fails while the disk is nearly full, so that what is in can still be read and nothing breaks. */
function roomCheck(folder: string, clock: Clock): () => Promise<void> {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let room = true;
  return async () => {
    if (clock.monotonic() - checkedAt >= ROOM_CHECK_MS) {
      checkedAt = clock.monotonic();
      const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
        throw new VigiaError('STORE_UNWRITABLE', { folder, detail: toError(error).message }, error);
      });
      room = bavail * bsize >= RESERVE_BYTES;
    }
    if (!room) throw new VigiaError('STORE_FULL', { folder });
  };
}
