import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { createRandom, type Random } from './random.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';
import { columnMeans, fillMissing, scaleGamma } from './svm-training-rows.ts';

export type RandomFeatureSvmOptions = {
  /** Share of training rows outside, in (0, 1]; exact up to one row. Default 0.1. */
  readonly nu?: number;
  /** Width of the kernel exp(-gamma · ‖a − b‖²). Default 1 / (columns × variance of all values), scikit-learn's `scale`. */
  readonly gamma?: number;
  /** Random features, 1 to 16,384. Default 256: the kernel is off by about 1 / √256 for one pair, less for a sum over many. */
  readonly features?: number;
  /** Passes over the rows, 1 to 1,000. Default as many as make 100,000 steps, between 2 and 50. */
  readonly epochs?: number;
  readonly seed: number;
};

/**
 * One-class SVM for many rows: random Fourier features (Rahimi and Recht, 2007) turn the Gaussian kernel into a linear machine,
 * which averaged stochastic gradient descent trains (Pegasos, Shalev-Shwartz et al., 2011; the objective of scikit-learn's
 * `SGDOneClassSVM` behind its `RBFSampler`). `one-class-svm.ts` is the exact form for up to about 20,000 rows.
 *
 * `scoreRow` is above 0 outside of what was learnt, higher is more abnormal; weights are scaled so that scores of the exact
 * machine divided by (nu × rows) are approximated. Scale the columns first. Missing values count as the column's training mean;
 * infinite ones are refused in training (`ML_VALUE`), and a row too far away to compute scores as infinitely far.
 *
 * Cost: fit O(epochs × rows × features × columns) time, O(features × columns) memory beside the rows; a score O(features ×
 * columns). Fails as the exact machine does, and when anomalies lie in gaps narrower than the features resolve: far from all
 * rows the approximated kernel is noise about 0 rather than 0, so raise `features` where the order of far rows matters.
 */
export type RandomFeatureSvm = OutlierModel & {
  readonly features: number;
  readonly gamma: number;
  readonly rho: number;
};

const KIND = 'random-feature-svm';
const VERSION = 1;
const MAX_FEATURES = 16_384;
const STEPS = 100_000;

