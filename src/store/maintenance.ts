import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import {
  FRAMES_DAY,
  FRAMES_EXPECTED,
  FRAMES_HOUR,
  FRAMES_MINUTE,
  FRAMES_STEP,
  type Partition,
  type Partitioner,
  type PeriodTable,
  SAMPLES,
} from './partitions.ts';
import type { Maintenance, RetentionReport } from './store.ts';
import { timestamp } from './values.ts';

const DAY_MS = 86_400_000;

/** How long each resolution is kept, ms, and how much disk all of it may take. */
export interface Retention {
  readonly samplesMs: number;
  readonly stepsMs: number;
  readonly minutesMs: number;
  readonly hoursMs: number;
  readonly budgetBytes: number;
}

/** What product.md promises. */
export const DEFAULT_RETENTION: Retention = {
  samplesMs: 7 * DAY_MS,
  stepsMs: 2 * DAY_MS,
  minutesMs: 60 * DAY_MS,
  hoursMs: 400 * DAY_MS,
  budgetBytes: 2 * 1024 ** 3,
};

const EVENTS_MS = 400 * DAY_MS;
/** A pattern that was not seen for so long is forgotten. */
const PATTERNS_MS = 60 * DAY_MS;
/** Evidence is kept as long as raw samples, and no more lines of it than this. */
const MAX_EXAMPLES = 200_000;
const DEAD_LETTERS_MS = 30 * DAY_MS;
const MAX_DEAD_LETTERS = 10_000;
const QUALITY_MS = 30 * DAY_MS;

/** Measurements with their trace are evidence as lines are: kept as long, and no more than this. */
const MAX_EXEMPLARS = 100_000;
/** Samples of sessions are kept for as long as a month of learning takes; no more of them than this. */
const SEQUENCES_MS = 30 * DAY_MS;
const MAX_SEQUENCES = 200_000;

/** Rows of these change or go one by one, and PGlite has no autovacuum: what they leave behind is cleared here. */
const CHANGING_TABLES = [
  'entities',
  'anomalies',
  'predictions',
  'incidents',
  'recommendations',
  'runs',
  'settings',
  'checkpoints',
  'marks',
  'events',
  'log_patterns',
  'log_examples',
  'log_sequences',
  'exemplars',
  'dead_letters',
  'entity_quality',
];

export interface MaintenanceDeps {
  readonly database: Database;
  readonly retention: Retention;
  readonly partitioners: Readonly<Record<PeriodTable['name'], Partitioner>>;
  readonly rollHours: Maintenance['rollHours'];
}

interface Kept {
  readonly table: PeriodTable;
  readonly keepMs: number;
}

type Dropped = RetentionReport['dropped'][number];

/** In the order in which they go when the disk budget is spent: what can be missed most easily first. */
const keptTables = (retention: Retention): readonly Kept[] => [
  { table: SAMPLES, keepMs: retention.samplesMs },
  { table: FRAMES_STEP, keepMs: retention.stepsMs },
  // Written many times a minute: kept for 60 days it would take more than all the rest.
  { table: FRAMES_EXPECTED, keepMs: retention.samplesMs },
  { table: FRAMES_MINUTE, keepMs: retention.minutesMs },
  { table: FRAMES_HOUR, keepMs: retention.hoursMs },
  { table: FRAMES_DAY, keepMs: retention.hoursMs },
];

