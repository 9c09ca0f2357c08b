// One LSTM layer over a whole batch of sequences (Hochreiter and Schmidhuber 1997, with forget gate).
//
// Rows hold x(t) and h(t-1) side by side, so that the four gates of all units are one product with one weight matrix.
// That matrix is stored in panels of four units: for every input k the four units' i, f, g and o weights (16 floats). A
// 2 x 16 micro-kernel then ends with the four gates of the same units in registers, and the cell is computed there and then.
import { multiplyVectors } from './optimise';
import { multiplyPanels, tileTransposedLeft } from './matrix';
import { multiplyAdd, sigmoid4, tanh4, splat4 } from './vector';

/** Addresses and sizes of one layer; kernels.ts writes it field by field in this order. */
@unmanaged
export class LstmPlan {
  /** Padded batch (multiple of 4), time steps, padded inputs (multiple of 4), padded units (multiple of 8). */
  rows: i32;
  steps: i32;
  inputs: i32;
  units: i32;
  /** [units / 4][inputs + units][16] and [units / 4][16]. */
  weights: usize;
  bias: usize;
  /** [steps + 1][rows][inputs + units]: x(t) beside h(t-1). */
  states: usize;
  /** [steps][rows][units / 4][16]: activated gates, kept for the way back. */
  gates: usize;
  /** [steps + 1][rows][units] and [steps][rows][units]: c(t-1) and tanh(c(t)). */
  cells: usize;
  squashed: usize;
  /** [steps][rows] of 32-bit -1 (real) or 0 (masked: the state is carried over), or 0 for none. */
  mask: usize;
  /** Where h(t) is copied for the layer above ([steps][rows] with this stride in floats), or 0. */
  above: usize;
  aboveStride: i32;
  /** [rows][units] factors on what the layer above sees (0 or 1 / (1 - rate), the same at all steps), or 0 for none. */
  dropout: usize;
  /** Gradients: of weights and bias (added to), of h(t) from above ([steps][rows][units] or 0). */
  weightGradient: usize;
  biasGradient: usize;
  hiddenGradient: usize;
  /** [rows][units] running gradients of h and c; the caller puts the gradient of the last h into the first and zeroes the second. */
  dh: usize;
  dc: usize;
  /** [rows][4 * units] scratch. */
  dz: usize;
  /** [units / 8][4 * units][8] and [inputs / 8 up][4 * units][8] scratch for transposed weights. */
  hiddenPanels: usize;
  inputPanels: usize;
  /** [steps][rows][inputs rounded up to 8] gradient of x, or 0. */
  inputGradient: usize;
}

/** Runs all steps. The caller has set x(t), h(-1) and c(-1). Work: 8 * units * (inputs + units) * rows * steps operations. */
export function lstmForward(plan: LstmPlan): void {
  const rows = plan.rows, units = plan.units;
  const width = plan.inputs + units;
  const stateBytes = <usize>(rows * width) << 2;
  const cellBytes = <usize>(rows * units) << 2;
  for (let t = 0; t < plan.steps; t++) {
    const state = plan.states + <usize>t * stateBytes;
    const hidden = state + stateBytes + (<usize>plan.inputs << 2);
    const cells = plan.cells + <usize>t * cellBytes;
    const squashed = plan.squashed + <usize>t * cellBytes;
    const gates = plan.gates + (<usize>t * cellBytes << 2);
    stepForward(state, hidden, width, plan.weights, plan.bias, cells, squashed, gates, rows, units);
    if (plan.mask) carryMasked(plan.mask + (<usize>(t * rows) << 2), state + (<usize>plan.inputs << 2), hidden, width, cells, rows, units);
    if (plan.above) {
      const target = plan.above + (<usize>(t * rows * plan.aboveStride) << 2);
      copyRows(hidden, width, target, plan.aboveStride, plan.dropout, rows, units);
    }
  }
}

