import { MlError } from './ml-error.ts';

/** Numbers that a model reads. Float32 in bulk, float64 where sums are kept. */
export type FloatArray = Float32Array | Float64Array;

/**
 * A dense matrix, row-major: the value of row `r` and column `c` is `data[r * columns + c]`.
 * NaN means missing. Models never write to a matrix that they were handed.
 */
export type Matrix = {
  readonly data: FloatArray;
  readonly rows: number;
  readonly columns: number;
};

/** Most cells of one matrix: the longest typed array of float64 that every supported engine allocates. */
const MAX_CELLS = 2 ** 31 - 1;

/** Wraps `data` without a copy. Throws `ML_SHAPE` unless its length is exactly rows × columns. */
export function createMatrix(data: FloatArray, rows: number, columns: number): Matrix {
  const matrix = { data, rows, columns };
  checkMatrix(matrix);
  return matrix;
}

/** Copies rows of equal length into a float64 matrix. Throws `ML_SHAPE` when a row has another length than the first. */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns) {
      throw new MlError('ML_SHAPE', `row ${index} has ${row.length} values, row 0 has ${columns}`);
    }
    data.set(row, index * columns);
  }
  return { data, rows: rows.length, columns };
}

/** Copies the given rows, in the given order (repeats allowed), into a matrix of the same precision. */
export function takeRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const cells = indices.length * columns;
  const data = matrix.data instanceof Float32Array ? new Float32Array(cells) : new Float64Array(cells);
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (!(row >= 0 && row < matrix.rows)) {
      throw new MlError('ML_SHAPE', `row ${row} does not exist, the matrix has ${matrix.rows}`);
    }
    data.set(matrix.data.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return { data, rows: indices.length, columns };
}

/** Throws `ML_SHAPE` or `ML_TOO_LARGE` unless the sizes are whole, bounded and agree with the data. */
export function checkMatrix(matrix: Matrix): void {
  const { data, rows, columns } = matrix;
  if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 0 || columns < 0) {
    throw new MlError('ML_SHAPE', `rows and columns must be whole numbers, got ${rows} × ${columns}`);
  }
  if (rows * columns > MAX_CELLS) {
    throw new MlError('ML_TOO_LARGE', `a matrix holds at most ${MAX_CELLS} cells, got ${rows} × ${columns}`);
  }
  if (data.length !== rows * columns) {
    throw new MlError('ML_SHAPE', `${rows} × ${columns} needs ${rows * columns} values, got ${data.length}`);
  }
}

/** The check of every `fit`: a sound matrix with at least `minRows` rows and one column (`ML_EMPTY` otherwise). */
export function checkTrainingMatrix(matrix: Matrix, minRows = 1): void {
  checkMatrix(matrix);
  if (matrix.rows < minRows || matrix.columns < 1) {
    throw new MlError(
      'ML_EMPTY',
      `needs at least ${minRows} row(s) and 1 column, got ${matrix.rows} × ${matrix.columns}`,
    );
  }
}

/** The check of every batch score: a sound matrix with the columns that the model was fitted on. */
export function checkColumns(matrix: Matrix, columns: number): void {
  checkMatrix(matrix);
  if (matrix.columns !== columns) {
    throw new MlError('ML_SHAPE', `the model was fitted on ${columns} columns, got ${matrix.columns}`);
  }
}

/** Rows as a method takes them: throws `ML_SHAPE` when the row does not hold `columns` values from `offset`. */
export function checkRow(row: FloatArray, offset: number, columns: number): void {
  if (!(offset >= 0 && offset + columns <= row.length)) {
    throw new MlError('ML_SHAPE', `a row needs ${columns} values from ${offset}, the array has ${row.length}`);
  }
}

/** `out` itself after a check of its length, or a new array of zeros. */
export function outputArray(out: Float64Array | undefined, length: number): Float64Array {
  if (out === undefined) return new Float64Array(length);
  if (out.length !== length) throw new MlError('ML_SHAPE', `the output needs ${length} values, got ${out.length}`);
  return out;
}
