import { PGlite } from '@electric-sql/pglite';
import { EngineStopped } from './engine-stopped.ts';
import type { Session, SessionResult } from './session-dialect.ts';
import { OID, parseTimestamp } from './values.ts';

/**
 * Sized for a monitoring store in one process. The default of 128 MB shared buffers alone would break the memory
 * budget; the operating system caches the files anyway. Hundreds of partitions need the locks.
 */
const SETTINGS = [
  'shared_buffers=24MB',
  'max_connections=5',
  'max_locks_per_transaction=512',
  'maintenance_work_mem=16MB',
  'wal_level=minimal',
  'max_wal_senders=0',
  'min_wal_size=32MB',
  'max_wal_size=128MB',
];

/** For a new folder: small WAL segments keep it small. */
const INIT_SETTINGS = ['--wal-segsize=4', '--set', 'shared_buffers=8MB', '--set', 'max_connections=5'];

/**
 * PostgreSQL in single-user mode never checkpoints by itself: without this the WAL would grow for ever, and a restart
 * after a crash would take as long as replaying all of it.
 */
const CHECKPOINT_BYTES = 48 * 1024 * 1024;
/** Statements between two looks at how far the WAL has grown. */
const STATEMENTS_PER_LOOK = 64;

const STDERR_LINES = 20;

export interface PgliteEngine extends Session {
  /** Set once the engine has panicked: it answers nothing more and must be opened anew. */
  readonly stopped: () => boolean;
  checkpoint(): Promise<void>;
  /** The whole data folder as an uncompressed tar. */
  dump(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** How values come back, and how they go. */
export const parsers = {
  [OID.bytea]: (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), 'hex')),
  [OID.int8]: Number,
  [OID.numeric]: Number,
  [OID.timestamptz]: parseTimestamp,
};
/** Bytes go to the engine as they are, in the binary format. */
export const serializers = { [OID.bytea]: (bytes: string): string => bytes };

/** `source`: an existing or empty folder, or a tar of one to hold in memory, or null for a new one in memory. */
export type EngineSource = { readonly folder: string } | { readonly memory: Uint8Array | null };

/** Opens PGlite. It blocks the thread that it runs in while a statement runs. Throws `EngineStopped`. */
export async function openEngine(source: EngineSource): Promise<PgliteEngine> {
  const log: string[] = [];
  let stopped = false;
  const onStderr = (line: string): boolean => {
    log.push(line.trim());
    if (log.length > STDERR_LINES) log.shift();
    if (line.includes('PANIC:') || line.startsWith('Aborted(')) stopped = true;
    return false;
  };
  const options = {
    startParams: [...PGlite.defaultStartParams, ...SETTINGS.flatMap((setting) => ['-c', setting])],
    initDbStartParams: INIT_SETTINGS,
    onStderr,
    onStdout: () => false,
    parsers,
    serializers,
  };
  let pglite: PGlite;
  try {
    if ('folder' in source) pglite = await PGlite.create({ ...options, dataDir: source.folder });
    else if (source.memory) {
      const loadDataDir = new Blob([source.memory], { type: 'application/x-tar' });
      pglite = await PGlite.create({ ...options, loadDataDir });
    } else pglite = await PGlite.create(options);
  } catch (error) {
    throw new EngineStopped(log.join('\n'), error);
  }
  return engineOf(pglite, () => (stopped ? new EngineStopped(log.join('\n')) : null));
}

/** What is used of PGlite, so that another build of it can stand in. */
export type PgliteLike = Pick<PGlite, 'query' | 'exec' | 'isInTransaction' | 'dumpDataDir' | 'close'>;

export function engineOf(pglite: PgliteLike, failure: () => EngineStopped | null): PgliteEngine {
  let statements = 0;
  let checkpointed = '0/0';
  let inTransaction = false;

  /** Writes all changed pages once enough WAL has gathered; between statements, never within a transaction. */
  const tend = async (): Promise<void> => {
    if (inTransaction || ++statements < STATEMENTS_PER_LOOK) return;
    statements = 0;
    const { rows } = await pglite.query<{ grown: number; at: string }>(
      'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn) as grown, pg_current_wal_insert_lsn()::text as at',
      [checkpointed],
    );
    const [wal] = rows;
    if (!wal || wal.grown < CHECKPOINT_BYTES) return;
    checkpointed = wal.at;
    await pglite.exec('checkpoint');
  };

  const query = async (sql: string, parameters: readonly unknown[]): Promise<SessionResult> => {
    const dead = failure();
    if (dead) throw dead;
    try {
      const result = await pglite.query<unknown>(sql, [...parameters]);
      inTransaction = pglite.isInTransaction();
      await tend();
      return { rows: result.rows, affected: result.affectedRows ?? 0 };
    } catch (error) {
      const after = failure();
      if (after) throw after;
      inTransaction = pglite.isInTransaction();
      throw error;
    }
  };

  return {
    query,
    stopped: () => failure() !== null,
    checkpoint: async () => {
      await pglite.exec('checkpoint');
    },
    dump: async () => new Uint8Array(await (await pglite.dumpDataDir('none')).arrayBuffer()),
    close: () => (failure() ? Promise.resolve() : pglite.close()),
  };
}
