import { Kysely } from 'kysely';
import pg from 'pg';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Database } from './database.ts';
import type { Session, SessionPool } from './session-dialect.ts';
import { sessionDialect } from './session-dialect.ts';
import { StatementError } from './statement-error.ts';
import { OID, parseTimestamp } from './values.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  readonly poolSize?: number;
  /** A statement that runs longer is cancelled by the server. */
  readonly statementTimeoutMs?: number;
}

const CONNECT_MS = 5000;

/** The same values as from PGlite: numbers for `timestamptz`, `int8` and `numeric`. */
const types = new pg.TypeOverrides();
types.setTypeParser(OID.timestamptz, parseTimestamp);
types.setTypeParser(OID.int8, Number);
types.setTypeParser(OID.numeric, Number);

/** Classes 08 (connection), 53 (resources), 57 (operator's intervention) and Node's own errors: waiting can help. */
function explain(thrown: unknown): Error {
  const error = toError(thrown) as Error & { code?: string };
  const state = error.code ?? '';
  if (state === '53100') return new VigiaError('STORE_FULL', { folder: 'of the PostgreSQL server' }, error);
  if (!/^[0-9A-Z]{5}$/.test(state) || /^(?:08|53|57P)/.test(state)) {
    return new VigiaError('STORE_UNAVAILABLE', { detail: error.message }, error);
  }
  return new StatementError(state, error.message);
}

function sessionOf(client: pg.PoolClient): Session & { broken: boolean } {
  const session = {
    broken: false,
    query: async (text: string, parameters: readonly unknown[]) => {
      try {
        const result = await client.query<Record<string, unknown>>(text, [...parameters]);
        return { rows: result.rows, affected: result.command === 'SELECT' ? 0 : (result.rowCount ?? 0) };
      } catch (error) {
        const explained = explain(error);
        session.broken ||= explained instanceof VigiaError;
        throw explained;
      }
    },
  };
  return session;
}

function sessionPool(pool: pg.Pool): SessionPool {
  let closing: Promise<void> | null = null;
  const releases = new WeakMap<Session, () => void>();
  // A connection that breaks says so to the statement that runs on it; the pool replaces one that was idle.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return {
    acquire: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw explain(error);
      });
      const session = sessionOf(client);
      releases.set(session, () => client.release(session.broken));
      return session;
    },
    release: (session) => releases.get(session)?.(),
    close: () => (closing ??= pool.end()),
  };
}

/** A PostgreSQL server (15 or newer), with or without TimescaleDB. Connects with the first statement. */
export function openPostgresDatabase(options: PostgresOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 8,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    options: '-c TimeZone=UTC -c DateStyle=ISO',
    types,
  });
  const sessions = sessionPool(pool);
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
