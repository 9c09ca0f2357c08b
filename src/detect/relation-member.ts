import { choleskyFactor, solveLower, solveLowerTransposed } from '../ml/cholesky.ts';
import { multiplyTransposedLeft } from '../ml/kernels/products.ts';
import type { Matrix } from '../ml/matrix.ts';
import { MlError } from '../ml/ml-error.ts';
import { decodeModel, encodeModel, requireKind } from '../ml/serialize.ts';
import type { MemberFactory, MemberModel } from './ensemble/member.ts';

const KIND = 'relation';
const VERSION = 2;
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
/** Independent rows for each feature, fewer of which say nothing of a time scale. */
const LEAST_INDEPENDENT = 5;

/** The columns of one time scale of all rows, with 0, the usual value, for what is missing. */
function blockOf({ data, rows, columns }: Matrix, features: number, scale: number): Matrix {
  const copy = new Float32Array(rows * features);
  for (let r = 0, to = 0; r < rows; r++) {
    for (let f = 0; f < features; f++, to++) {
      const value = data[r * columns + scale * features + f]!;
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
    if (count === features) return this.#ofWhole(row, offset);
    this.values.fill(0);
    for (let i = 0; i < count; i++) {
      const base = present[i]! * features;
      let sum = 0;
      for (let j = 0; j < count; j++) sum += precision[base + present[j]!]! * row[offset + present[j]!]!;
      this.values[present[i]!] = Math.abs(sum) / Math.sqrt(precision[base + present[i]!]!);
    }
    return this.values;
  }

  /** The same without detours, where nothing is missing. */
  #ofWhole(row: ArrayLike<number>, offset: number): Float64Array {
    const [precision, values] = [this.#precision, this.values];
    const features = values.length;
    for (let i = 0, at = 0; i < features; i++) {
      let sum = 0;
      for (let j = 0; j < features; j++, at++) sum += precision[at]! * row[offset + j]!;
      values[i] = Math.abs(sum) / Math.sqrt(precision[i * features + i]!);
    }
    return values;
  }
}

/** Of each feature the distance that few rows are beyond, and the mean excess of these: features × 2. */
function tailsOf(matrix: Matrix, precision: Float64Array): Float64Array {
  const { rows: all, columns: features } = matrix;
  const step = Math.max(1, Math.ceil(all / TAIL_ROWS));
  const rows = Math.ceil(all / step);
  const columns = Array.from({ length: features }, () => new Float64Array(rows));
  const distances = new Distances(precision, features);
  for (let r = 0; r < rows; r++)
    distances.of(matrix.data, r * step * features).forEach((distance, f) => (columns[f]![r] = distance));
  const tails = new Float64Array(features * 2);
  columns.forEach((column, f) => {
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

/**
 * Rows of one time scale that are worth an independent one each: trailing means hardly change from row to row (a first-order
 * autoregression, Bayley and Hammersley, 1946).
 */
function independentRows({ data, rows, columns }: Matrix): number {
  let [squares, products] = [0, 0];
  for (let at = columns; at < data.length; at++) {
    squares += data[at]! * data[at]!;
    products += data[at]! * data[at - columns]!;
  }
  const memory = squares === 0 ? 0 : Math.min(0.9999, Math.max(0, products / squares));
  return (rows * (1 - memory)) / (1 + memory);
}

/** Tails that nothing is beyond: of a time scale that is too long for the history. */
const unknownTails = (features: number): Float64Array =>
  Float64Array.from({ length: 2 * features }, (_, i) => (i % 2 === 0 ? Number.POSITIVE_INFINITY : LEAST_EXCESS));

/** -ln of the tail probability of a distance. */
function surprise(distance: number, threshold: number, excess: number): number {
  if (distance <= threshold) return (NEG_LOG_SHARE * distance) / threshold;
  return NEG_LOG_SHARE + Math.log1p((TAIL_SHAPE * (distance - threshold)) / excess) / TAIL_SHAPE;
}

interface Parts {
  /** One after the other for each time scale: the values of the row, then its trailing means. */
  readonly precisions: readonly Float64Array[];
  readonly tails: readonly Float64Array[];
  readonly features: number;
}

function modelOf({ precisions, tails, features }: Parts): MemberModel {
  const distances = precisions.map((precision) => new Distances(precision, features));
  const powers = new Float64Array(features);
  /** Fourth powers of how improbable each feature is at its oddest scale: one strong one counts, and many together more. */
  const judge = (row: ArrayLike<number>, offset: number): Float64Array => {
    powers.fill(0);
    distances.forEach((one, scale) => {
      const found = one.of(row, offset + scale * features);
      const tail = tails[scale]!;
      for (let f = 0; f < features; f++) {
        const square = surprise(found[f]!, tail[2 * f]!, tail[2 * f + 1]!) ** 2;
        powers[f] = Math.max(powers[f]!, square * square);
      }
    });
    return powers;
  };
  return {
    kind: KIND,
    columns: features * precisions.length,
    score: (row, offset = 0) => Math.sqrt(Math.sqrt(judge(row, offset).reduce((sum, one) => sum + one, 0))),
    blame: (row, out, offset = 0) => {
      out.fill(0);
      out.set(judge(row, offset));
    },
    toBytes: () =>
      encodeModel(
        KIND,
        VERSION,
        { features, scales: precisions.length },
        { precision: joined(precisions), tails: joined(tails) },
      ),
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.forEach((part, i) => all.set(part, i * part.length));
  return all;
}

/**
 * What each value should be now, given all the others (the inverse of a shrunk correlation), and the same for the trailing
 * means that a row holds: it finds the relation that no longer holds where every feature alone is what it has always been,
 * at once when it breaks by far, and within minutes to an hour when it breaks by little but stays broken. What all
 * features do together as usual, such as following load through the day, it does not see. O(features²) a row and scale.
 */
export const relationMember: MemberFactory = {
  kind: KIND,
  fit: (rows, { features = rows.columns }) => {
    if (rows.rows < LEAST_ROWS || features === 0) throw new MlError('ML_EMPTY', 'no rows to learn relations from');
    const scales = Math.max(1, Math.floor(rows.columns / features));
    const blocks = Array.from({ length: scales }, (_, scale) => blockOf(rows, features, scale));
    const precisions = blocks.map(precisionOf);
    const tails = blocks.map((block, i) =>
      i > 0 && independentRows(block) < LEAST_INDEPENDENT * features
        ? unknownTails(features)
        : tailsOf(block, precisions[i]!),
    );
    return modelOf({ precisions, tails, features });
  },
  load: (bytes) => {
    const saved = decodeModel(bytes);
    requireKind(saved, KIND, VERSION);
    const features = saved.integer('features', 1, 65_536);
    const scales = saved.integer('scales', 1, 64);
    const square = features * features;
    const precision = saved.section('precision', 'f64', scales * square);
    const tails = saved.section('tails', 'f64', scales * 2 * features);
    return modelOf({
      features,
      precisions: Array.from({ length: scales }, (_, i) => precision.subarray(i * square, (i + 1) * square)),
      tails: Array.from({ length: scales }, (_, i) => tails.subarray(2 * i * features, 2 * (i + 1) * features)),
    });
  },
};