async function databaseBytes(database: Database): Promise<number> {
  const found = await rowsOf(
    database.sql,
    sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`,
  );
  return found[0]?.bytes ?? 0;
}

async function drop(deps: MaintenanceDeps, table: PeriodTable, partition: Partition): Promise<Omit<Dropped, 'why'>> {
  await deps.partitioners[table.name].drop(partition);
  return { table: table.name, from: partition.from, to: partition.to };
}

async function dropOld(deps: MaintenanceDeps, now: number): Promise<Dropped[]> {
  const dropped: Dropped[] = [];
  for (const { table, keepMs } of keptTables(deps.retention)) {
    for (const partition of await deps.partitioners[table.name].list()) {
      if (partition.to <= now - keepMs) dropped.push({ ...(await drop(deps, table, partition)), why: 'age' });
    }
  }
  return dropped;
}

/** The oldest first; the period that is being written stays whatever the budget says. */
async function dropOverBudget(deps: MaintenanceDeps, now: number): Promise<Dropped[]> {
  const dropped: Dropped[] = [];
  let excess = (await databaseBytes(deps.database)) - deps.retention.budgetBytes;
  for (const { table } of keptTables(deps.retention)) {
    if (excess <= 0) break;
    for (const partition of await deps.partitioners[table.name].list()) {
      if (excess <= 0 || partition.to > now) break;
      dropped.push({ ...(await drop(deps, table, partition)), why: 'budget' });
      excess -= partition.bytes;
    }
  }
  return dropped;
}

/** What is kept of the logs of entities that have written nothing for as long as patterns are remembered. */
async function trimKeptLogs(database: MaintenanceDeps['database'], now: number): Promise<void> {
  await sql`delete from checkpoints where stage = 'logs'
    and case when stage = 'logs' then (state ->> 'time')::double precision < ${now - PATTERNS_MS} end`.execute(
    database.sql,
  );
  await sql`delete from checkpoints as ids where ids.stage in ('logs.ids', 'logs.sessions') and not exists (
    select 1 from checkpoints as log
    where log.stage = 'logs' and log.key = substring(ids.key from position(' ' in ids.key) + 1))`.execute(database.sql);
}

async function trimSequences({ database, retention }: MaintenanceDeps, now: number): Promise<void> {
  await sql`delete from log_sequences where end_time < ${timestamp(now - SEQUENCES_MS)}
    or (not sampled and end_time < ${timestamp(now - retention.samplesMs)})`.execute(database.sql);
  await sql`delete from log_sequences where (end_time, id) <= (
    select end_time, id from log_sequences order by end_time desc, id desc offset ${MAX_SEQUENCES} limit 1)`.execute(
    database.sql,
  );
}

async function trimLogs({ database, retention }: MaintenanceDeps, now: number): Promise<void> {
  await sql`delete from log_patterns where last_seen < ${timestamp(now - PATTERNS_MS)}`.execute(database.sql);
  await trimKeptLogs(database, now);
  await sql`delete from log_examples where time < ${timestamp(now - retention.samplesMs)}`.execute(database.sql);
  await sql`delete from log_examples where (time, id) <= (
    select time, id from log_examples order by time desc, id desc offset ${MAX_EXAMPLES} limit 1)`.execute(
    database.sql,
  );
}

async function trimExemplars({ database, retention }: MaintenanceDeps, now: number): Promise<void> {
  await sql`delete from exemplars where time < ${timestamp(now - retention.samplesMs)}`.execute(database.sql);
  await sql`delete from exemplars where (time, id) <= (
    select time, id from exemplars order by time desc, id desc offset ${MAX_EXEMPLARS} limit 1)`.execute(database.sql);
}

async function trimLists({ database }: MaintenanceDeps, now: number): Promise<void> {
  await sql`delete from events where time < ${timestamp(now - EVENTS_MS)}`.execute(database.sql);
  await sql`delete from entity_quality where updated_at < ${timestamp(now - QUALITY_MS)}`.execute(database.sql);
  await sql`delete from dead_letters where time < ${timestamp(now - DEAD_LETTERS_MS)}`.execute(database.sql);
  await sql`delete from dead_letters where (time, id) <= (
    select time, id from dead_letters order by time desc, id desc offset ${MAX_DEAD_LETTERS} limit 1)`.execute(
    database.sql,
  );
}

async function vacuum({ database }: MaintenanceDeps): Promise<void> {
  if (database.engine !== 'pglite') return;
  for (const table of CHANGING_TABLES) await sql`vacuum (analyze) ${sql.table(table)}`.execute(database.sql);
}

export const createMaintenance = (deps: MaintenanceDeps): Maintenance => ({
  rollHours: deps.rollHours,
  retain: async (now) => {
    const old = await dropOld(deps, now);
    await trimLists(deps, now);
    await trimLogs(deps, now);
    await trimSequences(deps, now);
    await trimExemplars(deps, now);
    await vacuum(deps);
    const spent = await dropOverBudget(deps, now);
    for (const partitioner of Object.values(deps.partitioners)) await partitioner.tune();
    const { budgetBytes } = deps.retention;
    return { bytes: await databaseBytes(deps.database), budgetBytes, dropped: [...old, ...spent] };
  },
});
