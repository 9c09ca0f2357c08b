import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventScores, rangeScores } from './range-metrics.ts';
import { rangesOf, type TimeRange } from './time-ranges.ts';

const range = (start: number, end: number): TimeRange => ({ start, end });
const series = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 1, maxLength: 40 });

describe('ranges', () => {
  it('are the runs of ones', () => {
    expect(rangesOf([1, 1, 0, 1, 0, 0, 1])).toEqual([range(0, 2), range(3, 4), range(6, 7)]);
    expect(rangesOf([])).toEqual([]);
    expect(() => rangesOf([2])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
  });
});

describe('precision and recall of ranges', () => {
  const real = [range(0, 4), range(10, 20)];

  it('weigh every range alike, however long', () => {
    // Of the first range 2 of 4 rows, of the second 5 of 10; of the prediction 2 of 4, 5 of 5, 0 of 3.
    const scores = rangeScores(real, [range(2, 6), range(10, 15), range(30, 33)]);
    expect(scores.recall).toBeCloseTo(0.5, 12);
    expect(scores.precision).toBeCloseTo((0.5 + 1 + 0) / 3, 12);
    expect(scores.f1).toBeCloseTo(0.5, 12);
  });

  it('punish a range that is found in pieces, unless told not to', () => {
    const pieces = [range(10, 12), range(14, 16)];
    expect(rangeScores([real[1]!], pieces).recall).toBeCloseTo(0.2, 12);
    expect(rangeScores([real[1]!], pieces, { punishFragments: false }).recall).toBeCloseTo(0.4, 12);
    expect(rangeScores([real[1]!], pieces, { existenceWeight: 0.5 }).recall).toBeCloseTo(0.5 + 0.1, 12);
  });

  // Weights of five positions: front 5 4 3 2 1, back 1 2 3 4 5, middle 1 2 3 2 1.
  it.each([
    ['front', 9 / 15],
    ['back', 3 / 15],
    ['middle', 3 / 9],
    ['flat', 2 / 5],
  ] as const)('with bias %s give the first two of five rows %f', (bias, expected) => {
    expect(rangeScores([range(0, 5)], [range(0, 2)], { bias }).recall).toBeCloseTo(expected, 12);
    const rest = rangeScores([range(0, 5)], [range(2, 5)], { bias }).recall;
    expect(rest).toBeCloseTo(1 - expected, 12);
  });

  it('are perfect for the truth, zero for nothing, and within [0, 1]', () => {
    fc.assert(
      fc.property(series, series, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, existenceWeight) => {
        const [left, right] = [rangesOf(a), rangesOf(b)];
        const { precision, recall } = rangeScores(left, right, { existenceWeight });
        expect(Math.min(precision, recall)).toBeGreaterThanOrEqual(0);
        expect(Math.max(precision, recall)).toBeLessThanOrEqual(1 + 1e-12);
        expect(rangeScores(left, left).f1).toBe(left.length > 0 ? 1 : 0);
        expect(rangeScores(left, []).f1).toBe(0);
      }),
    );
  });

  it('refuse ranges that overlap, are empty or out of order', () => {
    for (const wrong of [[range(3, 3)], [range(4, 8), range(6, 9)], [range(5, 6), range(1, 2)], [range(0.5, 2)]]) {
      expect(() => rangeScores(wrong, [])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    }
  });
});

describe('events', () => {
  it('are found when a prediction touches them, and neighbours gain nothing', () => {
    const scores = eventScores([range(0, 4), range(10, 20)], [range(3, 4), range(6, 8), range(19, 25)]);
    expect(scores).toEqual({ precision: 2 / 3, recall: 1, f1: 0.8, found: 2, missed: 0, falseAlarms: 1 });
  });

  it('may be reported a little early or late where that is allowed', () => {
    expect(eventScores([range(10, 20)], [range(7, 8)]).found).toBe(0);
    expect(eventScores([range(10, 20)], [range(7, 8)], 3).found).toBe(1);
    expect(eventScores([range(10, 20)], [range(7, 8)], 2).found).toBe(0);
    expect(eventScores([range(10, 20)], [range(22, 23)], 3).found).toBe(1);
  });
});
