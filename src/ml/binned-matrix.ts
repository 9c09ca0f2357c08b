import { checkColumns, type Matrix } from './matrix.ts';
import { createRandom } from './random.ts';

/** Bin of a missing value. Value bins are 0 to 254. */
export const MISSING_BIN = 255;
/** Most value bins of one column. */
export const MAX_BINS = 255;
/** Cells of one column's histogram: all value bins and the missing one. */
export const BIN_STRIDE = 256;

/** Rows that the edges are found on. 64 a bin keep a bin's share of the rows within about 12 %. */
const EDGE_SAMPLE = 16_384;
/** Rows binned at a time, so that a block of the row-major input stays in cache while its columns are read. */
const BLOCK_ROWS = 256;

/** Where each column is cut: a value falls into the first bin whose edge is not below it. Ascending, one less than bins. */
export type BinEdges = readonly Float64Array[];

/** A matrix in 8-bit bins, by column: what histogram-based trees read. One byte a value. */
export type BinnedMatrix = {
  readonly rows: number;
  readonly columns: number;
  /** Bins of every column, each of length `rows`. */
  readonly bins: readonly Uint8Array[];
  readonly edges: BinEdges;
};

/**
 * Cuts every column into at most `maxBins` bins: one a distinct value where they are few, of about equal counts
 * otherwise. Edges lie midway between neighbouring values. Beyond 16,384 rows a sample drawn with `seed` decides.
 * With `fineTails` a part of the bins is spent on the ends of each column, where what is rare stands apart.
 * Infinite values are ordinary largest and smallest values; a column without values gets no edge.
 * O(columns × sample × log sample).
 */
// oxlint-disable-next-line eslint/max-params -- the tails are a choice of few
export function findBinEdges(matrix: Matrix, maxBins: number, seed: number, fineTails = false): BinEdges {
  const { data, rows, columns } = matrix;
  const picked = pickRows(rows, seed);
  const values = new Float64Array(picked.length);
  return Array.from({ length: columns }, (_, column) => {
    let count = 0;
    for (const row of picked) {
      const x = data[row * columns + column]!;
      if (x === x) values[count++] = x;
    }
    const sorted = values.subarray(0, count).sort();
    return fineTails ? cutWithTails(sorted, maxBins) : cutColumn(sorted, maxBins);
  });
}

/** All rows when they are few, else one at random from each of 16,384 equal stretches, so that no rhythm aliases. */
function pickRows(rows: number, seed: number): Int32Array {
  if (rows <= EDGE_SAMPLE) return Int32Array.from({ length: rows }, (_, row) => row);
  const random = createRandom(seed);
  return Int32Array.from({ length: EDGE_SAMPLE }, (_, i) => {
    const start = Math.floor((i * rows) / EDGE_SAMPLE);
    const end = Math.floor(((i + 1) * rows) / EDGE_SAMPLE);
    return start + random.int(end - start);
  });
}

/** Edges for sorted values: an edge is placed once a bin holds its even share of what is left. */
function cutColumn(sorted: Float64Array, maxBins: number): Float64Array {
  const edges: number[] = [];
  const distinct = countDistinct(sorted);
  const few = distinct <= maxBins;
  let start = 0;
  for (let i = 1; i < sorted.length; i++) {
    const below = sorted[i - 1]!;
    const above = sorted[i]!;
    if (below === above) continue;
    const share = (sorted.length - start) / (maxBins - edges.length);
    if (!few && i - start < share) continue;
    edges.push(midpoint(below, above));
    start = i;
    if (edges.length === maxBins - 1) break;
  }
  return Float64Array.from(edges);
}

/** Share of the bins spent on each end, the share of the values that counts as one, and the values in the outermost bin. */
const TAIL_BINS = 0.15;
const TAIL = 0.06;
const OUTERMOST = 2;
/** Fewer values, or bins, are cut evenly. */
const LEAST_FOR_TAILS = 1000;
const LEAST_BINS = 32;

/**
 * Even counts in the bulk, and at both ends bins that shrink outwards by the same factor. Of a column whose last bin holds a percent of
 * the rows, trees cannot tell what happens to one row in a thousand, which is where failures are.
 */
function cutWithTails(sorted: Float64Array, maxBins: number): Float64Array {
  if (sorted.length < LEAST_FOR_TAILS || maxBins < LEAST_BINS || countDistinct(sorted) <= maxBins)
    return cutColumn(sorted, maxBins);
  const bins = Math.floor(TAIL_BINS * maxBins);
  const size = Math.floor(TAIL * sorted.length);
  const factor = (size / OUTERMOST) ** (1 / (bins - 1));
  const edges = new Set(cutColumn(sorted.subarray(size, sorted.length - size), maxBins - 2 * bins));
  for (let b = 0, rank = OUTERMOST; b < bins; b++, rank *= factor) {
    for (const at of [Math.round(rank), sorted.length - Math.round(rank)])
      if (sorted[at - 1]! < sorted[at]!) edges.add(midpoint(sorted[at - 1]!, sorted[at]!));
  }
  return Float64Array.from(edges).sort();
}

function countDistinct(sorted: Float64Array): number {
  let count = Math.min(1, sorted.length);
  for (let i = 1; i < sorted.length; i++) if (sorted[i] !== sorted[i - 1]) count++;
  return count;
}

/** A number `below <= edge < above`: midway unless rounding or an infinity gets in the way. */
function midpoint(below: number, above: number): number {
  const middle = below / 2 + above / 2;
  return middle >= below && middle < above ? middle : below;
}

/** Puts every value into its bin. Throws `ML_SHAPE` on other columns than the edges have. O(cells × 8). */
export function applyBins(matrix: Matrix, edges: BinEdges): BinnedMatrix {
  const { rows, columns } = matrix;
  checkColumns(matrix, edges.length);
  const bins = Array.from({ length: columns }, () => new Uint8Array(rows));
  const ladders = edges.map(ladder);
  for (let start = 0; start < rows; start += BLOCK_ROWS) {
    const end = Math.min(rows, start + BLOCK_ROWS);
    for (let column = 0; column < columns; column++) {
      binBlock(matrix, { column, start, end }, ladders[column]!, bins[column]!);
    }
  }
  return { rows, columns, bins, edges };
}

/** The edges filled up with infinity to the next power of two less one, so that the search needs no bounds. */
function ladder(edges: Float64Array): Float64Array {
  let size = 1;
  while (size - 1 < edges.length) size *= 2;
  const steps = new Float64Array(size - 1).fill(Infinity);
  steps.set(edges);
  return steps;
}

type Block = { readonly column: number; readonly start: number; readonly end: number };

function binBlock(matrix: Matrix, block: Block, steps: Float64Array, bins: Uint8Array): void {
  const { data, columns } = matrix;
  const first = (steps.length + 1) >> 1;
  let at = block.start * columns + block.column;
  for (let row = block.start; row < block.end; row++, at += columns) {
    const x = data[at]!;
    let bin = 0;
    for (let half = first; half > 0; half >>= 1) if (x > steps[bin + half - 1]!) bin += half;
    bins[row] = x === x ? bin : MISSING_BIN;
  }
}

/** Edge of a split after `bin`: infinite after the last one, where only missing values go right. */
export function splitThreshold(edges: Float64Array, bin: number): number {
  return bin < edges.length ? edges[bin]! : Infinity;
}
