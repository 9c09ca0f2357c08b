import { averagePathLength } from './average-path-length.ts';
import type { Matrix } from './matrix.ts';
import { createRandom, type Random } from './random.ts';
import { TreeBuilder } from './tree-builder.ts';
import type { TreeEnsemble } from './tree-ensemble.ts';

export type IsolationTreeOptions = { readonly trees: number; readonly subsample: number; readonly seed: number };

/** Largest magnitude that takes part: the width of a range of infinite values stays finite. */
const LARGEST = Number.MAX_VALUE / 4;
const TWO_POW_MINUS_32 = 2 ** -32;

/** Grows the trees of an isolation forest; leaf values are path lengths, covers are numbers of sampled rows. */
export function growIsolationTrees(matrix: Matrix, options: IsolationTreeOptions): TreeEnsemble {
  const { trees, subsample, seed } = options;
  const builder = new TreeBuilder(matrix.columns, 1, trees * (2 * subsample - 1));
  const grower = new IsolationTreeGrower(builder, matrix, subsample);
  const random = createRandom(seed);
  for (let tree = 0; tree < trees; tree++) grower.grow(random.fork(tree));
  return builder.finish();
}

/** Work space for one tree after another: the sampled rows, and a stack of nodes to split. */
class IsolationTreeGrower {
  private readonly builder: TreeBuilder;
  private readonly matrix: Matrix;
  private readonly subsample: number;
  private readonly maxDepth: number;
  private readonly taken: Uint8Array;
  /** Where each sampled row starts in the data, permuted so that every node owns a range. */
  private readonly order: Int32Array;
  private readonly candidates: Int32Array;
  private readonly stack: Int32Array;
  /** Average path length by rows of a leaf. */
  private readonly rest: Float64Array;
  private low = 0;
  private high = 0;
  private missingLeft = false;

  constructor(builder: TreeBuilder, matrix: Matrix, subsample: number) {
    this.builder = builder;
    this.matrix = matrix;
    this.subsample = subsample;
    this.maxDepth = Math.ceil(Math.log2(Math.max(subsample, 2)));
    this.taken = new Uint8Array(matrix.rows);
    this.order = new Int32Array(subsample);
    this.candidates = new Int32Array(matrix.columns);
    this.rest = Float64Array.from({ length: subsample + 1 }, (_, size) => averagePathLength(size));
    this.stack = new Int32Array(4 * (this.maxDepth + 2));
  }

  grow(random: Random): void {
    this.drawSample(random);
    // A tree depends on its own random stream only, not on the trees before it.
    for (let column = 0; column < this.candidates.length; column++) this.candidates[column] = column;
    const { builder, stack } = this;
    let top = push(stack, 0, builder.startTree(), 0, this.subsample, 0);
    while (top > 0) {
      top -= 4;
      const node = stack[top]!;
      const start = stack[top + 1]!;
      const end = stack[top + 2]!;
      const depth = stack[top + 3]!;
      builder.cover[node] = end - start;
      const column = depth < this.maxDepth && end - start > 1 ? this.drawColumn(random, start, end) : -1;
      if (column < 0) {
        builder.value[node] = depth + this.rest[end - start]!;
        continue;
      }
      const threshold = this.drawThreshold(random);
      const middle = this.partition(column, threshold, start, end);
      const left = builder.split(node, column, threshold, this.missingLeft);
      top = push(stack, top, left, start, middle, depth + 1);
      top = push(stack, top, left + 1, middle, end, depth + 1);
    }
  }

  /** Floyd's sampling without replacement. */
  private drawSample(random: Random): void {
    const { subsample, taken, order } = this;
    const { columns, rows: available } = this.matrix;
    for (let i = 0; i < subsample; i++) {
      const top = available - subsample + i;
      const drawn = random.int(top + 1);
      const row = taken[drawn] === 1 ? top : drawn;
      taken[row] = 1;
      order[i] = row;
    }
    for (let i = 0; i < subsample; i++) {
      taken[order[i]!] = 0;
      order[i]! *= columns;
    }
  }

  /** Draws among the columns that are not constant in the range, and leaves their bounds in `low` and `high`; -1 when all are. */
  private drawColumn(random: Random, start: number, end: number): number {
    const { candidates } = this;
    for (let left = candidates.length; left > 0; left--) {
      const pick = random.int(left);
      const column = candidates[pick]!;
      this.measure(column, start, end);
      if (this.low < this.high) return column;
      candidates[pick] = candidates[left - 1]!;
      candidates[left - 1] = column;
    }
    return -1;
  }

  private measure(column: number, start: number, end: number): void {
    const { order } = this;
    const { data } = this.matrix;
    let low = Infinity;
    let high = -Infinity;
    for (let i = start; i < end; i++) {
      const x = data[order[i]! + column]!;
      if (x < low) low = x;
      if (x > high) high = x;
    }
    this.low = low;
    this.high = high;
  }

  /** Uniform in [low, high): at least one row goes each way, also where the bounds are infinite or rounding interferes. */
  private drawThreshold(random: Random): number {
    const low = Math.max(this.low, -LARGEST);
    const threshold = low + random.uint32() * TWO_POW_MINUS_32 * (Math.min(this.high, LARGEST) - low);
    return threshold >= this.low && threshold < this.high ? threshold : this.low;
  }

  /** Reorders the range into left and right and returns where right starts; sets `missingLeft`. */
  private partition(column: number, threshold: number, start: number, end: number): number {
    const { order } = this;
    const { data } = this.matrix;
    // Dutch flag: [start, left) is left, [right, missing) is right, [missing, end) is missing.
    let left = start;
    let missing = end;
    let at = start;
    while (at < missing) {
      const position = order[at]!;
      const x = data[position + column]!;
      if (x <= threshold) {
        order[at++] = order[left]!;
        order[left++] = position;
      } else if (x > threshold) {
        at++;
      } else {
        order[at] = order[--missing]!;
        order[missing] = position;
      }
    }
    this.missingLeft = left - start >= missing - left;
    if (!this.missingLeft) return left;
    // Swaps the missing block with as much of the right block as lies before it.
    const swaps = Math.min(missing - left, end - missing);
    for (let i = 0; i < swaps; i++) {
      const held = order[left + i]!;
      order[left + i] = order[end - 1 - i]!;
      order[end - 1 - i] = held;
    }
    return left + (end - missing);
  }
}

// oxlint-disable-next-line eslint/max-params -- one entry of a flat stack
function push(stack: Int32Array, top: number, node: number, start: number, end: number, depth: number): number {
  stack[top] = node;
  stack[top + 1] = start;
  stack[top + 2] = end;
  stack[top + 3] = depth;
  return top + 4;
}
