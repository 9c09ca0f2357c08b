import { type Matrix, checkMatrix } from '../matrix.ts';
import { MlError } from '../ml-error.ts';
import { type Address, type Kernels, roundUp, withScratchKernels } from './kernels.ts';

/** Rows of the left operand per call: its panel tiles stay in the first-level cache, and memory stays bounded. */
const CHUNK = 256;

/**
 * a × b (rows × depth by depth × columns) in float32, `2 · rows · depth · columns` operations at 20 GFLOP/s and more.
 * Throws `ML_SHAPE` when the sizes do not fit. NaN and infinite values spread as in IEEE arithmetic.
 */
export function multiply(a: Matrix, b: Matrix): Matrix {
  return product(a, b, 'plain');
}

/** a × bᵀ: row i of the result holds the scalar products of row i of `a` with all rows of `b`. */
export function multiplyTransposedRight(a: Matrix, b: Matrix): Matrix {
  return product(a, b, 'transposed');
}

/** Squared Euclidean distance of every row of `a` to every row of `b`, by differences: no cancellation for near rows. */
export function squaredDistances(a: Matrix, b: Matrix): Matrix {
  return product(a, b, 'distance');
}

function product(a: Matrix, b: Matrix, mode: 'plain' | 'transposed' | 'distance'): Matrix {
  checkMatrix(a);
  checkMatrix(b);
  const [depth, columns] = mode === 'plain' ? [b.rows, b.columns] : [b.columns, b.rows];
  if (a.columns !== depth) throw new MlError('ML_SHAPE', `depths differ: ${a.columns} and ${depth}`);
  const data = new Float32Array(a.rows * columns);
  withScratchKernels((kernels) => fillProduct(kernels, { a, b, mode, depth, columns, data }));
  return { data, rows: a.rows, columns };
}

type Product = {
  readonly a: Matrix;
  readonly b: Matrix;
  readonly mode: 'plain' | 'transposed' | 'distance';
  readonly depth: number;
  readonly columns: number;
  readonly data: Float32Array;
};

function fillProduct(kernels: Kernels, { a, b, mode, depth, columns, data }: Product): void {
  const { run } = kernels;
  const blocks = Math.ceil(columns / 8);
  const right = kernels.allocate(b.data.length);
  const panels = kernels.allocate(blocks * depth * 8);
  const left = kernels.allocate(CHUNK * depth);
  const result = kernels.allocate(CHUNK * blocks * 8);
  kernels.floats.set(b.data, right / 4);
  if (mode === 'plain') run.packPanels(right, columns, panels, depth, columns);
  else run.packPanelsTransposed(right, depth, panels, depth, columns);
  for (let first = 0; first < a.rows; first += CHUNK) {
    const count = Math.min(CHUNK, a.rows - first);
    kernels.floats.set(a.data.subarray(first * depth, (first + count) * depth), left / 4);
    const sizes = [roundUp(count, 4), blocks, depth];
    if (mode === 'distance') run.rowDistances(left, depth, panels, result, blocks * 8, ...sizes);
    else run.multiplyPanels(left, depth, panels, result, blocks * 8, ...sizes, 0);
    copyRows(kernels.floats, result, blocks * 8, data.subarray(first * columns), count, columns);
  }
}

/** aᵀ × b (depth × rows and depth × columns): sums over the rows of both, as in covariance and in gradients. */
export function multiplyTransposedLeft(a: Matrix, b: Matrix): Matrix {
  checkMatrix(a);
  checkMatrix(b);
  if (a.rows !== b.rows) throw new MlError('ML_SHAPE', `depths differ: ${a.rows} and ${b.rows}`);
  const data = new Float32Array(a.columns * b.columns);
  withScratchKernels((kernels) => fillTransposedLeft(kernels, a, b, data));
  return { data, rows: a.columns, columns: b.columns };
}

function fillTransposedLeft(kernels: Kernels, a: Matrix, b: Matrix, data: Float32Array): void {
  const width = roundUp(a.columns, 4);
  const blocks = Math.ceil(b.columns / 8);
  const left = kernels.allocate(CHUNK * width);
  const right = kernels.allocate(CHUNK * blocks * 8);
  const result = kernels.allocate(width * blocks * 8);
  for (let first = 0; first < a.rows; first += CHUNK) {
    const count = Math.min(CHUNK, a.rows - first);
    placeRows(kernels.floats, left, width, a, first, count);
    placeRows(kernels.floats, right, blocks * 8, b, first, count);
    kernels.run.multiplyTransposedLeft(left, width, right, blocks * 8, result, blocks * 8, 8, width, blocks, count);
  }
  copyRows(kernels.floats, result, blocks * 8, data, a.columns, b.columns);
}

// oxlint-disable-next-line eslint/max-params -- a strided copy has two ends
function copyRows(
  floats: Float32Array,
  from: Address,
  stride: number,
  to: Float32Array,
  rows: number,
  columns: number,
): void {
  for (let row = 0; row < rows; row++) {
    const start = from / 4 + row * stride;
    to.set(floats.subarray(start, start + columns), row * columns);
  }
}

// oxlint-disable-next-line eslint/max-params -- a strided copy has two ends
function placeRows(floats: Float32Array, to: Address, stride: number, from: Matrix, first: number, rows: number): void {
  const { columns } = from;
  for (let row = 0; row < rows; row++) {
    const start = (first + row) * columns;
    floats.set(from.data.subarray(start, start + columns), to / 4 + row * stride);
  }
}
