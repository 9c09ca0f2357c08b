import { checkRow, outputArray, type FloatArray } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { type TreeEnsemble } from './tree-ensemble.ts';

export type TreeShap = {
  /** What the ensemble answers on average over its training rows (by cover), one number an output. */
  readonly expected: Float64Array;
  /**
   * Shapley values of one row, one a column, into `out` (length `columns`). `out` sums to the ensemble's answer for
   * the row minus `expected`, both before any link function. `output` picks one of several outputs.
   */
  explainRow(row: FloatArray, out: Float64Array, where?: { offset?: number; output?: number }): Float64Array;
};

/** Work space grows with the square of the depth; no fitted tree comes near. */
const MAX_DEPTH = 1024;

/**
 * Exact Shapley values of a tree ensemble, path-dependent (Lundberg, Erion and Lee, 2018, algorithm 2): a column left
 * out of a coalition is averaged over by the covers of the two branches. O(leaves × depth²) a tree.
 * Throws `ML_TOO_LARGE` at the first row when a tree is deeper than 1,024.
 */
export function createTreeShap(trees: TreeEnsemble): TreeShap {
  let walker: Walker | undefined;
  let expected: Float64Array | undefined;
  return {
    get expected() {
      expected ??= expectedValues(trees);
      return expected;
    },
    explainRow: (row, out, where = {}) => {
      const { offset = 0, output = 0 } = where;
      checkRow(row, offset, trees.columns);
      if (!(output >= 0 && output < trees.outputs)) throw new MlError('ML_SHAPE', `there is no output ${output}`);
      outputArray(out, trees.columns).fill(0);
      walker ??= new Walker(trees, deepest(trees));
      walker.explain(row, offset, output, out);
      return out;
    },
  };
}

/** Share of the training rows that went left at `node`; even when no row has passed it. */
function leftShare(trees: TreeEnsemble, node: number): number {
  const left = trees.left[node]!;
  const sum = trees.cover[left]! + trees.cover[left + 1]!;
  return sum > 0 ? trees.cover[left]! / sum : 0.5;
}

function expectedValues(trees: TreeEnsemble): Float64Array {
  const { feature, left, value, outputs, roots } = trees;
  const means = value.slice();
  // Children stand after their parents, so one pass from the end sees every child first.
  for (let node = feature.length - 1; node >= 0; node--) {
    if (feature[node]! < 0) continue;
    const share = leftShare(trees, node);
    const child = left[node]! * outputs;
    for (let k = 0; k < outputs; k++) {
      means[node * outputs + k] = share * means[child + k]! + (1 - share) * means[child + outputs + k]!;
    }
  }
  const expected = new Float64Array(outputs);
  for (const root of roots) for (let k = 0; k < outputs; k++) expected[k]! += means[root * outputs + k]!;
  return expected;
}

function deepest(trees: TreeEnsemble): number {
  const depth = new Int32Array(trees.feature.length);
  let max = 0;
  for (let node = 0; node < depth.length; node++) {
    if (trees.feature[node]! < 0) continue;
    const below = depth[node]! + 1;
    depth[trees.left[node]!] = below;
    depth[trees.left[node]! + 1] = below;
    if (below > max) max = below;
  }
  if (max > MAX_DEPTH) throw new MlError('ML_TOO_LARGE', `a tree of depth ${max} is too deep to explain`);
  return max;
}

/** A split on the way to a leaf: its column, the share of coalitions without it that get here, and with it. */
type PathEntry = { readonly column: number; readonly zero: number; readonly one: number };

/**
 * One level a depth, each with its own copy of the path so far. `weight` is the summed weight of all
 * coalitions of each size.
 */
class Walker {
  private readonly trees: TreeEnsemble;
  private readonly stride: number;
  private readonly column: Int32Array;
  private readonly zero: Float64Array;
  private readonly one: Float64Array;
  private readonly weight: Float64Array;
  private row: FloatArray = new Float64Array(0);
  private offset = 0;
  private output = 0;
  private out: Float64Array = new Float64Array(0);

  constructor(trees: TreeEnsemble, depth: number) {
    this.trees = trees;
    this.stride = depth + 2;
    const size = this.stride * this.stride;
    this.column = new Int32Array(size);
    this.zero = new Float64Array(size);
    this.one = new Float64Array(size);
    this.weight = new Float64Array(size);
  }

  explain(row: FloatArray, offset: number, output: number, out: Float64Array): void {
    this.row = row;
    this.offset = offset;
    this.output = output;
    this.out = out;
    for (const root of this.trees.roots) {
      this.extend(0, 0, { column: -1, zero: 1, one: 1 });
      this.walk(root, 0, 1);
    }
  }

