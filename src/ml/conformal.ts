import { checkPairs } from './calibrator.ts';
import { MlError, requireNumber } from './ml-error.ts';

/**
 * Split-conformal prediction (Vovk et al., 2005; Lei et al., 2018): scores of a calibration part that the model did not
 * learn from turn into bounds that hold with probability 1 − alpha, whatever the model, so long as new rows are
 * exchangeable with that part. Time series are not: refit on recent rows, or give older ones less weight (Barber et al.,
 * 2023), which costs coverage only as far as the distribution moved.
 */

/**
 * The value that a new score stays at or below with probability at least 1 − alpha: the ⌈(n + 1)(1 − alpha)⌉-th smallest,
 * `Infinity` when n is too small to promise anything (n < 1 / alpha − 1). Weights, at least 0, count against 1 for the new
 * row. O(n log n). Throws `ML_EMPTY`, `ML_SHAPE`, `ML_VALUE` and `ML_PARAMETER`.
 */
export function conformalQuantile(scores: ArrayLike<number>, alpha: number, weights?: ArrayLike<number>): number {
  requireNumber('alpha', alpha, Number.MIN_VALUE, 1);
  checkPairs(scores, weights ?? scores);
  const order = Uint32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[a]! - scores[b]! || a - b,
  );
  let total = 1;
  for (let i = 0; i < scores.length; i++) total += weightOf(weights, i);
  // Rounding must not ask for one score more than the promise needs.
  const needed = (1 - alpha) * total * (1 - 1e-12);
  let sum = 0;
  for (const row of order) {
    sum += weightOf(weights, row);
    if (sum >= needed) return scores[row]!;
  }
  return Infinity;
}

/**
 * Conformal p-value of a score: the share of calibration scores, and itself, that are at least as high. Uniform or larger for
 * what is like the calibration part, small for what is stranger. `sorted` rises. In [1 / (n + 1), 1]. O(log n).
 */
export function conformalPValue(sorted: Float64Array, score: number): number {
  if (Number.isNaN(score)) throw new MlError('ML_VALUE', 'a score must be a number');
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < score) low = middle + 1;
    else high = middle;
  }
  return (1 + sorted.length - low) / (sorted.length + 1);
}

/** Half the width of intervals around predictions: truth lies within ± this with probability at least 1 − alpha. */
export function conformalMargin(predictions: ArrayLike<number>, truths: ArrayLike<number>, alpha: number): number {
  checkPairs(predictions, truths);
  return conformalQuantile(
    Float64Array.from(predictions, (value, i) => Math.abs(truths[i]! - value)),
    alpha,
  );
}

/** Predicted lower and upper quantiles of the calibration rows, with what came. */
export type QuantilePredictions = {
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly truths: ArrayLike<number>;
};

/**
 * What to take from the lower and add to the upper predicted quantile so that truth lies between with probability at least
 * 1 − alpha (conformalised quantile regression: Romano, Patterson and Candès, 2019). Below 0 when they were too wide.
 */
export function conformalQuantileCorrection({ low, high, truths }: QuantilePredictions, alpha: number): number {
  checkPairs(low, truths);
  checkPairs(high, truths);
  return conformalQuantile(
    Float64Array.from(truths, (truth, i) => Math.max(low[i]! - truth, truth - high[i]!)),
    alpha,
  );
}

function weightOf(weights: ArrayLike<number> | undefined, row: number): number {
  const weight = weights?.[row] ?? 1;
  if (weight < 0) throw new MlError('ML_VALUE', `weights must be at least 0, got ${weight}`);
  return weight;
}
