import { describe, expect, it } from 'vitest';
import { NAB_PROFILES, nabReward, nabScore, type NabSeries } from './nab-score.ts';

/** 100 rows, of which 15 are probation, with windows at 30 … 39 and 75 … 95. */
const windows = [
  { start: 30, end: 40 },
  { start: 75, end: 96 },
];
const file = (peaks: Record<number, number>): NabSeries => ({
  scores: Float64Array.from({ length: 100 }, (_, row) => peaks[row] ?? 0),
  windows,
});
const standard = NAB_PROFILES.standard;
const far = standard.falsePositive;

describe('the reward', () => {
  it('is that of the published table', () => {
    expect(nabReward(-1)).toBeCloseTo(0.98661, 5);
    expect(nabReward(-0.5)).toBeCloseTo(0.84828, 5);
    expect(nabReward(0)).toBe(0);
    expect(nabReward(1)).toBeCloseTo(-0.98661, 5);
    expect(nabReward(3)).toBe(-1);
  });
});

describe('the NAB score', () => {
  it('is 100 for the first row of every window, 0 for nothing', () => {
    expect(nabScore([file({ 30: 1, 75: 1 })]).score).toBeCloseTo(100, 10);
    const nothing = nabScore([file({})]);
    expect(nothing).toEqual({ threshold: 1.1, raw: -2, score: 0 });
  });

  it('rewards the earliest report of a window once', () => {
    const once = nabScore([file({ 35: 1, 75: 1 })], standard, 0.5);
    // Five of ten rows are left: position −(39 − 35 + 1)/10.
    expect(once.raw).toBeCloseTo(nabReward(-0.5) / nabReward(-1) + 1, 12);
    expect(nabScore([file({ 35: 1, 36: 0.9, 39: 0.7, 75: 1 })], standard, 0.5).raw).toBeCloseTo(once.raw, 12);
  });

  it('charges false alarms: all before a window and far from it, less shortly after it', () => {
    expect(nabScore([file({ 20: 1, 30: 1, 75: 1 })], standard, 0.5).raw).toBeCloseTo(2 - far, 12);
    expect(nabScore([file({ 30: 1, 41: 1, 75: 1 })], standard, 0.5).raw).toBeCloseTo(2 + far * nabReward(2 / 9), 12);
    expect(nabScore([file({ 30: 1, 70: 1, 75: 1 })], standard, 0.5).raw).toBeCloseTo(2 - far, 12);
  });

  it('does not look at the probation', () => {
    expect(nabScore([file({ 3: 1, 14: 1, 30: 1, 75: 1 })]).score).toBeCloseTo(100, 10);
    expect(nabScore([file({ 15: 1, 30: 1, 75: 1 })], standard, 0.5).raw).toBeCloseTo(2 - far, 12);
    const long = { scores: new Float64Array(20_000).fill(0), windows: [{ start: 9000, end: 9010 }] };
    long.scores[749] = long.scores[9000] = 1;
    expect(nabScore([long]).score).toBeCloseTo(100, 10);
    long.scores[750] = 1;
    expect(nabScore([long], standard, 1).raw).toBeCloseTo(1 - far, 12);
  });

  it('takes the one threshold that is best for the whole corpus', () => {
    const first = file({ 20: 0.6, 30: 0.9, 75: 0.5 });
    const second = file({ 30: 0.8, 60: 0.4, 75: 0.7 });
    const best = nabScore([first, second]);
    expect(best.threshold).toBe(0.5);
    expect(best.raw).toBeCloseTo(4 - far, 12);
    for (const threshold of [1, 0.9, 0.8, 0.7, 0.6, 0.4, 0.1]) {
      expect(nabScore([first, second], standard, threshold).raw).toBeLessThan(best.raw);
    }
    const both = nabScore([first], standard, 0.5).raw + nabScore([second], standard, 0.5).raw;
    expect(both).toBeCloseTo(best.raw, 12);
  });

  it('weighs by profile', () => {
    const noisy = file({ 20: 1, 22: 1, 30: 1 });
    expect(nabScore([noisy], NAB_PROFILES.rewardLowFalsePositives, 0.5).raw).toBeCloseTo(1 - 1 - 0.44, 12);
    expect(nabScore([noisy], NAB_PROFILES.rewardLowFalseNegatives, 0.5).raw).toBeCloseTo(1 - 2 - 0.22, 12);
  });

  it('refuses scores that are none, windows outside of the file and a corpus without windows', () => {
    expect(() => nabScore([{ scores: [0, 2], windows: [] }])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(() => nabScore([{ scores: [0], windows }])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(() => nabScore([{ scores: [0, 1], windows: [] }])).toThrow(expect.objectContaining({ code: 'ML_EMPTY' }));
  });
});
