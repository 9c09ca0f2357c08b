import { sql } from 'kysely';
import type { ModelCheck } from '../model/model-check.ts';
import { type Database, rowsOf } from './database.ts';
import type { ModelCheckStore } from './store.ts';
import { jsonb, timestamp } from './values.ts';

/** Checks of one model that are kept. */
const KEPT = 1000;

export function createModelCheckStore(database: Database): ModelCheckStore {
  return {
    insert: ({ model, time, measures }) =>
      database.transaction(async (tx) => {
        await sql`insert into model_checks (model, time, measures)
          values (${model}, ${timestamp(time)}, ${jsonb(measures)}) on conflict do nothing`.execute(tx);
        await sql`delete from model_checks where model = ${model} and time < (
          select time from model_checks where model = ${model} order by time desc offset ${KEPT} limit 1)`.execute(tx);
      }),
    of: async (model, limit) => {
      const found = await rowsOf(
        database.sql,
        sql<ModelCheck>`select model, time, measures from model_checks
          where model = ${model} order by time desc limit ${limit}`,
      );
      return found.toReversed();
    },
  };
}
