import { MlError } from './ml-error.ts';

/** Below this the tangent is 1 / (π p) to the last place, and its own rounding is worse. */
const SMALL = 1e-8;
/** A p-value of 1 would be worth minus infinity and silence all others. */
const LARGE = 1 - 1e-8;

/**
 * Combines p-values that depend on each other (Liu and Xie, 2020): T = Σ wᵢ tan((½ − pᵢ) π) is about Cauchy under the null
 * whatever the dependence, exact as p → 0. Unlike Fisher's method, two members that say the same thing are not believed twice.
 *
 * p-values in [0, 1]; weights at least 0 and not all 0, equal when not given. Returns a p-value in (0, 1]. O(n).
 * Fails by members with p near 1, which cancel small ones: p-values above 1 − 1e-8 count as that. Throws `ML_SHAPE`, `ML_EMPTY`, `ML_VALUE`.
 */
export function cauchyCombination(pValues: ArrayLike<number>, weights?: ArrayLike<number>): number {
  if (pValues.length === 0) throw new MlError('ML_EMPTY', 'needs at least one p-value');
  if (weights !== undefined && weights.length !== pValues.length) {
    throw new MlError('ML_SHAPE', `${weights.length} weights do not fit ${pValues.length} p-values`);
  }
  let sum = 0;
  let total = 0;
  for (let i = 0; i < pValues.length; i++) {
    const weight = weights?.[i] ?? 1;
    checkMember(i, pValues[i]!, weight);
    if (weight > 0) sum += weight * quantile(pValues[i]!);
    total += weight;
  }
  if (!(total > 0)) throw new MlError('ML_VALUE', 'needs a weight above 0');
  const statistic = sum / total;
  const p = statistic > 1 / SMALL ? 1 / (Math.PI * statistic) : 0.5 - Math.atan(statistic) / Math.PI;
  return Math.min(1, Math.max(Number.MIN_VALUE, p));
}

function checkMember(index: number, p: number, weight: number): void {
  if (!(p >= 0 && p <= 1)) throw new MlError('ML_VALUE', `p-value ${index} must be from 0 to 1, got ${p}`);
  if (!(weight >= 0 && weight < Infinity)) {
    throw new MlError('ML_VALUE', `weight ${index} must be at least 0, got ${weight}`);
  }
}

/** The standard Cauchy value that is exceeded with probability p. */
function quantile(p: number): number {
  if (p < SMALL) return 1 / (Math.PI * Math.max(p, 1e-300));
  return Math.tan((0.5 - Math.min(p, LARGE)) * Math.PI);
}
