import type { FloatArray, Matrix } from './matrix.ts';

import { MlError } from './ml-error.ts';
import type { DecodedModel, SectionArray } from './serialize.ts';

/**
 * Trees as flat arrays, one entry a node, shared by isolation forest, boosting and forests.
 *
 * A row stands at a node and goes left when `row[feature] <= threshold`, right when it is greater, and where
 * `missingLeft` says when it is NaN, until it stands at a leaf (`feature` is -1). The two children of a node are
 * neighbours: left at `left`, right at `left + 1`, both after their parent, so that a walk always ends.
 */
export type TreeEnsemble = {
  /** Length of a row. */
  readonly columns: number;
  /** Numbers per leaf. */
  readonly outputs: number;
  /** First node of every tree. */
  readonly roots: Int32Array;
  readonly feature: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  readonly missingLeft: Uint8Array;
  /** Value of every node, `nodes × outputs`; the walk reads leaves only. */
  readonly value: Float64Array;
  /** Weight of the training rows that passed each node. TreeSHAP averages with it. */
  readonly cover: Float64Array;
};

/** The arrays that a walk reads; a builder has them too. */
export type WalkArrays = Pick<TreeEnsemble, 'feature' | 'threshold' | 'left' | 'missingLeft'>;

/** Rows that one tree takes before the next tree: the tree stays in the nearest cache, the rows in the second. */
const BLOCK_ROWS = 512;

/** The leaf that a row ends in, from `node`. The row starts at `data[offset]`. */
export function findLeaf(trees: WalkArrays, node: number, data: FloatArray, offset: number): number {
  const { feature, threshold, left, missingLeft } = trees;
  let at = node;
  let column = feature[at]!;
  while (column >= 0) {
    const x = data[offset + column]!;
    const next = left[at]!;
    // A comparison with NaN is false, so a missing value gets to the second test only.
    at = x <= threshold[at]! || (x !== x && missingLeft[at] === 1) ? next : next + 1;
    column = feature[at]!;
  }
  return at;
}

/** Sum over all trees of the leaf values of one row, for ensembles with one output. */
export function sumRow(trees: TreeEnsemble, data: FloatArray, offset: number): number {
  const { roots, value } = trees;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree++) sum += value[findLeaf(trees, roots[tree]!, data, offset)]!;
  return sum;
}

/** Adds the leaf values of one row over all trees to `out[0 … outputs - 1]`. */
export function addRow(trees: TreeEnsemble, data: FloatArray, offset: number, out: Float64Array): void {
  const { roots, value, outputs } = trees;
  for (let tree = 0; tree < roots.length; tree++) {
    const leaf = findLeaf(trees, roots[tree]!, data, offset) * outputs;
    for (let k = 0; k < outputs; k++) out[k]! += value[leaf + k]!;
  }
}

/** Adds the leaf values of every row over all trees to `out` (`rows × outputs`). Same sums, in the same order, as one row alone. */
export function addBatch(trees: TreeEnsemble, matrix: Matrix, out: Float64Array): void {
  const { roots, value, outputs } = trees;
  const { data, rows, columns } = matrix;
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const end = Math.min(rows, start + BLOCK_ROWS);
    for (let tree = 0; tree < roots.length; tree++) {
      const root = roots[tree]!;
      for (let row = start; row < end; row++) {
        const leaf = findLeaf(trees, root, data, row * columns) * outputs;
        for (let k = 0; k < outputs; k++) out[row * outputs + k]! += value[leaf + k]!;
      }
    }
  }
}

/** The ensemble's arrays as sections of a saved model. */
export function treeSections(trees: TreeEnsemble): Record<string, SectionArray> {
  const { roots, feature, threshold, left, missingLeft, value, cover } = trees;
  return { roots, feature, threshold, left, missingLeft, value, cover };
}

/** Reads and checks an ensemble, so that no later walk leaves the arrays or runs for ever. Throws `ML_FORMAT`. */
export function readTrees(model: DecodedModel, columns: number, outputs: number): TreeEnsemble {
  const feature = model.section('feature', 'i32');
  const nodes = feature.length;
  const trees = {
    columns,
    outputs,
    feature,
    roots: model.section('roots', 'i32'),
    threshold: model.section('threshold', 'f64', nodes),
    left: model.section('left', 'i32', nodes),
    missingLeft: model.section('missingLeft', 'u8', nodes),
    value: model.section('value', 'f64', nodes * outputs),
    cover: model.section('cover', 'f64', nodes),
  };
  checkTrees(trees);
  return trees;
}

function checkTrees(trees: TreeEnsemble): void {
  const { feature, threshold, value, cover, columns } = trees;
  for (let node = 0; node < feature.length; node++) {
    if (!(feature[node]! >= -1 && feature[node]! < columns)) damaged(node, `splits on column ${feature[node]}`);
    if (Number.isNaN(threshold[node]!)) damaged(node, 'has no threshold');
    if (!(cover[node]! >= 0 && cover[node]! <= Number.MAX_VALUE)) damaged(node, 'has no sound cover');
  }
  if (!value.every(Number.isFinite)) throw new MlError('ML_FORMAT', 'a tree holds a value that is not finite');
  checkLinks(trees);
}

/** Every node has at most one parent, before it: without this a short file could describe a walk without end. */
function checkLinks({ roots, feature, left }: TreeEnsemble): void {
  const reached = new Uint8Array(feature.length);
  for (const root of roots) {
    if (!(root >= 0 && root < feature.length) || reached[root] === 1) damaged(root, 'is not a sound root');
    reached[root] = 1;
  }
  for (let node = 0; node < feature.length; node++) {
    if (feature[node]! < 0) continue;
    const child = left[node]!;
    const inside = child > node && child + 1 < feature.length;
    if (!inside || reached[child] === 1 || reached[child + 1] === 1) damaged(node, `has an unsound child ${child}`);
    reached[child] = 1;
    reached[child + 1] = 1;
  }
}

function damaged(node: number, what: string): never {
  throw new MlError('ML_FORMAT', `tree node ${node} ${what}`);
}
