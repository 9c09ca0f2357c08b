import { MlError } from './ml-error.ts';
import { kendallTau, normalCdf } from './stats-robust.ts';

export type MannKendall = {
  /** Kendall's correlation with time, in [−1, 1]: above 0 it rises. */
  readonly tau: number;
  /** Standardised statistic with the correction for continuity. */
  readonly z: number;
  /** Two-sided probability of as strong an order by chance, in (0, 1]. */
  readonly pValue: number;
};

/** Pairs of so many values take a quarter of a second. */
const MAX_VALUES = 20_000;

/**
 * Test of Mann (1945) and Kendall (1975) for a trend of any shape, with the correction of the variance for ties. The normal
 * approximation is good from ten values up; below three the p-value is 1.
 *
 * Fails on values that depend on each other, such as metrics every few seconds: take means over longer spans first, or nearly
 * every series has a "trend". Missing values (NaN) are left out; infinite ones are ordered like others. O(n²). Throws
 * `ML_TOO_LARGE` over 20,000 values.
 */
export function mannKendall(values: ArrayLike<number>): MannKendall {
  const present = Float64Array.from(values).filter((value) => value === value);
  const n = present.length;
  if (n > MAX_VALUES) throw new MlError('ML_TOO_LARGE', `takes at most ${MAX_VALUES} values, got ${n}`);
  if (n < 3) return { tau: 0, z: 0, pValue: 1 };
  const tau = kendallTau(present, n);
  const score = Math.round((tau * n * (n - 1)) / 2);
  const variance = (n * (n - 1) * (2 * n + 5) - tieTerm(present)) / 18;
  const z = variance > 0 ? (score - Math.sign(score)) / Math.sqrt(variance) : 0;
  return { tau, z, pValue: Math.min(1, Math.max(Number.MIN_VALUE, 2 * normalCdf(-Math.abs(z)))) };
}

function tieTerm(values: Float64Array): number {
  const sorted = values.toSorted();
  let term = 0;
  for (let i = 0; i < sorted.length;) {
    let end = i + 1;
    while (end < sorted.length && sorted[end] === sorted[i]) end++;
    const ties = end - i;
    term += ties * (ties - 1) * (2 * ties + 5);
    i = end;
  }
  return term;
}
