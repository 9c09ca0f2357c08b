import { BIN_STRIDE, MISSING_BIN, splitThreshold, type BinnedMatrix } from './binned-matrix.ts';
import { sideScore, type ForestNode, type ForestSplit, type ForestSplitter } from './forest-tree.ts';

/** Below so many rows only the bins that were hit are visited, by a bit map; above, all of them. */
const SPARSE_ROWS = 128;

/** The splitter of random forests: every cut between two bins of a column, missing values tried on both sides. */
export class BinnedSplitter implements ForestSplitter {
  private readonly matrix: BinnedMatrix;
  private readonly sums: number;
  private readonly minLeafRows: number;
  /** Rows of every bin; all zero between columns. */
  private readonly counts = new Int32Array(BIN_STRIDE);
  /** Weight and sums of every bin; all zero between columns. */
  private readonly cells: Float64Array;
  private readonly hit = new Int32Array(BIN_STRIDE / 32);
  /** Bins of the column at hand that hold rows, ascending, without the missing one. */
  private readonly used = new Int32Array(BIN_STRIDE);
  private readonly left: Float64Array;
  private readonly right: Float64Array;
  private node: ForestNode | undefined;
  private base = 0;
  private bestScore = -Infinity;
  private column = -1;
  private bin = 0;
  private missingLeft = false;
  private columnBins: Uint8Array = new Uint8Array(0);

  constructor(matrix: BinnedMatrix, sums: number, minLeafRows: number) {
    this.matrix = matrix;
    this.sums = sums;
    this.minLeafRows = minLeafRows;
    this.cells = new Float64Array(BIN_STRIDE * (1 + sums));
    this.left = new Float64Array(1 + sums);
    this.right = new Float64Array(1 + sums);
  }

  begin(node: ForestNode): void {
    this.node = node;
    this.base = sideScore(node.totals, 0, this.sums);
    this.bestScore = -Infinity;
    this.column = -1;
  }

  best(): ForestSplit | undefined {
    if (this.column < 0) return undefined;
    const { column, missingLeft } = this;
    this.columnBins = this.matrix.bins[column]!;
    const threshold = splitThreshold(this.matrix.edges[column]!, this.bin);
    return { column, threshold, missingLeft, gain: Math.max(0, this.bestScore - this.base) };
  }

  goesLeft(row: number): boolean {
    const bin = this.columnBins[row]!;
    return bin <= this.bin || (bin === MISSING_BIN && this.missingLeft);
  }

  tryColumn(column: number): boolean {
    const node = this.node!;
    const bins = this.matrix.bins[column]!;
    const sparse = node.end - node.start < SPARSE_ROWS;
    this.accumulate(node, bins, sparse);
    const used = this.listUsed(sparse);
    const missing = this.counts[MISSING_BIN]!;
    const varies = used > 1 || (used === 1 && missing > 0);
    if (varies) {
      const one = this.sums === 1;
      if (one) this.scanOne(column, used, false);
      else this.scan(column, used, false);
      if (missing > 0 && one) this.scanOne(column, used, true);
      if (missing > 0 && !one) this.scan(column, used, true);
    }
    this.clear(used);
    return varies;
  }

  private accumulate(node: ForestNode, bins: Uint8Array, sparse: boolean): void {
    const { order, start, weight, value, slot } = node;
    const { counts, cells, hit, sums } = this;
    const width = 1 + sums;
    const rows = node.end - start;
    for (let i = 0; i < rows; i++) {
      const bin = bins[order[start + i]!]!;
      const cell = bin * width;
      counts[bin]!++;
      cells[cell]! += weight[i]!;
      cells[cell + 1 + (sums === 1 ? 0 : slot[i]!)]! += value[i]!;
      if (sparse) hit[bin >> 5]! |= 1 << (bin & 31);
    }
  }

  /** Fills `used` and returns how many value bins hold rows. */
  private listUsed(sparse: boolean): number {
    const { counts, hit, used } = this;
    let count = 0;
    if (!sparse) {
      for (let bin = 0; bin < MISSING_BIN; bin++) if (counts[bin]! > 0) used[count++] = bin;
      return count;
    }
    for (let word = 0; word < hit.length; word++) {
      let bits = hit[word]!;
      hit[word] = 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        used[count++] = 32 * word + 31 - Math.clz32(lowest);
        bits ^= lowest;
      }
    }
    return count > 0 && used[count - 1] === MISSING_BIN ? count - 1 : count;
  }

  private clear(used: number): void {
    const { counts, cells } = this;
    const width = 1 + this.sums;
    for (let i = 0; i <= used; i++) {
      const bin = i < used ? this.used[i]! : MISSING_BIN;
      counts[bin] = 0;
      for (let k = 0; k < width; k++) cells[bin * width + k] = 0;
    }
  }

  /** Tries the cut after every used bin, with missing values on one side. */
  private scan(column: number, used: number, missingLeft: boolean): void {
    const { counts, cells, left, right, sums } = this;
    const { totals, start, end } = this.node!;
    const width = 1 + sums;
    const missing = counts[MISSING_BIN]!;
    // With missing values right, the last cut sets them apart from all values.
    const cuts = missing > 0 && !missingLeft ? used : used - 1;
    let rows = missingLeft ? missing : 0;
    for (let k = 0; k < width; k++) left[k] = missingLeft ? cells[MISSING_BIN * width + k]! : 0;
    for (let i = 0; i < cuts; i++) {
      const bin = this.used[i]!;
      rows += counts[bin]!;
      for (let k = 0; k < width; k++) {
        left[k]! += cells[bin * width + k]!;
        right[k] = totals[k]! - left[k]!;
      }
      if (rows < this.minLeafRows || end - start - rows < this.minLeafRows) continue;
      const score = sideScore(left, 0, sums) + sideScore(right, 0, sums);
      if (score > this.bestScore) this.keep({ column, bin, missingLeft }, score, left[0]!);
    }
  }

  /** The same for one sum, the case of regression and of two classes: four numbers that stay in registers. */
  private scanOne(column: number, used: number, missingLeft: boolean): void {
    const { counts, cells, minLeafRows } = this;
    const { totals, start, end } = this.node!;
    const weight = totals[0]!;
    const sum = totals[1]!;
    const missing = counts[MISSING_BIN]!;
    const cuts = missing > 0 && !missingLeft ? used : used - 1;
    const most = end - start - minLeafRows;
    let rows = missingLeft ? missing : 0;
    let leftWeight = missingLeft ? cells[2 * MISSING_BIN]! : 0;
    let left = missingLeft ? cells[2 * MISSING_BIN + 1]! : 0;
    for (let i = 0; i < cuts; i++) {
      const bin = this.used[i]!;
      rows += counts[bin]!;
      leftWeight += cells[2 * bin]!;
      left += cells[2 * bin + 1]!;
      const rightWeight = weight - leftWeight;
      if (rows < minLeafRows || rows > most || rightWeight <= 0) continue;
      const right = sum - left;
      const score = (left * left) / leftWeight + (right * right) / rightWeight;
      if (score > this.bestScore) this.keep({ column, bin, missingLeft }, score, leftWeight);
    }
  }

  private keep(cut: { column: number; bin: number; missingLeft: boolean }, score: number, leftWeight: number): void {
    this.bestScore = score;
    this.column = cut.column;
    this.bin = cut.bin;
    // Missing values that training did not see follow the heavier side.
    this.missingLeft = this.counts[MISSING_BIN]! > 0 ? cut.missingLeft : 2 * leftWeight >= this.node!.totals[0]!;
  }
}
