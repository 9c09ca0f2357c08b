import { MlError } from './ml-error.ts';
import { createRandom } from './random.ts';
import { checkOrder, pointUp, symmetricEigen } from './symmetric-eigen.ts';

/** Rows that may overlap: row r is `data[r * step … r * step + columns - 1]`. Every value is finite. */
export type RowView = {
  readonly data: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly step: number;
};

/** Orthonormal axes (row-major, count × columns) by falling variance, with the mean that they go through. */
export type PrincipalAxes = {
  readonly count: number;
  readonly axes: Float64Array;
  /** Variance along each axis, with the divisor rows − 1. */
  readonly variances: Float64Array;
  readonly mean: Float64Array;
  /** Sum of the variances of all columns. */
  readonly totalVariance: number;
};

/** Extra columns of the random sketch (Halko et al., section 4.2: 5 or 10). */
const OVERSAMPLING = 10;
/** Power iterations keep the tails of slowly falling spectra out (Halko et al., section 4.5); numbers and rule of scikit-learn. */
const POWER_ITERATIONS = 4;
const POWER_ITERATIONS_FOR_FEW = 7;
const FEW = 0.1;
/** An axis with less than this share of the largest variance is rounding; its direction means nothing. */
const NEGLIGIBLE = 1e-14;
/** Cells of a sketch, 1 GiB. */
const MAX_CELLS = 2 ** 27;

/** Exact axes, at most `count`: from the covariance (O(rows × columns²)), or from the products of rows when they are fewer. */
export function exactAxes(view: RowView, count: number): PrincipalAxes {
  checkOrder(Math.min(view.rows, view.columns));
  const mean = columnMeans(view);
  const totalVariance = varianceAround(view, mean);
  const { values, vectors } =
    view.rows < view.columns
      ? fromRowProducts(view, mean, count)
      : symmetricEigen(covariance(view, mean), view.columns);
  return keep({ values, vectors, mean, totalVariance }, view.columns, count);
}

/**
 * Approximate axes by a randomised range finder with power iterations (Halko, Martinsson and Tropp, 2011, algorithms 4.4
 * and 5.1): O(rows × columns × count). Good when the variances fall; on a flat spectrum the last axes are mixtures.
 */
export function randomisedAxes(view: RowView, count: number, seed: number): PrincipalAxes {
  const { rows, columns } = view;
  const mean = columnMeans(view);
  const width = Math.min(count + OVERSAMPLING, rows, columns);
  if (Math.max(rows, columns) * width > MAX_CELLS) throw new MlError('ML_TOO_LARGE', 'the random sketch is over 1 GiB');
  const random = createRandom(seed);
  // Bases are kept with one vector a row: `sketch` in the space of columns, `range` in the space of rows.
  let sketch: Float64Array = Float64Array.from({ length: width * columns }, () => random.normal());
  let range = project(view, mean, sketch);
  const rounds = count < FEW * Math.min(rows, columns) ? POWER_ITERATIONS_FOR_FEW : POWER_ITERATIONS;
  for (let round = 0; round < rounds; round++) {
    orthonormalise(range, rows);
    sketch = combine(view, mean, range);
    orthonormalise(sketch, columns);
    range = project(view, mean, sketch);
  }
  orthonormalise(range, rows);
  const small = combine(view, mean, range);
  const { values, vectors } = symmetricEigen(rowProducts(small, width, columns, rows - 1), width);
  const axes = new Float64Array(width * columns);
  for (let k = 0; k < width; k++) {
    addWeighted(axes.subarray(k * columns, (k + 1) * columns), small, vectors.subarray(k * width, (k + 1) * width));
  }
  return keep({ values, vectors: axes, mean, totalVariance: varianceAround(view, mean) }, columns, count);
}

type Found = { values: Float64Array; vectors: Float64Array; mean: Float64Array; totalVariance: number };

/** Takes the first `count` axes that stand for more than rounding, with length 1. */
function keep({ values, vectors, mean, totalVariance }: Found, columns: number, count: number): PrincipalAxes {
  let kept = 0;
  while (kept < Math.min(count, values.length) && values[kept]! > NEGLIGIBLE * values[0]!) kept++;
  const axes = vectors.slice(0, kept * columns);
  for (let k = 0; k < kept; k++) {
    const axis = axes.subarray(k * columns, (k + 1) * columns);
    const length = Math.sqrt(dot(axis, axis));
    for (let c = 0; c < columns; c++) axis[c]! /= length;
    pointUp(axis);
  }
  return { count: kept, axes, variances: values.slice(0, kept), mean, totalVariance };
}

function columnMeans({ data, rows, columns, step }: RowView): Float64Array {
  const mean = new Float64Array(columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) mean[c]! += data[r * step + c]!;
  for (let c = 0; c < columns; c++) mean[c]! /= rows;
  return mean;
}

