import { averagePathLength } from './average-path-length.ts';
import { growIsolationTrees } from './isolation-tree.ts';
import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { decodeModel, encodeModel, requireKind, type DecodeLimits } from './serialize.ts';
import { addBatch, readTrees, treeSections, type TreeEnsemble } from './tree-ensemble.ts';
import { type LockstepTrees, lockstepTrees, sumInStep } from './tree-lockstep.ts';
import { createTreeShap } from './tree-shap.ts';

export type IsolationForestOptions = {
  /** Number of trees, 1 to 10,000. Default 100 (Liu et al., section 4.2: path lengths settle well before). */
  readonly trees?: number;
  /** Rows that each tree sees, 1 to 65,536. Default 256 (the same section: more only swamps and masks). */
  readonly subsample?: number;
  readonly seed: number;
};

/**
 * Isolation forest (Liu, Ting and Zhou, 2008). A row is abnormal when random splits set it apart early.
 *
 * Scores lie in (0, 1): near 1 abnormal, 0.5 and less normal; equal to minus scikit-learn's `score_samples`.
 * Cost: fit O(trees × subsample × log subsample), score O(trees × log subsample), whatever the number of training rows.
 *
 * A missing value follows, at every split, the branch that most training rows took: being missing is neither
 * normal nor abnormal. An infinite value counts as a very large one. Constant columns are never split.
 *
 * Fails when what is abnormal shows only in a combination of columns (splits are parallel to the axes), when most
 * columns are noise, and on dense clusters of anomalies that the subsample takes for normal.
 */
export type IsolationForest = OutlierModel & {
  /** The expected number of splits to isolate one row, averaged over the trees. */
  pathLength(row: FloatArray, offset?: number): number;
  /**
   * Shapley values of one row, one a column, into `out`: how much each column raised log2(score) over the average
   * training row. They sum to `log2(score) - log2(score of the average path)`. About 2 ms for 100 trees.
   */
  attributeRow(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
  /**
   * How many splits sooner than usual each column's splits set the row apart, summed over the trees, into `out`: along a path, what
   * was still to be expected before a split less what it took. They sum to (average path − path) × trees. O(path), as a score.
   */
  pathGains(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
  readonly trees: TreeEnsemble;
};

const KIND = 'isolation-forest';
const VERSION = 1;
const MAX_TREES = 10_000;
const MAX_SUBSAMPLE = 65_536;

/** Fits a forest. Throws `ML_EMPTY` without rows or columns and `ML_PARAMETER` on options out of range. */
export function fitIsolationForest(matrix: Matrix, options: IsolationForestOptions): IsolationForest {
  checkTrainingMatrix(matrix);
  const trees = requireInteger('trees', options.trees ?? 100, 1, MAX_TREES);
  const asked = requireInteger('subsample', options.subsample ?? 256, 1, MAX_SUBSAMPLE);
  const subsample = Math.min(asked, matrix.rows);
  return isolationForestFromTrees(growIsolationTrees(matrix, { trees, subsample, seed: options.seed }), subsample);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadIsolationForest(bytes: Uint8Array, limits?: DecodeLimits): IsolationForest {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const trees = readTrees(model, columns, 1);
  if (trees.roots.length === 0) throw new MlError('ML_FORMAT', 'an isolation forest without trees');
  return isolationForestFromTrees(trees, model.integer('subsample', 1, MAX_SUBSAMPLE));
}

/** A model over given trees (from `readTrees` or another library) whose leaf values are path lengths. */
export function isolationForestFromTrees(trees: TreeEnsemble, subsample: number): IsolationForest {
  const { columns } = trees;
  const count = trees.roots.length;
  const scale = 1 / (count * averagePathLength(subsample));
  // One training row cannot be set apart from anything: every score is the neutral one.
  const score = (sum: number): number => (subsample > 1 ? 2 ** (-sum * scale) : 0.5);
  const shap = createTreeShap(trees);
  let expected: Float64Array | null = null;
  let lockstep: LockstepTrees | null = null;
  const sumOf = (row: FloatArray, offset: number): number =>
    sumInStep((lockstep ??= lockstepTrees(trees)), row, offset);
  return {
    columns,
    trees,
    scoreRow: (row, offset = 0) => {
      checkRow(row, offset, columns);
      return score(sumOf(row, offset));
    },
    scoreBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const scores = outputArray(out, matrix.rows).fill(0);
      addBatch(trees, matrix, scores);
      for (let row = 0; row < scores.length; row++) scores[row] = score(scores[row]!);
      return scores;
    },
    pathLength: (row, offset = 0) => {
      checkRow(row, offset, columns);
      return sumOf(row, offset) / count;
    },
    attributeRow: (row, out, offset = 0) => {
      shap.explainRow(row, out, { offset });
      for (let column = 0; column < columns; column++) out[column]! *= subsample > 1 ? -scale : 0;
      return out;
    },
    pathGains: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      out.fill(0);
      expected ??= Float64Array.from(trees.cover, averagePathLength);
      for (const root of trees.roots) addGains(trees, { root, row, offset, expected }, out);
      return out;
    },
    toBytes: () => encodeModel(KIND, VERSION, { columns, subsample }, treeSections(trees)),
  };
}

interface Walk {
  readonly root: number;
  readonly row: FloatArray;
  readonly offset: number;
  /** How many splits are still to be expected at each node. */
  readonly expected: Float64Array;
}

/** Walks one tree and adds what each split saved to its column. */
function addGains(
  { feature, threshold, left, missingLeft }: TreeEnsemble,
  { root, row, offset, expected }: Walk,
  out: Float64Array,
): void {
  let at = root;
  for (let column = feature[at]!; column >= 0; column = feature[at]!) {
    const x = row[offset + column]!;
    const goesLeft = x <= threshold[at]! || (x !== x && missingLeft[at] === 1);
    const next = left[at]! + (goesLeft ? 0 : 1);
    out[column]! += expected[at]! - (1 + expected[next]!);
    at = next;
  }
}
