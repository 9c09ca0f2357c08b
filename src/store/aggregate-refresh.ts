import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import { FRAMES_STEP } from './partitions.ts';
import { beginningOf, DAY_MS, HOUR_MS, HOURS_MARK, SETTLE_MS, setMark } from './rollups.ts';
import { timestamp } from './values.ts';

const ceil = (time: number, span: number): number => Math.ceil(time / span) * span;
const floor = (time: number, span: number): number => Math.floor(time / span) * span;

/**
 * Brings the continuous aggregates up to date, up to the last complete hour; gives the hours that there are now. The
 * server's own jobs do the same, more often; this holds where jobs are switched off, and before old steps are dropped.
 */
export function createAggregateRefresh(database: Database): (now: number) => Promise<number> {
  const refresh = async (name: string, from: number, to: number): Promise<void> => {
    if (to <= from) return;
    await sql`call refresh_continuous_aggregate(${name}::regclass, ${timestamp(from)}, ${timestamp(to)})`.execute(
      database.sql,
    );
  };
  return async (now) => {
    const start = await beginningOf(database, { source: FRAMES_STEP, mark: HOURS_MARK, spanMs: HOUR_MS });
    const end = floor(now - SETTLE_MS, HOUR_MS);
    if (start === null || end <= start) return 0;
    await refresh('frames_minute', start, end);
    await refresh('frames_hour', start, end);
    await refresh('frames_day', floor(start, DAY_MS), floor(end, DAY_MS));
    await setMark(database, HOURS_MARK, end);
    const [row] = await rowsOf(
      database.sql,
      sql<{ count: number }>`select count(*) as count from frames_hour
        where time >= ${timestamp(start)} and time < ${timestamp(ceil(end, HOUR_MS))}`,
    );
    return row?.count ?? 0;
  };
}
