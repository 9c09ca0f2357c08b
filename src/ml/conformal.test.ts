import { describe, expect, it } from 'vitest';
import { cauchyCombination } from './cauchy-combination.ts';
import { conformalMargin, conformalPValue, conformalQuantile, conformalQuantileCorrection } from './conformal.ts';
import { createRandom } from './random.ts';

describe('conformal quantiles', () => {
  it('are the order statistic of the promise, worked by hand', () => {
    const scores = [5, 1, 4, 2, 3, 9, 8, 7, 6];
    expect(conformalQuantile(scores, 0.1)).toBe(9);
    expect(conformalQuantile(scores, 0.2)).toBe(8);
    expect(conformalQuantile(scores, 0.5)).toBe(5);
    expect(conformalQuantile(scores, 0.05)).toBe(Infinity);
  });

  it('cover what they promise, in the mean of many draws, and not much more', () => {
    const random = createRandom(1);
    let covered = 0;
    for (let draw = 0; draw < 4000; draw++) {
      const scores = Float64Array.from({ length: 39 }, () => random.exponential());
      if (random.exponential() <= conformalQuantile(scores, 0.1)) covered++;
    }
    expect(covered / 4000).toBeGreaterThan(0.885);
    expect(covered / 4000).toBeLessThan(0.915);
  });

  it('count scores by weight', () => {
    const scores = [1, 2, 3, 4];
    expect(conformalQuantile(scores, 0.4, [1, 1, 1, 1])).toBe(conformalQuantile(scores, 0.4));
    expect(conformalQuantile(scores, 0.4, [0, 0, 0, 9])).toBe(4);
    expect(conformalQuantile(scores, 0.4, [9, 0, 0, 0])).toBe(1);
    expect(() => conformalQuantile(scores, 0.4, [1, 1, 1, -1])).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
  });

  it('make margins around predictions and quantiles', () => {
    const truths = Array.from({ length: 19 }, (_, i) => i);
    expect(
      conformalMargin(
        truths.map((t) => t + (t % 2 === 0 ? t : -t)),
        truths,
        0.1,
      ),
    ).toBe(17);
    const low = truths.map((t) => t - 5);
    const high = truths.map((t) => t + 5);
    expect(conformalQuantileCorrection({ low, high, truths }, 0.1)).toBe(-5);
    expect(() => conformalMargin([1], [1, 2], 0.1)).toThrow(expect.objectContaining({ code: 'ML_SHAPE' }));
    expect(() => conformalMargin([1], [1], 0)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });

  it('and p-values agree', () => {
    const sorted = Float64Array.of(1, 2, 2, 3);
    expect([0, 1, 2, 2.5, 3, 4].map((x) => conformalPValue(sorted, x))).toEqual([1, 1, 0.8, 0.4, 0.4, 0.2]);
    expect(() => conformalPValue(sorted, Number.NaN)).toThrow(expect.objectContaining({ code: 'ML_VALUE' }));
  });
});

describe('Cauchy combination', () => {
  it('of one is itself, of equal ones too', () => {
    for (const p of [1, 0.7, 0.5, 0.05, 1e-6, 1e-12, 1e-200]) {
      expect(cauchyCombination([p]) / p).toBeCloseTo(1, 6);
      expect(cauchyCombination([p, p, p]) / p).toBeCloseTo(1, 6);
    }
  });

  it('of small ones is about their weighted harmonic mean', () => {
    expect(cauchyCombination([1e-6, 0.5]) / 2e-6).toBeCloseTo(1, 5);
    expect(cauchyCombination([1e-6, 0.5], [3, 1]) / (4e-6 / 3)).toBeCloseTo(1, 5);
    expect(cauchyCombination([1e-6, 0.5], [0, 1])).toBeCloseTo(0.5, 10);
    expect(cauchyCombination([0, 1])).toBeLessThan(1e-290);
  });

  it('keeps its level when members depend on each other', () => {
    const random = createRandom(2);
    let rejected = 0;
    for (let draw = 0; draw < 20_000; draw++) {
      const shared = random.next();
      const pValues = [shared, shared, 1 - shared, random.next()];
      if (cauchyCombination(pValues) < 0.01) rejected++;
    }
    expect(rejected / 20_000).toBeLessThan(0.012);
    expect(rejected / 20_000).toBeGreaterThan(0.005);
  });

  it.each([
    [[], undefined, 'ML_EMPTY'],
    [[0.5, 2], undefined, 'ML_VALUE'],
    [[0.5], [1, 2], 'ML_SHAPE'],
    [[0.5], [0], 'ML_VALUE'],
    [[Number.NaN], undefined, 'ML_VALUE'],
  ])('refuses %j with weights %j', (pValues, weights, code) => {
    expect(() => cauchyCombination(pValues, weights)).toThrow(expect.objectContaining({ code }));
  });
});