  /** Visits `node` with a path of `length` entries at `level`. */
  private walk(node: number, level: number, length: number): void {
    const { feature, left } = this.trees;
    const column = feature[node]!;
    if (column < 0) {
      this.settle(node, level * this.stride, length);
      return;
    }
    const base = level * this.stride;
    let zero = 1;
    let one = 1;
    let kept = length;
    for (let i = 1; i < length; i++) {
      if (this.column[base + i] !== column) continue;
      zero = this.zero[base + i]!;
      one = this.one[base + i]!;
      this.unwind(base, length, i);
      kept = length - 1;
      break;
    }
    const share = leftShare(this.trees, node);
    const goesLeft = this.goesLeft(node, column);
    const child = left[node]!;
    this.enter(child, level, kept, { column, zero: zero * share, one: goesLeft ? one : 0 });
    this.enter(child + 1, level, kept, { column, zero: zero * (1 - share), one: goesLeft ? 0 : one });
  }

  private goesLeft(node: number, column: number): boolean {
    const x = this.row[this.offset + column]!;
    return x <= this.trees.threshold[node]! || (x !== x && this.trees.missingLeft[node] === 1);
  }

  private enter(child: number, level: number, length: number, entry: PathEntry): void {
    // No coalition gets there: a branch that no training row took and this row does not take either.
    if (entry.zero === 0 && entry.one === 0) return;
    const from = level * this.stride;
    const to = from + this.stride;
    for (let i = 0; i < length; i++) {
      this.column[to + i] = this.column[from + i]!;
      this.zero[to + i] = this.zero[from + i]!;
      this.one[to + i] = this.one[from + i]!;
      this.weight[to + i] = this.weight[from + i]!;
    }
    this.extend(to, length, entry);
    this.walk(child, level + 1, length + 1);
  }

  private extend(base: number, length: number, { column, zero, one }: PathEntry): void {
    const { weight } = this;
    this.column[base + length] = column;
    this.zero[base + length] = zero;
    this.one[base + length] = one;
    weight[base + length] = length === 0 ? 1 : 0;
    for (let i = length - 1; i >= 0; i--) {
      const held = weight[base + i]!;
      weight[base + i + 1]! += (one * held * (i + 1)) / (length + 1);
      weight[base + i] = (zero * held * (length - i)) / (length + 1);
    }
  }

  /** Takes entry `index` out of the path, as if it had never been added. */
  private unwind(base: number, length: number, index: number): void {
    const { weight } = this;
    const zero = this.zero[base + index]!;
    const one = this.one[base + index]!;
    let next = weight[base + length - 1]!;
    for (let i = length - 2; i >= 0; i--) {
      if (one !== 0) {
        const held = weight[base + i]!;
        weight[base + i] = (next * length) / ((i + 1) * one);
        next = held - (weight[base + i]! * zero * (length - 1 - i)) / length;
      } else {
        weight[base + i] = (weight[base + i]! * length) / (zero * (length - 1 - i));
      }
    }
    for (let i = index; i < length - 1; i++) {
      this.column[base + i] = this.column[base + i + 1]!;
      this.zero[base + i] = this.zero[base + i + 1]!;
      this.one[base + i] = this.one[base + i + 1]!;
    }
  }

  /** At a leaf: gives every column of the path its share of the leaf's value. */
  private settle(leaf: number, base: number, length: number): void {
    const value = this.trees.value[leaf * this.trees.outputs + this.output]!;
    if (value === 0) return;
    for (let i = 1; i < length; i++) {
      const difference = this.one[base + i]! - this.zero[base + i]!;
      if (difference === 0) continue;
      this.out[this.column[base + i]!]! += this.unwoundSum(base, length, i) * difference * value;
    }
  }

  /** Sum of the weights that `unwind` would leave, without changing the path. */
  private unwoundSum(base: number, length: number, index: number): number {
    const { weight } = this;
    const zero = this.zero[base + index]!;
    const one = this.one[base + index]!;
    let sum = 0;
    if (one !== 0) {
      let next = weight[base + length - 1]!;
      for (let i = length - 2; i >= 0; i--) {
        const left = next / ((i + 1) * one);
        sum += left;
        next = weight[base + i]! - left * zero * (length - 1 - i);
      }
    } else {
      for (let i = length - 2; i >= 0; i--) sum += weight[base + i]! / (zero * (length - 1 - i));
    }
    return sum * length;
  }
}
