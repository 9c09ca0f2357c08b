import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasRoom, underCeiling } from './room.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const daily = (count: number) => ({ count, windowMs: DAY });
const anyTimes = fc
  .array(fc.integer({ min: 0, max: 20 * 24 }), { maxLength: 150 })
  .map((hours) => hours.toSorted((a, b) => a - b).map((hour) => hour * HOUR));

test('first come, first served; closed from the last that got through until the first is a window ago', () => {
  const hours = [0, 1, 2, 3, 24, 25, 60].map((hour) => hour * HOUR);
  expect(underCeiling(hours, daily(2))).toEqual({ refused: [2, 3], closedMs: 23 * HOUR });
  // Exactly as many as allowed, every day: nothing is turned away.
  const full = Array.from({ length: 40 }, (_, i) => i * 12 * HOUR);
  expect(underCeiling(full, daily(2))).toEqual({ refused: [], closedMs: 0 });
  expect(underCeiling(full, daily(0)).refused).toHaveLength(40);
  expect(underCeiling([], daily(0)).closedMs).toBe(0);
});

test('half an alert a day is one in two days', () => {
  const days = Array.from({ length: 10 }, (_, i) => i * DAY);
  expect(underCeiling(days, daily(0.5)).refused).toEqual([1, 3, 5, 7, 9]);
});

test('one day in twenty may be too much, and not two', () => {
  const outbreak = (day: number): number[] => Array.from({ length: 12 }, (_, i) => day * DAY + i * HOUR);
  const stretch = { from: 0, to: 21 * DAY };
  expect(hasRoom(outbreak(3), daily(2), stretch)).toBe(true);
  expect(hasRoom([...outbreak(3), ...outbreak(9)], daily(2), stretch)).toBe(false);
});

test('what is granted never exceeds the count in any window, and a larger budget turns no more away', () => {
  fc.assert(
    fc.property(anyTimes, fc.integer({ min: 1, max: 6 }), (times, count) => {
      const less = underCeiling(times, daily(count));
      const granted = times.filter((_, place) => !less.refused.includes(place));
      const gaps = granted.slice(count).map((time, at) => time - granted[at]!);
      expect(Math.min(DAY, ...gaps)).toBe(DAY);
      const more = underCeiling(times, daily(count + 1));
      expect(more.refused.length).toBeLessThanOrEqual(less.refused.length);
      expect(more.closedMs).toBeLessThanOrEqual(less.closedMs);
    }),
    { numRuns: 2000 },
  );
});
