import { choleskyFactor, solveLower, solveLowerTransposed } from '../../ml/cholesky.ts';
import { symmetricEigen } from '../../ml/symmetric-eigen.ts';
import type { Directions } from './kind-risks.ts';

/**
 * Rows to learn weights from: smoothed scaled columns, what they led to, and whether the entity was well at the time.
 */
export interface FusingRows {
  /** rows × columns, NaN where missing. */
  readonly values: Float64Array;
  readonly columns: number;
  /** Position of the failure ahead, capped; NaN where it is not known. */
  readonly position: Float64Array;
  /** The largest position. */
  readonly cap: number;
  /** 1 where the entity was young and did not fail within all horizons. */
  readonly healthy: Uint8Array;
  /** Kind of the failure ahead by its number, -1 without one; and how many kinds there are. */
  readonly kind: Int32Array;
  readonly kinds: number;
}

/** Directions in which rows shortly before a failure lie far from healthy ones: as many kinds of wear are told apart. */
const WEAR_DIRECTIONS = 3;
/** Kinds of failure that get a direction of their own, at most. */
const MOST_KINDS = 12;
/** Healthy rows below which no directions are sought, for each column. */
const ROWS_A_COLUMN = 10;
/** Share of the mean variance added to every column's, so that nearly equal columns do not cancel out. */
const SHRINKAGE = 0.05;
const RIDGE = 0.01;

/**
 * Weights of fused signals (fused × columns): what a single column tells drowns in its noise, and trees cannot add columns up.
 *
 * The first two are ridge regressions of the time to failure, capped late and early. The others are the directions with the
 * largest ratio of the distance of worn rows from the healthy mean to the spread among healthy rows (a generalised eigenvalue
 * problem, as in Fisher's discriminant): they pass over whatever moves healthy rows too, such as load. Last, for each kind of failure
 * the direction of the mean of the rows before one (Fisher's discriminant itself): few failures of a kind are enough for a mean.
 */
export function fitFusing(rows: FusingRows): Directions {
  const { columns } = rows;
  if (columns < 2) return { fusing: new Float64Array(0), kinds: new Int32Array(0) };
  const well = healthyOf(rows);
  const apart = well === null ? [] : [...wearDirections(rows, well).map(ofAll), ...kindDirections(rows, well)];
  const found = [...[rows.cap, rows.cap / 3].map((cap) => ofAll(ridge(rows, cap))), ...apart];
  const kept = found.filter(({ weights }) => weights !== undefined && weights.every(Number.isFinite));
  const fusing = new Float64Array(kept.length * columns);
  kept.forEach(({ weights }, i) => fusing.set(weights!, i * columns));
  return { fusing, kinds: Int32Array.from(kept, ({ kind }) => kind) };
}

/** A direction, undefined where it could not be found, and the number of the kind it tells of. */
interface Direction {
  readonly weights: Float64Array | undefined;
  readonly kind: number;
}

const ofAll = (weights: Float64Array | undefined): Direction => ({ weights, kind: -1 });

const present = (x: number): number => (x === x ? x : 0);

/** Weights of a regression of min(position, cap) on the columns, in units of its deviation; undefined with too few rows. */
function ridge({ values, columns, position }: FusingRows, cap: number): Float64Array | undefined {
  const rows = Int32Array.from(position.keys()).filter((i) => Number.isFinite(position[i]!));
  if (rows.length < ROWS_A_COLUMN * columns) return undefined;
  const { mean, covariance } = moments(values, columns, rows);
  const target = Float64Array.from(rows, (i) => Math.min(cap, position[i]!));
  const average = target.reduce((sum, y) => sum + y / target.length, 0);
  const cross = new Float64Array(columns);
  let spread = 0;
  rows.forEach((i, at) => {
    const y = target[at]! - average;
    spread += (y * y) / rows.length;
    for (let c = 0; c < columns; c++) cross[c]! += (y * (present(values[i * columns + c]!) - mean[c]!)) / rows.length;
  });
  if (!(spread > 0)) return undefined;
  strengthen(covariance, columns, RIDGE);
  if (!choleskyFactor(covariance, columns)) return undefined;
  const weights = solveLowerTransposed(covariance, solveLower(covariance, cross));
  return weights.map((w) => w / Math.sqrt(spread));
}

