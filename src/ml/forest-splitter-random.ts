import { sideScore, type ForestNode, type ForestSplit, type ForestSplitter } from './forest-tree.ts';
import type { Matrix } from './matrix.ts';
import type { Random } from './random.ts';

/** Largest magnitude that takes part: the width of a range of infinite values stays finite. */
const LARGEST = Number.MAX_VALUE / 4;

/**
 * The splitter of extremely randomised trees: one cut a column, uniform between its smallest and largest value in the
 * node; missing values go to a side at random.
 */
export class RandomSplitter implements ForestSplitter {
  /** Values by column. */
  private readonly values: Float64Array;
  private readonly rows: number;
  private readonly sums: number;
  private readonly minLeafRows: number;
  private readonly left: Float64Array;
  private readonly right: Float64Array;
  private node: ForestNode | undefined;
  private base = 0;
  private bestScore = -Infinity;
  private column = -1;
  private threshold = 0;
  private missingLeft = false;
  private low = 0;
  private high = 0;
  private missing = 0;

  constructor(matrix: Matrix, sums: number, minLeafRows: number) {
    const { data, rows, columns } = matrix;
    this.rows = rows;
    this.sums = sums;
    this.minLeafRows = minLeafRows;
    this.left = new Float64Array(1 + sums);
    this.right = new Float64Array(1 + sums);
    this.values = new Float64Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const x = data[row * columns + column]!;
        this.values[column * rows + row] = x > LARGEST ? LARGEST : x < -LARGEST ? -LARGEST : x;
      }
    }
  }

  begin(node: ForestNode): void {
    this.node = node;
    this.base = sideScore(node.totals, 0, this.sums);
    this.bestScore = -Infinity;
    this.column = -1;
  }

  best(): ForestSplit | undefined {
    if (this.column < 0) return undefined;
    const { column, threshold, missingLeft } = this;
    return { column, threshold, missingLeft, gain: Math.max(0, this.bestScore - this.base) };
  }

  goesLeft(row: number): boolean {
    const x = this.values[this.column * this.rows + row]!;
    return x <= this.threshold || (x !== x && this.missingLeft);
  }

  tryColumn(column: number, random: Random): boolean {
    const node = this.node!;
    this.measure(node, column * this.rows);
    const { low, high, missing } = this;
    const values = node.end - node.start - missing;
    if (values === 0 || (low === high && missing === 0)) return false;
    let threshold = low + random.next() * (high - low);
    // Rounding must not leave the right side empty; one value and missing ones are told apart by infinity.
    if (threshold >= high) threshold = low;
    if (low === high) threshold = Infinity;
    const missingLeft = missing > 0 && low < high ? random.uint32() % 2 === 0 : missing === 0;
    this.evaluate(node, column, threshold, missingLeft);
    return true;
  }

  private measure(node: ForestNode, base: number): void {
    const { order, start, end } = node;
    let low = Infinity;
    let high = -Infinity;
    let missing = 0;
    for (let i = start; i < end; i++) {
      const x = this.values[base + order[i]!]!;
      if (x < low) low = x;
      if (x > high) high = x;
      if (x !== x) missing++;
    }
    this.low = low;
    this.high = high;
    this.missing = missing;
  }

  private evaluate(node: ForestNode, column: number, threshold: number, missingLeft: boolean): void {
    const { order, start, end, weight, value, slot, totals } = node;
    const { left, right, sums, values } = this;
    const base = column * this.rows;
    left.fill(0);
    let rows = 0;
    for (let i = start; i < end; i++) {
      const x = values[base + order[i]!]!;
      if (!(x <= threshold || (x !== x && missingLeft))) continue;
      rows++;
      left[0]! += weight[i - start]!;
      left[1 + slot[i - start]!]! += value[i - start]!;
    }
    if (rows < this.minLeafRows || end - start - rows < this.minLeafRows) return;
    for (let k = 0; k <= sums; k++) right[k] = totals[k]! - left[k]!;
    const score = sideScore(left, 0, sums) + sideScore(right, 0, sums);
    if (score <= this.bestScore) return;
    this.bestScore = score;
    this.column = column;
    this.threshold = threshold;
    // Missing values that training did not see follow the heavier side.
    this.missingLeft = this.missing > 0 ? missingLeft : 2 * left[0]! >= totals[0]!;
  }
}
