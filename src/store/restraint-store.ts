import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Restraint, RestraintStore } from './store.ts';
import { timestamp } from './values.ts';

export function createRestraintStore(database: Database): RestraintStore {
  return {
    insert: async ({ prediction, entity, time, notActing, acted }) => {
      await sql`insert into restraints (prediction, entity, time, not_acting, acted)
        values (${prediction}, ${entity}, ${timestamp(time)}, ${notActing}, ${acted})
        on conflict do nothing`.execute(database.sql);
    },
    read: async ({ from, to }, limit) => {
      const found = await rowsOf(
        database.sql,
        sql<Restraint>`select prediction, entity, time, not_acting as "notActing", acted from restraints
          where time >= ${timestamp(from)} and time < ${timestamp(to)}
          order by time desc, prediction desc limit ${limit}`,
      );
      return found.toReversed();
    },
  };
}
