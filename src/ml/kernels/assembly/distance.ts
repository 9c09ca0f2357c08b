// Squared Euclidean distances between rows, by differences: no cancellation as with |a|² + |b|² - 2ab.
import { multiplyAdd, splat4 } from './vector';

/** c[i][j] = |a_i - b_j|²: a is rows x depth (rows multiple of 4), the panels hold b transposed, eight rows of b a panel. */
export function rowDistances(
  a: usize,
  aStride: i32,
  panels: usize,
  c: usize,
  cStride: i32,
  rows: i32,
  blocks: i32,
  depth: i32,
): void {
  const aBytes = (<usize>aStride) << 2;
  const cBytes = (<usize>cStride) << 2;
  for (let block = 0; block < blocks; block++) {
    const panel = panels + ((<usize>(block * depth)) << 5);
    for (let row = 0; row < rows; row += 4) {
      let c00 = f32x4.splat(0),
        c01 = c00,
        c10 = c00,
        c11 = c00,
        c20 = c00,
        c21 = c00,
        c30 = c00,
        c31 = c00;
      let a0 = a + <usize>row * aBytes,
        a1 = a0 + aBytes,
        a2 = a1 + aBytes,
        a3 = a2 + aBytes;
      let b = panel;
      const end = panel + ((<usize>depth) << 5);
      while (b < end) {
        const b0 = v128.load(b),
          b1 = v128.load(b, 16);
        let s = splat4(a0),
          d = f32x4.sub(s, b0),
          e = f32x4.sub(s, b1);
        c00 = multiplyAdd(d, d, c00);
        c01 = multiplyAdd(e, e, c01);
        s = splat4(a1);
        d = f32x4.sub(s, b0);
        e = f32x4.sub(s, b1);
        c10 = multiplyAdd(d, d, c10);
        c11 = multiplyAdd(e, e, c11);
        s = splat4(a2);
        d = f32x4.sub(s, b0);
        e = f32x4.sub(s, b1);
        c20 = multiplyAdd(d, d, c20);
        c21 = multiplyAdd(e, e, c21);
        s = splat4(a3);
        d = f32x4.sub(s, b0);
        e = f32x4.sub(s, b1);
        c30 = multiplyAdd(d, d, c30);
        c31 = multiplyAdd(e, e, c31);
        a0 += 4;
        a1 += 4;
        a2 += 4;
        a3 += 4;
        b += 32;
      }
      const y0 = c + <usize>row * cBytes + ((<usize>block) << 5),
        y1 = y0 + cBytes,
        y2 = y1 + cBytes,
        y3 = y2 + cBytes;
      v128.store(y0, c00);
      v128.store(y0, c01, 16);
      v128.store(y1, c10);
      v128.store(y1, c11, 16);
      v128.store(y2, c20);
      v128.store(y2, c21, 16);
      v128.store(y3, c30);
      v128.store(y3, c31, 16);
    }
  }
}
