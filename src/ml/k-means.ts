import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { fitScaling, identityScaling, type Scaling } from './neural-scaling.ts';
import { createRandom, type Random } from './random.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

export type KMeansOptions = {
  /** Number of clusters, 1 to 1,000; never more than there are rows. */
  readonly clusters: number;
  /** Divide every column by its standard deviation first. Default true. */
  readonly standardise?: boolean;
  /** Starts, of which the best is kept, 1 to 100. Default 4. */
  readonly starts?: number;
  /** Rounds of each start at most. Default 300, scikit-learn's. */
  readonly maxRounds?: number;
  readonly seed: number;
};

/**
 * k-means (Lloyd, 1982) with the seeding of k-means++ (Arthur and Vassilvitskii, 2007): groups of rows around centres, such as
 * the operating regimes of a machine. As an outlier model a row's score is its distance to the nearest centre.
 *
 * Missing values count as the column's mean; infinite ones are refused in training (`ML_VALUE`) and score as a million
 * deviations. Fit O(rows × clusters × columns × rounds), a row O(clusters × columns). Finds a local optimum; fails on long
 * or unequal groups, with a wrong number of clusters, and on columns of unlike scale when they are not standardised.
 */
export type KMeans = OutlierModel & {
  /** Row-major, clusters × columns, in the units of the data; by falling number of rows. */
  readonly centres: Float64Array;
  /** Training rows of each cluster. */
  readonly sizes: Uint32Array;
  /** Sum of squared distances of the training rows, in standardised units. */
  readonly inertia: number;
  /** Number of the nearest centre. */
  clusterOf(row: FloatArray, offset?: number): number;
};

const KIND = 'k-means';
const VERSION = 1;
const MAX_CLUSTERS = 1000;
const FARTHEST = 1e6;

/** Fits the centres. Throws `ML_EMPTY`, `ML_PARAMETER` and `ML_VALUE`. */
export function fitKMeans(matrix: Matrix, options: KMeansOptions): KMeans {
  checkTrainingMatrix(matrix);
  const asked = requireInteger('clusters', options.clusters, 1, MAX_CLUSTERS);
  const starts = requireInteger('starts', options.starts ?? 4, 1, 100);
  const maxRounds = requireInteger('maxRounds', options.maxRounds ?? 300, 1, 100_000);
  const scaling = scalingOf(matrix, options.standardise ?? true);
  const points = standardise(matrix, scaling);
  const clusters = Math.min(asked, matrix.rows);
  const random = createRandom(options.seed);
  let best: Grouping | undefined;
  for (let start = 0; start < starts; start++) {
    const found = lloyd(points, seedCentres(points, clusters, random.fork(start)), maxRounds);
    if (best === undefined || found.inertia < best.inertia) best = found;
  }
  return createKMeans(inOrder(best!, matrix.columns), scaling);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadKMeans(bytes: Uint8Array, limits?: DecodeLimits): KMeans {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const sizes = model.section('sizes', 'u32');
  const centres = model.section('centres', 'f64', sizes.length * columns);
  const mean = model.section('mean', 'f64', columns);
  const scale = model.section('scale', 'f64', columns);
  const finite = centres.every(Number.isFinite) && mean.every(Number.isFinite);
  if (sizes.length === 0 || !finite || !scale.every((x) => x > 0 && x < Infinity)) {
    throw new MlError('ML_FORMAT', 'the centres or scales of k-means are out of range');
  }
  return createKMeans({ centres, sizes, inertia: model.number('inertia', 0) }, { mean, scale });
}

type Grouping = { readonly centres: Float64Array; readonly sizes: Uint32Array; readonly inertia: number };

function scalingOf(matrix: Matrix, standardise: boolean): Scaling {
  const { mean, scale } = fitScaling(matrix);
  return { mean, scale: standardise ? scale : identityScaling(matrix.columns).scale };
}

function standardise({ data, rows, columns }: Matrix, scaling: Scaling): Matrix {
  const out = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) standardiseRow(data, r * columns, scaling, out.subarray(r * columns));
  return { data: out, rows, columns };
}

function standardiseRow(row: FloatArray, offset: number, { mean, scale }: Scaling, out: Float64Array): void {
  for (let c = 0; c < mean.length; c++) {
    const value = (row[offset + c]! - mean[c]!) / scale[c]!;
    out[c] = value === value ? Math.min(FARTHEST, Math.max(-FARTHEST, value)) : 0;
  }
}

/** Each next centre is a row drawn with a chance in proportion to its squared distance from those before. */
function seedCentres({ data, rows, columns }: Matrix, clusters: number, random: Random): Float64Array {
  const centres = new Float64Array(clusters * columns);
  const nearest = new Float64Array(rows).fill(Infinity);
  let row = random.int(rows);
  for (let k = 0; k < clusters; k++) {
    centres.set(data.subarray(row * columns, (row + 1) * columns), k * columns);
    let total = 0;
    for (let r = 0; r < rows; r++) {
      nearest[r] = Math.min(nearest[r]!, squaredDistance(data, r * columns, centres, [k * columns, columns]));
      total += nearest[r]!;
    }
    row = total > 0 ? drawn(nearest, random.next() * total) : random.int(rows);
  }
  return centres;
}

