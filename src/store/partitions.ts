import { sql } from 'kysely';
import { type Database, rowsOf, type Sql } from './database.ts';
import { StatementError } from './statement-error.ts';
import { parseTimestamp } from './values.ts';

/** A table cut into periods of time, so that what is old goes by dropping a period, which leaves no holes behind. */
export interface PeriodTable {
  readonly name: 'samples' | 'frames_step' | 'frames_minute' | 'frames_hour' | 'frames_day' | 'frames_expected';
  readonly periodMs: number;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export const SAMPLES: PeriodTable = { name: 'samples', periodMs: HOUR };
export const FRAMES_STEP: PeriodTable = { name: 'frames_step', periodMs: DAY };
export const FRAMES_MINUTE: PeriodTable = { name: 'frames_minute', periodMs: 7 * DAY };
export const FRAMES_EXPECTED: PeriodTable = { name: 'frames_expected', periodMs: 7 * DAY };
export const FRAMES_HOUR: PeriodTable = { name: 'frames_hour', periodMs: 30 * DAY };
export const FRAMES_DAY: PeriodTable = { name: 'frames_day', periodMs: 360 * DAY };

export interface Partition {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** On disk, with indexes. */
  readonly bytes: number;
}

const BOUNDS = /FROM \('([^']+)'\) TO \('([^']+)'\)/;
/** PostgreSQL has no partition for a row. */
const NO_PARTITION = '23514';
/** Any number that nobody else of ours uses: whoever makes partitions does so one at a time. */
const LOCK = 8_440_001;

async function listPartitions(database: Sql, table: PeriodTable): Promise<readonly Partition[]> {
  const rows = await rowsOf(
    database,
    sql<{ name: string; bounds: string; bytes: number }>`
      select child.relname as name, pg_get_expr(child.relpartbound, child.oid) as bounds,
        pg_total_relation_size(child.oid) as bytes
      from pg_inherits join pg_class child on child.oid = inhrelid
      where inhparent = ${table.name}::regclass`,
  );
  return rows
    .flatMap(({ name, bounds, bytes }) => {
      const [, from, to] = BOUNDS.exec(bounds) ?? [];
      return from && to ? [{ name, from: parseTimestamp(from), to: parseTimestamp(to), bytes }] : [];
    })
    .sort((a, b) => a.from - b.from);
}

/** `2026112215` for the hour that begins at 15:00 UTC. */
const suffix = (start: number): string => new Date(start).toISOString().replace(/\D/g, '').slice(0, 10);

/** What a table of measurements needs of its periods: partitions of ours, or chunks of TimescaleDB. */
export interface Partitioner {
  /** Runs `work`, which inserts rows of these times, with a partition there for each of them. */
  into<T>(times: ArrayLike<number>, work: () => Promise<T>): Promise<T>;
  /** Every period there is, oldest first. */
  list(): Promise<readonly Partition[]>;
  /** Drops the oldest period with all that is in it. */
  drop(partition: Partition): Promise<void>;
  /** Fits the length of coming periods to what comes in. */
  tune(): Promise<void>;
}

/** Makes the partitions of a table when the first row for them comes. */
export function createPartitioner(database: Database, table: PeriodTable): Partitioner {
  const known = new Set<number>();

  const missing = (times: ArrayLike<number>): Set<number> => {
    const starts = new Set<number>();
    let last = Number.NaN;
    for (let i = 0; i < times.length; i++) {
      const start = Math.floor(times[i]! / table.periodMs) * table.periodMs;
      if (start === last) continue;
      last = start;
      if (!known.has(start)) starts.add(start);
    }
    return starts;
  };

  const create = async (starts: ReadonlySet<number>): Promise<void> => {
    await database.transaction(async (tx) => {
      await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
      for (const start of starts) {
        const [from, to] = [start, start + table.periodMs].map((ms) => sql.lit(new Date(ms).toISOString()));
        await sql`create table if not exists ${sql.table(`${table.name}_${suffix(start)}`)}
          partition of ${sql.table(table.name)} for values from (${from}) to (${to})`.execute(tx);
      }
    });
    for (const start of starts) known.add(start);
  };

  return {
    into: async (times, work) => {
      const starts = missing(times);
      if (starts.size > 0) await create(starts);
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof StatementError) || error.sqlState !== NO_PARTITION) throw error;
        // Another process dropped a partition that this one remembers.
        known.clear();
        await create(missing(times));
        return work();
      }
    },
    drop: async (partition) => {
      await sql`drop table if exists ${sql.table(partition.name)}`.execute(database.sql);
      known.delete(partition.from);
    },
    list: () => listPartitions(database.sql, table),
    tune: async () => {},
  };
}
