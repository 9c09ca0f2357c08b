import fc from 'fast-check';
import { expect, test } from 'vitest';
import { intervalAt, intervalsOf, positionOf, remainingOf } from './intervals.ts';

const horizonLists = fc
  .uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 20 })
  .map((list) => list.sort((a, b) => a - b));

test('edges rise, hold every horizon and are finer than them', () => {
  fc.assert(
    fc.property(horizonLists, (horizons) => {
      const { edges, atHorizon } = intervalsOf(horizons);
      expect(edges.every((edge, k) => edge > (edges[k - 1] ?? 0))).toBe(true);
      expect(horizons.map((_, h) => edges[atHorizon[h]!])).toEqual(horizons);
      expect(edges.length).toBeGreaterThanOrEqual(12);
      expect(atHorizon[0]).toBeGreaterThan(0);
    }),
  );
});

test('positions rise with time and stand on whole numbers at edges', () => {
  const intervals = intervalsOf([900, 3600, 21_600, 86_400, 604_800]);
  for (const [k, edge] of intervals.edges.entries()) {
    expect(positionOf(intervals, edge)).toBeCloseTo(k + 1, 9);
    expect(intervalAt(intervals.edges, edge)).toBe(k);
    expect(positionOf(intervals, edge * 0.999)).toBeLessThan(k + 1);
  }
  expect(positionOf(intervals, 1e12)).toBe(intervals.edges.length);
});

test('the expectation of a sure moment is that moment, and the cap where nothing will fail', () => {
  const intervals = intervalsOf([10, 20, 30]);
  const sure = Float64Array.from(intervals.edges, (edge) => (edge >= 20 ? 1 : 0));
  const [expected, low, high] = remainingOf(intervals, sure, 0);
  expect(expected).toBeGreaterThan(15);
  expect(expected).toBeLessThanOrEqual(20);
  expect(low).toBeLessThanOrEqual(expected);
  expect(high).toBeGreaterThanOrEqual(expected);
  expect(remainingOf(intervals, new Float64Array(intervals.edges.length), 0)).toEqual([30, 30, 30]);
});
