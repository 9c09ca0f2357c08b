// Histograms of gradient boosting: 256 bins a column, a bin holds two float64 side by side (sums of gradients and of hessians),
// so that one 128-bit addition serves both. Sums are float64 without fused multiply-add: both builds give the same bits.

/** Bytes of one column's histogram. */
const COLUMN: usize = 4096;

/**
 * Overwrites `histogram` (columns x 4096 bytes) with the sums by bin of `count` rows. `columns` points to one i32 address a column,
 * of its bins (u8, by row); `order` to the rows (i32), `pairs` to their gradients and hessians in that order.
 */
export function buildHistogram(histogram: usize, columns: usize, columnCount: i32, order: usize, pairs: usize, count: i32): void {
  memory.fill(histogram, 0, <usize>columnCount * COLUMN);
  const end = order + (<usize>count << 2);
  let column = 0;
  for (; column + 4 <= columnCount; column += 4) {
    const list = columns + (<usize>column << 2);
    addFour(histogram + <usize>column * COLUMN, list, order, end, pairs);
  }
  for (; column < columnCount; column++) {
    const bins = <usize>load<u32>(columns + (<usize>column << 2));
    addOne(histogram + <usize>column * COLUMN, bins, order, end, pairs);
  }
}

/** Four columns share the loads of a row; their 16 KB of sums stay in the nearest cache. */
function addFour(h: usize, list: usize, order: usize, end: usize, pairs: usize): void {
  const a = <usize>load<u32>(list);
  const b = <usize>load<u32>(list, 4);
  const c = <usize>load<u32>(list, 8);
  const d = <usize>load<u32>(list, 12);
  let pair = pairs;
  for (let at = order; at < end; at += 4) {
    const row = <usize>load<u32>(at);
    const sums = v128.load(pair);
    const atA = h + (<usize>load<u8>(a + row) << 4);
    const atB = h + (<usize>load<u8>(b + row) << 4);
    const atC = h + (<usize>load<u8>(c + row) << 4);
    const atD = h + (<usize>load<u8>(d + row) << 4);
    v128.store(atA, f64x2.add(v128.load(atA), sums));
    v128.store(atB, f64x2.add(v128.load(atB, 4096), sums), 4096);
    v128.store(atC, f64x2.add(v128.load(atC, 8192), sums), 8192);
    v128.store(atD, f64x2.add(v128.load(atD, 12288), sums), 12288);
    pair += 16;
  }
}

function addOne(h: usize, bins: usize, order: usize, end: usize, pairs: usize): void {
  let pair = pairs;
  for (let at = order; at < end; at += 4) {
    const cell = h + (<usize>load<u8>(bins + load<u32>(at)) << 4);
    v128.store(cell, f64x2.add(v128.load(cell), v128.load(pair)));
    pair += 16;
  }
}

/** parent -= child, over `columnCount` columns. */
export function subtractHistogram(parent: usize, child: usize, columnCount: i32): void {
  const end = parent + <usize>columnCount * COLUMN;
  let from = child;
  for (let at = parent; at < end; at += 32) {
    v128.store(at, f64x2.sub(v128.load(at), v128.load(from)));
    v128.store(at, f64x2.sub(v128.load(at, 16), v128.load(from, 16)), 16);
    from += 32;
  }
}

/** pairs[i] = all[order[i]] for `count` rows: gradients and hessians in the order of a node. */
export function gatherPairs(pairs: usize, all: usize, order: usize, count: i32): void {
  const end = order + (<usize>count << 2);
  let to = pairs;
  for (let at = order; at < end; at += 4) {
    v128.store(to, v128.load(all + (<usize>load<u32>(at) << 4)));
    to += 16;
  }
}

/**
 * Reorders `count` rows into those that go left (bin at most `bin`, or the missing bin 255 when `missingLeft`) and the others, each
 * side in its old order; returns how many went left. `scratch` holds `count` rows.
 */
export function partitionRows(order: usize, scratch: usize, count: i32, bins: usize, bin: i32, missingLeft: i32): i32 {
  const end = order + (<usize>count << 2);
  let left = order;
  let right = scratch;
  for (let at = order; at < end; at += 4) {
    const row = load<u32>(at);
    const value = <i32>load<u8>(bins + row);
    const goes = <usize>(i32(value <= bin) | (i32(value == 255) & missingLeft));
    store<u32>(left, row);
    store<u32>(right, row);
    left += goes << 2;
    right += (goes ^ 1) << 2;
  }
  memory.copy(left, scratch, right - scratch);
  return <i32>((left - order) >> 2);
}