/** The row at which the running sum of the weights passes `left`. */
function drawn(weights: Float64Array, left: number): number {
  let sum = 0;
  let last = 0;
  for (let row = 0; row < weights.length; row++) {
    sum += weights[row]!;
    if (sum > left) return row;
    if (weights[row]! > 0) last = row;
  }
  return last;
}

function lloyd({ data, rows, columns }: Matrix, centres: Float64Array, maxRounds: number): Grouping {
  const clusters = centres.length / columns;
  const member = new Int32Array(rows).fill(-1);
  const distance = new Float64Array(rows);
  const sizes = new Uint32Array(clusters);
  for (let round = 0; round <= maxRounds; round++) {
    let moved = 0;
    sizes.fill(0);
    for (let r = 0; r < rows; r++) {
      const k = nearestCentre(data, r * columns, centres, columns);
      distance[r] = squaredDistance(data, r * columns, centres, [k * columns, columns]);
      if (member[r] !== k) moved++;
      member[r] = k;
      sizes[k]! += 1;
    }
    if (moved === 0 || round === maxRounds) break;
    moveCentres({ data, rows, columns }, member, sizes, centres);
    fillEmpty({ data, rows, columns }, distance, sizes, centres);
  }
  return { centres, sizes, inertia: distance.reduce((sum, d) => sum + d, 0) };
}

function moveCentres(
  { data, rows, columns }: Matrix,
  member: Int32Array,
  sizes: Uint32Array,
  centres: Float64Array,
): void {
  for (let k = 0; k < sizes.length; k++) if (sizes[k]! > 0) centres.fill(0, k * columns, (k + 1) * columns);
  for (let r = 0; r < rows; r++) {
    const k = member[r]!;
    for (let c = 0; c < columns; c++) centres[k * columns + c]! += data[r * columns + c]! / sizes[k]!;
  }
}

/** A centre without rows moves to the row that is farthest from its own centre, each to another. */
function fillEmpty({ data, columns }: Matrix, distance: Float64Array, sizes: Uint32Array, centres: Float64Array): void {
  for (let k = 0; k < sizes.length; k++) {
    if (sizes[k]! > 0) continue;
    let row = 0;
    for (let r = 1; r < distance.length; r++) if (distance[r]! > distance[row]!) row = r;
    if (distance[row] === 0) return;
    centres.set(data.subarray(row * columns, (row + 1) * columns), k * columns);
    distance[row] = 0;
  }
}

function nearestCentre(data: FloatArray, at: number, centres: Float64Array, columns: number): number {
  let best = 0;
  let least = Infinity;
  for (let k = 0; k * columns < centres.length; k++) {
    const squared = squaredDistance(data, at, centres, [k * columns, columns]);
    if (squared < least) {
      least = squared;
      best = k;
    }
  }
  return best;
}

function squaredDistance(
  a: FloatArray,
  atA: number,
  b: Float64Array,
  [atB, columns]: readonly [number, number],
): number {
  let sum = 0;
  for (let c = 0; c < columns; c++) {
    const difference = a[atA + c]! - b[atB + c]!;
    sum += difference * difference;
  }
  return sum;
}

function inOrder({ centres, sizes, inertia }: Grouping, columns: number): Grouping {
  const order = [...sizes.keys()].sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const sorted = new Float64Array(centres.length);
  order.forEach((from, to) => sorted.set(centres.subarray(from * columns, (from + 1) * columns), to * columns));
  return { centres: sorted, sizes: Uint32Array.from(order, (k) => sizes[k]!), inertia };
}

/** `centres` in standardised units, which is what is saved. */
function createKMeans({ centres, sizes, inertia }: Grouping, scaling: Scaling): KMeans {
  const { mean, scale } = scaling;
  const columns = mean.length;
  const point = new Float64Array(columns);
  const clusterAt = (row: FloatArray, offset: number): number => {
    standardiseRow(row, offset, scaling, point);
    return nearestCentre(point, 0, centres, columns);
  };
  const score = (row: FloatArray, offset: number): number => {
    const k = clusterAt(row, offset);
    return Math.sqrt(squaredDistance(point, 0, centres, [k * columns, columns]));
  };
  return {
    columns,
    centres: centres.map((x, i) => x * scale[i % columns]! + mean[i % columns]!),
    sizes,
    inertia,
    clusterOf: (row, offset = 0) => {
      checkRow(row, offset, columns);
      return clusterAt(row, offset);
    },
    scoreRow: (row, offset = 0) => {
      checkRow(row, offset, columns);
      return score(row, offset);
    },
    scoreBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const scores = outputArray(out, matrix.rows);
      for (let r = 0; r < matrix.rows; r++) scores[r] = score(matrix.data, r * columns);
      return scores;
    },
    toBytes: () => encodeModel(KIND, VERSION, { columns, inertia }, { sizes, centres, mean, scale }),
  };
}