/** Fits the machine. Throws `ML_EMPTY`, `ML_PARAMETER`, `ML_VALUE` and `ML_TOO_LARGE`. */
export function fitRandomFeatureSvm(matrix: Matrix, options: RandomFeatureSvmOptions): RandomFeatureSvm {
  checkTrainingMatrix(matrix);
  const nu = requireNumber('nu', options.nu ?? 0.1, Number.MIN_VALUE, 1);
  const features = requireInteger('features', options.features ?? 256, 1, MAX_FEATURES);
  const few = Math.min(50, Math.max(2, Math.ceil(STEPS / matrix.rows)));
  const epochs = requireInteger('epochs', options.epochs ?? few, 1, 1000);
  const means = columnMeans(matrix);
  const filled = fillMissing(matrix, means);
  const gamma = requireNumber('gamma', options.gamma ?? scaleGamma(filled), Number.MIN_VALUE);
  const random = createRandom(options.seed);
  const map = drawMap(random.fork('features'), { columns: matrix.columns, features, gamma });
  const weights = descend(filled, map, { nu, epochs, random: random.fork('order') });
  return createMachine({ ...map, means, gamma, weights, rho: offsetOf(filled, map, weights, nu) });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadRandomFeatureSvm(bytes: Uint8Array, limits?: DecodeLimits): RandomFeatureSvm {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const features = model.integer('features', 1, MAX_FEATURES);
  return createMachine({
    columns,
    features,
    gamma: model.number('gamma', 0),
    rho: model.number('rho'),
    frequencies: model.section('frequencies', 'f64', columns * features),
    phases: model.section('phases', 'f64', features),
    weights: model.section('weights', 'f64', features),
    means: model.section('means', 'f64', columns),
  });
}

/** z(x)ᵢ = √(2 / features) · cos(frequencyᵢ · x + phaseᵢ), with z(a)·z(b) ≈ exp(-gamma · ‖a − b‖²). */
type FeatureMap = {
  readonly columns: number;
  readonly features: number;
  /** features × columns. */
  readonly frequencies: Float64Array;
  readonly phases: Float64Array;
};

function drawMap(random: Random, sizes: { columns: number; features: number; gamma: number }): FeatureMap {
  const { columns, features, gamma } = sizes;
  if (columns * features > 2 ** 27) throw new MlError('ML_TOO_LARGE', `${columns} columns × ${features} features`);
  const deviation = Math.sqrt(2 * gamma);
  const frequencies = new Float64Array(features * columns);
  for (let i = 0; i < frequencies.length; i++) frequencies[i] = deviation * random.normal();
  const phases = Float64Array.from({ length: features }, () => 2 * Math.PI * random.next());
  return { columns, features, frequencies, phases };
}

/** Writes z(x); zeros where the row is too far away to compute, as if it were infinitely far from everything. */
function transform(map: FeatureMap, row: FloatArray, offset: number, z: Float64Array): void {
  const { columns, features, frequencies, phases } = map;
  const scale = Math.sqrt(2 / features);
  let at = 0;
  for (let i = 0; i < features; i++) {
    let angle = phases[i]!;
    for (let c = 0; c < columns; c++) angle += frequencies[at++]! * row[offset + c]!;
    const value = Math.cos(angle);
    z[i] = value === value ? scale * value : 0;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Minimises ½‖w‖² − ρ + Σ max(0, ρ − w·z) / (nu · rows), by steps of 1 / t. After t steps w is the mean of what each step
 * drew: z / nu of rows inside the margin, so it is kept as a sum without a shrinking of all weights. The average of the last
 * half is returned. ρ follows its own stochastic gradient, which moves it towards the nu-quantile of the scores.
 */
function descend(
  matrix: Matrix,
  map: FeatureMap,
  { nu, epochs, random }: { nu: number; epochs: number; random: Random },
): Float64Array {
  const { rows, data, columns } = matrix;
  const { features } = map;
  const order = Int32Array.from({ length: rows }, (_, i) => i);
  const [sum, average, z] = [new Float64Array(features), new Float64Array(features), new Float64Array(features)];
  const total = epochs * rows;
  const burnIn = Math.floor(total / 2);
  let rho = 0;
  let t = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    random.shuffle(order);
    for (let k = 0; k < rows; k++) {
      transform(map, data, order[k]! * columns, z);
      const score = t > 0 ? dot(sum, z) / t : 0;
      t += 1;
      const inside = score <= rho;
      if (inside) for (let i = 0; i < features; i++) sum[i]! += z[i]! / nu;
      // The kernel of a row with itself is 1, which bounds both score and ρ: steps of that size, falling as 1 / √t.
      rho += ((inside ? -(1 - nu) : nu) * 0.5) / Math.sqrt(t);
      if (t > burnIn) for (let i = 0; i < features; i++) average[i]! += sum[i]! / t;
    }
  }
  const count = total - burnIn;
  return average.map((x) => x / count);
}

/** The best ρ for given weights: the nu-quantile of the training scores. */
function offsetOf(matrix: Matrix, map: FeatureMap, weights: Float64Array, nu: number): number {
  const z = new Float64Array(map.features);
  const scores = new Float64Array(matrix.rows);
  for (let row = 0; row < matrix.rows; row++) {
    transform(map, matrix.data, row * matrix.columns, z);
    scores[row] = dot(weights, z);
  }
  scores.sort();
  return scores[Math.min(matrix.rows - 1, Math.floor(nu * matrix.rows))]!;
}

type Machine = FeatureMap & {
  readonly gamma: number;
  readonly rho: number;
  readonly weights: Float64Array;
  readonly means: Float64Array;
};

function createMachine(machine: Machine): RandomFeatureSvm {
  const { columns, features, gamma, rho, weights, means, frequencies, phases } = machine;
  const filled = new Float64Array(columns);
  const z = new Float64Array(features);
  const score = (row: FloatArray, offset: number): number => {
    for (let c = 0; c < columns; c++) {
      const value = row[offset + c]!;
      filled[c] = value === value ? value : means[c]!;
    }
    transform(machine, filled, 0, z);
    return rho - dot(weights, z);
  };
  return {
    columns,
    features,
    gamma,
    rho,
    scoreRow: (row, offset = 0) => {
      checkRow(row, offset, columns);
      return score(row, offset);
    },
    scoreBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const scores = outputArray(out, matrix.rows);
      for (let row = 0; row < matrix.rows; row++) scores[row] = score(matrix.data, row * columns);
      return scores;
    },
    toBytes: () => {
      const sections = { frequencies, phases, weights, means };
      return encodeModel(KIND, VERSION, { columns, features, gamma, rho }, sections);
    },
  };
}
