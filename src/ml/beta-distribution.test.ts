import { describe, expect, it } from 'vitest';
import { betaCdf, betaQuantile, logGamma } from './beta-distribution.ts';

describe('the beta distribution', () => {
  it('knows the gamma function', () => {
    expect(logGamma(1)).toBeCloseTo(0, 12);
    expect(logGamma(11)).toBeCloseTo(Math.log(3_628_800), 10);
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
  });

  // scipy.stats.beta.cdf and ppf, SciPy 1.10.
  it.each([
    [0.5, 1, 1, 0.5],
    [0.3, 2, 5, 0.579825],
    [0.9, 0.5, 0.5, 0.7951672353008665],
    [0.02, 30, 500, 5.476732605311298e-7],
  ])('P(X ≤ %d) for Beta(%d, %d)', (x, a, b, expected) => {
    expect(betaCdf(x, a, b)).toBeCloseTo(expected, 12);
  });

  it('integrates its density', () => {
    const [a, b] = [3, 4.5];
    const density = (x: number): number =>
      Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + (a - 1) * Math.log(x) + (b - 1) * Math.log(1 - x));
    let sum = 0;
    const step = 1e-4;
    for (let x = step / 2; x < 0.4; x += step) sum += density(x) * step;
    expect(betaCdf(0.4, a, b)).toBeCloseTo(sum, 6);
  });

  it('finds quantiles that give the probability back', () => {
    for (const [a, b] of [
      [1, 1],
      [0.7, 3],
      [12, 2],
      [400, 900],
    ] as const) {
      for (const p of [0.01, 0.1, 0.5, 0.9, 0.99]) expect(betaCdf(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 9);
    }
  });

  it('refuses what is no distribution', () => {
    expect(() => betaCdf(0.5, 0, 1)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
    expect(() => betaQuantile(2, 1, 1)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });
});