function stepForward(
  state: usize, hidden: usize, width: i32, weights: usize, bias: usize, cells: usize, squashed: usize, gates: usize, rows: i32, units: i32,
): void {
  const stateRow = <usize>width << 2;
  const cellRow = <usize>units << 2;
  const nextCells = cells + <usize>rows * cellRow;
  for (let u = 0; u < units; u += 4) {
    const panel = weights + (<usize>(u * width) << 4);
    const biases = bias + (<usize>u << 4);
    for (let row = 0; row < rows; row += 2) {
      let i0 = v128.load(biases), f0 = v128.load(biases, 16), g0 = v128.load(biases, 32), o0 = v128.load(biases, 48);
      let i1 = i0, f1 = f0, g1 = g0, o1 = o0;
      let a0 = state + <usize>row * stateRow, a1 = a0 + stateRow;
      let b = panel;
      const end = a1;
      while (a0 < end) {
        const s0 = splat4(a0), s1 = splat4(a1);
        let w = v128.load(b);
        i0 = multiplyAdd(s0, w, i0);
        i1 = multiplyAdd(s1, w, i1);
        w = v128.load(b, 16);
        f0 = multiplyAdd(s0, w, f0);
        f1 = multiplyAdd(s1, w, f1);
        w = v128.load(b, 32);
        g0 = multiplyAdd(s0, w, g0);
        g1 = multiplyAdd(s1, w, g1);
        w = v128.load(b, 48);
        o0 = multiplyAdd(s0, w, o0);
        o1 = multiplyAdd(s1, w, o1);
        a0 += 4; a1 += 4;
        b += 64;
      }
      const cell = <usize>row * cellRow + (<usize>u << 2);
      const gate = gates + (cell << 2);
      finishCell(i0, f0, g0, o0, cells + cell, nextCells + cell, squashed + cell, gate, hidden + <usize>row * stateRow + (<usize>u << 2));
      const below = cell + cellRow;
      finishCell(i1, f1, g1, o1, cells + below, nextCells + below, squashed + below, gate + (cellRow << 2), hidden + <usize>(row + 1) * stateRow + (<usize>u << 2));
    }
  }
}

/** Activates four units' gates, updates their cells and keeps what the way back needs. */
// @ts-ignore: decorator
@inline
function finishCell(zi: v128, zf: v128, zg: v128, zo: v128, before: usize, after: usize, squashed: usize, gate: usize, hidden: usize): void {
  const i = sigmoid4(zi);
  v128.store(gate, i);
  const f = sigmoid4(zf);
  v128.store(gate, f, 16);
  const g = tanh4(zg);
  v128.store(gate, g, 32);
  const o = sigmoid4(zo);
  v128.store(gate, o, 48);
  const c = multiplyAdd(f, v128.load(before), f32x4.mul(i, g));
  v128.store(after, c);
  const tc = tanh4(c);
  v128.store(squashed, tc);
  v128.store(hidden, f32x4.mul(o, tc));
}

/** Masked rows keep the state that they had. */
function carryMasked(mask: usize, before: usize, hidden: usize, width: i32, cells: usize, rows: i32, units: i32): void {
  const stateRow = <usize>width << 2;
  const cellRow = <usize>units << 2;
  for (let row = 0; row < rows; row++) {
    if (load<i32>(mask + (<usize>row << 2))) continue;
    memory.copy(hidden + <usize>row * stateRow, before + <usize>row * stateRow, cellRow);
    memory.copy(cells + <usize>(rows + row) * cellRow, cells + <usize>row * cellRow, cellRow);
  }
}

function copyRows(from: usize, fromStride: i32, to: usize, toStride: i32, factors: usize, rows: i32, width: i32): void {
  for (let row = 0; row < rows; row++) {
    const source = from + (<usize>(row * fromStride) << 2);
    const target = to + (<usize>(row * toStride) << 2);
    if (factors) multiplyVectors(target, source, factors + (<usize>(row * width) << 2), width);
    else memory.copy(target, source, <usize>width << 2);
  }
}

/** Back-propagation through time over all steps; work is about twice that of lstmForward. */
export function lstmBackward(plan: LstmPlan): void {
  const rows = plan.rows, units = plan.units, inputs = plan.inputs;
  const width = inputs + units;
  const stateBytes = <usize>(rows * width) << 2;
  const cellBytes = <usize>(rows * units) << 2;
  const inputBlocks = (inputs + 7) >> 3;
  packTransposed(plan.weights, width, units, inputs, units, plan.hiddenPanels);
  if (plan.inputGradient) packTransposed(plan.weights, width, units, 0, inputs, plan.inputPanels);
  for (let t = plan.steps - 1; t >= 0; t--) {
    if (plan.hiddenGradient) {
      const gradient = plan.hiddenGradient + <usize>t * cellBytes;
      if (plan.dropout) multiplyVectors(gradient, gradient, plan.dropout, rows * units);
      addInPlace(plan.dh, gradient, rows * units);
    }
    const mask = plan.mask ? plan.mask + (<usize>(t * rows) << 2) : 0;
    cellBackward(plan, t, mask);
    weightGradient(plan.states + <usize>t * stateBytes, width, plan.dz, units, plan.weightGradient, rows);
    if (t > 0) multiplyPanels(plan.dz, units << 2, plan.hiddenPanels, plan.dh, units, rows, units >> 3, units << 2, mask ? 1 : 0);
    if (plan.inputGradient) {
      const target = plan.inputGradient + (<usize>(t * rows * inputBlocks) << 5);
      multiplyPanels(plan.dz, units << 2, plan.inputPanels, target, inputBlocks << 3, rows, inputBlocks, units << 2, 0);
    }
  }
}

