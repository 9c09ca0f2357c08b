// Dense layers. Weights are stored as panels ([outputs / 8][inputs][8]), so that the way forward packs nothing.
import { multiplyAdd, sigmoid4, splat4, tanh4 } from './vector';

const RELU: i32 = 1;
const TANH: i32 = 2;
const SIGMOID: i32 = 3;

// @ts-ignore: decorator
@inline
function activate(value: v128, activation: i32): v128 {
  if (activation == RELU) return f32x4.pmax(f32x4.splat(0), value);
  if (activation == TANH) return tanh4(value);
  if (activation == SIGMOID) return sigmoid4(value);
  return value;
}

/** y = activation(x * w + b): x is rows x inputs, y is rows x (8 * blocks); rows are a multiple of 4. */
export function denseForward(
  x: usize, xStride: i32, weights: usize, bias: usize, y: usize, rows: i32, inputs: i32, blocks: i32, activation: i32,
): void {
  const xBytes = <usize>xStride << 2;
  const yBytes = <usize>blocks << 5;
  for (let block = 0; block < blocks; block++) {
    const panel = weights + (<usize>(block * inputs) << 5);
    const biases = bias + (<usize>block << 5);
    for (let row = 0; row < rows; row += 4) {
      let c00 = v128.load(biases), c01 = v128.load(biases, 16);
      let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
      let a0 = x + <usize>row * xBytes, a1 = a0 + xBytes, a2 = a1 + xBytes, a3 = a2 + xBytes;
      let b = panel;
      const end = panel + (<usize>inputs << 5);
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
      const y0 = y + <usize>row * yBytes + (<usize>block << 5), y1 = y0 + yBytes, y2 = y1 + yBytes, y3 = y2 + yBytes;
      v128.store(y0, activate(c00, activation)); v128.store(y0, activate(c01, activation), 16);
      v128.store(y1, activate(c10, activation)); v128.store(y1, activate(c11, activation), 16);
      v128.store(y2, activate(c20, activation)); v128.store(y2, activate(c21, activation), 16);
      v128.store(y3, activate(c30, activation)); v128.store(y3, activate(c31, activation), 16);
    }
  }
}

/** Turns the gradient of a layer's output into that of its sums, in place, and adds up the bias gradient. */
export function denseDelta(y: usize, gradient: usize, biasGradient: usize, rows: i32, blocks: i32, activation: i32): void {
  const rowBytes = <usize>blocks << 5;
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  for (let column: usize = 0; column < rowBytes; column += 16) {
    let total = v128.load(biasGradient + column);
    for (let row = 0; row < rows; row++) {
      const offset = <usize>row * rowBytes + column;
      const out = v128.load(y + offset);
      let delta = v128.load(gradient + offset);
      if (activation == RELU) delta = v128.and(delta, f32x4.gt(out, zero));
      else if (activation == TANH) delta = f32x4.mul(delta, f32x4.sub(one, f32x4.mul(out, out)));
      else if (activation == SIGMOID) delta = f32x4.mul(delta, f32x4.mul(out, f32x4.sub(one, out)));
      v128.store(gradient + offset, delta);
      total = f32x4.add(total, delta);
    }
    v128.store(biasGradient + column, total);
  }
}

/** Panels of the transpose of panel weights (inputs x 8 * blocks): eight inputs wide, 8 * blocks deep. */
export function transposePanels(weights: usize, inputs: i32, blocks: i32, panels: usize): void {
  const depth = blocks << 3;
  for (let k = 0; k < (inputs + 7 & ~7); k++) {
    for (let z = 0; z < depth; z++) {
      const value = k < inputs ? load<f32>(weights + (<usize>(((z >> 3) * inputs + k) * 8 + (z & 7)) << 2)) : 0;
      store<f32>(panels + (<usize>(((k >> 3) * depth + z) * 8 + (k & 7)) << 2), value);
    }
  }
}
