import type { Matrix } from '../../ml/matrix.ts';
import type { TrainingHistory } from '../../model/trainer.ts';
import type { OperatingRegimes } from '../../ml/operating-regimes.ts';
import {
  type EntityRows,
  findRegimes,
  type FoundRegimes,
  LEAST_WITHIN,
  RegimeScaling,
  type RegimeScales,
} from './regime-scaling.ts';
import { RowScaling, type Scale, scaleOf } from './row-scaling.ts';
import { elapsed, TrailingMeans } from './trailing-means.ts';

/** Numbers of all rows that members are fitted on: 24 MB in single precision. */
const MOST_NUMBERS = 6_000_000;
/** Of each entity's history, the last in time, which calibrates. */
export const HELD_OUT = 0.3;
/** Beyond so many deviations a value counts by its logarithm. */
const KNEE = 3;

/** An entity's history with its rows in the order of the model's features, within their regimes where there are any. */
interface Placed extends EntityRows {
  readonly history: TrainingHistory;
}

/** Rows for the members: standardised, with logarithmic tails. */
export interface JointRows {
  readonly matrix: Matrix;
  /** 1 for rows of the last part of their entity's history. */
  readonly heldOut: Uint8Array;
  readonly standard: Standard;
  readonly scales: readonly Scale[];
  /** Null where there are none; otherwise `scales` are of deviations within them. */
  readonly found: FoundRegimes | null;
}

/** Mean and deviation of each column of a row over all training rows. */
export interface Standard {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
}

/** Standardises a row in place. */
export function standardise(row: Float64Array | Float32Array, { mean, deviation }: Standard, offset = 0): void {
  for (let c = 0; c < mean.length; c++) {
    const z = (row[offset + c]! - mean[c]!) / deviation[c]!;
    row[offset + c] = z > KNEE ? KNEE * (1 + Math.log(z / KNEE)) : z < -KNEE ? -KNEE * (1 + Math.log(-z / KNEE)) : z;
  }
}

/** Scales each history by its own level and spread within its regimes, adds the trailing means, and standardises over all. */
export function jointRows(
  histories: readonly TrainingHistory[],
  features: readonly string[],
  { halfLivesMs, regimes }: { readonly halfLivesMs: readonly number[]; readonly regimes: boolean },
): JointRows {
  const whole = histories.map((history) => place(history, features));
  const lastingRows = (halfLivesMs[1] ?? halfLivesMs[0]!) / (histories[0]?.cadenceMs ?? 1);
  const found = regimes ? findRegimes(whole, { features: features.length, lastingRows }) : null;
  const placed = found === null ? whole : whole.map((one, i) => within(one, found.regimes, found.scales[i]!));
  const columns = features.length * (1 + halfLivesMs.length);
  const total = placed.reduce((sum, { rows }) => sum + rows, 0);
  const step = Math.max(1, Math.ceil((total * columns) / MOST_NUMBERS));
  const most = Math.ceil(total / step);
  const data = new Float32Array(most * columns);
  const heldOut = new Uint8Array(most);
  let taken = 0;
  let seen = 0;
  for (const one of placed) {
    const calibratesFrom = seen + Math.floor((1 - HELD_OUT) * one.rows);
    forEachRow(one, { halfLivesMs, least: found === null ? 0 : LEAST_WITHIN }, (row) => {
      if (seen % step === 0 && taken < most) {
        data.set(row, taken * columns);
        heldOut[taken++] = seen >= calibratesFrom ? 1 : 0;
      }
      seen += 1;
    });
  }
  const matrix = { data: data.subarray(0, taken * columns), rows: taken, columns };
  const standard = standardOf(matrix);
  for (let r = 0; r < taken; r++) standardise(matrix.data, standard, r * columns);
  return { matrix, heldOut: heldOut.subarray(0, taken), standard, scales: placed.map(({ scale }) => scale), found };
}

/** The rows with that flag. */
export function rowsWhere({ matrix, heldOut }: JointRows, flag: 0 | 1): Matrix {
  const { columns, rows } = matrix;
  const count = heldOut.reduce((sum, held) => sum + (held === flag ? 1 : 0), 0);
  const data = new Float32Array(count * columns);
  for (let r = 0, to = 0; r < rows; r++) {
    if (heldOut[r] !== flag) continue;
    data.set(matrix.data.subarray(r * columns, (r + 1) * columns), to);
    to += columns;
  }
  return { data, rows: count, columns };
}

