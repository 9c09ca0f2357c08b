import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { roundDomain, shareEnd, spread } from './scales.ts';

test('an axis of shares ends at the first round share that holds them', () => {
  expect(shareEnd([0.003, 0.02, null])).toBe(0.02);
  expect(shareEnd([0.21])).toBe(0.5);
  expect(shareEnd([0.99, 0.1])).toBe(1);
  expect(shareEnd([])).toBe(0.01);
});

test('an axis of numbers holds them all, has zero on it, and ends at round values', () => {
  expect(roundDomain([0.3, 1.7, null])).toEqual([0, 2]);
  expect(roundDomain([-3, 41])).toEqual([-5, 50]);
  expect(roundDomain([-3, -1])).toEqual([-5, 0]);
  expect(roundDomain([])).toEqual([0, 1]);
});

describe('labels beside the ends of lines', () => {
  it('stay where they are when there is room', () => {
    expect(spread([100, 20, 60], 15, [0, 200])).toEqual([100, 20, 60]);
  });

  it('move apart in the order of their lines', () => {
    expect(spread([50, 52, 51], 15, [0, 200])).toEqual([50, 80, 65]);
    expect(spread([200, 199], 15, [0, 200])).toEqual([200, 185]);
  });

  it('keep their distance and their order wherever they fit', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 6 }), (places) => {
        const moved = spread(places, 15, [0, 200]).toSorted((a, b) => a - b);
        for (const place of moved) {
          expect(place).toBeGreaterThanOrEqual(-1e-9);
          expect(place).toBeLessThanOrEqual(200 + 1e-9);
        }
        const distances = moved.slice(1).map((place, index) => place - (moved[index] ?? 0));
        expect(Math.min(15, ...distances)).toBeCloseTo(15);
      }),
    );
  });
});
