import { type Matrix, takeRows } from '../../ml/matrix.ts';

/** At most `most` rows of a matrix, evenly spread over it, the first among them. */
export function someRows(matrix: Matrix, most: number): Matrix {
  if (matrix.rows <= most) return matrix;
  return takeRows(
    matrix,
    Uint32Array.from({ length: most }, (_, i) => Math.floor((i * matrix.rows) / most)),
  );
}
