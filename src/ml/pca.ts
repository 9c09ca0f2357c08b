import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { fitScaling, identityScaling, type Scaling } from './neural-scaling.ts';
import { exactAxes, type PrincipalAxes, randomisedAxes, type RowView } from './principal-axes.ts';
import { type DecodedModel, type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

export type PcaOptions = {
  /** Number of axes, 0 to columns. Without it as many as explain `share` of the variance, at most columns − 1. */
  readonly components?: number;
  /** Share of the variance to explain when `components` is not given, in (0, 1]. Default 0.9. */
  readonly share?: number;
  /** Divide every column by its standard deviation first. Default true: columns in unlike units would not compare. */
  readonly standardise?: boolean;
  /** `auto` (default) is exact while rows or columns are at most 512. */
  readonly method?: 'auto' | 'exact' | 'randomised';
  /** For the randomised method. Default 0. */
  readonly seed?: number;
};

/**
 * Principal component analysis as an outlier model: rows that do not lie near the plane of the training rows are abnormal
 * (Jackson and Mudholkar, 1979).
 *
 * A score is the mean squared residual of a row's columns, in units of their variance, so 0 is on the plane and about
 * 1 − `share` is common; with as many axes as columns every score is 0. Axes are those of scikit-learn's `PCA` up to sign.
 *
 * A missing value is taken for the column's mean and adds no residual. Infinite values are refused in training (`ML_VALUE`);
 * a scored value counts at most a million deviations. Exact: O(rows × columns²); randomised (Halko et al., 2011):
 * O(rows × columns × components). One score: O(columns × components).
 *
 * Fails where normal rows lie on a curved surface or in clusters, and when training holds many anomalies: they bend the plane.
 */
export type Pca = OutlierModel & {
  readonly components: number;
  /** Row-major, components × columns, orthonormal, by falling variance; the largest entry of each is positive. */
  readonly axes: Float64Array;
  /** Variance along each axis, divisor rows − 1, in units of the (standardised) columns. */
  readonly explainedVariance: Float64Array;
  readonly totalVariance: number;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  /** Coordinates of one row on the axes, into `out` (length `components`). */
  projectRow(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
  /** Signed residual of each column in standard deviations, into `out` (length `columns`); 0 where the value is missing. */
  residualRow(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
};

const KIND = 'pca';
const VERSION = 1;
const DEFAULT_SHARE = 0.9;
const EXACT_LIMIT = 512;
/** Axes that the randomised method looks for when only a share of the variance is asked for. */
const RANDOMISED_COMPONENTS = 64;
const MAX_COMPONENTS = 4096;
/** Beyond so many deviations a value says only that it is far out; its square stays far from overflow. */
const FARTHEST = 1e6;

/** Fits the axes. Throws `ML_EMPTY`, `ML_PARAMETER`, `ML_VALUE`, `ML_TOO_LARGE` and `ML_NOT_CONVERGED`. */
export function fitPca(matrix: Matrix, options: PcaOptions = {}): Pca {
  checkTrainingMatrix(matrix);
  const scaling = pcaScaling(matrix, matrix.columns, options);
  const { rows, columns } = matrix;
  const view = { data: standardise(matrix, scaling), rows, columns, step: columns };
  return createPca(partsOf(fitAxes(view, options), scaling));
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadPca(bytes: Uint8Array, limits?: DecodeLimits): Pca {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return createPca(readPcaParts(model));
}

/** The scaling that training uses; one with scale 1 still takes the means off. Throws `ML_VALUE` on infinite values. */
export function pcaScaling(matrix: Matrix, features: number, { standardise = true }: PcaOptions): Scaling {
  const { mean, scale } = fitScaling(matrix, features);
  return { mean, scale: standardise ? scale : identityScaling(features).scale };
}

/** (x − mean) / scale of every cell, feature by feature; 0, which is the mean, where a value is missing. */
export function standardise({ data }: Matrix, { mean, scale }: Scaling): Float64Array {
  const features = mean.length;
  const out = new Float64Array(data.length);
  for (let i = 0; i < out.length; i++) {
    const feature = i % features;
    const value = (data[i]! - mean[feature]!) / scale[feature]!;
    out[i] = value === value ? value : 0;
  }
  return out;
}

/** Finds the axes of standardised rows with the method, number and share that the options ask for. */
export function fitAxes(view: RowView, options: PcaOptions): PrincipalAxes {
  const { rows, columns } = view;
  const small = Math.min(rows, columns) <= EXACT_LIMIT;
  const exact = options.method === 'exact' || (options.method !== 'randomised' && small);
  const most = exact ? columns - 1 : Math.min(columns - 1, RANDOMISED_COMPONENTS);
  const asked = options.components;
  const count = asked === undefined ? most : requireInteger('components', asked, 0, Math.min(columns, MAX_COMPONENTS));
  const share = requireNumber('share', options.share ?? DEFAULT_SHARE, Number.MIN_VALUE, 1);
  const found = exact ? exactAxes(view, count) : randomisedAxes(view, count, options.seed ?? 0);
  return asked === undefined ? explaining(found, columns, share) : found;
}

function explaining(found: PrincipalAxes, columns: number, share: number): PrincipalAxes {
  let count = 0;
  let explained = 0;
  while (count < found.count && explained < share * found.totalVariance) explained += found.variances[count++]!;
  return {
    ...found,
    count,
    axes: found.axes.slice(0, count * columns),
    variances: found.variances.slice(0, count),
  };
}

export type PcaParts = {
  readonly axes: Float64Array;
  readonly explainedVariance: Float64Array;
  readonly mean: Float64Array;
  readonly scale: Float64Array;
  readonly totalVariance: number;
};

/** Axes of standardised rows, and the scaling (repeated over the columns) that leads to them. */
export function partsOf(found: PrincipalAxes, { mean, scale }: Scaling): PcaParts {
  const features = mean.length;
  return {
    axes: found.axes,
    explainedVariance: found.variances,
    mean: found.mean.map((shift, c) => mean[c % features]! + shift * scale[c % features]!),
    scale: found.mean.map((_, c) => scale[c % features]!),
    totalVariance: found.totalVariance,
  };
}

/** The sections and numbers of a saved analysis; checked so that scores of whatever loads are finite. */
export function readPcaParts(model: DecodedModel): PcaParts {
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const components = model.integer('components', 0, Math.min(columns, MAX_COMPONENTS));
  const parts = {
    axes: model.section('axes', 'f64', components * columns),
    explainedVariance: model.section('explainedVariance', 'f64', components),
    mean: model.section('mean', 'f64', columns),
    scale: model.section('scale', 'f64', columns),
    totalVariance: model.number('totalVariance', 0),
  };
  const sound =
    parts.axes.every((x) => Math.abs(x) <= 1 + 1e-9) &&
    parts.explainedVariance.every(Number.isFinite) &&
    parts.mean.every(Number.isFinite) &&
    parts.scale.every((x) => x > 0 && x < Infinity);
  if (!sound) throw new MlError('ML_FORMAT', 'the axes, means or scales of the analysis are out of range');
  return parts;
}

/** Header and sections as `readPcaParts` reads them. */
export function pcaSections(parts: PcaParts): [Record<string, number>, Record<string, Float64Array>] {
  const { axes, explainedVariance, mean, scale, totalVariance } = parts;
  return [
    { columns: mean.length, components: explainedVariance.length, totalVariance },
    { axes, explainedVariance, mean, scale },
  ];
}

/** The model over given parts. */
// oxlint-disable-next-line eslint/max-lines-per-function -- one closure over the scratch that keeps scoring free of allocation
export function createPca(parts: PcaParts): Pca {
  const { axes, explainedVariance, mean } = parts;
  const columns = mean.length;
  const components = explainedVariance.length;
  const residual = new Float64Array(columns);
  const coordinates = new Float64Array(components);
  const project = projection(parts);
  /** Fills `out` and returns how many values of the row are present. */
  const residuals = (row: FloatArray, offset: number, out: Float64Array): number => {
    project(row, offset, out, coordinates);
    for (let k = 0; k < components; k++) {
      const along = coordinates[k]!;
      for (let c = 0, at = k * columns; c < columns; c++) out[c]! -= along * axes[at++]!;
    }
    let present = columns;
    for (let c = 0; c < columns; c++) {
      if (row[offset + c] === row[offset + c]) continue;
      out[c] = 0;
      present--;
    }
    return present;
  };
  const score = (row: FloatArray, offset: number): number => {
    const present = residuals(row, offset, residual);
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += residual[c]! * residual[c]!;
    return present > 0 ? sum / present : 0;
  };
  return {
    columns,
    components,
    ...parts,
    projectRow: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      outputArray(out, components);
      project(row, offset, residual, out);
      return out;
    },
    residualRow: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      residuals(row, offset, outputArray(out, columns));
      return out;
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
    toBytes: () => encodeModel(KIND, VERSION, ...pcaSections(parts)),
  };
}

/** Standardises one row into `z` (missing is 0) and writes its coordinates on the axes. */
function projection({ axes, mean, scale }: PcaParts) {
  const columns = mean.length;
  return (row: FloatArray, offset: number, z: Float64Array, coordinates: Float64Array): void => {
    for (let c = 0; c < columns; c++) {
      const value = (row[offset + c]! - mean[c]!) / scale[c]!;
      z[c] = value === value ? Math.min(FARTHEST, Math.max(-FARTHEST, value)) : 0;
    }
    for (let k = 0; k < coordinates.length; k++) {
      let sum = 0;
      for (let c = 0, at = k * columns; c < columns; c++) sum += axes[at++]! * z[c]!;
      coordinates[k] = sum;
    }
  };
}
