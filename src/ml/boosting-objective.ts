import { MlError } from './ml-error.ts';

export type ObjectiveName = 'logistic' | 'squared';

/** Rows of a loss: what to predict, how much each row counts (1 when absent), and the margins so far. */
export type LossRows = {
  readonly target: Float64Array;
  readonly weights: Float64Array | undefined;
  readonly margins: Float64Array;
  /** Hessians of a row of weight 1 are no smaller. Default 0. */
  readonly leastHessian?: number;
};

/** A loss of one number a row, by its derivatives in the margin (the sum of the trees before the link). */
export type Objective = {
  /** The margin that fits best without any tree. */
  base(target: Float64Array, weights: Float64Array | undefined): number;
  /** Gradient and hessian of every row, side by side, into `out` (2 × rows). */
  derivatives(rows: LossRows, out: Float64Array): void;
  /** Weighted mean loss. */
  loss(rows: LossRows): number;
  /** From margin to prediction. */
  readonly link: (margin: number) => number;
  /** Throws `ML_VALUE` on a target that the loss is not defined for. */
  check(target: Float64Array): void;
};

/** Squares of larger targets leave the range of float64 in sums. */
const LARGEST_TARGET = 1e100;
/** Odds of a class that never occurs. */
const SMALLEST_SHARE = 1e-9;

export function sigmoid(margin: number): number {
  return 1 / (1 + Math.exp(-margin));
}

/** log(1 + e^x) without overflow. */
function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

function weightedMean(count: number, weights: Float64Array | undefined, value: (row: number) => number): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < count; row++) {
    const weight = weights === undefined ? 1 : weights[row]!;
    sum += weight * value(row);
    total += weight;
  }
  return sum / total;
}

const squared: Objective = {
  base: (target, weights) => weightedMean(target.length, weights, (row) => target[row]!),
  derivatives: ({ target, weights, margins }, out) => {
    for (let row = 0; row < target.length; row++) {
      const weight = weights === undefined ? 1 : weights[row]!;
      out[2 * row] = weight * (margins[row]! - target[row]!);
      out[2 * row + 1] = weight;
    }
  },
  loss: ({ target, weights, margins }) =>
    weightedMean(target.length, weights, (row) => (margins[row]! - target[row]!) ** 2),
  link: (margin) => margin,
  check: (target) => {
    const bad = target.findIndex((y) => !(Math.abs(y) <= LARGEST_TARGET));
    if (bad >= 0) throw new MlError('ML_VALUE', `target ${bad} is ${target[bad]}, must be within ±${LARGEST_TARGET}`);
  },
};

const logistic: Objective = {
  base: (target, weights) => {
    const mean = weightedMean(target.length, weights, (row) => target[row]!);
    const share = Math.min(1 - SMALLEST_SHARE, Math.max(SMALLEST_SHARE, mean));
    return Math.log(share / (1 - share));
  },
  derivatives: ({ target, weights, margins, leastHessian = 0 }, out) => {
    for (let row = 0; row < target.length; row++) {
      const weight = weights === undefined ? 1 : weights[row]!;
      const p = sigmoid(margins[row]!);
      out[2 * row] = weight * (p - target[row]!);
      out[2 * row + 1] = weight * Math.max(leastHessian, p * (1 - p));
    }
  },
  loss: ({ target, weights, margins }) =>
    weightedMean(target.length, weights, (row) => softplus(margins[row]!) - target[row]! * margins[row]!),
  link: sigmoid,
  check: (target) => {
    const bad = target.findIndex((y) => !(y >= 0 && y <= 1));
    if (bad >= 0) throw new MlError('ML_VALUE', `target ${bad} is ${target[bad]}, must be from 0 to 1`);
  },
};

export const OBJECTIVES: Readonly<Record<ObjectiveName, Objective>> = { logistic, squared };
