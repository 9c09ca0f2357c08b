import { type RawBuilder, sql } from 'kysely';
import { type Database, rowsOf } from './database.ts';
import { float8Array, float8Values, int4Array, int4Values, timestampArray, timestampValues } from './values.ts';

/** Rows of the table `samples`; `series` are numbers of series, times Unix ms. */
export interface SampleColumns {
  readonly series: Int32Array;
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export const sampleInsertion = ({ series, times, values }: SampleColumns): RawBuilder<unknown> =>
  sql`insert into samples (series, time, value)
    select series, time, value
    from unnest(${int4Array(series)}, ${timestampArray(times)}, ${float8Array(values)}) as new (series, time, value)
    on conflict do nothing`;

export const sliceColumns = ({ series, times, values }: SampleColumns, from: number, to: number): SampleColumns => ({
  series: series.subarray(from, to),
  times: times.subarray(from, to),
  values: values.subarray(from, to),
});

/** The rows with times in the range; the very same columns when that is all of them. */
export function columnsWithin(columns: SampleColumns, from: number, to: number): SampleColumns {
  const { series, times, values } = columns;
  if (times.every((time) => time >= from && time <= to)) return columns;
  const keep = [...times.keys()].filter((i) => times[i]! >= from && times[i]! <= to);
  return {
    series: Int32Array.from(keep, (i) => series[i]!),
    times: Float64Array.from(keep, (i) => times[i]!),
    values: Float64Array.from(keep, (i) => values[i]!),
  };
}

/** One column after the other, in one. */
export const concatenate = (parts: readonly Float64Array[]): Float64Array => {
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** The rows that a statement selects as `series, time, value`, as columns: no object a row. */
export async function readColumns(database: Database, rows: RawBuilder<unknown>): Promise<SampleColumns> {
  const [row] = await rowsOf(
    database.sql,
    sql<{ series: Uint8Array | null; times: Uint8Array | null; values: Uint8Array | null }>`
      select array_send(array_agg(series)) as series, array_send(array_agg(time)) as times,
        array_send(array_agg(value)) as "values"
      from (${rows}) as found`,
  );
  return {
    series: int4Values(row?.series ?? null),
    times: timestampValues(row?.times ?? null),
    values: float8Values(row?.values ?? null),
  };
}
