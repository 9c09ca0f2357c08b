import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brierScore,
  brierSkill,
  calibrationBins,
  calibrationError,
  logLoss,
  riskiestShare,
} from './probability-metrics.ts';
import { averagePrecision, precisionRecallCurve, rocAuc, rocCurve } from './ranking-metrics.ts';
import { volumeUnderSurface } from './vus.ts';

interface Fixture {
  readonly ranked: readonly {
    readonly name: string;
    readonly labels: readonly number[];
    readonly scores: readonly number[];
    readonly probabilities: readonly number[];
    readonly rocAuc: number;
    readonly averagePrecision: number;
    readonly fpr: readonly number[];
    readonly tpr: readonly number[];
    readonly thresholds: readonly number[];
    readonly brier: number;
    readonly logLoss: number;
  }[];
  readonly volume: readonly {
    readonly name: string;
    readonly ranges: readonly (readonly [number, number])[];
    readonly scores: readonly number[];
    readonly window: number;
    readonly thresholds: number;
    readonly roc: number;
    readonly pr: number;
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/metrics.json', import.meta.url), 'utf8')) as Fixture;

const labelled = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 6 })), { minLength: 2, maxLength: 40 })
  .map((rows) => ({
    labels: [0, 1, ...rows.map(([label]) => label)],
    scores: [3, 3, ...rows.map(([, score]) => score)],
  }));

describe('ranking', () => {
  it.each(fixture.ranked)('is scored as scikit-learn scores it: $name', (one) => {
    expect(rocAuc(one.labels, one.scores)).toBeCloseTo(one.rocAuc, 12);
    expect(averagePrecision(one.labels, one.scores)).toBeCloseTo(one.averagePrecision, 12);
    const curve = rocCurve(one.labels, one.scores);
    expect([...curve.thresholds].map((x) => x + 0)).toEqual([Infinity, ...one.thresholds].map((x) => x + 0));
    expect([...curve.falsePositiveRate]).toEqual([0, ...one.fpr.map((x) => expect.closeTo(x, 12))]);
    expect([...curve.truePositiveRate]).toEqual([0, ...one.tpr.map((x) => expect.closeTo(x, 12))]);
  });

  it('is the chance that a positive scores above a negative', () => {
    fc.assert(
      fc.property(labelled, ({ labels, scores }) => {
        let wins = 0;
        let pairs = 0;
        for (const [i, a] of labels.entries())
          for (const [j, b] of labels.entries()) {
            if (a !== 1 || b !== 0) continue;
            pairs++;
            wins += scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0;
          }
        expect(rocAuc(labels, scores)).toBeCloseTo(wins / pairs, 12);
      }),
    );
  });

  it('of four rows worked by hand', () => {
    const { thresholds, precision, recall } = precisionRecallCurve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]);
    expect([...thresholds]).toEqual([0.8, 0.4, 0.35, 0.1]);
    expect([...precision]).toEqual([1, 0.5, 2 / 3, 0.5]);
    expect([...recall]).toEqual([0.5, 0.5, 1, 1]);
    expect(rocAuc([0, 1], [-Infinity, Infinity])).toBe(1);
  });

  it.each([
    [[1, 1], [1, 2], 'ML_VALUE'],
    [[0, 0], [1, 2], 'ML_VALUE'],
    [[0, 2], [1, 2], 'ML_VALUE'],
    [[0, 1], [1, Number.NaN], 'ML_VALUE'],
    [[0, 1], [1], 'ML_SHAPE'],
    [[], [], 'ML_VALUE'],
  ])('of %j with %j is refused', (labels, scores, code) => {
    expect(() => rocAuc(labels, scores)).toThrow(expect.objectContaining({ code }));
    expect(() => volumeUnderSurface(labels, scores, { window: 2 })).toThrow(expect.objectContaining({ code }));
  });
});

