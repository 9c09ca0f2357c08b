import { sql } from 'kysely';
import type { Alert } from '../model/alert.ts';
import { type Database, rowsOf } from './database.ts';
import type { AlertStore } from './store.ts';
import { storable, timestamp } from './values.ts';

/** Space of advisory locks for pots, so that they meet no other lock. */
const LOCK_SPACE = 8_441;

export function createAlertStore(database: Database): AlertStore {
  const used: AlertStore['used'] = async ({ pot, line, since }) => {
    const [row] = await rowsOf(
      database.sql,
      sql<{ count: number }>`select count(*) as count from alerts
        where pot = ${storable(pot)} and line = ${line} and time > ${timestamp(since)}`,
    );
    return row?.count ?? 0;
  };
  return {
    used,
    reserve: ({ incident, line, pot, count, windowMs, time }) =>
      database.transaction(async (tx) => {
        // Whoever counts must see what whoever counted before has written: the lock comes first, in a statement of its own.
        await sql`select pg_advisory_xact_lock(${LOCK_SPACE}::int, hashtext(${`${line} ${storable(pot)}`}))`.execute(
          tx,
        );
        await sql`insert into alerts (incident, line, pot, time)
          select ${storable(incident)}, ${line}, ${storable(pot)}, ${timestamp(time)}
          where (select count(*) from alerts
            where pot = ${storable(pot)} and line = ${line} and time > ${timestamp(time - windowMs)}) < ${count}::float8
          on conflict do nothing`.execute(tx);
        const found = await rowsOf(
          tx,
          sql<{ one: number }>`select 1 as one from alerts where incident = ${storable(incident)} and line = ${line}`,
        );
        return found.length > 0;
      }),
    since: (time, limit) =>
      rowsOf(
        database.sql,
        sql<Alert>`select incident, line, pot, time from alerts where time > ${timestamp(time)}
          order by time desc, incident desc limit ${limit}`,
      ),
  };
}
