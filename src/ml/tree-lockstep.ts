import type { FloatArray } from './matrix.ts';
import { findLeaf, type TreeEnsemble } from './tree-ensemble.ts';

/**
 * Trees made ready for single rows: four are walked in step, so that one waits for memory while the others go on, and whether a row
 * goes left is added rather than branched on, as no processor guesses that of random splits. A leaf leads to itself, so all
 * walks take as many steps as the deepest of the four trees.
 *
 * Twice as fast as one tree after the other for 200 trees of depth 8; no gain for trees of uneven depth. The same sum to the bit.
 */
export interface LockstepTrees {
  readonly trees: TreeEnsemble;
  readonly column: Int32Array;
  readonly threshold: Float64Array;
  readonly left: Int32Array;
  /** Of each four trees the greatest depth. */
  readonly depths: Int32Array;
}

const TOGETHER = 4;

function depthOf({ feature, left }: TreeEnsemble, root: number): number {
  let depth = -1;
  for (let level = [root]; level.length > 0; depth++)
    level = level.flatMap((at) => (feature[at]! < 0 ? [] : [left[at]!, left[at]! + 1]));
  return depth;
}

/** O(nodes). */
export function lockstepTrees(trees: TreeEnsemble): LockstepTrees {
  const { feature, roots } = trees;
  const fours = Math.floor(roots.length / TOGETHER);
  return {
    trees,
    column: feature.map((column) => Math.max(0, column)),
    threshold: trees.threshold.map((threshold, at) => (feature[at]! < 0 ? Number.POSITIVE_INFINITY : threshold)),
    left: trees.left.map((left, at) => (feature[at]! < 0 ? at : left)),
    depths: Int32Array.from({ length: fours }, (_, four) =>
      roots
        .subarray(four * TOGETHER, (four + 1) * TOGETHER)
        .reduce((most, root) => Math.max(most, depthOf(trees, root)), 0),
    ),
  };
}

function hasMissing(row: FloatArray, offset: number, columns: number): boolean {
  for (let c = offset; c < offset + columns; c++) if (row[c]! !== row[c]!) return true;
  return false;
}

/** What `sumRow` gives. A row with missing values, for which each node has its own way, goes tree by tree. */
export function sumInStep(lockstep: LockstepTrees, row: FloatArray, offset: number): number {
  const { trees, column, threshold, left, depths } = lockstep;
  const { roots, value, columns } = trees;
  const whole = hasMissing(row, offset, columns) ? 0 : depths.length;
  let sum = 0;
  for (let four = 0; four < whole; four++) {
    const first = TOGETHER * four;
    let [a, b, c, d] = [roots[first]!, roots[first + 1]!, roots[first + 2]!, roots[first + 3]!];
    for (let step = depths[four]!; step > 0; step--) {
      a = left[a]! + (Number(row[offset + column[a]!]! > threshold[a]!) | 0);
      b = left[b]! + (Number(row[offset + column[b]!]! > threshold[b]!) | 0);
      c = left[c]! + (Number(row[offset + column[c]!]! > threshold[c]!) | 0);
      d = left[d]! + (Number(row[offset + column[d]!]! > threshold[d]!) | 0);
    }
    sum += value[a]!;
    sum += value[b]!;
    sum += value[c]!;
    sum += value[d]!;
  }
  for (let tree = TOGETHER * whole; tree < roots.length; tree++)
    sum += value[findLeaf(trees, roots[tree]!, row, offset)]!;
  return sum;
}