function place(history: TrainingHistory, features: readonly string[]): Placed {
  const known = new Map(history.features.map((name, at) => [name, at]));
  const places = features.map((name) => known.get(name) ?? -1);
  const [width, n] = [history.features.length, features.length];
  const rows = history.stretches.reduce((sum, { times }) => sum + times.length, 0);
  const values = new Float32Array(rows * n);
  let to = 0;
  for (const stretch of history.stretches)
    for (let r = 0; r < stretch.times.length; r++)
      for (const at of places) values[to++] = at < 0 ? Number.NaN : stretch.values[r * width + at]!;
  return { history, values, rows, scale: scaleOf(values, rows, n) };
}

/** The same rows as deviations within their regimes. */
function within(placed: Placed, regimes: OperatingRegimes, scales: RegimeScales): Placed {
  const { values, rows } = placed;
  const n = regimes.columns;
  const scaling = new RegimeScaling(regimes, scales);
  const row = new Float64Array(n);
  for (let r = 0; r < rows; r++) {
    row.set(values.subarray(r * n, (r + 1) * n));
    scaling.apply(row);
    values.set(row, r * n);
  }
  return { ...placed, scale: scaleOf(values, rows, n) };
}

/** Hands out every row, scaled and with trailing means; the row is used again. */
function forEachRow(
  { history, values: all, scale }: Placed,
  { halfLivesMs, least }: { readonly halfLivesMs: readonly number[]; readonly least: number },
  take: (row: Float64Array) => void,
): void {
  const n = scale.centre.length;
  const scaling = new RowScaling(scale, { memory: 1, least });
  const [values, scaled, row] = [
    new Float64Array(n),
    new Float64Array(n),
    new Float64Array(n * (1 + halfLivesMs.length)),
  ];
  let first = 0;
  const read = (r: number): void => {
    values.set(all.subarray((first + r) * n, (first + r + 1) * n));
    scaling.apply(values, scaled);
  };
  for (const stretch of history.stretches) {
    const means = begun({ rows: stretch.times.length, cadenceMs: history.cadenceMs, n, halfLivesMs }, (r) => {
      read(r);
      return scaled;
    });
    let before = Number.NaN;
    stretch.times.forEach((time, r) => {
      read(r);
      means.push(scaled, elapsed(time, before, history.cadenceMs));
      before = time;
      means.write(scaled, row);
      take(row);
    });
    first += stretch.times.length;
  }
}

/**
 * Trailing means as they would be at the start of a stretch: means of its first part, about as long as a half-life, for
 * what was before it is not known.
 */
function begun(
  { rows, cadenceMs, n, halfLivesMs }: { rows: number; cadenceMs: number; n: number; halfLivesMs: readonly number[] },
  rowAt: (r: number) => Float64Array,
): TrailingMeans {
  const means = new TrailingMeans(n, halfLivesMs);
  const sums = new Float64Array(n);
  const counts = new Uint32Array(n);
  let r = 0;
  halfLivesMs.forEach((halfLife, scale) => {
    for (const end = Math.min(rows, Math.ceil(halfLife / cadenceMs)); r < end; r++) {
      const row = rowAt(r);
      for (let c = 0; c < n; c++) {
        if (Number.isNaN(row[c]!)) continue;
        sums[c] = sums[c]! + row[c]!;
        counts[c] = counts[c]! + 1;
      }
    }
    for (let c = 0; c < n; c++) means.begin(c, scale, counts[c]! > 0 ? sums[c]! / counts[c]! : 0);
  });
  return means;
}

function standardOf({ data, rows, columns }: Matrix): Standard {
  const mean = new Float64Array(columns);
  const deviation = new Float64Array(columns);
  const counts = new Uint32Array(columns);
  for (let i = 0; i < rows * columns; i++) {
    const value = data[i]!;
    const c = i % columns;
    if (value !== value) continue;
    const count = counts[c]! + 1;
    counts[c] = count;
    const away = value - mean[c]!;
    const level = mean[c]! + away / count;
    mean[c] = level;
    deviation[c] = deviation[c]! + away * (value - level);
  }
  for (let c = 0; c < columns; c++) {
    const found = Math.sqrt(deviation[c]! / Math.max(1, counts[c]!));
    // A feature that never moved has no deviation: as large as its scale then, which has a floor of its own.
    deviation[c] = found > 1e-6 ? found : 1;
  }
  return { mean, deviation };
}
