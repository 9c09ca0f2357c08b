import { choleskyFactor, solveLower, solveLowerTransposed } from '../ml/cholesky.ts';
import { multiplyTransposedLeft } from '../ml/kernels/products.ts';
import type { Matrix } from '../ml/matrix.ts';
import { MlError } from '../ml/ml-error.ts';
import { decodeModel, encodeModel, requireKind } from '../ml/serialize.ts';
import type { MemberFactory, MemberModel } from './ensemble/member.ts';

const KIND = 'relation';
const VERSION = 1;
/**
 * How far the covariance is drawn towards none at all (Ledoit and Wolf, 2004): a relation is not believed to hold better
 * than to a seventh of a deviation, however well it held in training.
 */
const SHRINKAGE = 0.02;
const LEAST_ROWS = 2;

/** The first columns of all rows, with 0, the usual value, for what is missing. */
function filled({ data, rows, columns }: Matrix, features: number): Matrix {
  const copy = new Float32Array(rows * features);
  for (let r = 0, to = 0; r < rows; r++) {
    for (let f = 0; f < features; f++, to++) {
      const value = data[r * columns + f]!;
      copy[to] = Number.isNaN(value) ? 0 : value;
    }
  }
  return { data: copy, rows, columns: features };
}

/** Inverse of the shrunk correlation of standardised rows; columns² numbers. */
function precisionOf(matrix: Matrix): Float64Array {
  const { rows, columns: n } = matrix;
  const gram = multiplyTransposedLeft(matrix, matrix);
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n * n; i++) factor[i] = ((1 - SHRINKAGE) * gram.data[i]!) / Math.max(1, rows);
  // Also a column that never moved has a variance, so that it can be seen to move.
  for (let i = 0; i < n; i++) factor[i * n + i] = factor[i * n + i]! + SHRINKAGE;
  if (!choleskyFactor(factor, n)) throw new MlError('ML_VALUE', 'the covariance of the rows is not positive definite');
  const precision = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const column = new Float64Array(n);
    column[i] = 1;
    precision.set(solveLowerTransposed(factor, solveLower(factor, column)), i * n);
  }
  return precision;
}

function modelOf(precision: Float64Array, features: number, columns: number): MemberModel {
  const present = new Int32Array(features);
  const squares = new Float64Array(features);
  /** Square of how far each value is from what the others say of it, in deviations of that. */
  const judge = (row: ArrayLike<number>, offset: number): Float64Array => {
    let count = 0;
    for (let c = 0; c < features; c++) if (!Number.isNaN(row[offset + c]!)) present[count++] = c;
    squares.fill(0);
    for (let i = 0; i < count; i++) {
      const c = present[i]!;
      const base = c * features;
      let sum = 0;
      for (let j = 0; j < count; j++) sum += precision[base + present[j]!]! * row[offset + present[j]!]!;
      squares[c] = (sum * sum) / precision[base + c]!;
    }
    return squares;
  };
  return {
    kind: KIND,
    columns,
    score: (row, offset = 0) => {
      let sum = 0;
      for (const square of judge(row, offset)) sum += square * square;
      return Math.sqrt(Math.sqrt(sum));
    },
    blame: (row, out, offset = 0) => {
      out.fill(0);
      judge(row, offset).forEach((square, c) => (out[c] = square * square));
    },
    toBytes: () => encodeModel(KIND, VERSION, { features, columns }, { precision }),
  };
}

/**
 * What each value should be now, given all the others (the inverse of a shrunk correlation): it finds the relation that
 * no longer holds where every feature alone is what it has always been, and is blind to all of them moving along as
 * usual. It does not look back, so it is over when the trouble is. O(features²) a row.
 */
export const relationMember: MemberFactory = {
  kind: KIND,
  fit: (rows, { features = rows.columns }) => {
    if (rows.rows < LEAST_ROWS || features === 0) throw new MlError('ML_EMPTY', 'no rows to learn relations from');
    return modelOf(precisionOf(filled(rows, features)), features, rows.columns);
  },
  load: (bytes) => {
    const saved = decodeModel(bytes);
    requireKind(saved, KIND, VERSION);
    const columns = saved.integer('columns', 1, 65_536);
    const features = saved.integer('features', 1, columns);
    return modelOf(saved.section('precision', 'f64', features * features), features, columns);
  },
};
