import type { ForestTask } from './forest-options.ts';
import type { Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { TreeBuilder } from './tree-builder.ts';
import { findLeaf } from './tree-ensemble.ts';

/** Predictions for the training rows by the trees whose bootstrap sample left them out (Breiman, 2001). */
export type OutOfBag = {
  /** `rows × outputs`; NaN where every tree saw the row. */
  readonly predictions: Float64Array;
  /** Trees that did not see each row. */
  readonly trees: Int32Array;
};

/** Collects the sums of out-of-bag predictions while trees are grown. */
export class OutOfBagSums {
  private readonly matrix: Matrix;
  private readonly outputs: number;
  private readonly sums: Float64Array;
  private readonly trees: Int32Array;

  constructor(matrix: Matrix, outputs: number) {
    this.matrix = matrix;
    this.outputs = outputs;
    this.sums = new Float64Array(matrix.rows * outputs);
    this.trees = new Int32Array(matrix.rows);
  }

  /** Adds what the newest tree says of the rows that were not drawn for it. */
  add(builder: TreeBuilder, drawn: Uint8Array): void {
    const { outputs, sums } = this;
    const { data, rows, columns } = this.matrix;
    const root = builder.roots.at(-1)!;
    for (let row = 0; row < rows; row++) {
      if (drawn[row] === 1) continue;
      const leaf = findLeaf(builder, root, data, row * columns) * outputs;
      for (let k = 0; k < outputs; k++) sums[row * outputs + k]! += builder.value[leaf + k]!;
      this.trees[row]!++;
    }
  }

  finish(): OutOfBag {
    const { sums, trees, outputs } = this;
    return { predictions: sums.map((sum, i) => sum / trees[Math.floor(i / outputs)]!), trees };
  }
}

/** Joins the estimates of forests grown on the same rows. Throws `ML_SHAPE` when they were not. */
export function mergeOutOfBag(parts: readonly OutOfBag[]): OutOfBag | undefined {
  const [first] = parts;
  if (first === undefined) return undefined;
  const sums = new Float64Array(first.predictions.length);
  const trees = new Int32Array(first.trees.length);
  const outputs = sums.length / Math.max(1, trees.length);
  for (const part of parts) {
    if (part.trees.length !== trees.length || part.predictions.length !== sums.length) {
      throw new MlError('ML_SHAPE', 'the out-of-bag estimates are of other rows');
    }
    for (let row = 0; row < trees.length; row++) {
      trees[row]! += part.trees[row]!;
      if (part.trees[row] === 0) continue;
      for (let k = 0; k < outputs; k++) {
        sums[row * outputs + k]! += part.predictions[row * outputs + k]! * part.trees[row]!;
      }
    }
  }
  return { predictions: sums.map((sum, i) => sum / trees[Math.floor(i / outputs)]!), trees };
}

/**
 * How good the out-of-bag predictions are over the rows that have them: accuracy for classification, share of variance
 * explained (R²) for regression. NaN without any such row.
 */
export function outOfBagScore(task: ForestTask, outOfBag: OutOfBag, target: ArrayLike<number>): number {
  if (target.length !== outOfBag.trees.length) {
    throw new MlError('ML_SHAPE', `${outOfBag.trees.length} rows need as many targets, got ${target.length}`);
  }
  return task === 'regression' ? explained(outOfBag, target) : accuracy(outOfBag, target);
}

function accuracy({ predictions, trees }: OutOfBag, target: ArrayLike<number>): number {
  const outputs = predictions.length / trees.length;
  let right = 0;
  let rows = 0;
  for (let row = 0; row < trees.length; row++) {
    if (trees[row] === 0) continue;
    const shares = predictions.subarray(row * outputs, (row + 1) * outputs);
    const best = shares.indexOf(shares.reduce((max, share) => Math.max(max, share), 0));
    rows++;
    if (best === target[row]) right++;
  }
  return right / rows;
}

function explained({ predictions, trees }: OutOfBag, target: ArrayLike<number>): number {
  let rows = 0;
  let sum = 0;
  for (let row = 0; row < trees.length; row++) {
    if (trees[row] === 0) continue;
    rows++;
    sum += target[row]!;
  }
  let error = 0;
  let variance = 0;
  for (let row = 0; row < trees.length; row++) {
    if (trees[row] === 0) continue;
    error += (predictions[row]! - target[row]!) ** 2;
    variance += (target[row]! - sum / rows) ** 2;
  }
  return 1 - error / variance;
}
