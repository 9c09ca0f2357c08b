import { Kysely } from 'kysely';
import pg from 'pg';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Database } from './database.ts';
import { explainConnection, explainStatement, isGone } from './postgres-errors.ts';
import { createReconnect } from './reconnect.ts';
import type { Session, SessionPool } from './session-dialect.ts';
import { sessionDialect } from './session-dialect.ts';
import { OID, parseTimestamp } from './values.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Connections that this process may have. */
  readonly poolSize?: number;
  /** A statement that runs longer is cancelled by the server. */
  readonly statementTimeoutMs?: number;
  /** How long whoever needs a connection waits for a server that is away. */
  readonly patienceMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const CONNECT_MS = 5000;
const POOL_SIZE = 8;
const STATEMENT_MS = 60_000;
const PATIENCE_MS = 15_000;
/** The server cancels what takes too long; when not even that comes back, the network is cut. */
const SILENCE_MS = 10_000;
/** A process that was stopped in the middle of a transaction must not keep its locks for ever. */
const IDLE_IN_TRANSACTION_MS = 60_000;
/** setTimeout takes no more. */
const NEVER_MS = 2 ** 31 - 1;

/** The same values as from PGlite: numbers for `timestamptz`, `int8` and `numeric`. */
const types = new pg.TypeOverrides();
types.setTypeParser(OID.timestamptz, parseTimestamp);
types.setTypeParser(OID.int8, Number);
types.setTypeParser(OID.numeric, Number);

interface PooledSession extends Session {
  readonly end: () => void;
}

function sessionOf(client: pg.PoolClient): PooledSession {
  let gone = false;
  /** A transaction that lifts the server's timeout for itself, as migrations do, is waited for. */
  let patient = false;
  const query = async (text: string, parameters: readonly unknown[]) => {
    // A rollback on a connection that is cut would wait for its answer in vain.
    if (gone) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'the connection was lost' });
    if (text.startsWith('set local statement_timeout')) patient = true;
    if (text === 'commit' || text === 'rollback') patient = false;
    // pg knows the field, its types do not.
    const statement = { text, values: [...parameters], ...(patient ? { query_timeout: NEVER_MS } : {}) };
    try {
      const result = await client.query<Record<string, unknown>>(statement);
      return { rows: result.rows, affected: result.command === 'SELECT' ? 0 : (result.rowCount ?? 0) };
    } catch (error) {
      const explained = explainStatement(error);
      gone ||= isGone(explained);
      throw explained;
    }
  };
  return { query, end: () => client.release(gone) };
}

function sessionPool(pool: pg.Pool, connecting: ReturnType<typeof createReconnect>): SessionPool {
  let closing: Promise<void> | null = null;
  // A connection that breaks says so to the statement that runs on it; the pool replaces one that was idle.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const connect = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect();
    } catch (error) {
      throw explainConnection(error);
    }
  };
  return {
    acquire: async () => sessionOf(await connecting(connect)),
    release: (session) => (session as PooledSession).end(),
    close: () => (closing ??= pool.end()),
  };
}

/** A PostgreSQL server (15 or newer), with or without TimescaleDB. Connects with the first statement. */
export function openPostgresDatabase(options: PostgresOptions): Database {
  const { statementTimeoutMs = STATEMENT_MS, patienceMs = PATIENCE_MS } = options;
  const { clock = systemClock, random = Math.random } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    application_name: 'vigia',
    max: options.poolSize ?? POOL_SIZE,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + SILENCE_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types,
  });
  const sessions = sessionPool(pool, createReconnect({ clock, random, patienceMs }));
  // oxlint-disable-next-line typescript/no-empty-object-type -- no table is known to the builder
  const sql = new Kysely<{}>({ dialect: sessionDialect(sessions) });
  return {
    engine: 'postgres',
    sql,
    transaction: (work) => sql.transaction().execute(work),
    ensureRoom: async () => {},
    close: () => sessions.close(),
  };
}