describe('volume under the surface', () => {
  it.each(fixture.volume)('is that of TSB-AD: $name', ({ ranges, scores, window, thresholds, roc, pr }) => {
    const labels = new Uint8Array(scores.length);
    for (const [start, end] of ranges) labels.fill(1, start, end);
    const volume = volumeUnderSurface(labels, scores, { window, thresholds });
    expect(volume.roc).toBeCloseTo(roc, 12);
    expect(volume.pr).toBeCloseTo(pr, 12);
  });

  it('forgives a report just beside an anomaly, and not one far off', () => {
    const labels = new Uint8Array(200).fill(1, 100, 110);
    const spikeAt = (row: number): Float64Array => new Float64Array(200).fill(1, row, row + 5);
    const [inside, beside, far] = [102, 94, 20].map(
      (row) => volumeUnderSurface(labels, spikeAt(row), { window: 20 }).pr,
    );
    expect(inside).toBeGreaterThan(beside!);
    expect(beside).toBeGreaterThan(2 * far!);
  });

  it('without a buffer and with a threshold a row is the usual area, where one anomaly is found at once', () => {
    const labels = [0, 0, 0, 1, 1, 1, 0, 0];
    const scores = [1, 2, 3, 9, 7, 5, 6, 4];
    const { roc, pr } = volumeUnderSurface(labels, scores, { window: 0, thresholds: 8 });
    expect(roc).toBeCloseTo(rocAuc(labels, scores), 12);
    expect(pr).toBeCloseTo(averagePrecision(labels, scores), 12);
  });
});

describe('probabilities', () => {
  it.each(fixture.ranked)('are scored as scikit-learn scores them: $name', (one) => {
    expect(brierScore(one.labels, one.probabilities)).toBeCloseTo(one.brier, 12);
    expect(logLoss(one.labels, one.probabilities)).toBeCloseTo(one.logLoss, 12);
  });

  it('have skill against a constant forecast', () => {
    const labels = [1, 0, 0, 0];
    expect(brierSkill(labels, labels)).toBe(1);
    expect(brierSkill(labels, [0.25, 0.25, 0.25, 0.25])).toBeCloseTo(0, 12);
    expect(brierSkill(labels, [0, 1, 1, 1])).toBeLessThan(0);
    expect(brierSkill(labels, [0.5, 0.5, 0.5, 0.5], 0.5)).toBeCloseTo(0, 12);
    expect(() => brierSkill([0, 0], [0.1, 0.2])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(logLoss([1], [0])).toBeCloseTo(36.04, 2);
  });

  it('fall into bins by width and by rank', () => {
    const labels = [0, 0, 1, 0, 1, 1];
    const given = [0.05, 0.1, 0.5, 0.15, 0.9, 1];
    expect(calibrationBins(labels, given, { bins: 2 })).toEqual([
      { low: 0, high: 0.5, count: 3, predicted: expect.closeTo(0.1, 12), observed: 0 },
      { low: 0.5, high: 1, count: 3, predicted: expect.closeTo(0.8, 12), observed: 1 },
    ]);
    const ranked = calibrationBins(labels, given, { bins: 3, strategy: 'quantile' });
    expect(ranked.map(({ count, low, high }) => [count, low, high])).toEqual([
      [2, 0.05, 0.1],
      [2, 0.15, 0.5],
      [2, 0.9, 1],
    ]);
    expect(calibrationError(calibrationBins(labels, given, { bins: 2 }))).toBeCloseTo(0.15, 12);
    expect(calibrationBins([1], [0.5], { bins: 3 }).map(({ count }) => count)).toEqual([0, 1, 0]);
    expect(calibrationError([])).toBe(0);
  });

  it('say how much was expected and came among the riskiest', () => {
    const given = Array.from({ length: 20 }, (_, i) => i / 20);
    const labels = given.map((p) => (p >= 0.95 ? 1 : 0));
    expect(riskiestShare(labels, given)).toEqual({ rows: 2, expected: expect.closeTo(1.85, 12), observed: 1 });
  });

  it('lose no row to the bins', () => {
    fc.assert(
      fc.property(labelled, fc.integer({ min: 1, max: 12 }), ({ labels, scores }, bins) => {
        for (const strategy of ['uniform', 'quantile'] as const) {
          const made = calibrationBins(
            labels,
            scores.map((s) => s / 6),
            { bins, strategy },
          );
          expect(made).toHaveLength(bins);
          expect(made.reduce((sum, { count }) => sum + count, 0)).toBe(labels.length);
        }
      }),
    );
  });

  it.each([
    [[0, 1], [0.5, 1.1], 'ML_VALUE'],
    [[], [], 'ML_EMPTY'],
    [[1], [0.5, 0.5], 'ML_SHAPE'],
  ])('of %j with %j are refused', (labels, given, code) => {
    expect(() => brierScore(labels, given)).toThrow(expect.objectContaining({ code }));
  });
});
