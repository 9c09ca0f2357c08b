import { type Matrix, takeRows } from '../../ml/matrix.ts';

/** At most `most` rows of a matrix, evenly spread over it, the first among them. */
export function someRows(matrix: Matrix, most: number): Matrix {
  if (matrix.rows <= most) return matrix;
  return takeRows(
    matrix,
    Uint32Array.from({ length: most }, (_, i) => Math.floor((i * matrix.rows) / most)),
  );
}

/** Squares of a row's columns, 0 where missing: who is to blame, for a model that has no residuals of its own. */
export function squares(row: ArrayLike<number>, out: Float64Array, offset: number): void {
  for (let c = 0; c < out.length; c++) {
    const value = row[offset + c]!;
    out[c] = value === value ? value * value : 0;
  }
}
