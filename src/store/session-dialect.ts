import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';

export interface SessionResult {
  readonly rows: readonly unknown[];
  /** Rows inserted, updated or deleted. */
  readonly affected: number;
}

/** One connection to a PostgreSQL, wherever it runs. */
export interface Session {
  query(sql: string, parameters: readonly unknown[]): Promise<SessionResult>;
}

/** Hands sessions out, one user at a time each. */
export interface SessionPool {
  acquire(): Promise<Session>;
  release(session: Session): void;
  close(): Promise<void>;
}

/** Kysely's view of a session. */
class SessionConnection implements DatabaseConnection {
  readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, affected } = await this.session.query(query.sql, query.parameters);
    return { rows: rows as R[], numAffectedRows: BigInt(affected) };
  }

  streamQuery(): AsyncIterableIterator<QueryResult<never>> {
    throw new Error('Statements are not streamed: read in pages instead.');
  }
}

function createDriver(pool: SessionPool): Driver {
  const run = async (connection: DatabaseConnection, statement: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(statement));
  };
  return {
    init: async () => {},
    acquireConnection: async () => new SessionConnection(await pool.acquire()),
    releaseConnection: async (connection) => pool.release((connection as SessionConnection).session),
    beginTransaction: (connection, settings: TransactionSettings) =>
      run(connection, settings.accessMode === 'read only' ? 'begin read only' : 'begin'),
    commitTransaction: (connection) => run(connection, 'commit'),
    // A rollback fails only when the connection is gone, and then there is nothing left to roll back.
    rollbackTransaction: (connection) => run(connection, 'rollback').catch(() => {}),
    destroy: () => pool.close(),
  };
}

/** A Kysely dialect over sessions: PostgreSQL's SQL, our own way to the engine. */
export const sessionDialect = (pool: SessionPool): Dialect => ({
  createDriver: () => createDriver(pool),
  createQueryCompiler: () => new PostgresQueryCompiler(),
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (database) => new PostgresIntrospector(database),
});
