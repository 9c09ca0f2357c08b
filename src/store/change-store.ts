import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Change, ChangeStore } from './store.ts';
import { jsonText, timestamp } from './values.ts';

/** Numbers must be seen in their order, so those who write take turns: few, and short. */
const LOCK = 8_443_000;
const KEEP_MS = 3_600_000;

export const createChangeStore = (database: Database): ChangeStore => ({
  append: async (bodies, time) => {
    if (bodies.length === 0) return;
    await database.transaction(async (tx) => {
      await sql`select pg_advisory_xact_lock(${LOCK})`.execute(tx);
      const rows = bodies.map((body) => sql`(${timestamp(time)}, ${jsonText(body)}::jsonb)`);
      await sql`insert into changes (time, body) values ${sql.join(rows)}`.execute(tx);
    });
  },
  after: (number, limit) =>
    rowsOf(
      database.sql,
      sql<Change>`select number, body from changes where number > ${number}::bigint order by number limit ${limit}`,
    ),
  newest: async () => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ newest: number }>`select coalesce(max(number), 0)::bigint as newest from changes`,
    );
    return row?.newest ?? 0;
  },
  forget: async (now) => {
    await sql`delete from changes where time < ${timestamp(now - KEEP_MS)}`.execute(database.sql);
  },
});
