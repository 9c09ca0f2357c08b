import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitBetaCalibration, loadBetaCalibration } from './beta-calibration.ts';
import type { Calibrator } from './calibrator.ts';
import { fitIsotonic, loadIsotonic } from './isotonic.ts';
import { MlError } from './ml-error.ts';
import { fitTailProbability, loadTailProbability } from './pareto-tail.ts';
import { fitPlatt, loadPlatt } from './platt.ts';
import { brierScore } from './probability-metrics.ts';
import { createRandom } from './random.ts';

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly weights: readonly number[];
    readonly queries: readonly number[];
    readonly isotonic: readonly number[];
    readonly weighted: readonly number[];
    readonly platt: readonly number[];
    readonly probabilities: readonly number[];
    readonly beta: readonly number[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/calibration.json', import.meta.url), 'utf8')) as Fixture;
const close = (values: readonly number[], digits: number): unknown[] => values.map((x) => expect.closeTo(x, digits));

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const rows = fc.array(fc.tuple(unit, fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 40 }).map((pairs) => ({
  scores: [0.3, 0.6, ...pairs.map(([score]) => score)],
  labels: [1, 0, ...pairs.map(([, label]) => label)],
}));

describe.each<[string, (scores: number[], labels: number[]) => Calibrator, (bytes: Uint8Array) => Calibrator, number]>([
  ['isotonic', fitIsotonic, loadIsotonic, 1],
  ['Platt', fitPlatt, loadPlatt, 0],
  ['beta', fitBetaCalibration, loadBetaCalibration, 1],
  ['Pareto tail', (scores) => fitTailProbability(scores), loadTailProbability, -1],
])('%s', (_, fit, load, direction) => {
  it('gives probabilities that never turn back, and leaves its data alone', () => {
    fc.assert(
      fc.property(rows, unit, unit, ({ scores, labels }, a, b) => {
        const before = [scores.slice(), labels.slice()];
        const calibrator = fit(scores, labels);
        const [low, high] = calibrator.applyAll([Math.min(a, b), Math.max(a, b)]);
        expect(Math.min(low!, high!)).toBeGreaterThanOrEqual(0);
        expect(Math.max(low!, high!)).toBeLessThanOrEqual(1);
        expect(direction * (high! - low!)).toBeGreaterThanOrEqual(-1e-12);
        expect([scores, labels]).toEqual(before);
      }),
    );
  });

  it('comes back from bytes to the bit, and is refused when they are damaged', () => {
    const random = createRandom(1);
    const scores = Array.from({ length: 300 }, () => random.next());
    const calibrator = fit(
      scores,
      scores.map((p) => (random.next() < p ? 1 : 0)),
    );
    const bytes = calibrator.toBytes();
    const queries = Float64Array.from({ length: 50 }, (_, i) => i / 40 - 0.1);
    expect(load(bytes).applyAll(queries)).toEqual(calibrator.applyAll(queries));
    expect(load(bytes).toBytes()).toEqual(bytes);
    for (let i = 0; i < bytes.length; i += 13) {
      const damaged = bytes.slice();
      damaged[i]! ^= 1;
      expect(() => load(damaged)).toThrow(MlError);
    }
    expect(() => load(bytes.subarray(0, bytes.length - 8))).toThrow(MlError);
  });

  it('has an answer at the ends, none for NaN, and refuses what is no data', () => {
    const calibrator = fit([0.1, 0.4, 0.6, 0.9], [0, 1, 0, 1]);
    for (const score of [Infinity, -Infinity, 0, 1]) {
      const p = calibrator.apply(score);
      expect(p >= 0 && p <= 1).toBe(true);
    }
    expect(calibrator.apply(Number.NaN)).toBeNaN();
    expect(() => fit([], [])).toThrow(expect.objectContaining({ code: 'ML_EMPTY' }));
    expect(() => fit([0.1, Number.NaN], [0, 1])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
  });
});

describe('isotonic regression', () => {
  it.each(fixture.cases)(
    'is that of scikit-learn: $name',
    ({ scores, labels, weights, queries, isotonic, weighted }) => {
      expect([...fitIsotonic(scores, labels).applyAll(queries)]).toEqual(close(isotonic, 12));
      expect([...fitIsotonic(scores, labels, weights).applyAll(queries)]).toEqual(close(weighted, 12));
    },
  );

  it('pools violators, worked by hand', () => {
    const { knots, values } = fitIsotonic([1, 2, 3, 4, 5], [1, 3, 2, 2, 6]);
    expect([...knots]).toEqual([1, 2, 4, 5]);
    expect([...values]).toEqual([1, 7 / 3, 7 / 3, 6]);
    expect(() => fitIsotonic([1], [1], [0])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(() => fitIsotonic([1, 2], [1])).toThrow(expect.objectContaining({ code: 'ML_SHAPE' }));
  });
});

describe('Platt scaling', () => {
  it.each(fixture.cases)('is the likeliest curve that scikit-learn finds: $name', ({ scores, labels, platt }) => {
    const { slope, intercept } = fitPlatt(scores, labels);
    expect([slope, intercept]).toEqual(close(platt, 6));
  });

  it('stays finite where classes are apart, and at the base rate without information', () => {
    expect(fitPlatt([-2, -1, 1, 2], [0, 0, 1, 1]).apply(5)).toBeLessThan(1);
    expect(fitPlatt([7, 7, 7, 7], [0, 0, 1, 1]).apply(7)).toBeCloseTo(0.5, 10);
    expect(fitPlatt([1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], [0, 1, 0, 1]).apply(1e9 + 3)).toBeGreaterThan(0.5);
    expect(fitPlatt([1, 2, 3], [0, 0, 0]).apply(2)).toBeLessThan(0.25);
  });
});

describe('beta calibration', () => {
  it.each(fixture.cases)('is the likeliest curve that scikit-learn finds: $name', ({ probabilities, labels, beta }) => {
    const { a, b, c } = fitBetaCalibration(probabilities, labels);
    expect([a, b, c]).toEqual(close(beta, 5));
  });

  it('leaves good probabilities alone and mends bad ones', () => {
    const random = createRandom(3);
    const truth = Array.from({ length: 5000 }, () => random.next());
    const labels = truth.map((p) => (random.next() < p ? 1 : 0));
    const alone = fitBetaCalibration(truth, labels);
    for (const p of [0.02, 0.2, 0.5, 0.8, 0.98]) expect(Math.abs(alone.apply(p) - p)).toBeLessThan(0.03);
    const bold = truth.map((p) => (p < 0.5 ? p ** 3 : 1 - (1 - p) ** 3));
    const mended = fitBetaCalibration(bold, labels).applyAll(bold);
    expect(brierScore(labels, mended)).toBeLessThan(brierScore(labels, bold) - 0.01);
  });

  it('is flat, not falling, when scores rank the wrong way, and refuses one class', () => {
    const flat = fitBetaCalibration([0.1, 0.2, 0.8, 0.9], [1, 1, 0, 0]);
    expect([flat.a, flat.b]).toEqual([0, 0]);
    expect(flat.apply(0.9)).toBeCloseTo(0.5, 10);
    expect(() => fitBetaCalibration([0.1, 0.2], [1, 1])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
    expect(() => fitBetaCalibration([0.1, 2], [0, 1])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
  });
});

describe('tail probabilities', () => {
  const random = createRandom(5);
  const scores = Float64Array.from({ length: 20_000 }, () => random.exponential());
  const tail = fitTailProbability(scores);

  it('are near the truth, far beyond what the share alone could say', () => {
    for (const p of [0.5, 0.1, 0.01, 1e-3, 1e-4]) {
      expect(Math.abs(Math.log(tail.apply(-Math.log(p)) / p))).toBeLessThan(0.4);
    }
    expect(tail.apply(-1)).toBe(1);
    expect(tail.apply(1e9)).toBeGreaterThan(0);
  });

  it('turn into thresholds and back', () => {
    for (const p of [0.9, 0.3, 0.05, 0.015, 1e-3, 1e-6]) expect(tail.apply(tail.quantile(p)) / p).toBeCloseTo(1, 6);
    expect(() => tail.quantile(0)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });

  it('are no surprise at the largest of the scores, and of equal ones', () => {
    const few = fitTailProbability([1, 2, 3, 4, 5]);
    expect(few.apply(5)).toBeGreaterThan(0.05);
    const equal = fitTailProbability(new Float64Array(100).fill(3));
    expect(equal.apply(3)).toBe(1);
    expect(equal.apply(4)).toBeLessThan(1e-6);
    expect(() => fitTailProbability([1])).toThrow(expect.objectContaining({ code: 'ML_EMPTY' }));
  });

  it('stay small when saved', () => {
    expect(tail.toBytes().length).toBeLessThan(20_000);
  });
});
