import { checkRow, type FloatArray } from './matrix.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';

/**
 * What is believed of the weights w of a linear score xᵀw: a normal distribution that observations sharpen one at a time, in
 * any order and however late. Rows hold numbers up to 1e50 in size (`ML_VALUE` otherwise): give a missing value a column of its own.
 */
export type RewardPosterior = {
  /** Length of a row. Put a constant 1 in it for an intercept. */
  readonly features: number;
  /** Observations so far. */
  readonly count: number;
  /** Mean of the weights; a view that changes with every observation. */
  readonly mean: Float64Array;
  /** Mean of the score xᵀw. O(features). */
  score(row: FloatArray, offset?: number): number;
  /**
   * Writes s with xᵀw ~ score(x) + s·z for standard normal z, and returns the length of s, which is the standard deviation of
   * the score. Scores of several rows drawn with the same z are drawn from the same w. O(features²).
   */
  spread(row: FloatArray, out: Float64Array, offset?: number): number;
  /** Expected reward of a row. O(features²). */
  expected(row: FloatArray, offset?: number): number;
  /** Learns one reward. O(features²). Throws before anything has changed. */
  observe(row: FloatArray, reward: number, details?: ObservationDetails): void;
  /** An independent copy. */
  clone(): RewardPosterior;
  toBytes(): Uint8Array;
};

export type ObservationDetails = {
  /** Where the row starts. Default 0. */
  readonly offset?: number;
  /** Counts as that many observations (or as part of one), above 0. Default 1. */
  readonly weight?: number;
};

export type PriorOptions = {
  /** Length of a row, 1 to 2,000. */
  readonly features: number;
  /**
   * Prior mean of the weights. Default zeros. To start from another model's estimate, give it as a feature and let its prior
   * weight be 1.
   */
  readonly priorMean?: ArrayLike<number>;
  /** Prior standard deviation of every weight. Default 1, for features scaled to about 1. */
  readonly priorDeviation?: number;
};

export const MAX_FEATURES = 2000;
/** Largest size of a feature: its square and the square of that stay in the range of float64. */
const LARGEST_FEATURE = 1e50;

/** Mean and deviation of a checked prior. Throws `ML_PARAMETER` and `ML_SHAPE`. */
export function checkPrior(options: PriorOptions): { readonly mean: Float64Array; readonly deviation: number } {
  const features = requireInteger('features', options.features, 1, MAX_FEATURES);
  const mean = Float64Array.from(options.priorMean ?? new Float64Array(features));
  if (mean.length !== features) {
    throw new MlError('ML_SHAPE', `priorMean has ${mean.length} values for ${features} features`);
  }
  for (const weight of mean) requireNumber('priorMean', weight, -1e100, 1e100);
  return { mean, deviation: requireNumber('priorDeviation', options.priorDeviation ?? 1, 1e-6, 1e6) };
}

/** Throws `ML_SHAPE` and `ML_VALUE` unless `features` numbers of sound size stand at `offset`. */
export function checkFeatures(row: FloatArray, offset: number, features: number): void {
  checkRow(row, offset, features);
  for (let c = 0; c < features; c++) {
    if (!(Math.abs(row[offset + c]!) <= LARGEST_FEATURE))
      throw new MlError('ML_VALUE', `feature ${c} is missing or too large`);
  }
}
