import type { Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';

/** Labelled rows. `target` holds one value a row; each method says which it takes. */
export type LabelledRows = {
  readonly matrix: Matrix;
  readonly target: ArrayLike<number>;
  /** How much each row counts, 0 or more. Default 1 each. */
  readonly weights?: ArrayLike<number>;
};

/** A float64 copy of a target. Throws `ML_SHAPE` unless it has one value a row, `ML_VALUE` when one is not finite. */
export function checkTarget(target: ArrayLike<number>, rows: number): Float64Array {
  if (target.length !== rows) {
    throw new MlError('ML_SHAPE', `${rows} rows need ${rows} targets, got ${target.length}`);
  }
  const copy = Float64Array.from(target);
  const bad = copy.findIndex((y) => !Number.isFinite(y));
  if (bad >= 0) throw new MlError('ML_VALUE', `target ${bad} is ${copy[bad]}, must be finite`);
  return copy;
}

/** Largest weight of one row: sums of squares of weighted gradients stay in the range of float64. */
const LARGEST_WEIGHT = 1e50;

/** A float64 copy of the weights, if any. Throws `ML_SHAPE` or `ML_VALUE`; at least one must be above zero. */
export function checkWeights(weights: ArrayLike<number> | undefined, rows: number): Float64Array | undefined {
  if (weights === undefined) return undefined;
  if (weights.length !== rows) {
    throw new MlError('ML_SHAPE', `${rows} rows need ${rows} weights, got ${weights.length}`);
  }
  const copy = Float64Array.from(weights);
  const bad = copy.findIndex((weight) => !(weight >= 0 && weight <= LARGEST_WEIGHT));
  if (bad >= 0) throw new MlError('ML_VALUE', `weight ${bad} is ${copy[bad]}, must be from 0 to ${LARGEST_WEIGHT}`);
  if (!copy.some((weight) => weight > 0)) throw new MlError('ML_VALUE', 'all weights are zero');
  return copy;
}
