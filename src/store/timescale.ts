import { sql } from 'kysely';
import { type Database, rowsOf, type Sql } from './database.ts';
import type { Retention } from './maintenance.ts';
import { SCHEMA_LOCK } from './migrate.ts';
import { StatementError } from './statement-error.ts';
import type { TimescaleUse } from './store.ts';
import { retentionPolicies, retentionStatements, timescaleStatements } from './timescale-schema.ts';

export interface TimescaleOptions {
  readonly retention: Retention;
  /** False: tables stay as they are, whatever the server can. */
  readonly wanted: boolean;
}

const unused = (why: Extract<TimescaleUse, { used: false }>['why'], detail = ''): TimescaleUse => ({
  used: false,
  why,
  detail,
});

/** Only then can the extension be made: without its library loaded at start, trying would end the connection. */
async function canBeMade(database: Database): Promise<boolean> {
  const [found] = await rowsOf(
    database.sql,
    sql<{ can: boolean }>`select exists (select 1 from pg_available_extensions where name = 'timescaledb')
      and exists (select 1 from pg_settings where name like 'timescaledb%') as can`,
  );
  return found?.can ?? false;
}

const isThere = async (database: Database): Promise<boolean> =>
  (await rowsOf(database.sql, sql`select 1 from pg_extension where extname = 'timescaledb'`)).length > 0;

const isUsed = async (tx: Sql): Promise<boolean> =>
  (
    await rowsOf(
      tx,
      sql`select 1 from timescaledb_information.hypertables
        where hypertable_schema = current_schema() and hypertable_name = 'samples'`,
    )
  ).length > 0;

/** Measurements from before would have to be copied; a database with a history stays as it is. */
async function hasHistory(tx: Sql): Promise<boolean> {
  const [found] = await rowsOf(
    tx,
    sql<{ rows: boolean }>`select exists (select 1 from pg_inherits where inhparent in ('samples'::regclass,
        'frames_step'::regclass, 'frames_minute'::regclass, 'frames_hour'::regclass, 'frames_day'::regclass,
        'frames_expected'::regclass))
      or exists (select 1 from events) or exists (select 1 from log_examples) as rows`,
  );
  return found?.rows ?? false;
}

/** Renews policies whose age is no longer the configured one. */
async function applyRetention(tx: Sql, retention: Retention): Promise<void> {
  const jobs = await rowsOf(
    tx,
    sql<{ table: string; keep: number }>`
      select coalesce(view.view_name, job.hypertable_name) as "table",
        (extract(epoch from (job.config ->> 'drop_after')::interval) * 1000)::float8 as keep
      from timescaledb_information.jobs as job left join timescaledb_information.continuous_aggregates as view
        on view.materialization_hypertable_name = job.hypertable_name
      where job.proc_name = 'policy_retention'`,
  );
  const kept = new Map(jobs.map(({ table, keep }) => [table, keep]));
  for (const { table, keepMs } of retentionPolicies(retention)) {
    if (kept.get(table) === keepMs) continue;
    for (const statement of retentionStatements(table, keepMs)) await statement.execute(tx);
  }
}

/** The edition under Apache's licence has hypertables, but neither compression nor continuous aggregates. */
async function isWhole(tx: Sql): Promise<boolean> {
  const [found] = await rowsOf(
    tx,
    sql<{ license: string | null }>`select current_setting('timescaledb.license', true) as license`,
  );
  return found?.license === 'timescale';
}

/**
 * Switches on what TimescaleDB can do for the measurements, where it can be had, and says what came of it. Runs after
 * the migrations, under their lock, once however many processes start; all or nothing.
 */
export async function applyTimescale(database: Database, options: TimescaleOptions): Promise<TimescaleUse> {
  const { retention, wanted } = options;
  try {
    if (!(await isThere(database))) {
      if (!wanted) return unused('off');
      if (!(await canBeMade(database))) return unused('absent');
      await sql`create extension if not exists timescaledb`.execute(database.sql);
    }
    return await database.transaction(async (tx) => {
      await sql`set local statement_timeout = 0`.execute(tx);
      await sql`select pg_advisory_xact_lock(${SCHEMA_LOCK})`.execute(tx);
      if (!(await isUsed(tx))) {
        if (!wanted) return unused('off');
        if (!(await isWhole(tx))) return unused('edition');
        if (await hasHistory(tx)) return unused('history');
        for (const statement of timescaleStatements(retention)) await statement.execute(tx);
      }
      await applyRetention(tx, retention);
      return { used: true };
    });
  } catch (error) {
    // No right to create it, or a version that cannot do something: PostgreSQL alone is enough.
    if (error instanceof StatementError) return unused('refused', error.message);
    throw error;
  }
}
