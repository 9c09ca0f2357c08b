import { sql } from 'kysely';
import { countOf, type Database, rowsOf } from './database.ts';
import type { Partitioner } from './partitions.ts';
import { int4Array, timestamp } from './values.ts';

const HOUR_MS = 3_600_000;
/** An hour is complete when its last minute can no longer change. */
const SETTLE_MS = 10 * 60_000;
/** Some hundredths of a second a statement: readers must not wait for all entities. */
const ENTITIES_PER_STATEMENT = 20;
/** After a long stop only this much is caught up in one round. */
const HOURS_PER_ROUND = 48;
const MARK = 'hours_rolled_until';

/** Mean, lowest and highest of each feature over the minutes of an hour in which it was there. */
const rollStatement = (entities: readonly number[], from: number) => sql`
  insert into frames_hour (entity, time, step_ms, layout, mean, low, high)
  select entity, ${timestamp(from)}, ${sql.lit(HOUR_MS)}, max(layout),
    array_agg(mean order by place), array_agg(low order by place), array_agg(high order by place)
  from (
    select minute.entity, number.place, max(minute.layout) as layout,
      coalesce(avg(number.mean) filter (where number.mean <> 'NaN'), 'NaN')::real as mean,
      coalesce(min(number.low) filter (where number.low <> 'NaN'), 'NaN')::real as low,
      coalesce(max(number.high) filter (where number.high <> 'NaN'), 'NaN')::real as high
    from frames_minute as minute,
      unnest(minute.mean, minute.low, minute.high) with ordinality as number (mean, low, high, place)
    where minute.entity = any(${int4Array(entities)})
      and minute.time >= ${timestamp(from)} and minute.time < ${timestamp(from + HOUR_MS)}
    group by minute.entity, number.place
  ) as feature
  group by entity
  on conflict do nothing`;

/**
 * Rolls minute frames up to hours, in whole hours, once each. A layout only ever grows, and later ones have higher
 * numbers, so the highest layout of the hour names every place.
 */
export function createHourRollup(database: Database, hours: Partitioner): (now: number) => Promise<number> {
  const begin = async (): Promise<number | null> => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ time: number | null }>`select coalesce(
        (select time from marks where name = ${MARK}), (select min(time) from frames_minute)) as time`,
    );
    return row?.time == null ? null : Math.floor(row.time / HOUR_MS) * HOUR_MS;
  };

  const rollHour = async (from: number): Promise<number> => {
    const found = await rowsOf(database.sql, sql<{ number: number }>`select number from entities order by number`);
    let written = 0;
    for (let at = 0; at < found.length; at += ENTITIES_PER_STATEMENT) {
      const entities = found.slice(at, at + ENTITIES_PER_STATEMENT).map(({ number }) => number);
      written += await hours.into([from], () => countOf(database.sql, rollStatement(entities, from)));
    }
    await sql`insert into marks (name, time) values (${MARK}, ${timestamp(from + HOUR_MS)})
      on conflict (name) do update set time = excluded.time`.execute(database.sql);
    return written;
  };

  return async (now) => {
    const start = await begin();
    if (start === null) return 0;
    const end = Math.floor((now - SETTLE_MS) / HOUR_MS) * HOUR_MS;
    let written = 0;
    for (let from = start; from < Math.min(end, start + HOURS_PER_ROUND * HOUR_MS); from += HOUR_MS) {
      written += await rollHour(from);
    }
    return written;
  };
}
