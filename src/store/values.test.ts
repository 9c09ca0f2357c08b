import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from './database.ts';
import { openMemoryDatabase } from './memory-database.ts';
import * as values from './values.ts';

describe('values through the database', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openMemoryDatabase();
  });
  afterAll(() => database.close());

  const one = async (expression: ReturnType<typeof values.jsonb>): Promise<unknown> =>
    (await sql<{ value: unknown }>`select ${expression} as value`.execute(database.sql)).rows[0]?.value;
  const sent = async (array: ReturnType<typeof values.int4Array>): Promise<Uint8Array> =>
    (await one(sql`array_send(${array})`)) as Uint8Array;
  const time = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) });

  it('every float64 and int32 comes back as it went', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.double()), fc.array(fc.integer()), async (doubles, integers) => {
        expect([...values.float8Values(await sent(values.float8Array(doubles)))]).toEqual(doubles);
        expect([...values.int4Values(await sent(values.int4Array(integers)))]).toEqual(integers);
      }),
      { numRuns: 50 },
    );
  });

  it('every float32 too, and NULL is NaN', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.float()), async (floats) => {
        expect([...values.float4Values(await sent(values.float4Array(floats)))]).toEqual(floats);
      }),
      { numRuns: 50 },
    );
    expect([...values.float4Values(await sent(sql`array[1, null, 2]::real[]`))]).toEqual([1, Number.NaN, 2]);
  });

  it('times are milliseconds both ways, alone and in arrays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(time, { minLength: 1 }), async (times) => {
        expect([...values.timestampValues(await sent(values.timestampArray(times)))]).toEqual(times);
        expect(await one(values.timestamp(times[0]!))).toBe(times[0]);
      }),
      { numRuns: 50 },
    );
  });

  it('JSON comes back as it went, save what PostgreSQL cannot hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue(), async (value) => {
        expect(await one(values.jsonb(value))).toEqual(JSON.parse(values.jsonText(value)));
      }),
      { numRuns: 100 },
    );
    expect(await one(values.jsonb({ 'a\0': ['\uD83D', '😀', '\\u0000'] }))).toEqual({
      'a\uFFFD': ['\uFFFD', '😀', '\\u0000'],
    });
  });

  it('text arrays keep quotes, commas, braces and backslashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'binary' })), async (texts) => {
        expect(await one(values.textArray(texts))).toEqual(texts.map(values.storable));
      }),
      { numRuns: 100 },
    );
  });
});
