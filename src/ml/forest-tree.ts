import type { Random } from './random.ts';
import type { TreeBuilder } from './tree-builder.ts';

/**
 * What a forest learns, as sums that add up over rows. A row adds its weight × `value` to sum number `slot` (0 when
 * there is but one): its number for regression, its 0 or 1 for two classes, 1 at its class for more. The drop of
 * variance summed over the sums is then the drop of Gini impurity, so that one criterion serves all.
 */
export type ForestTarget = {
  readonly task: 'classification' | 'regression';
  /** Numbers of a leaf: classes, or 1. */
  readonly outputs: number;
  /** Sums kept while growing: 1 for regression and two classes, else the classes. */
  readonly sums: number;
  readonly value: Float64Array;
  readonly slot: Int32Array;
  /** Added to the means of leaves: regression targets are centred, so that sums of squares keep their digits. */
  readonly centre: number;
};

/** Rows of a node, with weights and weighted values copied into their order. */
export type ForestNode = {
  readonly order: Int32Array;
  start: number;
  end: number;
  /** Weight of the row at `order[start + i]`. */
  readonly weight: Float64Array;
  /** Weight × value of that row. */
  readonly value: Float64Array;
  readonly slot: Int32Array;
  /** Sum of weights, then the sums of the target. */
  readonly totals: Float64Array;
};

/** How a node is split: all cuts of a column tried, or one at random. */
export type ForestSplitter = {
  /** Forgets the best split so far. */
  begin(node: ForestNode): void;
  /** Tries a column; false when it is constant in the node. */
  tryColumn(column: number, random: Random): boolean;
  /** The best split found, or nothing when no cut leaves enough rows on both sides. */
  best(): ForestSplit | undefined;
  /** Whether a row goes left at the best split. */
  goesLeft(row: number): boolean;
};

export type ForestSplit = {
  readonly column: number;
  readonly threshold: number;
  readonly missingLeft: boolean;
  /** Drop of the summed squared error (twice that of weighted Gini impurity for two classes). */
  readonly gain: number;
};

export type ForestTreeLimits = {
  readonly columnsPerSplit: number;
  readonly minLeafRows: number;
  readonly maxDepth: number;
};

/**
 * Between-group sum of squares of one side: what a criterion adds up over the two sides of a split. `sums` holds the
 * weight first, then the sums.
 */
export function sideScore(sums: Float64Array, at: number, count: number): number {
  const weight = sums[at]!;
  if (weight <= 0) return 0;
  let squares = 0;
  for (let k = 1; k <= count; k++) squares += sums[at + k]! * sums[at + k]!;
  return squares / weight;
}

/** Grows one tree after another, depth first, into a builder. */
export class ForestTreeGrower {
  /** Gain by column over all trees grown. */
  readonly gain: Float64Array;
  private readonly target: ForestTarget;
  private readonly limits: ForestTreeLimits;
  private readonly splitter: ForestSplitter;
  private readonly node: ForestNode;
  private readonly scratch: Int32Array;
  private readonly columns: Int32Array;
  private weights: Float64Array = new Float64Array(0);
  private pure = false;

  constructor(target: ForestTarget, columns: number, limits: ForestTreeLimits, splitter: ForestSplitter) {
    const rows = target.value.length;
    this.target = target;
    this.limits = limits;
    this.splitter = splitter;
    this.gain = new Float64Array(columns);
    this.node = {
      order: new Int32Array(rows),
      start: 0,
      end: 0,
      weight: new Float64Array(rows),
      value: new Float64Array(rows),
      slot: new Int32Array(rows),
      totals: new Float64Array(1 + target.sums),
    };
    this.scratch = new Int32Array(rows);
    this.columns = new Int32Array(columns);
  }

  /** Grows one tree on the rows whose weight is above zero. */
  grow(builder: TreeBuilder, weights: Float64Array, random: Random): void {
    this.weights = weights;
    // A tree depends on its own random stream only, not on the trees before it.
    for (let column = 0; column < this.columns.length; column++) this.columns[column] = column;
    let rows = 0;
    for (let row = 0; row < weights.length; row++) if (weights[row]! > 0) this.node.order[rows++] = row;
    const stack = [builder.startTree(), 0, rows, 0];
    while (stack.length > 0) {
      const depth = stack.pop()!;
      this.node.end = stack.pop()!;
      this.node.start = stack.pop()!;
      const at = stack.pop()!;
      this.gather();
      builder.cover[at] = this.node.totals[0]!;
      const split = this.pure || depth >= this.limits.maxDepth ? undefined : this.findSplit(random);
      if (split === undefined) {
        this.settle(builder, at);
        continue;
      }
      this.gain[split.column]! += split.gain;
      const { start, end } = this.node;
      const middle = this.partition();
      const left = builder.split(at, split.column, split.threshold, split.missingLeft);
      // Left is pushed last and so grown first: its rows are the ones just touched.
      stack.push(left + 1, middle, end, depth + 1, left, start, middle, depth + 1);
    }
  }

  /** Copies weights and values of the node's rows into their order, sums them, and sees whether all targets are equal. */
  private gather(): void {
    const { order, start, end, weight, value, slot, totals } = this.node;
    const { target, weights } = this;
    totals.fill(0);
    const first = order[start]!;
    let pure = true;
    for (let i = start; i < end; i++) {
      const row = order[i]!;
      const w = weights[row]!;
      const y = target.value[row]!;
      const k = target.slot[row]!;
      weight[i - start] = w;
      value[i - start] = w * y;
      slot[i - start] = k;
      totals[0]! += w;
      totals[1 + k]! += w * y;
      if (y !== target.value[first] || k !== target.slot[first]) pure = false;
    }
    this.pure = pure || end - start < 2 * this.limits.minLeafRows;
  }

  /**
   * Tries columns in random order until enough of them varied. Like scikit-learn it goes on while none gave a split,
   * and takes a split without gain: the next one may have it.
   */
  private findSplit(random: Random): ForestSplit | undefined {
    const { columns, splitter } = this;
    splitter.begin(this.node);
    let varied = 0;
    let best: ForestSplit | undefined;
    for (let left = columns.length; left > 0; left--) {
      if (varied >= this.limits.columnsPerSplit) {
        best = splitter.best();
        if (best !== undefined) return best;
      }
      const pick = random.int(left);
      const column = columns[pick]!;
      columns[pick] = columns[left - 1]!;
      columns[left - 1] = column;
      if (splitter.tryColumn(column, random)) varied++;
    }
    return splitter.best();
  }

  private partition(): number {
    const { order, start, end } = this.node;
    const { scratch, splitter } = this;
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = order[i]!;
      if (splitter.goesLeft(row)) order[left++] = row;
      else scratch[right++] = row;
    }
    for (let i = 0; i < right; i++) order[left + i] = scratch[i]!;
    return left;
  }

  /** Writes the value of a leaf: the mean, or the share of every class. */
  private settle(builder: TreeBuilder, leaf: number): void {
    const { totals } = this.node;
    const { outputs, sums, centre, task } = this.target;
    const at = leaf * outputs;
    if (task === 'classification' && sums === 1) {
      const share = totals[1]! / totals[0]!;
      builder.value[at] = 1 - share;
      builder.value[at + 1] = share;
      return;
    }
    for (let k = 0; k < sums; k++) builder.value[at + k] = totals[1 + k]! / totals[0]! + centre;
  }
}
