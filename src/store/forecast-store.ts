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
          order by time desc limit ${limit}`,
      );
      return rows.toReversed().map(({ entities, probabilities, time }): Forecast => ({
        model,
        time,
        entities,
        probabilities: numbersOf(probabilities),
      }));
    },
    of: async (model, { entity, range, limit }) => {
      const rows = await rowsOf(
        database.sql,
        sql<{ time: number; own: Uint8Array }>`select f.time, substring(f.probabilities from
            ((e.place - 1) * width.bytes)::int + 1 for width.bytes::int) as own
          from forecasts f
          cross join lateral jsonb_array_elements_text(f.entities) with ordinality as e(id, place)
          cross join lateral (select length(f.probabilities) / jsonb_array_length(f.entities) as bytes) as width
          where f.model = ${model} and f.time >= ${timestamp(range.from)} and f.time < ${timestamp(range.to)}
            and e.id = ${entity}
          order by f.time desc limit ${limit}`,
      );
      return rows.toReversed().map(({ time, own }) => ({ time, probabilities: numbersOf(own) }));
    },
    forget: async (before) => {
      await sql`delete from forecasts where time < ${timestamp(before)}`.execute(database.sql);
    },
  };
}
