import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { MetricType, Series } from '../model/series.ts';
import { type Database, rowsOf } from './database.ts';
import { createNumbers, rows } from './numbers.ts';
import { int4Array, jsonb, storable, textArray } from './values.ts';

const MAX_KNOWN = 200_000;
const PER_STATEMENT = 500;

export interface SeriesRow extends Series {
  readonly number: number;
  readonly type: MetricType;
}

export const SERIES_COLUMNS = sql`series.number, series.key, series.name, series.labels, series.type, series.unit,
  series.entity`;

/** What is unique of a series: a key may be longer than an index entry can be. */
const digestOf = (key: string): string => createHash('sha256').update(storable(key)).digest('base64url');

/** Series by number and back. */
export interface SeriesNumbers {
  /** `numbers[i]` is the number of `series[i]`; series that are new are stored. */
  numbersOf(series: readonly Series[]): Promise<Int32Array>;
  /** One object a series and process, as long as few enough are known. */
  byNumber(numbers: Int32Array): Promise<ReadonlyMap<number, Series>>;
}

export function createSeriesNumbers(database: Database): SeriesNumbers {
  /** `collect` hands on one object a series, so the object itself is the fastest key, and goes when collect drops it. */
  const byObject = new WeakMap<Series, number>();
  const objects = new Map<number, Series>();
  const keys = createNumbers<Series>(database, {
    find: (wanted) => sql`select number, key from series where digest = any(${textArray(wanted.map(digestOf))})`,
    insert: (series) => sql`insert into series (digest, key, name, labels, type, unit, entity)
      values ${rows(series, (one) => [
        digestOf(one.key),
        storable(one.key),
        storable(one.name),
        jsonb(one.labels),
        one.type,
        storable(one.unit),
        storable(one.entity),
      ])}
      on conflict (digest) do nothing`,
  });

  const learn = async (series: readonly Series[]): Promise<void> => {
    const fresh = series.filter((one) => !byObject.has(one));
    for (let at = 0; at < fresh.length; at += PER_STATEMENT) {
      const some = fresh.slice(at, at + PER_STATEMENT);
      const found = await keys.of(new Map(some.map((one) => [one.key, one])));
      for (const one of some) byObject.set(one, found.get(one.key)!);
    }
  };

  return {
    numbersOf: async (series) => {
      await learn(series);
      return Int32Array.from(series, (one) => byObject.get(one)!);
    },
    byNumber: async (numbers) => {
      const missing = [...new Set(numbers)].filter((number) => !objects.has(number));
      if (missing.length > 0) {
        if (objects.size > MAX_KNOWN) objects.clear();
        const found = await rowsOf(
          database.sql,
          sql<SeriesRow>`select ${SERIES_COLUMNS} from series where number = any(${int4Array(missing)})`,
        );
        for (const { number, ...series } of found) {
          objects.set(number, series);
          byObject.set(series, number);
        }
      }
      return objects;
    },
  };
}
