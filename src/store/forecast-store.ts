import { sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import type { Forecast, ForecastStore } from './store.ts';
import { jsonb, timestamp } from './values.ts';

interface Row {
  readonly time: number;
  readonly entities: readonly string[];
  readonly probabilities: Uint8Array;
}

/** A copy, since the bytes of a row begin at any place of a larger buffer. */
const numbersOf = (bytes: Uint8Array): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

export function createForecastStore(database: Database): ForecastStore {
  return {
    save: (forecasts) =>
      database.transaction(async (tx) => {
        for (const { model, time, entities, probabilities } of forecasts) {
          await sql`insert into forecasts (model, time, entities, probabilities)
            values (${model}, ${timestamp(time)}, ${jsonb(entities)}, ${bytesOf(probabilities)}::bytea)
            on conflict do nothing`.execute(tx);
        }
      }),
    read: async (model, range, limit) => {
      const rows = await rowsOf(
        database.sql,
        sql<Row>`select time, entities, probabilities from forecasts
          where model = ${model} and time >= ${timestamp(range.from)} and time < ${timestamp(range.to)}
          order by time limit ${limit}`,
      );
      return rows.map(({ entities, probabilities, time }): Forecast => ({
        model,
        time,
        entities,
        probabilities: numbersOf(probabilities),
      }));
    },
    forget: async (before) => {
      await sql`delete from forecasts where time < ${timestamp(before)}`.execute(database.sql);
    },
  };
}
