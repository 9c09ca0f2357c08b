import { type RawBuilder, sql } from 'kysely';
import { VigiaError } from '../runtime/errors.ts';
import { type Database, rowsOf, type Sql } from './database.ts';
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
import { days } from './migrations/0011-days.ts';
import { processes } from './migrations/0013-processes.ts';
import { exemplars } from './migrations/0014-exemplars.ts';
import { restraints } from './migrations/0015-restraints.ts';
import { modelChecks } from './migrations/0016-model-checks.ts';
import { decisions } from './migrations/0017-decisions.ts';
import { ladder } from './migrations/0018-ladder.ts';
import { dataQuality } from './migrations/0019-data-quality.ts';
import { logSequences } from './migrations/0020-log-sequences.ts';
import { StatementError } from './statement-error.ts';
import { timestamp } from './values.ts';

/** One step of the schema, forward only; what was released is never changed. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly statements: readonly RawBuilder<unknown>[];
}

/** In order of their versions. */
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
  days,
  processes,
  exemplars,
  restraints,
  modelChecks,
  decisions,
  ladder,
  dataQuality,
  logSequences,
];

/** Whoever changes the schema holds this lock until it commits. */
export const SCHEMA_LOCK = 8_440_000;

/** The versions that were applied. Looks before it makes the list, for that needs a right that not everybody has. */
async function appliedVersions(tx: Sql): Promise<readonly number[]> {
  const [list] = await rowsOf(
    tx,
    sql<{ there: boolean }>`select to_regclass('schema_migrations') is not null as there`,
  );
  if (!list?.there) {
    await sql`create table schema_migrations (
      version int primary key, name text not null, applied_at timestamptz not null)`.execute(tx);
  }
  const rows = await rowsOf(tx, sql<{ version: number }>`select version from schema_migrations order by version`);
  return rows.map(({ version }) => version);
}

/** PostgreSQL says that the user may not do that. */
const FORBIDDEN = '42501';

/**
 * Brings the schema up to date, all or nothing; processes that start together take turns. Returns the versions that
 * were applied. Throws `STORE_NEWER` when a newer program has been here, `STORE_OLDER` when the user may not change it.
 */
export async function migrate(
  database: Database,
  options: { readonly place: string; readonly now: number; readonly migrations?: readonly Migration[] },
): Promise<readonly number[]> {
  const { place, now, migrations = MIGRATIONS } = options;
  const known = migrations.at(-1)?.version ?? 0;
  let found = 0;
  const work = async (tx: Sql): Promise<readonly number[]> => {
    // Others may take long, and so may a migration of much data.
    await sql`set local statement_timeout = 0`.execute(tx);
    await sql`select pg_advisory_xact_lock(${SCHEMA_LOCK})`.execute(tx);
    const applied = await appliedVersions(tx);
    found = applied.at(-1) ?? 0;
    if (found > known) throw new VigiaError('STORE_NEWER', { folder: place, found, known });
    const pending = migrations.filter(({ version }) => !applied.includes(version));
    for (const { version, name, statements } of pending) {
      for (const statement of statements) await statement.execute(tx);
      await sql`insert into schema_migrations (version, name, applied_at)
        values (${version}, ${name}, ${timestamp(now)})`.execute(tx);
    }
    return pending.map(({ version }) => version);
  };
  try {
    return await database.transaction(work);
  } catch (error) {
    if (!(error instanceof StatementError) || error.sqlState !== FORBIDDEN) throw error;
    throw new VigiaError('STORE_OLDER', { place, found, known, detail: error.message }, error);
  }
}