/** Mean of the healthy rows, and the Cholesky factor of their strengthened covariance. */
interface Healthy {
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/** Null with too few healthy rows. */
function healthyOf({ values, columns, position, healthy }: FusingRows): Healthy | null {
  const well = Int32Array.from(position.keys()).filter((i) => healthy[i] === 1);
  if (well.length < ROWS_A_COLUMN * columns) return null;
  const { mean, covariance } = moments(values, columns, well);
  strengthen(covariance, columns, SHRINKAGE);
  return choleskyFactor(covariance, columns) ? { mean, covariance } : null;
}

const isWorn = ({ position, cap }: FusingRows, i: number): boolean => position[i]! <= cap / 2;

function kindDirections(rows: FusingRows, well: Healthy): Direction[] {
  const { values, columns, position, kind, kinds } = rows;
  const directions: Direction[] = [];
  for (let k = 0; k < Math.min(MOST_KINDS, kinds); k++) {
    const worn = Int32Array.from(position.keys()).filter((i) => kind[i] === k && isWorn(rows, i));
    if (worn.length < ROWS_A_COLUMN) continue;
    const away = moments(values, columns, worn).mean.map((x, c) => x - well.mean[c]!);
    directions.push({ weights: solveLowerTransposed(well.covariance, solveLower(well.covariance, away)), kind: k });
  }
  return directions;
}

function wearDirections(rows: FusingRows, { mean, covariance }: Healthy): (Float64Array | undefined)[] {
  const { values, columns, position } = rows;
  const worn = Int32Array.from(position.keys()).filter((i) => isWorn(rows, i));
  if (worn.length < ROWS_A_COLUMN) return [];
  const distance = moments(values, columns, worn, mean).covariance;
  // L⁻¹ D L⁻ᵀ: the columns of D first, then those of its transpose.
  for (let pass = 0; pass < 2; pass++) {
    for (let r = 0; r < columns; r++) solveLower(covariance, distance.subarray(r * columns, (r + 1) * columns));
    transpose(distance, columns);
  }
  const { vectors } = symmetricEigen(distance, columns);
  return Array.from({ length: Math.min(WEAR_DIRECTIONS, columns) }, (_, k) =>
    solveLowerTransposed(covariance, vectors.slice(k * columns, (k + 1) * columns)),
  );
}

/** Mean and covariance of the rows, about `centre` when given; missing counts as 0, the usual. */
function moments(values: Float64Array, columns: number, rows: Int32Array, centre?: Float64Array) {
  const mean = new Float64Array(columns);
  for (const i of rows) for (let c = 0; c < columns; c++) mean[c]! += present(values[i * columns + c]!) / rows.length;
  const about = centre ?? mean;
  const covariance = new Float64Array(columns * columns);
  const row = new Float64Array(columns);
  for (const i of rows) {
    for (let c = 0; c < columns; c++) row[c] = present(values[i * columns + c]!) - about[c]!;
    for (let a = 0; a < columns; a++) {
      for (let b = 0; b <= a; b++) covariance[a * columns + b]! += (row[a]! * row[b]!) / rows.length;
    }
  }
  for (let a = 0; a < columns; a++)
    for (let b = 0; b < a; b++) covariance[b * columns + a] = covariance[a * columns + b]!;
  return { mean, covariance };
}

function strengthen(matrix: Float64Array, n: number, share: number): void {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i]! / n;
  for (let i = 0; i < n; i++) matrix[i * n + i]! += share * trace + Number.MIN_VALUE;
}

function transpose(matrix: Float64Array, n: number): void {
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < a; b++) {
      const held = matrix[a * n + b]!;
      matrix[a * n + b] = matrix[b * n + a]!;
      matrix[b * n + a] = held;
    }
  }
}
