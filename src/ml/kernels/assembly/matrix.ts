// Matrix products over panels. A panel holds eight neighbouring columns of the right operand row after row, so that the
// micro-kernel (4 rows x 8 columns, two 128-bit accumulators a row) reads it in one straight line.
// All pointers are byte addresses of float32 data, strides count floats, rows are multiples of 4.
import { multiplyAdd, splat4 } from './vector';

/** c = a * panels (or += with `accumulate`): a is rows x depth, the panels hold `blocks` times eight columns. */
export function multiplyPanels(
  a: usize, aStride: i32, panels: usize, c: usize, cStride: i32, rows: i32, blocks: i32, depth: i32, accumulate: i32,
): void {
  const aBytes = <usize>aStride << 2;
  const cBytes = <usize>cStride << 2;
  for (let block = 0; block < blocks; block++) {
    const panel = panels + (<usize>(block * depth) << 5);
    for (let row = 0; row < rows; row += 4) {
      tile(a + <usize>row * aBytes, aBytes, panel, c + <usize>row * cBytes + (<usize>block << 5), cBytes, depth, accumulate);
    }
  }
}

// @ts-ignore: decorator
@inline
function tile(a: usize, aBytes: usize, panel: usize, c: usize, cBytes: usize, depth: i32, accumulate: i32): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  let a0 = a, a1 = a + aBytes, a2 = a1 + aBytes, a3 = a2 + aBytes;
  let b = panel;
  const end = panel + (<usize>depth << 5);
  while (b < end) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = splat4(a0);
    c00 = multiplyAdd(s, b0, c00);
    c01 = multiplyAdd(s, b1, c01);
    s = splat4(a1);
    c10 = multiplyAdd(s, b0, c10);
    c11 = multiplyAdd(s, b1, c11);
    s = splat4(a2);
    c20 = multiplyAdd(s, b0, c20);
    c21 = multiplyAdd(s, b1, c21);
    s = splat4(a3);
    c30 = multiplyAdd(s, b0, c30);
    c31 = multiplyAdd(s, b1, c31);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
    b += 32;
  }
  const r1 = c + cBytes, r2 = r1 + cBytes, r3 = r2 + cBytes;
  if (accumulate) {
    c00 = f32x4.add(c00, v128.load(c)); c01 = f32x4.add(c01, v128.load(c, 16));
    c10 = f32x4.add(c10, v128.load(r1)); c11 = f32x4.add(c11, v128.load(r1, 16));
    c20 = f32x4.add(c20, v128.load(r2)); c21 = f32x4.add(c21, v128.load(r2, 16));
    c30 = f32x4.add(c30, v128.load(r3)); c31 = f32x4.add(c31, v128.load(r3, 16));
  }
  v128.store(c, c00); v128.store(c, c01, 16);
  v128.store(r1, c10); v128.store(r1, c11, 16);
  v128.store(r2, c20); v128.store(r2, c21, 16);
  v128.store(r3, c30); v128.store(r3, c31, 16);
}

/**
 * One 4 x 8 tile of c += aᵀ * b over `depth` rows of both; a and b are read along their rows, so neither is packed.
 * The gradient of every weight matrix is this product.
 */
// @ts-ignore: decorator
@inline
export function tileTransposedLeft(
  a: usize, aBytes: usize, b: usize, bBytes: usize, c: usize, cBytes: usize, depth: i32,
): void {
  const r1 = c + cBytes, r2 = r1 + cBytes, r3 = r2 + cBytes;
  let c00 = v128.load(c), c01 = v128.load(c, 16);
  let c10 = v128.load(r1), c11 = v128.load(r1, 16);
  let c20 = v128.load(r2), c21 = v128.load(r2, 16);
  let c30 = v128.load(r3), c31 = v128.load(r3, 16);
  for (let k = 0; k < depth; k++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = multiplyAdd(s, b0, c00);
    c01 = multiplyAdd(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = multiplyAdd(s, b0, c10);
    c11 = multiplyAdd(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = multiplyAdd(s, b0, c20);
    c21 = multiplyAdd(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = multiplyAdd(s, b0, c30);
    c31 = multiplyAdd(s, b1, c31);
    a += aBytes;
    b += bBytes;
  }
  v128.store(c, c00); v128.store(c, c01, 16);
  v128.store(r1, c10); v128.store(r1, c11, 16);
  v128.store(r2, c20); v128.store(r2, c21, 16);
  v128.store(r3, c30); v128.store(r3, c31, 16);
}

/**
 * c += aᵀ * b: a is depth x rows, b is depth x (8 * blocks). Tile (row, block) of c stands at
 * block * cBlockStride + row * cStride, so that c can be a row-major matrix (block stride 8) or panels (row stride 8).
 */
export function multiplyTransposedLeft(
  a: usize, aStride: i32, b: usize, bStride: i32, c: usize, cStride: i32, cBlockStride: i32, rows: i32, blocks: i32, depth: i32,
): void {
  const aBytes = <usize>aStride << 2;
  const bBytes = <usize>bStride << 2;
  const cBytes = <usize>cStride << 2;
  for (let block = 0; block < blocks; block++) {
    const target = c + (<usize>(block * cBlockStride) << 2);
    for (let row = 0; row < rows; row += 4) {
      tileTransposedLeft(a + (<usize>row << 2), aBytes, b + (<usize>block << 5), bBytes, target + <usize>row * cBytes, cBytes, depth);
    }
  }
}

/** Packs the row-major matrix b (depth x columns) into panels; missing columns of the last panel become zero. */
export function packPanels(b: usize, bStride: i32, panels: usize, depth: i32, columns: i32): void {
  for (let block = 0; block < columns; block += 8) {
    const width = min(8, columns - block);
    for (let k = 0; k < depth; k++) {
      const source = b + (<usize>(k * bStride + block) << 2);
      for (let j = 0; j < 8; j++) {
        store<f32>(panels + (<usize>j << 2), j < width ? load<f32>(source + (<usize>j << 2)) : 0);
      }
      panels += 32;
    }
  }
}

/** Packs the transpose of the row-major matrix b (columns x depth) into panels. */
export function packPanelsTransposed(b: usize, bStride: i32, panels: usize, depth: i32, columns: i32): void {
  for (let block = 0; block < columns; block += 8) {
    const width = min(8, columns - block);
    for (let k = 0; k < depth; k++) {
      const source = b + (<usize>(block * bStride + k) << 2);
      for (let j = 0; j < 8; j++) {
        store<f32>(panels + (<usize>j << 2), j < width ? load<f32>(source + (<usize>(j * bStride) << 2)) : 0);
      }
      panels += 32;
    }
  }
}
