import { type Kernels, borrowScoringKernels, withScratchKernels } from './kernels/kernels.ts';
import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';
import { RbfRows, layOutPanels } from './svm-kernel-rows.ts';
import { solveOneClass } from './svm-one-class-solver.ts';
import { columnMeans, fillMissing, scaleGamma } from './svm-training-rows.ts';

export type OneClassSvmOptions = {
  /** Upper bound on the share of training rows outside, lower bound on the share of support vectors; in (0, 1]. Default 0.1. */
  readonly nu?: number;
  /** Width of the kernel exp(-gamma · ‖a − b‖²). Default 1 / (columns × variance of all values), scikit-learn's `scale`. */
  readonly gamma?: number;
  /** Largest violation of the optimality conditions. Default 1e-3, LIBSVM's. */
  readonly tolerance?: number;
  /** Bound on pair updates. Default 10 million, or 100 a row if that is more (LIBSVM's). */
  readonly maxIterations?: number;
  /** Memory for kernel rows, bytes. Default 200 MiB, scikit-learn's. */
  readonly cacheBytes?: number;
};

/**
 * One-class support vector machine with a Gaussian kernel (Schölkopf et al., 2001), solved to the reference of LIBSVM.
 *
 * `scoreRow` is minus scikit-learn's `decision_function`: above 0 outside of what was learnt, higher is more abnormal.
 * Scale the columns first: distance is all it knows. A missing value of a scored row is taken for the column's training
 * mean; training rows with missing values likewise. Infinite values are refused in training (`ML_VALUE`) and score as
 * infinitely far.
 *
 * Cost: fit O(rows² × columns) and more, so up to about 20,000 rows (`random-features.ts` is for more); a score is
 * O(support vectors × columns). Fails when columns differ in scale, and when many irrelevant columns drown the distance.
 */
export type OneClassSvm = OutlierModel & {
  readonly supportVectors: Matrix;
  readonly coefficients: Float64Array;
  readonly rho: number;
  readonly gamma: number;
  readonly iterations: number;
};

const KIND = 'one-class-svm';
const VERSION = 1;
const DEFAULT_CACHE_BYTES = 200 * 1024 * 1024;
const MAX_ROWS = 100_000;

/** Fits the machine. Throws `ML_EMPTY`, `ML_PARAMETER`, `ML_VALUE`, `ML_TOO_LARGE` and `ML_NOT_CONVERGED`. */
export function fitOneClassSvm(matrix: Matrix, options: OneClassSvmOptions = {}): OneClassSvm {
  checkTrainingMatrix(matrix);
  if (matrix.rows > MAX_ROWS) throw new MlError('ML_TOO_LARGE', `takes at most ${MAX_ROWS} rows, got ${matrix.rows}`);
  const nu = requireNumber('nu', options.nu ?? 0.1, Number.MIN_VALUE, 1);
  const tolerance = requireNumber('tolerance', options.tolerance ?? 1e-3, 1e-12, 1);
  const limit = options.maxIterations ?? Math.max(10_000_000, 100 * matrix.rows);
  const maxIterations = requireInteger('maxIterations', limit, 1);
  const means = columnMeans(matrix);
  const filled = fillMissing(matrix, means);
  const gamma = requireNumber('gamma', options.gamma ?? scaleGamma(filled), Number.MIN_VALUE);
  const cacheBytes = requireNumber('cacheBytes', options.cacheBytes ?? DEFAULT_CACHE_BYTES, 0);
  const { alpha, rho, iterations } = withScratchKernels((kernels) => {
    const kernel = new RbfRows(kernels, filled, { gamma, cacheBytes });
    return solveOneClass({ rows: filled.rows, nu, tolerance, maxIterations, kernel });
  });
  const support = [...alpha.keys()].filter((row) => alpha[row]! > 0);
  const vectors = new Float64Array(support.length * matrix.columns);
  support.forEach((row, k) =>
    vectors.set(filled.data.subarray(row * matrix.columns, (row + 1) * matrix.columns), k * matrix.columns),
  );
  const coefficients = Float64Array.from(support, (row) => alpha[row]!);
  return createMachine({ columns: matrix.columns, vectors, coefficients, means, rho, gamma, iterations });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadOneClassSvm(bytes: Uint8Array, limits?: DecodeLimits): OneClassSvm {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const count = model.integer('support', 1, MAX_ROWS);
  return createMachine({
    columns,
    vectors: model.section('vectors', 'f64', count * columns),
    coefficients: model.section('coefficients', 'f64', count),
    means: model.section('means', 'f64', columns),
    rho: model.number('rho', -Number.MAX_VALUE, Number.MAX_VALUE),
    gamma: model.number('gamma', 0, Number.MAX_VALUE),
    iterations: model.integer('iterations', 0, Number.MAX_SAFE_INTEGER),
  });
}

interface MachineParts {
  readonly columns: number;
  readonly vectors: Float64Array;
  readonly coefficients: Float64Array;
  readonly means: Float64Array;
  readonly rho: number;
  readonly gamma: number;
  readonly iterations: number;
}

/** Scores by the compiled kernel, whose memory models share; the weights are laid out anew when others needed the room. */
function createScorer({ columns, vectors, coefficients, means, rho, gamma }: MachineParts) {
  const owner = {};
  let panels = { address: 0, blocks: 0 };
  let weights = 0;
  let own = 0;
  const layOut = (kernels: Kernels): void => {
    panels = layOutPanels(kernels, { data: vectors, rows: coefficients.length, columns });
    weights = kernels.allocate(2 * 4 * panels.blocks);
    own = kernels.allocate(2 * columns);
    kernels.doubles.set(coefficients, weights / 8);
  };
  return (row: FloatArray, offset: number): number => {
    const { run, doubles } = borrowScoringKernels(owner, layOut);
    for (let c = 0; c < columns; c++) {
      const value = row[offset + c]!;
      doubles[own / 8 + c] = value === value ? value : means[c]!;
    }
    return rho - run.rbfSum(own, panels.address, weights, panels.blocks, columns, gamma);
  };
}

function createMachine(parts: MachineParts): OneClassSvm {
  const { columns, vectors, coefficients, means, rho, gamma, iterations } = parts;
  const count = coefficients.length;
  const score = createScorer(parts);
  return {
    columns,
    supportVectors: { data: vectors, rows: count, columns },
    coefficients,
    rho,
    gamma,
    iterations,
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
    toBytes: () =>
      encodeModel(KIND, VERSION, { columns, support: count, rho, gamma, iterations }, { vectors, coefficients, means }),
  };
}
