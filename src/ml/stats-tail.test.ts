import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import { gamma, kendallTau, medianInPlace, normalCdf, selectKth, studentCdf, theilSen } from './stats-robust.ts';
import { fitPareto, paretoQuantile, paretoSurvival } from './stats-tail.ts';

const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 });

describe('selection', () => {
  it('finds the k-th smallest like sorting does', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (values, pick) => {
        const k = pick % values.length;
        expect(selectKth(Float64Array.from(values), values.length, k)).toBe(Float64Array.from(values).sort()[k]);
      }),
    );
  });

  it('gives the median of odd and even counts, and NaN of nothing', () => {
    expect(medianInPlace(Float64Array.of(3, 1, 2))).toBe(2);
    expect(medianInPlace(Float64Array.of(4, 1, 3, 2))).toBe(2.5);
    expect(medianInPlace(new Float64Array(0))).toBeNaN();
  });
});

describe('trend', () => {
  const x = Float64Array.from({ length: 20 }, (_, i) => i);
  const line = Float64Array.from(x, (t) => 2 * t + 1);

  it('of Theil and Sen is not moved by a fifth of wild points', () => {
    const wild = line.map((y, i) => (i % 5 === 0 ? 1e6 : y));
    expect(theilSen(x, wild, 20, new Float64Array(190))).toBeCloseTo(2, 1);
  });

  it('of Goodman and Kruskal does not mind a staircase, which Kendall does', () => {
    const stairs = x.map((t) => Math.floor(t / 5));
    expect(gamma(stairs, 20)).toBe(1);
    expect(kendallTau(stairs, 20)).toBeCloseTo(150 / 190, 10);
    expect(gamma(new Float64Array(20), 20)).toBe(0);
  });

  it('of Kendall is 1 for what only rises, -1 for what only falls', () => {
    expect(kendallTau(line, 20)).toBe(1);
    expect(
      kendallTau(
        line.map((y) => -y),
        20,
      ),
    ).toBe(-1);
    expect(kendallTau(new Float64Array(20), 20)).toBe(0);
  });
});

describe('distributions', () => {
  it.each([
    [0, 0.5],
    [1.959964, 0.975],
    [-2.575829, 0.005],
  ])('normal at %f is %f', (z, p) => {
    expect(normalCdf(z)).toBeCloseTo(p, 6);
  });

  it.each([
    [2.132, 4, 0.95],
    [1.812, 10, 0.95],
    [-2.228, 10, 0.025],
  ])("Student's t at %f with %i degrees is %f", (t, df, p) => {
    expect(Math.abs(studentCdf(t, df) - p)).toBeLessThan(0.005);
  });
});

describe('generalised Pareto tail', () => {
  const prior = { scale: 1, shape: 0.1 };

  it.each([
    [1, 0],
    [2, 0.2],
    [0.5, 0.4],
  ])('with scale %f and shape %f is found again', (scale, shape) => {
    const random = createRandom(1);
    const excesses = Float64Array.from({ length: 4000 }, () => paretoQuantile({ scale, shape }, 1 - random.next()));
    const fitted = fitPareto(excesses, excesses.length, prior, 0);
    expect(Math.abs(fitted.shape - shape)).toBeLessThan(0.08);
    expect(Math.abs(fitted.scale / scale - 1)).toBeLessThan(0.1);
  });

  it('stays at the prior without data, and near it with little', () => {
    expect(fitPareto(new Float64Array(0), 0, prior, 20)).toEqual(prior);
    expect(fitPareto(Float64Array.of(50), 1, prior, 20).scale).toBeLessThan(4);
  });

  it('survival falls from 1, never to 0, and quantile is its inverse', () => {
    const tails = fc.record({
      scale: fc.double({ min: 0.01, max: 100, noNaN: true }),
      shape: fc.double({ min: 0, max: 0.5, noNaN: true }),
    });
    fc.assert(
      fc.property(tails, fc.double({ min: 1e-6, max: 1, noNaN: true }), (tail, p) => {
        expect(paretoSurvival(tail, paretoQuantile(tail, p))).toBeCloseTo(p, 6);
      }),
    );
    expect(paretoSurvival(prior, -1)).toBe(1);
  });
});
