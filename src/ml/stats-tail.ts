/** Two parameters of a generalised Pareto distribution of excesses over a threshold. */
export type ParetoTail = {
  /** > 0, in units of the excess. */
  readonly scale: number;
  /** 0 is exponential, above 0 heavier; limited by the fit to [0, 0.5]. */
  readonly shape: number;
};

/** Below this a shape is treated as 0, for the formula divides by it. */
const NEARLY_EXPONENTIAL = 1e-6;
/** No negative shape: a bounded tail would give probability 0 to what merely had not been seen before. */
const SHAPE_LOW = 0;
/** Half: beyond it the variance is infinite and the moments say nothing. */
const SHAPE_HIGH = 0.5;

/** P(excess > x) of the tail; 1 for x ≤ 0. */
export function paretoSurvival({ scale, shape }: ParetoTail, x: number): number {
  if (!(x > 0)) return 1;
  if (shape < NEARLY_EXPONENTIAL) return Math.exp(-x / scale);
  return (1 + (shape * x) / scale) ** (-1 / shape);
}

/** The excess that is exceeded with probability p, 0 < p ≤ 1: the inverse of `paretoSurvival`. */
export function paretoQuantile({ scale, shape }: ParetoTail, p: number): number {
  if (shape < NEARLY_EXPONENTIAL) return -scale * Math.log(p);
  return (scale / shape) * (p ** -shape - 1);
}

/**
 * Fits excesses (all > 0) by probability-weighted moments (Hosking and Wallis, 1987), which beats maximum likelihood
 * below some 500 points and always has an answer. O(n log n), sorts `excesses[0 … n-1]` in place. `prior` counts as
 * `priorWeight` further points: with few excesses the answer stays near it.
 */
export function fitPareto(excesses: Float64Array, n: number, prior: ParetoTail, priorWeight: number): ParetoTail {
  if (n === 0) return prior;
  const sorted = excesses.subarray(0, n).sort();
  let mean = 0;
  let weighted = 0;
  for (let i = 0; i < n; i++) {
    mean += sorted[i]!;
    weighted += ((n - 1 - i + 0.35) / n) * sorted[i]!;
  }
  mean /= n;
  weighted /= n;
  const spread = mean - 2 * weighted;
  const rawShape = spread > 0 ? 2 - mean / spread : SHAPE_LOW;
  const own = n / (n + priorWeight);
  const shape = own * Math.min(SHAPE_HIGH, Math.max(SHAPE_LOW, rawShape)) + (1 - own) * prior.shape;
  // With the shape settled the mean alone gives the scale: E(excess) = scale / (1 - shape).
  const scale = own * mean * (1 - shape) + (1 - own) * prior.scale;
  return { scale: Math.max(scale, Number.MIN_VALUE), shape };
}
