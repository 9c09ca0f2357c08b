import { checkMatrix, type FloatArray, type Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { findGrouping, type Grouping, MAX_REGIMES, type Sample, sampleRows } from './regime-search.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

/** Rows of several entities, in the order of time within each. */
export type RegimeRows = {
  readonly matrix: Matrix;
  /** First row of every entity, rising from 0, and the number of rows at the end. */
  readonly starts: ArrayLike<number>;
};

/**
 * Operating regimes (load levels, modes, roles) that a few columns drive, and how every column is scaled inside each.
 * Regimes are found where the values of a column stand in groups apart, every group is met early and late in an entity's life
 * (otherwise it is wear, not work), and knowing the group tells much about the other columns of rows that were not looked at.
 *
 * Missing driving values are passed over when a row looks for its regime; with none present it is regime 0, the most frequent.
 * Fails on regimes that shade into each other: there is one regime then.
 */
export type OperatingRegimes = {
  /** 1 where there are no regimes. */
  readonly count: number;
  /** Length of a row. */
  readonly columns: number;
  /** Columns that tell regimes apart; empty where there are none. */
  readonly driving: Int32Array;
  /** count × columns: a scaled value is (x - mean) / scale; scale 0 where the column is constant in every regime. */
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  regimeOf(row: FloatArray, offset?: number): number;
  /** Squared distance of a row's known driving values from each regime's, in overall deviations, into `out` (length `count`). */
  distances(row: FloatArray, offset: number, out: Float64Array): Float64Array;
  /** Scaled values of one row into `out`; a constant column gives 0, a missing one NaN. Returns the regime. */
  scaleRow(row: FloatArray, offset: number, out: Float64Array): number;
  toBytes(): Uint8Array;
};

const KIND = 'operating-regimes';
const VERSION = 1;
/** Finds regimes and scales. Throws `ML_SHAPE` where `starts` does not fit, `ML_EMPTY` without rows. */
export function fitOperatingRegimes(rows: RegimeRows): OperatingRegimes {
  checkMatrix(rows.matrix);
  const { starts, matrix } = rows;
  if (matrix.rows === 0) throw new MlError('ML_EMPTY', 'regimes need at least one row');
  if (starts[0] !== 0 || starts[starts.length - 1] !== matrix.rows)
    throw new MlError('ML_SHAPE', 'starts must span the rows');
  const sample = sampleRows(rows);
  const grouping = findGrouping(matrix, sample);
  const centres = grouping === undefined ? undefined : centresOf(matrix, sample, grouping);
  return createRegimes(withScales(matrix, centres));
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadOperatingRegimes(bytes: Uint8Array, limits?: DecodeLimits): OperatingRegimes {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const count = model.integer('count', 1, MAX_REGIMES);
  const columns = model.integer('columns', 0, 2 ** 31 - 1);
  const driving = model.section('driving', 'i32');
  const parts = {
    driving,
    centres: model.section('centres', 'f64', count * driving.length),
    spread: model.section('spread', 'f64', driving.length),
    mean: model.section('mean', 'f64', count * columns),
    scale: model.section('scale', 'f64', count * columns),
  };
  const sound = driving.every((c) => c >= 0 && c < columns) && parts.spread.every((s) => s > 0 && Number.isFinite(s));
  const finite = [parts.centres, parts.mean, parts.scale].every((values) => values.every(Number.isFinite));
  if (!sound || !finite) throw new MlError('ML_FORMAT', 'the regimes hold numbers out of range');
  return createRegimes({ ...parts, count, columns });
}

type Centres = {
  readonly driving: Int32Array;
  readonly centres: Float64Array;
  readonly spread: Float64Array;
  readonly count: number;
};

/** Mean of the driving columns in each group, by falling number of rows; spread is the deviation over all. */
function centresOf(matrix: Matrix, { rows }: Sample, { driving, labels, count }: Grouping): Centres {
  const sizes = new Float64Array(count);
  for (const k of labels) if (k >= 0) sizes[k]! += 1;
  const order = [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const place = new Int32Array(count);
  order.forEach((from, to) => (place[from] = to));
  const width = driving.length;
  const centres = new Float64Array(count * width);
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  let known = 0;
  labels.forEach((k, i) => {
    if (k < 0) return;
    known++;
    driving.forEach((column, j) => {
      const x = matrix.data[rows[i]! * matrix.columns + column]!;
      centres[place[k]! * width + j]! += x / sizes[k]!;
      sum[j]! += x;
    });
  });
  labels.forEach((k, i) => {
    if (k < 0) return;
    driving.forEach((column, j) => {
      squares[j]! += (matrix.data[rows[i]! * matrix.columns + column]! - sum[j]! / known) ** 2 / known;
    });
  });
  return { driving: Int32Array.from(driving), centres, spread: squares.map((x) => Math.sqrt(x) || 1), count };
}

type Parts = Centres & { readonly columns: number; readonly mean: Float64Array; readonly scale: Float64Array };

/** Mean and deviation of every column in every regime, over all rows. */
function withScales(matrix: Matrix, found: Centres | undefined): Parts {
  const { data, rows, columns } = matrix;
  const none = { driving: new Int32Array(0), centres: new Float64Array(0), spread: new Float64Array(0), count: 1 };
  const centres = found ?? none;
  const cells = centres.count * columns;
  const [counts, mean, squares] = [new Float64Array(cells), new Float64Array(cells), new Float64Array(cells)];
  for (let row = 0; row < rows; row++) {
    const at = nearest(centres, data, row * columns) * columns;
    for (let column = 0; column < columns; column++) {
      const x = data[row * columns + column]!;
      if (!Number.isFinite(x)) continue;
      // Welford (1962): no cancellation.
      counts[at + column]! += 1;
      const difference = x - mean[at + column]!;
      mean[at + column]! += difference / counts[at + column]!;
      squares[at + column]! += difference * (x - mean[at + column]!);
    }
  }
  const scale = squares.map((sum, i) => {
    const deviation = Math.sqrt(sum / Math.max(1, counts[i]!));
    // Rounding of single precision leaves a constant with some last places of its mean.
    return deviation > Math.abs(mean[i]!) * 1e-6 && Number.isFinite(deviation) ? deviation : 0;
  });
  borrowScales(scale, counts, columns);
  return { ...centres, columns, mean, scale };
}

/** A column that moves in some regimes only is scaled by its median deviation in the others, so that a move there is seen. */
function borrowScales(scale: Float64Array, counts: Float64Array, columns: number): void {
  for (let column = 0; column < columns; column++) {
    const own: number[] = [];
    for (let at = column; at < scale.length; at += columns) if (scale[at]! > 0) own.push(scale[at]!);
    if (own.length === 0) continue;
    const middle = own.sort((a, b) => a - b)[own.length >> 1]!;
    for (let at = column; at < scale.length; at += columns) if (scale[at] === 0 || counts[at]! < 3) scale[at] = middle;
  }
}

function nearest(centres: Centres, row: FloatArray, offset: number): number {
  let best = 0;
  let least = Infinity;
  if (centres.count === 1) return 0;
  for (let k = 0; k < centres.count; k++) {
    const distance = distanceTo(centres, k, row, offset);
    if (distance < least) [least, best] = [distance, k];
  }
  return best;
}

function distanceTo({ driving, centres, spread }: Centres, k: number, row: FloatArray, offset: number): number {
  let distance = 0;
  for (let j = 0; j < driving.length; j++) {
    const x = row[offset + driving[j]!]!;
    if (x === x) distance += ((x - centres[k * driving.length + j]!) / spread[j]!) ** 2;
  }
  return distance;
}

function createRegimes(parts: Parts): OperatingRegimes {
  const { count, columns, driving, centres, spread, mean, scale } = parts;
  return {
    count,
    columns,
    driving,
    mean,
    scale,
    regimeOf: (row, offset = 0) => nearest(parts, row, offset),
    distances: (row, offset, out) => {
      for (let k = 0; k < count; k++) out[k] = distanceTo(parts, k, row, offset);
      return out;
    },
    scaleRow: (row, offset, out) => {
      const regime = nearest(parts, row, offset);
      for (let column = 0; column < columns; column++) {
        const deviation = scale[regime * columns + column]!;
        const x = row[offset + column]!;
        out[column] = deviation > 0 ? (x - mean[regime * columns + column]!) / deviation : x === x ? 0 : x;
      }
      return regime;
    },
    toBytes: () => encodeModel(KIND, VERSION, { count, columns }, { driving, centres, spread, mean, scale }),
  };
}
