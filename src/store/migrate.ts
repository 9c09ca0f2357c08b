import { type RawBuilder, sql } from 'kysely';
import { VigiaError } from '../runtime/errors.ts';
import { type Database, rowsOf } from './database.ts';
import { measurements } from './migrations/0001-measurements.ts';
import { findings } from './migrations/0002-findings.ts';
import { actions } from './migrations/0003-actions.ts';
import { anomalyDetail } from './migrations/0004-anomaly-detail.ts';
import { alertsAndFeedback } from './migrations/0005-alerts-and-feedback.ts';
import { topology } from './migrations/0006-topology.ts';
import { logs } from './migrations/0007-logs.ts';
import { failureModels } from './migrations/0008-failure-models.ts';
import { runLeases } from './migrations/0009-run-leases.ts';
import { leases } from './migrations/0010-leases.ts';
import { processes } from './migrations/0013-processes.ts';
import { restraints } from './migrations/0015-restraints.ts';
import { modelChecks } from './migrations/0016-model-checks.ts';
import { decisions } from './migrations/0017-decisions.ts';
import { ladder } from './migrations/0018-ladder.ts';
import { timestamp } from './values.ts';

/** One step of the schema, forward only; what was released is never changed. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly RawBuilder<unknown>[];
}

/** In order; versions grow by one. */
export const MIGRATIONS: readonly Migration[] = [
  measurements,
  findings,
  actions,
  anomalyDetail,
  alertsAndFeedback,
  topology,
  logs,
  failureModels,
  runLeases,
  leases,
  processes,
  restraints,
  modelChecks,
  decisions,
  ladder,
];

const LOCK = 8_440_000;

/**
 * Brings the schema up to date, all or nothing; processes that start together take turns. Returns the versions that
 * were applied. Throws `STORE_NEWER` when a newer program has been here.
 */
export async function migrate(
  database: Database,
  options: { readonly place: string; readonly now: number; readonly migrations?: readonly Migration[] },
): Promise<readonly number[]> {
  const migrations = options.migrations ?? MIGRATIONS;
  const known = migrations.at(-1)?.version ?? 0;
  return database.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
    await sql`create table if not exists schema_migrations (
      version int primary key, name text not null, applied_at timestamptz not null)`.execute(tx);
    const rows = await rowsOf(
      tx,
      sql<{ found: number }>`
      select coalesce(max(version), 0) as found from schema_migrations`,
    );
    const found = rows[0]?.found ?? 0;
    if (found > known) throw new VigiaError('STORE_NEWER', { folder: options.place, found, known });
    const pending = migrations.filter(({ version }) => version > found);
    for (const { version, name, statements } of pending) {
      for (const statement of statements) await statement.execute(tx);
      await sql`insert into schema_migrations (version, name, applied_at)
        values (${version}, ${name}, ${timestamp(options.now)})`.execute(tx);
    }
    return pending.map(({ version }) => version);
  });
}
