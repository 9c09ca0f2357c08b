import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { createRandom } from './random.ts';

export type BlockBootstrapOptions = {
  /** Rows in a block, 1 to n. Should pass the range over which rows depend on each other. Default n^(1/3), rounded up (Künsch, 1989). */
  readonly blockLength?: number;
  /** Resamples, 100 to 100,000. Default 2,000. */
  readonly resamples?: number;
  /** Of the interval, in (0, 1). Default 0.95. */
  readonly confidence?: number;
  readonly seed: number;
};

export type BootstrapResult = {
  /** The statistic of the rows as they are. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
  /** Two-sided, for no difference from 0, in [1 / (resamples + 1), 1]: twice the smaller share of resamples on either side of 0. */
  readonly pValue: number;
};

const MAX_RESAMPLES = 100_000;

/**
 * Percentile interval of a statistic of a time series by the circular block bootstrap (Politis and Romano, 1992): blocks of
 * following rows are drawn, so that the dependence within a block stays; drawing single rows would claim too much.
 *
 * `statistic` gets row numbers (0 … n − 1, with repeats, in the order drawn; the array is used again) and returns a number;
 * resamples where it returns NaN (one class only, say) are left out, and more than half of those are `ML_VALUE`.
 * O(resamples × cost of the statistic). Too narrow for blocks shorter than the dependence and for fewer than some ten blocks.
 */
export function blockBootstrap(
  n: number,
  statistic: (rows: Uint32Array) => number,
  options: BlockBootstrapOptions,
): BootstrapResult {
  requireInteger('n', n, 1, 2 ** 31 - 1);
  const blockLength = requireInteger('blockLength', options.blockLength ?? Math.ceil(Math.cbrt(n)), 1, n);
  const resamples = requireInteger('resamples', options.resamples ?? 2000, 100, MAX_RESAMPLES);
  const tail = (1 - requireNumber('confidence', options.confidence ?? 0.95, 0.5, 1 - 1e-6)) / 2;
  const random = createRandom(options.seed);
  const rows = new Uint32Array(n);
  for (let i = 0; i < n; i++) rows[i] = i;
  const estimate = statistic(rows);
  const drawn = new Float64Array(resamples);
  let kept = 0;
  for (let sample = 0; sample < resamples; sample++) {
    for (let i = 0; i < n; i += blockLength) {
      const start = random.int(n);
      for (let k = 0; k < blockLength && i + k < n; k++) rows[i + k] = (start + k) % n;
    }
    const value = statistic(rows);
    if (!Number.isNaN(value)) drawn[kept++] = value;
  }
  if (kept < resamples / 2)
    throw new MlError('ML_VALUE', `the statistic had no value in ${resamples - kept} resamples`);
  const sorted = drawn.subarray(0, kept).sort();
  return { estimate, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), pValue: twoSided(sorted) };
}

/**
 * Compares two methods on the same rows of a time series: the interval of the mean of `a` − `b` (losses or scores, one a
 * row), drawn in pairs. An interval without 0 says that one is better. Throws `ML_SHAPE` and `ML_VALUE`.
 */
export function pairedBlockBootstrap(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: BlockBootstrapOptions,
): BootstrapResult {
  if (a.length !== b.length) throw new MlError('ML_SHAPE', `${a.length} values do not pair with ${b.length}`);
  const differences = Float64Array.from(a, (value, i) => value - b[i]!);
  if (!differences.every(Number.isFinite)) throw new MlError('ML_VALUE', 'a value is not finite');
  const mean = (rows: Uint32Array): number => {
    let sum = 0;
    for (let i = 0; i < rows.length; i++) sum += differences[rows[i]!]!;
    return sum / rows.length;
  };
  return blockBootstrap(differences.length, mean, options);
}

function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low === high ? low : low + (position - below) * (high - low);
}

function twoSided(sorted: Float64Array): number {
  let below = 0;
  let above = 0;
  for (const value of sorted) {
    if (value <= 0) below++;
    if (value >= 0) above++;
  }
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1));
}
