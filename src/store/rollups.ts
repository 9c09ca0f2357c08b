import { sql } from 'kysely';
import { countOf, type Database, rowsOf } from './database.ts';
import { FRAMES_DAY, FRAMES_HOUR, FRAMES_MINUTE, type Partitioner, type PeriodTable } from './partitions.ts';
import { int4Array, timestamp } from './values.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** An hour is complete when its last minute can no longer change. */
export const SETTLE_MS = 10 * 60_000;
/** Some hundredths of a second a statement: readers must not wait for all entities. */
const ENTITIES_PER_STATEMENT = 20;
/** After a long stop only this much is caught up in one round. */
const SPANS_PER_ROUND = 48;
/** Up to where hours are made. */
export const HOURS_MARK = 'hours_rolled_until';
const DAYS_MARK = 'days_rolled_until';

/** From one table of frames to the next coarser one. */
interface Rollup {
  readonly source: PeriodTable;
  readonly target: PeriodTable;
  readonly spanMs: number;
  readonly mark: string;
}

const HOURS: Rollup = { source: FRAMES_MINUTE, target: FRAMES_HOUR, spanMs: HOUR_MS, mark: HOURS_MARK };
const DAYS: Rollup = { source: FRAMES_HOUR, target: FRAMES_DAY, spanMs: DAY_MS, mark: DAYS_MARK };

/** Mean, lowest and highest of each feature over the finer frames of a span in which it was there. */
const rollStatement = ({ source, target, spanMs }: Rollup, entities: readonly number[], from: number) => sql`
  insert into ${sql.table(target.name)} (entity, time, step_ms, layout, mean, low, high)
  select entity, ${timestamp(from)}, ${sql.lit(spanMs)}, max(layout),
    array_agg(mean order by place), array_agg(low order by place), array_agg(high order by place)
  from (
    select fine.entity, number.place, max(fine.layout) as layout,
      coalesce(avg(number.mean) filter (where number.mean <> 'NaN'), 'NaN')::real as mean,
      coalesce(min(number.low) filter (where number.low <> 'NaN'), 'NaN')::real as low,
      coalesce(max(number.high) filter (where number.high <> 'NaN'), 'NaN')::real as high
    from ${sql.table(source.name)} as fine,
      unnest(fine.mean, fine.low, fine.high) with ordinality as number (mean, low, high, place)
    where fine.entity = any(${int4Array(entities)})
      and fine.time >= ${timestamp(from)} and fine.time < ${timestamp(from + spanMs)}
    group by fine.entity, number.place
  ) as feature
  group by entity
  on conflict do nothing`;

/** Where a rollup goes on: at its mark, or at the span of the oldest row of `source`. Null when there is none. */
export async function beginningOf(
  database: Database,
  { source, mark, spanMs }: { readonly source: PeriodTable; readonly mark: string; readonly spanMs: number },
): Promise<number | null> {
  const [row] = await rowsOf(
    database.sql,
    sql<{ time: number | null }>`select coalesce((select time from marks where name = ${mark}),
      (select min(time) from ${sql.table(source.name)})) as time`,
  );
  return row?.time == null ? null : Math.floor(row.time / spanMs) * spanMs;
}

export const setMark = async (database: Database, mark: string, time: number): Promise<void> => {
  await sql`insert into marks (name, time) values (${mark}, ${timestamp(time)})
    on conflict (name) do update set time = excluded.time`.execute(database.sql);
};

/**
 * Rolls minute frames up to hours and hours to days, in whole ones, once each; gives the number of hours written. A
 * layout only ever grows, and later ones have higher numbers, so the highest layout of a span names every place.
 */
export function createRollups(
  database: Database,
  partitioners: Readonly<Record<'frames_hour' | 'frames_day', Partitioner>>,
): (now: number) => Promise<number> {
  const rollSpan = async (rollup: Rollup, from: number): Promise<number> => {
    const found = await rowsOf(database.sql, sql<{ number: number }>`select number from entities order by number`);
    const into = rollup === HOURS ? partitioners.frames_hour : partitioners.frames_day;
    let written = 0;
    for (let at = 0; at < found.length; at += ENTITIES_PER_STATEMENT) {
      const entities = found.slice(at, at + ENTITIES_PER_STATEMENT).map(({ number }) => number);
      written += await into.into([from], () => countOf(database.sql, rollStatement(rollup, entities, from)));
    }
    await setMark(database, rollup.mark, from + rollup.spanMs);
    return written;
  };

  /** Up to `until`; gives what was written and how far it came. */
  const roll = async (rollup: Rollup, until: number): Promise<{ readonly written: number; readonly upTo: number }> => {
    const { spanMs } = rollup;
    const start = await beginningOf(database, rollup);
    if (start === null) return { written: 0, upTo: 0 };
    const end = Math.min(Math.floor(until / spanMs) * spanMs, start + SPANS_PER_ROUND * spanMs);
    let written = 0;
    for (let from = start; from < end; from += spanMs) written += await rollSpan(rollup, from);
    return { written, upTo: Math.max(start, end) };
  };

  return async (now) => {
    const hours = await roll(HOURS, now - SETTLE_MS);
    if (hours.upTo > 0) await roll(DAYS, hours.upTo);
    return hours.written;
  };
}
