import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Member, MemberStore } from './store.ts';
import { jsonb, storable, textArray } from './values.ts';

/** The database's own time, so that hosts whose clocks disagree see the same members. */
const NOW = sql`clock_timestamp()`;
/** Members that went without a word are shown no more, but their rows are kept a little. */
const FORGET = sql`interval '1 hour'`;

export const createMemberStore = (database: Database): MemberStore => ({
  beat: async ({ id, stages, about }, lapseMs) => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ now: number }>`insert into members (id, stages, about, started_at, lapses_at)
      values (${storable(id)}, ${textArray(stages)}, ${jsonb(about)}, ${NOW},
        ${NOW} + ${lapseMs}::float8 * interval '1 ms')
      on conflict (id) do update set stages = excluded.stages, about = excluded.about,
        lapses_at = excluded.lapses_at returning (extract(epoch from ${NOW}) * 1000)::float8 as now`,
    );
    return row!.now;
  },
  leave: async (id) => {
    await sql`delete from members where id = ${storable(id)} or lapses_at < ${NOW} - ${FORGET}`.execute(database.sql);
  },
  live: () =>
    rowsOf(
      database.sql,
      sql<Member>`select id, stages, about, started_at as "startedAt" from members where lapses_at > ${NOW} order by id`,
    ),
});
