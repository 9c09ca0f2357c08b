import { MISSING_BIN } from './binned-matrix.ts';
import { COLUMN_CELLS } from './boosting-memory.ts';

/** What a split must satisfy. */
export type SplitLimits = {
  /** Added to every hessian sum. */
  readonly l2: number;
  /** Least hessian sum of a child. */
  readonly minChildWeight: number;
  /** Least gain, in units of the loss. */
  readonly minGain: number;
};

/** Sums of gradients and hessians over the rows of a node. */
export type NodeSums = { readonly gradient: number; readonly hessian: number };

/** A split and the sums of its left side. */
export type Split = {
  /** How much the split lowers the loss (before the learning rate). */
  readonly gain: number;
  /** Position among the columns of the histogram. */
  readonly column: number;
  /** Values up to this bin go left. */
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly left: NodeSums;
};

/** Gains below this share of the node's own score are rounding of sums. */
const ROUNDING = 1e-10;

/** What a leaf with these sums lowers the loss by, times two (Chen and Guestrin, 2016, equation 6). */
export function leafScore(sums: NodeSums, l2: number): number {
  return sums.hessian + l2 > 0 ? (sums.gradient * sums.gradient) / (sums.hessian + l2) : 0;
}

/** Finds the best split of one node after another. */
export class SplitFinder {
  private readonly limits: SplitLimits;
  private histogram: Float64Array = new Float64Array(0);
  private sums: NodeSums = { gradient: 0, hessian: 0 };
  private best = 0;
  private column = -1;
  private bin = 0;
  private missingLeft = false;
  private leftGradient = 0;
  private leftHessian = 0;

  constructor(limits: SplitLimits) {
    this.limits = limits;
  }

  /**
   * The split of largest gain over all columns of a histogram, or nothing. `binCounts` holds the value bins of each
   * column. Missing values try both sides; where the node has none, those to come follow the larger hessian.
   */
  find(histogram: Float64Array, binCounts: Int32Array, sums: NodeSums): Split | undefined {
    const base = leafScore(sums, this.limits.l2);
    this.histogram = histogram;
    this.sums = sums;
    this.column = -1;
    this.best = base + Math.max(2 * this.limits.minGain, ROUNDING * base);
    for (let column = 0; column < binCounts.length; column++) {
      const missing = column * COLUMN_CELLS + 2 * MISSING_BIN;
      const gradient = histogram[missing]!;
      const hessian = histogram[missing + 1]!;
      // With missing values the last cut sets them apart from all values; without, it would leave the right side empty.
      const cuts = hessian > 0 ? binCounts[column]! : binCounts[column]! - 1;
      this.scan(column, cuts, { gradient: 0, hessian: 0 });
      if (hessian > 0) this.scan(column, binCounts[column]! - 1, { gradient, hessian });
    }
    if (this.column < 0) return undefined;
    return {
      gain: (this.best - base) / 2,
      column: this.column,
      bin: this.bin,
      missingLeft: this.missingLeft,
      left: { gradient: this.leftGradient, hessian: this.leftHessian },
    };
  }

  /** Tries the first `cuts` cuts of a column, with `missing` on the left from the start (or nothing). */
  private scan(column: number, cuts: number, missing: NodeSums): void {
    const { histogram, sums } = this;
    const { l2, minChildWeight } = this.limits;
    const missingLeft = missing.hessian > 0;
    let best = this.best;
    let bin = -1;
    let { gradient, hessian } = missing;
    let bestGradient = 0;
    let bestHessian = 0;
    let at = column * COLUMN_CELLS;
    for (let cut = 0; cut < cuts; cut++, at += 2) {
      const weight = histogram[at + 1]!;
      if (weight === 0) continue;
      gradient += histogram[at]!;
      hessian += weight;
      const rightHessian = sums.hessian - hessian;
      if (hessian < minChildWeight) continue;
      if (rightHessian < minChildWeight) break;
      const rightGradient = sums.gradient - gradient;
      const score = (gradient * gradient) / (hessian + l2) + (rightGradient * rightGradient) / (rightHessian + l2);
      if (score > best) {
        best = score;
        bin = cut;
        bestGradient = gradient;
        bestHessian = hessian;
      }
    }
    if (bin < 0) return;
    this.best = best;
    this.column = column;
    this.bin = bin;
    this.leftGradient = bestGradient;
    this.leftHessian = bestHessian;
    // Unseen missing values follow the heavier side.
    const seen = histogram[column * COLUMN_CELLS + 2 * MISSING_BIN + 1]! > 0;
    this.missingLeft = seen ? missingLeft : 2 * bestHessian >= sums.hessian;
  }
}
