import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import {
  createPca,
  fitAxes,
  partsOf,
  type PcaOptions,
  type PcaParts,
  pcaScaling,
  pcaSections,
  readPcaParts,
  standardise,
} from './pca.ts';
import { decodeModel, type DecodeLimits, encodeModel, requireKind } from './serialize.ts';

export type WindowedPcaOptions = PcaOptions & {
  /** Rows in a window, 1 to 10,000. */
  readonly window: number;
  /** Rows from one training window to the next. Default 1. */
  readonly step?: number;
};

/**
 * Principal component analysis of sliding windows: rows follow each other in time, and `window` of them, one after the
 * other, make one point of `window × features` columns. What breaks the usual run of a window, or the usual relation of
 * features within it, is abnormal. On one feature this is the subspace of singular spectrum analysis
 * (Moskvina and Zhigljavsky, 2003).
 *
 * As an outlier model a row is a whole window, oldest sample first (`columns` = window × features): the same layout as
 * consecutive rows of a matrix, so that nothing is copied. Scores, missing values and limits as in `pca.ts`, with one mean
 * and scale for each feature. Fit O(windows × columns²), or O(windows × columns × components) randomised.
 *
 * Fails on patterns that shift against the window without a fixed period, and with windows much shorter than the pattern.
 */
export type WindowedPca = OutlierModel & {
  readonly window: number;
  readonly features: number;
  readonly components: number;
  readonly explainedVariance: Float64Array;
  readonly totalVariance: number;
  /**
   * One score a row of a series (`rows × features`): that of the window which ends there. The first window − 1 rows
   * get NaN: nothing is known of them yet.
   */
  scoreSeries(series: Matrix, out?: Float64Array): Float64Array;
  /** Mean squared residual of each feature over one window, into `out` (length `features`): who is to blame. */
  residualFeatures(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
};

const KIND = 'windowed-pca';
const VERSION = 1;
const MAX_WINDOW = 10_000;

/** Fits windows of consecutive rows. Throws `ML_EMPTY` with fewer rows than a window, and the codes of `fitPca`. */
export function fitWindowedPca(series: Matrix, options: WindowedPcaOptions): WindowedPca {
  const window = requireInteger('window', options.window, 1, MAX_WINDOW);
  checkTrainingMatrix(series, window);
  const step = requireInteger('step', options.step ?? 1, 1);
  const features = series.columns;
  const scaling = pcaScaling(series, features, options);
  const rows = Math.floor((series.rows - window) / step) + 1;
  const view = { data: standardise(series, scaling), rows, columns: window * features, step: step * features };
  return createWindowedPca(partsOf(fitAxes(view, options), scaling), features);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadWindowedPca(bytes: Uint8Array, limits?: DecodeLimits): WindowedPca {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const parts = readPcaParts(model);
  const features = model.integer('features', 1, parts.mean.length);
  if (parts.mean.length % features !== 0) throw new MlError('ML_FORMAT', 'the features do not divide the window');
  return createWindowedPca(parts, features);
}

function createWindowedPca(parts: PcaParts, features: number): WindowedPca {
  const pca = createPca(parts);
  const { columns, components, explainedVariance, totalVariance } = pca;
  const window = columns / features;
  const residual = new Float64Array(columns);
  return {
    columns,
    window,
    features,
    components,
    explainedVariance,
    totalVariance,
    scoreRow: (row, offset) => pca.scoreRow(row, offset),
    scoreBatch: (matrix, out) => pca.scoreBatch(matrix, out),
    scoreSeries: (series, out) => {
      checkColumns(series, features);
      const scores = outputArray(out, series.rows).fill(Number.NaN);
      for (let last = window - 1; last < series.rows; last++) {
        scores[last] = pca.scoreRow(series.data, (last - window + 1) * features);
      }
      return scores;
    },
    residualFeatures: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      pca.residualRow(row, residual, offset);
      outputArray(out, features).fill(0);
      for (let c = 0; c < columns; c++) out[c % features]! += residual[c]! ** 2 / window;
      return out;
    },
    toBytes: () => {
      const [header, sections] = pcaSections(parts);
      return encodeModel(KIND, VERSION, { ...header, features }, sections);
    },
  };
}
