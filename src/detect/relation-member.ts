import { choleskyFactor, solveLower, solveLowerTransposed } from '../ml/cholesky.ts';
import { multiplyTransposedLeft } from '../ml/kernels/products.ts';
import type { Matrix } from '../ml/matrix.ts';
import { MlError } from '../ml/ml-error.ts';
import { decodeModel, encodeModel, requireKind } from '../ml/serialize.ts';
import type { MemberFactory, MemberModel } from './ensemble/member.ts';

const KIND = 'relation';
const VERSION = 1;
/**
 * How far the covariance is drawn towards none at all (Ledoit and Wolf, 2004): by how many features there are for a row.
 * At the least a relation is not believed to hold better than to a twentieth of a deviation, however well it held.
 */
const LEAST_SHRINKAGE = 0.0025;
const MOST_SHRINKAGE = 0.2;
/** What is improbable is told by each feature's own tail: the distance that this share of rows is beyond, and how far they go. */
const TAIL_SHARE = 0.02;
const NEG_LOG_SHARE = -Math.log(TAIL_SHARE);
/** Shape of the generalised Pareto tail, as in the residual of each feature. */
const TAIL_SHAPE = 0.2;
/** No relation is taken for calmer than a normal variable. */
const LEAST_THRESHOLD = 2.3;
const LEAST_EXCESS = 0.35;
/** Rows that tails are measured on. */
const TAIL_ROWS = 20_000;
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
  const shrinkage = Math.min(MOST_SHRINKAGE, Math.max(LEAST_SHRINKAGE, n / Math.max(1, rows)));
  for (let i = 0; i < n * n; i++) factor[i] = ((1 - shrinkage) * gram.data[i]!) / Math.max(1, rows);
  // Also a column that never moved has a variance, so that it can be seen to move.
  for (let i = 0; i < n; i++) factor[i * n + i] = factor[i * n + i]! + shrinkage;
  if (!choleskyFactor(factor, n)) throw new MlError('ML_VALUE', 'the covariance of the rows is not positive definite');
  const precision = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const column = new Float64Array(n);
    column[i] = 1;
    precision.set(solveLowerTransposed(factor, solveLower(factor, column)), i * n);
  }
  return precision;
}

/** Distances of a row's values from what the others say of them, in deviations of that; 0 where missing. */
class Distances {
  readonly #precision: Float64Array;
  readonly #present: Int32Array;
  readonly values: Float64Array;

  constructor(precision: Float64Array, features: number) {
    this.#precision = precision;
    this.#present = new Int32Array(features);
    this.values = new Float64Array(features);
  }

  of(row: ArrayLike<number>, offset: number): Float64Array {
    const [precision, present, { length: features }] = [this.#precision, this.#present, this.values];
    let count = 0;
    for (let f = 0; f < features; f++) if (!Number.isNaN(row[offset + f]!)) present[count++] = f;
    this.values.fill(0);
    for (let i = 0; i < count; i++) {
      const base = present[i]! * features;
      let sum = 0;
      for (let j = 0; j < count; j++) sum += precision[base + present[j]!]! * row[offset + present[j]!]!;
      this.values[present[i]!] = Math.abs(sum) / Math.sqrt(precision[base + present[i]!]!);
    }
    return this.values;
  }
}

/** Of each feature the distance that few rows are beyond, and the mean excess of these: features × 2. */
function tailsOf(matrix: Matrix, precision: Float64Array, features: number): Float64Array {
  const step = Math.max(1, Math.ceil(matrix.rows / TAIL_ROWS));
  const rows = Math.ceil(matrix.rows / step);
  const all = Array.from({ length: features }, () => new Float64Array(rows));
  const distances = new Distances(precision, features);
  for (let r = 0; r < rows; r++)
    distances.of(matrix.data, r * step * matrix.columns).forEach((distance, f) => (all[f]![r] = distance));
  const tails = new Float64Array(features * 2);
  all.forEach((column, f) => {
    column.sort();
    const beyond = Math.max(1, Math.floor(TAIL_SHARE * rows));
    const threshold = Math.max(LEAST_THRESHOLD, column[rows - beyond]!);
    let sum = 0;
    for (let r = rows - beyond; r < rows; r++) sum += Math.max(0, column[r]! - threshold);
    tails[2 * f] = threshold;
    tails[2 * f + 1] = Math.max(LEAST_EXCESS, sum / beyond);
  });
  return tails;
}

/** -ln of the tail probability of a distance. */
function surprise(distance: number, threshold: number, excess: number): number {
  if (distance <= threshold) return (NEG_LOG_SHARE * distance) / threshold;
  return NEG_LOG_SHARE + Math.log1p((TAIL_SHAPE * (distance - threshold)) / excess) / TAIL_SHAPE;
}

interface Parts {
  readonly precision: Float64Array;
  readonly tails: Float64Array;
  readonly features: number;
  readonly columns: number;
}

function modelOf({ precision, tails, features, columns }: Parts): MemberModel {
  const distances = new Distances(precision, features);
  /** Fourth powers of how improbable each value is, so that one strong one counts, and many together more. */
  const judge = (row: ArrayLike<number>, offset: number): Float64Array =>
    distances.of(row, offset).map((distance, f) => {
      const square = surprise(distance, tails[2 * f]!, tails[2 * f + 1]!) ** 2;
      return square * square;
    });
  return {
    kind: KIND,
    columns,
    score: (row, offset = 0) => Math.sqrt(Math.sqrt(judge(row, offset).reduce((sum, one) => sum + one, 0))),
    blame: (row, out, offset = 0) => {
      out.fill(0);
      out.set(judge(row, offset));
    },
    toBytes: () => encodeModel(KIND, VERSION, { features, columns }, { precision, tails }),
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
    const precision = precisionOf(filled(rows, features));
    return modelOf({ precision, tails: tailsOf(rows, precision, features), features, columns: rows.columns });
  },
  load: (bytes) => {
    const saved = decodeModel(bytes);
    requireKind(saved, KIND, VERSION);
    const columns = saved.integer('columns', 1, 65_536);
    const features = saved.integer('features', 1, columns);
    const precision = saved.section('precision', 'f64', features * features);
    return modelOf({ precision, tails: saved.section('tails', 'f64', 2 * features), features, columns });
  },
};
