import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { RowScore } from '../row-scorer.ts';
import { createFewColumnsScorer } from './few-columns-scorer.ts';

const STEP = 300_000;
const DAY_ROWS = 288;

/** Rows of a series with a daily rhythm, from the start of a UTC day. */
function daily(days: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from(
    { length: days * DAY_ROWS },
    (_, i) => 50 + 20 * Math.sin((2 * Math.PI * i) / DAY_ROWS) + random.normal(),
  );
}

function scoresOf(values: readonly number[], columns = ['value']): RowScore[] {
  const scorer = createFewColumnsScorer({ columns, stepMs: STEP, seed: 1, detectors: null });
  return values.map((value, i) => scorer.score(i * STEP, new Float64Array(columns.length).fill(value)));
}

const highest = (scores: readonly RowScore[], from: number): number => {
  let best = from;
  for (let i = from; i < scores.length; i++) if (scores[i]!.score > scores[best]!.score) best = i;
  return best;
};

describe('scorer of few columns', () => {
  it('says nothing while it learns, and keeps score and p-value in order', () => {
    const scores = scoresOf(daily(3, 1));
    expect(scores.slice(0, 100).every(({ score, pValue }) => score === 0 && pValue === 1)).toBe(true);
    const rows = scores.slice(100).toSorted((a, b) => a.score - b.score);
    for (let i = 1; i < rows.length; i++) {
      expect(rows[i]!.score).toBeGreaterThanOrEqual(0);
      expect(rows[i]!.score).toBeLessThan(1);
      expect(rows[i]!.pValue).toBeLessThanOrEqual(rows[i - 1]!.pValue);
    }
  });

  it('finds a spike at once, names it, and finds no news in it the second time', () => {
    const values = daily(10, 2);
    values[2000] = 160;
    values[2600] = 160;
    const scores = scoresOf(values);
    expect(highest(scores, 300)).toBe(2000);
    expect(scores[2000]).toMatchObject({ severity: 'critical', kind: 'spike', topFeature: 0 });
    expect(scores[2600]!.pValue).toBeGreaterThan(100 * scores[2000]!.pValue);
  });

  it('finds values that are ordinary but not at this time of day', () => {
    const values = daily(12, 3);
    // A day without its rhythm stays where the series is twice every day.
    for (let i = 0; i < DAY_ROWS; i++) values[9 * DAY_ROWS + i] = 50 + (values[9 * DAY_ROWS + i]! - 50) * 0.05;
    const scores = scoresOf(values);
    const found = highest(scores, 4 * DAY_ROWS);
    expect(found).toBeGreaterThanOrEqual(9 * DAY_ROWS);
    expect(found).toBeLessThan(10 * DAY_ROWS);
  });

  it('counts what goes on less than what begins, and more than what is normal', () => {
    const values = daily(10, 4);
    for (let i = 2000; i < 2050; i++) values[i] = 160 + (i % 2);
    const scores = scoresOf(values);
    const later = scores.slice(2003, 2030).map(({ score }) => score);
    expect(Math.max(...later)).toBeLessThan(scores[2000]!.score);
    const usual = scores.slice(1500, 2000).map(({ score }) => score);
    const median = usual.toSorted((a, b) => a - b)[250]!;
    expect(later.filter((score) => score > median).length).toBeGreaterThan(20);
  });

  it('does not see the future', () => {
    const values = daily(4, 5);
    const whole = scoresOf(values);
    expect(scoresOf(values.slice(0, 700))).toEqual(whole.slice(0, 700));
  });

  it('takes gaps, constants, wild values, and times that repeat or go back', () => {
    const scorer = createFewColumnsScorer({ columns: ['a', 'b'], stepMs: STEP, seed: 1, detectors: null });
    const random = createRandom(6);
    for (let i = 0; i < 1500; i++) {
      const a = i % 7 === 0 ? Number.NaN : i === 900 ? 1e300 : random.normal();
      const time = i % 50 === 0 ? (i - 40) * STEP : i * STEP;
      const { score, pValue } = scorer.score(time, Float64Array.of(a, i % 100 === 3 ? Number.NaN : 5));
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThan(1);
      expect(pValue).toBeGreaterThan(0);
      expect(pValue).toBeLessThanOrEqual(1);
    }
  });

  it('names the column', () => {
    const scorer = createFewColumnsScorer({ columns: ['a', 'b', 'c'], stepMs: STEP, seed: 1, detectors: null });
    const random = createRandom(7);
    let last: RowScore | null = null;
    for (let i = 0; i < 800; i++)
      last = scorer.score(
        i * STEP,
        Float64Array.from([0, 1, 2], (c) => random.normal() + (i === 799 && c === 1 ? 30 : 0)),
      );
    expect(last).toMatchObject({ topFeature: 1, severity: 'critical' });
  });
});