/** Gradients of the gate sums (dz) from those of h and c; dc becomes the gradient of c(t-1); bias gradients are added up. */
function cellBackward(plan: LstmPlan, t: i32, mask: usize): void {
  const rows = plan.rows, units = plan.units;
  const cellRow = <usize>units << 2;
  const cellBytes = <usize>rows * cellRow;
  const before = plan.cells + <usize>t * cellBytes;
  const squashed = plan.squashed + <usize>t * cellBytes;
  const gates = plan.gates + (<usize>t * cellBytes << 2);
  const one = f32x4.splat(1);
  const dh0 = plan.dh, dc0 = plan.dc, dz0 = plan.dz;
  for (let u = 0; u < units; u += 4) {
    const biases = plan.biasGradient + (<usize>u << 4);
    let bi = v128.load(biases), bf = v128.load(biases, 16), bg = v128.load(biases, 32), bo = v128.load(biases, 48);
    for (let row = 0; row < rows; row++) {
      const cell = <usize>row * cellRow + (<usize>u << 2);
      const dz = dz0 + (cell << 2);
      if (mask && !load<i32>(mask + (<usize>row << 2))) {
        const zero = f32x4.splat(0);
        v128.store(dz, zero); v128.store(dz, zero, 16); v128.store(dz, zero, 32); v128.store(dz, zero, 48);
        continue;
      }
      const gate = gates + (cell << 2);
      const i = v128.load(gate), f = v128.load(gate, 16), g = v128.load(gate, 32), o = v128.load(gate, 48);
      const tc = v128.load(squashed + cell), dh = v128.load(dh0 + cell);
      const dho = f32x4.mul(dh, o);
      const dc = f32x4.add(v128.load(dc0 + cell), f32x4.sub(dho, f32x4.mul(dho, f32x4.mul(tc, tc))));
      const dci = f32x4.mul(dc, i);
      const dcf = f32x4.mul(dc, f);
      const di = f32x4.mul(f32x4.mul(dci, g), f32x4.sub(one, i));
      const df = f32x4.mul(f32x4.mul(dcf, v128.load(before + cell)), f32x4.sub(one, f));
      const dg = f32x4.sub(dci, f32x4.mul(dci, f32x4.mul(g, g)));
      const d0 = f32x4.mul(f32x4.mul(dho, tc), f32x4.sub(one, o));
      v128.store(dc0 + cell, dcf);
      v128.store(dz, di); v128.store(dz, df, 16); v128.store(dz, dg, 32); v128.store(dz, d0, 48);
      bi = f32x4.add(bi, di); bf = f32x4.add(bf, df); bg = f32x4.add(bg, dg); bo = f32x4.add(bo, d0);
      // With a mask the product that follows adds to dh, which then holds the carried part of masked rows only.
      if (mask) v128.store(dh0 + cell, f32x4.splat(0));
    }
    v128.store(biases, bi); v128.store(biases, bf, 16); v128.store(biases, bg, 32); v128.store(biases, bo, 48);
  }
}

function weightGradient(state: usize, width: i32, dz: usize, units: i32, gradient: usize, rows: i32): void {
  const stateRow = <usize>width << 2;
  const dzRow = <usize>units << 4;
  for (let u = 0; u < units; u += 4) {
    const panel = gradient + (<usize>(u * width) << 4);
    const column = dz + (<usize>u << 4);
    for (let k = 0; k < width; k += 4) {
      const source = state + (<usize>k << 2);
      const target = panel + (<usize>k << 6);
      tileTransposedLeft(source, stateRow, column, dzRow, target, 64, rows);
      tileTransposedLeft(source, stateRow, column + 32, dzRow, target + 32, 64, rows);
    }
  }
}

/** Panels of the transposed weights of inputs [first, first + count): eight inputs wide, 4 * units deep. */
function packTransposed(weights: usize, width: i32, units: i32, first: i32, count: i32, panels: usize): void {
  const depth = units << 2;
  for (let k = 0; k < count; k++) {
    for (let z = 0; z < depth; z++) {
      const from = weights + (<usize>((z >> 4) * width * 16 + (first + k) * 16 + (z & 15)) << 2);
      const to = panels + (<usize>(((k >> 3) * depth + z) * 8 + (k & 7)) << 2);
      store<f32>(to, load<f32>(from));
    }
  }
  for (let k = count; k & 7; k++) {
    for (let z = 0; z < depth; z++) store<f32>(panels + (<usize>(((k >> 3) * depth + z) * 8 + (k & 7)) << 2), 0);
  }
}

function addInPlace(target: usize, source: usize, count: i32): void {
  const end = target + (<usize>count << 2);
  while (target < end) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
    target += 16;
    source += 16;
  }
}
