import { BIN_STRIDE, splitThreshold, type BinnedMatrix } from './binned-matrix.ts';
import { BoostingMemory, MAX_HISTOGRAM_BYTES, type Histogram } from './boosting-memory.ts';
import { SplitFinder, type NodeSums, type Split, type SplitLimits } from './boosting-split.ts';
import type { TreeBuilder } from './tree-builder.ts';

export type TreeLimits = SplitLimits & {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  /** Bytes of histograms kept for subtraction. Default 256 MiB. */
  readonly maxHistogramBytes?: number;
};

/** A leaf of the tree being grown. It owns the rows `order[start … end - 1]`. */
export type Leaf = {
  readonly node: number;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  readonly sums: NodeSums;
  /** Sums by bin, while the leaf may still be split. */
  histogram: Histogram | undefined;
  split: Split | undefined;
};

/**
 * Grows trees leaf by leaf, the largest gain first (as LightGBM does): the smaller child of a split is summed from
 * its rows, the larger one is what is left of the parent. Work space is kept from tree to tree.
 */
export class BoostingTreeGrower {
  /** Order and gradients of the rows; the caller writes them before `grow`. */
  readonly memory: BoostingMemory;
  /** Leaves of the tree just grown. */
  leaves: Leaf[] = [];
  /** Bin of the split of every node of the tree just grown, counted from its root. */
  readonly splitBins: Uint8Array;
  /** Gain by column, over all trees grown. */
  readonly gain: Float64Array;
  private readonly matrix: BinnedMatrix;
  private readonly limits: TreeLimits;
  private readonly finder: SplitFinder;
  private readonly free: Histogram[];
  private root = 0;
  private columns: Int32Array = new Int32Array(0);
  private binCounts: Int32Array = new Int32Array(0);

  /** `columns` is how many columns each tree may split on. */
  constructor(matrix: BinnedMatrix, columns: number, limits: TreeLimits) {
    this.matrix = matrix;
    this.limits = limits;
    this.finder = new SplitFinder(limits);
    this.memory = new BoostingMemory(
      matrix,
      columns,
      limits.maxLeaves,
      limits.maxHistogramBytes ?? MAX_HISTOGRAM_BYTES,
    );
    this.free = this.memory.histograms.slice();
    this.splitBins = new Uint8Array(2 * limits.maxLeaves);
    this.gain = new Float64Array(matrix.columns);
  }

  /** Grows one tree over the first `count` entries of the order, on `columns` only. Leaf values are for the caller to set. */
  grow(builder: TreeBuilder, count: number, columns: Int32Array): void {
    this.columns = columns;
    this.binCounts = columns.map((column) => this.matrix.edges[column]!.length + 1);
    this.memory.useColumns(columns);
    this.root = builder.startTree();
    this.leaves = [this.createRoot(count)];
    while (this.leaves.length < this.limits.maxLeaves) {
      const position = this.bestLeaf();
      if (position < 0) break;
      this.splitLeaf(builder, position);
    }
    for (const leaf of this.leaves) {
      builder.cover[leaf.node] = leaf.sums.hessian;
      this.release(leaf);
    }
  }

  private createRoot(count: number): Leaf {
    const histogram = this.free.pop()!;
    this.memory.build(histogram, { start: 0, end: count });
    // Every row is in some bin of the first column.
    let gradient = 0;
    let hessian = 0;
    for (let bin = 0; bin < BIN_STRIDE; bin++) {
      gradient += histogram.cells[2 * bin]!;
      hessian += histogram.cells[2 * bin + 1]!;
    }
    const sums = { gradient, hessian };
    const root: Leaf = { node: this.root, start: 0, end: count, depth: 0, sums, histogram, split: undefined };
    if (this.mayBeSplit(root)) root.split = this.finder.find(histogram.cells, this.binCounts, sums);
    return root;
  }

  private bestLeaf(): number {
    let best = -1;
    let gain = 0;
    for (let i = 0; i < this.leaves.length; i++) {
      const split = this.leaves[i]!.split;
      if (split !== undefined && split.gain > gain) {
        gain = split.gain;
        best = i;
      }
    }
    return best;
  }

  private splitLeaf(builder: TreeBuilder, position: number): void {
    const leaf = this.leaves[position]!;
    const { bin, missingLeft, gain, left, column: at } = leaf.split!;
    const column = this.columns[at]!;
    const node = builder.split(leaf.node, column, splitThreshold(this.matrix.edges[column]!, bin), missingLeft);
    builder.cover[leaf.node] = leaf.sums.hessian;
    this.splitBins[leaf.node - this.root] = bin;
    this.gain[column]! += gain;
    const middle = this.memory.partition(leaf, { column, bin, missingLeft });
    const right = { gradient: leaf.sums.gradient - left.gradient, hessian: leaf.sums.hessian - left.hessian };
    const shared = { depth: leaf.depth + 1, histogram: undefined, split: undefined };
    const a: Leaf = { ...shared, node, start: leaf.start, end: middle, sums: left };
    const b: Leaf = { ...shared, node: node + 1, start: middle, end: leaf.end, sums: right };
    this.leaves[position] = a;
    this.leaves.push(b);
    // The last split's children are never split: no need to look.
    if (this.leaves.length < this.limits.maxLeaves) this.prepareChildren(leaf, a, b);
    this.release(leaf);
  }

  private prepareChildren(parent: Leaf, a: Leaf, b: Leaf): void {
    const [small, large] = a.end - a.start <= b.end - b.start ? [a, b] : [b, a];
    const needsLarge = this.mayBeSplit(large);
    if (!this.mayBeSplit(small) && !needsLarge) return;
    const sums = this.free.pop();
    if (sums === undefined || parent.histogram === undefined) {
      if (sums !== undefined) this.free.push(sums);
      this.release(parent);
      this.findAlone(small);
      this.findAlone(large);
      return;
    }
    this.memory.build(sums, small);
    small.histogram = sums;
    large.histogram = parent.histogram;
    parent.histogram = undefined;
    if (needsLarge) this.memory.subtract(large.histogram, sums);
    this.findSplit(small);
    this.findSplit(large);
  }

  /** Without room to keep: the histogram serves this one search. */
  private findAlone(leaf: Leaf): void {
    if (!this.mayBeSplit(leaf)) return;
    let histogram = this.free.pop();
    if (histogram === undefined) {
      // Some leaf gives up what it kept for subtraction.
      for (const other of this.leaves) this.release(other);
      histogram = this.free.pop()!;
    }
    this.memory.build(histogram, leaf);
    leaf.histogram = histogram;
    this.findSplit(leaf);
  }

  /** Finds the split of a leaf from its histogram, which it keeps only if there is one. */
  private findSplit(leaf: Leaf): void {
    if (this.mayBeSplit(leaf)) leaf.split = this.finder.find(leaf.histogram!.cells, this.binCounts, leaf.sums);
    if (leaf.split === undefined) this.release(leaf);
  }

  private mayBeSplit(leaf: Leaf): boolean {
    const { minChildWeight, maxDepth } = this.limits;
    return leaf.depth < maxDepth && leaf.end - leaf.start > 1 && leaf.sums.hessian >= 2 * minChildWeight;
  }

  private release(leaf: Leaf): void {
    if (leaf.histogram !== undefined) this.free.push(leaf.histogram);
    leaf.histogram = undefined;
  }
}