function varianceAround({ data, rows, columns, step }: RowView, mean: Float64Array): number {
  let sum = 0;
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) sum += (data[r * step + c]! - mean[c]!) ** 2;
  return rows > 1 ? sum / (rows - 1) : 0;
}

/** Four rows at a time, so that each cell of the sum is read and written once for four products. */
function covariance({ data, rows, columns: d, step }: RowView, mean: Float64Array): Float64Array {
  const sum = new Float64Array(d * d);
  const block = new Float64Array(4 * d);
  for (let r = 0; r < rows; r += 4) {
    const filled = Math.min(4, rows - r);
    block.fill(0);
    for (let b = 0; b < filled; b++)
      for (let c = 0; c < d; c++) block[b * d + c] = data[(r + b) * step + c]! - mean[c]!;
    for (let i = 0; i < d; i++) {
      const [a0, a1, a2, a3] = [block[i]!, block[d + i]!, block[2 * d + i]!, block[3 * d + i]!];
      for (let j = i; j < d; j++) {
        sum[i * d + j]! += a0 * block[j]! + a1 * block[d + j]! + a2 * block[2 * d + j]! + a3 * block[3 * d + j]!;
      }
    }
  }
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) sum[j * d + i] = sum[i * d + j]! /= Math.max(1, rows - 1);
  return sum;
}

/** With fewer rows than columns: eigenvectors u of the products of rows give the axes as Zᵀu. */
function fromRowProducts(view: RowView, mean: Float64Array, count: number): Pick<Found, 'values' | 'vectors'> {
  const { rows, columns } = view;
  const centred = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) centred[r * columns + c] = view.data[r * view.step + c]! - mean[c]!;
  }
  const { values, vectors } = symmetricEigen(rowProducts(centred, rows, columns, rows - 1), rows);
  const kept = Math.min(count, rows);
  const axes = new Float64Array(kept * columns);
  for (let k = 0; k < kept; k++) {
    addWeighted(axes.subarray(k * columns, (k + 1) * columns), centred, vectors.subarray(k * rows, (k + 1) * rows));
  }
  return { values: values.subarray(0, kept), vectors: axes };
}

function rowProducts(data: Float64Array, rows: number, columns: number, divisor: number): Float64Array {
  const products = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const a = data.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j <= i; j++) {
      const product = dot(a, data.subarray(j * columns, (j + 1) * columns)) / Math.max(1, divisor);
      products[i * rows + j] = products[j * rows + i] = product;
    }
  }
  return products;
}

/** Every vector of `basis` (in the space of columns) times every centred row: vectors in the space of rows. */
function project({ data, rows, columns, step }: RowView, mean: Float64Array, basis: Float64Array): Float64Array {
  const width = basis.length / columns;
  const out = new Float64Array(width * rows);
  const row = new Float64Array(columns);
  // Rows outside, vectors inside: the row and the basis stay in the cache.
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) row[c] = data[r * step + c]! - mean[c]!;
    for (let k = 0; k < width; k++) {
      let sum = 0;
      for (let c = 0, at = k * columns; c < columns; c++) sum += basis[at++]! * row[c]!;
      out[k * rows + r] = sum;
    }
  }
  return out;
}

/** The transpose of `project`: every vector of `basis` (in the space of rows) as a weighted sum of the centred rows. */
function combine({ data, rows, columns, step }: RowView, mean: Float64Array, basis: Float64Array): Float64Array {
  const width = basis.length / rows;
  const out = new Float64Array(width * columns);
  const row = new Float64Array(columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) row[c] = data[r * step + c]! - mean[c]!;
    for (let k = 0; k < width; k++) {
      const weight = basis[k * rows + r]!;
      for (let c = 0, at = k * columns; c < columns; c++) out[at++]! += weight * row[c]!;
    }
  }
  return out;
}

/** Gram and Schmidt, twice: "twice is enough" (Giraud et al., 2005). A dependent vector becomes zero. */
function orthonormalise(basis: Float64Array, length: number): void {
  const width = basis.length / length;
  for (let k = 0; k < width; k++) {
    const vector = basis.subarray(k * length, (k + 1) * length);
    const before = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < k; j++) {
        const other = basis.subarray(j * length, (j + 1) * length);
        const along = dot(vector, other);
        for (let i = 0; i < length; i++) vector[i]! -= along * other[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    const scale = norm > before * 1e-12 ? 1 / norm : 0;
    for (let i = 0; i < length; i++) vector[i]! *= scale;
  }
}

function addWeighted(to: Float64Array, rows: Float64Array, weights: Float64Array): void {
  for (let r = 0; r < weights.length; r++) {
    const weight = weights[r]!;
    for (let c = 0, at = r * to.length; c < to.length; c++) to[c]! += weight * rows[at++]!;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
