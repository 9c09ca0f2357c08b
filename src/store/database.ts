import type { Kysely, RawBuilder } from 'kysely';

/**
 * What statements are built with. Tables are described by the stores themselves (see `record-table.ts`), so the
 * builder knows no schema.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- no table is known to the builder
export type Sql = Kysely<{}>;

export type Engine = 'pglite' | 'postgres';

/**
 * The database port. Both adapters speak the SQL of PostgreSQL 15 and hand the same values over: `timestamptz` as Unix
 * ms, `int8` and `numeric` as number, `json` parsed, `bytea` as bytes. Every statement carries its values as parameters.
 *
 * Errors: `STORE_FULL` when the disk is full, `STORE_UNAVAILABLE` when the engine is gone; both may be tried again.
 */
export interface Database {
  readonly engine: Engine;
  /** Runs one statement on its own. */
  readonly sql: Sql;
  /** Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. PGlite has one session, so keep it short. */
  transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T>;
  /** Rejects with `STORE_FULL` when there is too little disk left to take more data in safely. */
  ensureRoom(): Promise<void>;
  close(): Promise<void>;
}

/** Rows of a statement. */
export async function rowsOf<Row>(database: Sql, statement: RawBuilder<Row>): Promise<readonly Row[]> {
  return (await statement.execute(database)).rows;
}

/** How many rows a statement inserted, updated or deleted. */
export async function countOf(database: Sql, statement: RawBuilder<unknown>): Promise<number> {
  return Number((await statement.execute(database)).numAffectedRows ?? 0n);
}
