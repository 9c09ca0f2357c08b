/** Rows that are fused at a time: their columns and sums stay in the nearest caches. */
const BLOCK = 128;
/** So many columns are added to so many sums at a time: what is fetched for one product is there for the others. */
const TILE = 3;

/** Columns of a block of rows, 0 where missing: columns × BLOCK, with room for whole tiles. */
let known = new Float64Array(0);
/** 1 for rows of the block in which a column is there. */
const present = new Uint8Array(BLOCK);
/** TILE × BLOCK. */
const sums = new Float64Array(TILE * BLOCK);
/** What each column of a tile counts for in each of its sums: TILE × TILE. */
const shares = new Float64Array(TILE * TILE);

/** Columns and their weighted sums stand in `values`, all rows of one together. */
export interface FusedColumns {
  readonly values: Float64Array;
  readonly rows: number;
  /** The first of the columns, how many those are, and where the first sum stands. */
  readonly first: number;
  readonly columns: number;
  readonly to: number;
  /** sums × columns. */
  readonly weights: Float64Array;
  /** Which of the sums to make; the others are left as they are. */
  readonly wanted: Int32Array;
}

interface Block {
  readonly from: number;
  readonly length: number;
}

/**
 * Weighted sums of columns, each added up in the order of the columns. What is missing counts as usual (0); a sum is missing where every
 * column is. O(rows × columns × wanted).
 */
export function fuseColumns(fused: FusedColumns): void {
  const { values, rows, to, wanted } = fused;
  for (let from = 0; from < rows; from += BLOCK) {
    const block = { from, length: Math.min(BLOCK, rows - from) };
    takeKnown(fused, block);
    for (let i = 0; i < wanted.length; i += TILE) {
      addUp(fused, i, block.length);
      for (let k = 0; k < Math.min(TILE, wanted.length - i); k++) {
        const at = (to + wanted[i + k]!) * rows + from;
        for (let r = 0; r < block.length; r++) values[at + r] = present[r] === 1 ? sums[k * BLOCK + r]! : Number.NaN;
      }
    }
  }
}

function takeKnown({ values, rows, first, columns }: FusedColumns, { from, length }: Block): void {
  const tiles = Math.ceil(columns / TILE);
  if (known.length < tiles * TILE * BLOCK) known = new Float64Array(tiles * TILE * BLOCK);
  known.fill(0, columns * BLOCK);
  present.fill(0);
  for (let c = 0; c < columns; c++) {
    const at = (first + c) * rows + from;
    for (let r = 0; r < length; r++) {
      const x = values[at + r]!;
      known[c * BLOCK + r] = x === x ? x : 0;
      if (x === x) present[r] = 1;
    }
  }
}

/** Adds the known columns up to the wanted sums from one on, as many as a tile has. */
function addUp({ weights, columns, wanted }: FusedColumns, first: number, length: number): void {
  sums.fill(0);
  for (let c = 0; c < columns; c += TILE) {
    // Beyond the last sum and column all counts for nothing.
    for (let k = 0; k < TILE; k++) {
      for (let i = 0; i < TILE; i++)
        shares[k * TILE + i] =
          first + k < wanted.length && c + i < columns ? weights[wanted[first + k]! * columns + c + i]! : 0;
    }
    addTile(c, length);
  }
}

/** Adds three columns, from one on, to three sums. */
function addTile(column: number, length: number): void {
  const a = { x: shares[0]!, y: shares[1]!, z: shares[2]! };
  const b = { x: shares[3]!, y: shares[4]!, z: shares[5]! };
  const c = { x: shares[6]!, y: shares[7]!, z: shares[8]! };
  for (let r = 0, at = column * BLOCK; r < length; r++, at++) {
    const x = known[at]!;
    const y = known[at + BLOCK]!;
    const z = known[at + 2 * BLOCK]!;
    sums[r] = sums[r]! + x * a.x + y * a.y + z * a.z;
    sums[BLOCK + r] = sums[BLOCK + r]! + x * b.x + y * b.y + z * b.z;
    sums[2 * BLOCK + r] = sums[2 * BLOCK + r]! + x * c.x + y * c.y + z * c.z;
  }
}
