import { type RawBuilder, sql } from 'kysely';
import type { Retention } from './maintenance.ts';

/**
 * What TimescaleDB does for us, as statements that run once in one transaction over empty tables of measurements:
 * hypertables with compression, and continuous aggregates in place of the frames that we roll up ourselves otherwise.
 */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Events are kept so long, see `maintenance.ts`. */
const EVENTS_MS = 400 * DAY;

const milliseconds = (ms: number): RawBuilder<unknown> => sql`interval ${sql.lit(`${ms} milliseconds`)}`;

interface Hypertable {
  readonly name: string;
  readonly chunkMs: number;
  /** Columns that take the place of the primary key, which has to hold the time; without it the keys stay as they are. */
  readonly key?: readonly string[];
  /** Indexes beside the key. */
  readonly indexes?: readonly (readonly string[])[];
  readonly compression?: { readonly segment: string; readonly order: string; readonly afterMs: number };
}

/**
 * Compressed is what is hardly ever written any more: the restart of a stage reads some hours back, late samples come
 * within some minutes. Chunks of samples and steps are fitted to the rate later on, see `chunks.ts`.
 */
const HYPERTABLES: readonly Hypertable[] = [
  {
    name: 'samples',
    chunkMs: 4 * HOUR,
    compression: { segment: 'series', order: 'time', afterMs: 4 * HOUR },
  },
  {
    name: 'frames_step',
    chunkMs: 6 * HOUR,
    compression: { segment: 'entity', order: 'time', afterMs: 6 * HOUR },
  },
  {
    name: 'frames_expected',
    chunkMs: DAY,
    compression: { segment: 'entity', order: 'time', afterMs: DAY },
  },
  {
    name: 'events',
    chunkMs: 30 * DAY,
    key: ['id', 'time'],
    indexes: [
      ['time', 'id'],
      ['entity', 'time', 'id'],
    ],
    compression: { segment: 'entity', order: 'time, id', afterMs: 30 * DAY },
  },
  {
    name: 'log_examples',
    chunkMs: DAY,
    key: ['id', 'time'],
    indexes: [
      ['time', 'id'],
      ['entity', 'time', 'id'],
      ['template', 'time', 'id'],
    ],
  },
];

/** Hypertables cannot be made of partitioned tables, nor of ones with a key without the time: they are made anew. */
function hypertable({ name, chunkMs, key, indexes = [], compression }: Hypertable): RawBuilder<unknown>[] {
  const [table, fresh] = [sql.table(name), sql.table(`${name}_hyper`)];
  const columns = (list: readonly string[]): RawBuilder<unknown> => sql.join(list.map((column) => sql.ref(column)));
  return [
    sql`create table ${fresh} (like ${table} including defaults ${key ? sql`` : sql`including indexes`})`,
    sql`drop table ${table}`,
    sql`alter table ${fresh} rename to ${table}`,
    ...(key ? [sql`alter table ${table} add primary key (${columns(key)})`] : []),
    ...indexes.map((index) => sql`create index on ${table} (${columns(index)})`),
    sql`select create_hypertable(${sql.lit(name)}::regclass, 'time'::name,
      chunk_time_interval => ${milliseconds(chunkMs)}, create_default_indexes => false)`,
    ...(compression
      ? [
          sql`alter table ${table} set (timescaledb.compress,
            timescaledb.compress_segmentby = ${sql.lit(compression.segment)},
            timescaledb.compress_orderby = ${sql.lit(compression.order)})`,
          sql`select add_compression_policy(${sql.lit(name)}::regclass, ${milliseconds(compression.afterMs)})`,
        ]
      : []),
  ];
}

/**
 * Mean, lowest and highest of each place over arrays that may grow; a missing number (NaN) does not count. The state of
 * a mean is sum and count in turns.
 */
const functions: readonly RawBuilder<unknown>[] = [
  sql`create or replace function vigia_mean_step(state float8[], given real[]) returns float8[]
    language plpgsql immutable parallel safe as $$
    begin
      for i in 1 .. coalesce(array_length(given, 1), 0) loop
        if state[2 * i] is null then state[2 * i - 1] := 0; state[2 * i] := 0; end if;
        if given[i] <> 'NaN' then
          state[2 * i - 1] := state[2 * i - 1] + given[i];
          state[2 * i] := state[2 * i] + 1;
        end if;
      end loop;
      return state;
    end $$`,
  sql`create or replace function vigia_mean_end(state float8[]) returns real[]
    language sql immutable parallel safe as $$
    select coalesce(array_agg(case when state[2 * i] > 0 then (state[2 * i - 1] / state[2 * i])::real
      else 'NaN'::real end order by i), '{}') from generate_series(1, coalesce(array_length(state, 1), 0) / 2) as i $$`,
  ...(['lowest', 'highest'] as const).map(
    (name) => sql`create or replace function ${sql.ref(`vigia_${name}_step`)}(state real[], given real[]) returns real[]
      language plpgsql immutable parallel safe as $$
      begin
        for i in 1 .. coalesce(array_length(given, 1), 0) loop
          if state[i] is null or state[i] = 'NaN'
            or given[i] <> 'NaN' and given[i] ${sql.raw(name === 'lowest' ? '<' : '>')} state[i]
          then state[i] := given[i]; end if;
        end loop;
        return state;
      end $$`,
  ),
  sql`create or replace aggregate vigia_mean(real[]) (sfunc = vigia_mean_step, stype = float8[],
    finalfunc = vigia_mean_end, initcond = '{}', parallel = safe)`,
  ...['lowest', 'highest'].map(
    (name) => sql`create or replace aggregate ${sql.ref(`vigia_${name}`)}(real[])
      (sfunc = ${sql.ref(`vigia_${name}_step`)}, stype = real[], initcond = '{}', parallel = safe)`,
  ),
];

