import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMatrix, type Matrix } from '../src/ml/matrix.ts';
import { createRandom } from '../src/ml/random.ts';

export type Labelled = { readonly matrix: Matrix; readonly target: Float64Array };

/** Shared, so that worker threads read the same memory. */
function sharedNormals(rows: number, columns: number, seed: number, narrow: boolean): Matrix {
  const random = createRandom(seed);
  const cells = rows * columns;
  const data = narrow
    ? new Float32Array(new SharedArrayBuffer(cells * 4))
    : new Float64Array(new SharedArrayBuffer(cells * 8));
  for (let i = 0; i < cells; i++) data[i] = random.normal();
  return createMatrix(data, rows, columns);
}

/** Two classes by a noisy function of six columns: curved, stepped, with an interaction. */
function label(matrix: Matrix, seed: number, steepness: number): Float64Array {
  const random = createRandom(seed);
  const target = new Float64Array(new SharedArrayBuffer(matrix.rows * 8));
  for (let row = 0; row < matrix.rows; row++) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = matrix.data.subarray(
      row * matrix.columns,
      row * matrix.columns + 6,
    );
    const logit = a + 0.5 * b * c + Math.sin(2 * d) - (e > 0.5 ? 0.7 : 0) + 0.3 * f * f - 0.3;
    target[row] = random.next() < 1 / (1 + Math.exp(-steepness * logit)) ? 1 : 0;
  }
  return target;
}

export function outlierData(): Matrix {
  return sharedNormals(20_000, 16, 1, false);
}

export function boostingData(): Labelled {
  const matrix = sharedNormals(100_000, 30, 2, true);
  return { matrix, target: label(matrix, 3, 1) };
}

export function forestData(): Labelled {
  const matrix = sharedNormals(20_000, 20, 4, false);
  return { matrix, target: label(matrix, 5, 2) };
}

/** Writes what bench/peers/trees.py reads. */
export function writePeerData(folder: string): void {
  const boosting = boostingData();
  const forest = forestData();
  const files = {
    'outliers.f64': outlierData().data,
    'boosting.f32': boosting.matrix.data,
    'boosting-target.f32': Float32Array.from(boosting.target),
    'forest.f64': forest.matrix.data,
    'forest-target.f64': forest.target,
  };
  for (const [name, data] of Object.entries(files)) {
    writeFileSync(join(folder, name), new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
}
