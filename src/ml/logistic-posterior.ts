import { choleskyFactor, solveLower, solveLowerTransposed } from './cholesky.ts';
import { GaussianWeights } from './gaussian-weights.ts';
import { checkTrainingMatrix } from './matrix.ts';
import { MlError, requireNumber } from './ml-error.ts';
import { checkFeatures, checkPrior, type PriorOptions, type RewardPosterior } from './reward-posterior.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';
import { checkTarget, checkWeights, type LabelledRows } from './supervised-rows.ts';

const KIND = 'logistic-posterior';
const VERSION = 1;
/** Newton's method on a concave function in the batch, and on a monotone one in a single observation. */
const MAX_STEPS = 100;
const PRECISION = 1e-12;

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Bayesian logistic regression: P(reward = 1) = σ(xᵀw), w ~ N(priorMean, priorDeviation²), with a normal approximation of the
 * posterior. Every observation is one exact Laplace step (the mode of the present normal times one likelihood, found along the
 * one direction in which it can move; Spiegelhalter and Lauritzen, 1990), in O(features²). The order of observations hardly
 * matters; `fitLogisticPosterior` makes the Laplace approximation of all of them at once. Rewards lie in [0, 1]; a fraction
 * counts as partly a success. `expected` is the mean of σ over the posterior by MacKay's formula (1992).
 *
 * Fails as every linear model does; the approximation is too narrow by little after few, one-sided observations.
 * Throws `ML_PARAMETER` and `ML_SHAPE`.
 */
export function createLogisticPosterior(options: PriorOptions): RewardPosterior {
  const { mean, deviation } = checkPrior(options);
  return logisticPosterior(GaussianWeights.isotropic(mean, deviation));
}

/**
 * The Laplace approximation over all rows: the mode by Newton's method, the precision there. O(rows × features²) a step, about
 * six steps. Further observations may follow. Throws `ML_SHAPE`, `ML_EMPTY`, `ML_VALUE` and `ML_NOT_CONVERGED`.
 */