interface Aggregate {
  readonly name: string;
  readonly source: string;
  /** Columns of the source: those of steps are one and the same. */
  readonly columns: readonly [mean: string, low: string, high: string];
  readonly span: string;
  readonly spanMs: number;
  readonly chunkMs: number;
  /** The server's job brings this much up to date, so late frames are in it; the source is kept for longer. */
  readonly redoMs: (retention: Retention) => number;
  readonly everyMs: number;
  readonly compressAfterMs: number;
}

const ROLLED = ['mean', 'low', 'high'] as const;

const AGGREGATES: readonly Aggregate[] = [
  {
    name: 'frames_minute',
    source: 'frames_step',
    columns: ['values', 'values', 'values'],
    span: '1 minute',
    spanMs: 60_000,
    chunkMs: 2 * DAY,
    redoMs: ({ stepsMs }) => Math.min(DAY, stepsMs / 2),
    everyMs: 5 * 60_000,
    compressAfterMs: 3 * DAY,
  },
  {
    name: 'frames_hour',
    source: 'frames_minute',
    columns: ROLLED,
    span: '1 hour',
    spanMs: HOUR,
    chunkMs: 30 * DAY,
    redoMs: ({ minutesMs }) => Math.min(2 * DAY, minutesMs / 2),
    everyMs: 30 * 60_000,
    compressAfterMs: 30 * DAY,
  },
  {
    name: 'frames_day',
    source: 'frames_hour',
    columns: ROLLED,
    span: '1 day',
    spanMs: DAY,
    chunkMs: 360 * DAY,
    redoMs: () => 4 * DAY,
    everyMs: 6 * HOUR,
    compressAfterMs: 360 * DAY,
  },
];

/** What is not rolled up yet is rolled up while it is read, so that a chart ends now. */
function aggregate(one: Aggregate, retention: Retention): RawBuilder<unknown>[] {
  const { name, source, span, spanMs, chunkMs, everyMs, compressAfterMs } = one;
  const [mean, low, high] = one.columns.map((column) => sql.ref(column));
  const view = sql.table(name);
  return [
    sql`drop table ${view}`,
    sql`create materialized view ${view} with (timescaledb.continuous, timescaledb.materialized_only = false) as
      select entity, time_bucket(interval ${sql.lit(span)}, time) as time, ${sql.lit(spanMs)}::int as step_ms,
        max(layout) as layout, vigia_mean(${mean}) as mean, vigia_lowest(${low}) as low, vigia_highest(${high}) as high
      from ${sql.table(source)} group by 1, 2 with no data`,
    sql`select set_chunk_time_interval(${sql.lit(name)}::regclass, ${milliseconds(chunkMs)})`,
    sql`alter materialized view ${view} set (timescaledb.compress, timescaledb.compress_segmentby = 'entity')`,
    sql`select add_continuous_aggregate_policy(${sql.lit(name)}::regclass,
      start_offset => ${milliseconds(Math.max(one.redoMs(retention), 3 * spanMs))},
      end_offset => ${milliseconds(spanMs)}, schedule_interval => ${milliseconds(everyMs)})`,
    sql`select add_compression_policy(${sql.lit(name)}::regclass, ${milliseconds(compressAfterMs)})`,
  ];
}

export const timescaleStatements = (retention: Retention): readonly RawBuilder<unknown>[] => [
  ...HYPERTABLES.flatMap(hypertable),
  ...functions,
  ...AGGREGATES.flatMap((one) => aggregate(one, retention)),
];

/** Tables with what the server drops by itself, also while no Vigía runs; the disk budget is held by maintenance. */
export const retentionPolicies = (
  retention: Retention,
): readonly { readonly table: string; readonly keepMs: number }[] => [
  { table: 'samples', keepMs: retention.samplesMs },
  { table: 'frames_step', keepMs: retention.stepsMs },
  { table: 'frames_expected', keepMs: retention.samplesMs },
  { table: 'frames_minute', keepMs: retention.minutesMs },
  { table: 'frames_hour', keepMs: retention.hoursMs },
  { table: 'frames_day', keepMs: retention.hoursMs },
  { table: 'events', keepMs: EVENTS_MS },
  { table: 'log_examples', keepMs: retention.samplesMs },
];

/** The policy in place of whatever there was before. */
export const retentionStatements = (table: string, keepMs: number): readonly RawBuilder<unknown>[] => [
  sql`select remove_retention_policy(${sql.lit(table)}::regclass, if_exists => true)`,
  sql`select add_retention_policy(${sql.lit(table)}::regclass, ${milliseconds(keepMs)})`,
];