export function fitLogisticPosterior(
  rows: LabelledRows,
  options: Omit<PriorOptions, 'features'> = {},
): RewardPosterior {
  const { matrix } = rows;
  checkTrainingMatrix(matrix);
  const { mean, deviation } = checkPrior({ ...options, features: matrix.columns });
  const target = checkTarget(rows.target, matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    checkFeatures(matrix.data, row * matrix.columns, matrix.columns);
    checkReward(target[row]!);
  }
  const weights = checkWeights(rows.weights, matrix.rows);
  const problem: BatchProblem = { rows, weights: weights ?? new Float64Array(matrix.rows).fill(1), mean, deviation };
  const posterior = GaussianWeights.isotropic(mean.slice(), deviation);
  const mode = findMode(problem);
  if (!posterior.replace(mode, slopeAndPrecision(problem, mode).precision, matrix.rows)) {
    throw new MlError('ML_VALUE', 'the rows are too large to learn from');
  }
  return logisticPosterior(posterior);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadLogisticPosterior(bytes: Uint8Array, limits?: DecodeLimits): RewardPosterior {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return logisticPosterior(GaussianWeights.fromModel(model));
}

function checkReward(reward: number): void {
  if (!(reward >= 0 && reward <= 1)) {
    throw new MlError('ML_VALUE', `a reward must lie between 0 and 1, got ${reward}`);
  }
}

/** How far the score's mode moves: g with g = weight · (reward − σ(score + g · variance)), by Newton within a bracket. */
function solvePull(score: number, variance: number, reward: number, weight: number): number {
  let low = weight * (reward - 1);
  let high = weight * reward;
  let g = Math.min(high, Math.max(low, weight * (reward - logistic(score))));
  for (let step = 0; step < MAX_STEPS; step++) {
    const p = logistic(score + g * variance);
    const error = g - weight * (reward - p);
    if (error > 0) high = g;
    else low = g;
    const next = g - error / (1 + weight * variance * p * (1 - p));
    const inside = next >= low && next <= high;
    const moved = inside ? next : (low + high) / 2;
    if (Math.abs(moved - g) <= PRECISION * weight) return moved;
    g = moved;
  }
  return g;
}

function logisticPosterior(weights: GaussianWeights): RewardPosterior {
  const features = weights.mean.length;
  return {
    features,
    mean: weights.mean,
    get count() {
      return weights.count;
    },
    score: (row, offset = 0) => {
      checkFeatures(row, offset, features);
      return weights.score(row, offset);
    },
    spread: (row, out, offset = 0) => {
      checkFeatures(row, offset, features);
      return weights.spread(row, out, offset);
    },
    expected: (row, offset = 0) => {
      checkFeatures(row, offset, features);
      const variance = weights.deviation(row, offset) ** 2;
      return logistic(weights.score(row, offset) / Math.sqrt(1 + (Math.PI * variance) / 8));
    },
    observe: (row, reward, { offset = 0, weight = 1 } = {}) => {
      checkFeatures(row, offset, features);
      requireNumber('weight', weight, Number.MIN_VALUE);
      checkReward(reward);
      const score = weights.score(row, offset);
      weights.learn(row, offset, (deviation) => {
        const variance = deviation * deviation;
        const pull = solvePull(score, variance, reward, weight);
        const p = logistic(score + pull * variance);
        return { pull, curvature: weight * p * (1 - p) };
      });
    },
    clone: () => logisticPosterior(weights.clone()),
    toBytes: () => encodeModel(KIND, VERSION, { features, count: weights.count }, weights.sections()),
  };
}

type BatchProblem = {
  readonly rows: LabelledRows;
  readonly weights: ArrayLike<number>;
  readonly mean: Float64Array;
  readonly deviation: number;
};

/** Slope and negative curvature of the log posterior at w. */
function slopeAndPrecision({ rows, weights, mean, deviation }: BatchProblem, w: Float64Array) {
  const { data, columns: n, rows: count } = rows.matrix;
  const tightness = 1 / (deviation * deviation);
  const slope = w.map((x, i) => (mean[i]! - x) * tightness);
  const precision = new Float64Array(n * n);
  for (let i = 0; i < n; i++) precision[i * n + i] = tightness;
  for (let row = 0; row < count; row++) {
    const at = row * n;
    let score = 0;
    for (let c = 0; c < n; c++) score += data[at + c]! * w[c]!;
    const p = logistic(score);
    const residual = weights[row]! * (rows.target[row]! - p);
    const curvature = weights[row]! * p * (1 - p);
    for (let i = 0; i < n; i++) {
      const x = data[at + i]!;
      slope[i]! += residual * x;
      for (let j = 0; j <= i; j++) precision[i * n + j]! += curvature * x * data[at + j]!;
    }
  }
  return { slope, precision };
}

/** Log posterior at w, but for a constant. */
function logPosterior({ rows, weights, mean, deviation }: BatchProblem, w: Float64Array): number {
  const { data, columns: n, rows: count } = rows.matrix;
  let sum = 0;
  for (let i = 0; i < n; i++) sum -= ((w[i]! - mean[i]!) / deviation) ** 2 / 2;
  for (let row = 0; row < count; row++) {
    let score = 0;
    for (let c = 0; c < n; c++) score += data[row * n + c]! * w[c]!;
    // ln(1 + exp(score)) without overflow.
    sum += weights[row]! * (rows.target[row]! * score - Math.max(score, 0) - Math.log1p(Math.exp(-Math.abs(score))));
  }
  return sum;
}

/** Newton's method with halved steps where a whole one overshoots; the log posterior is concave, so there is one mode. */
function findMode(problem: BatchProblem): Float64Array {
  const n = problem.mean.length;
  let w = problem.mean.slice();
  let value = logPosterior(problem, w);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { slope, precision } = slopeAndPrecision(problem, w);
    if (!choleskyFactor(precision, n)) throw new MlError('ML_VALUE', 'the rows are too large to learn from');
    const direction = solveLowerTransposed(precision, solveLower(precision, slope.slice()));
    const gain = slope.reduce((sum, x, i) => sum + x * direction[i]!, 0);
    if (!(gain > PRECISION)) return w;
    let length = 1;
    let next = w.map((x, i) => x + direction[i]!);
    let reached = logPosterior(problem, next);
    while (!(reached >= value) && length > 1e-10) {
      length /= 2;
      next = w.map((x, i) => x + length * direction[i]!);
      reached = logPosterior(problem, next);
    }
    if (!(reached >= value)) return w;
    w = next;
    value = reached;
  }
  throw new MlError('ML_NOT_CONVERGED', `logistic posterior: no mode within ${MAX_STEPS} steps`);
}
