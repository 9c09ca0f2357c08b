import { applyBins, findBinEdges, type BinEdges } from './binned-matrix.ts';
import { sigmoid } from './boosting-objective.ts';
import { boostingSettings, type BoostingOptions } from './boosting-options.ts';
import { boost, type BoostingRows } from './boosting.ts';
import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray, type Matrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import type { SupervisedModel } from './model-contract.ts';
import { decodeModel, encodeModel, requireKind, type DecodeLimits } from './serialize.ts';
import { checkWeights } from './supervised-rows.ts';
import { readTrees, sumRow, treeSections, type TreeEnsemble } from './tree-ensemble.ts';
import { createTreeShap } from './tree-shap.ts';

/**
 * Rows with a time to an event, in whole intervals. A row with `event[row]` = 1 survived `survived[row]` intervals and
 * had the event in the next one. With 0 it was censored: it survived that many, and nothing is known afterwards.
 */
export type HazardRows = {
  readonly matrix: Matrix;
  /** 0 to `intervals` (to `intervals - 1` where the event came). */
  readonly survived: ArrayLike<number>;
  /** 0 or 1. */
  readonly event: ArrayLike<number>;
  /** How much each row counts in all its intervals, 0 or more. Default 1. */
  readonly weights?: ArrayLike<number>;
};

export type HazardBoostingOptions = BoostingOptions & {
  /** Number of intervals, 1 to 255. */
  readonly intervals: number;
  readonly validation?: HazardRows;
};

/**
 * Gradient boosting of discrete-time hazards (Gensheimer and Narasimhan, 2019; the person-period form of Singer and
 * Willett, 1993): `predictRow` gives, for every interval, the probability of the event in it given survival so far.
 * A row counts once for every interval it was at risk in, with the interval as one more column, so that intervals
 * share what they have in common. Memory: one byte a value and interval at risk.
 *
 * Fails when censoring depends on what the columns do not hold: those who leave early must fare like those who stay.
 */
export type HazardBoosting = SupervisedModel & {
  readonly intervals: number;
  readonly trees: TreeEnsemble;
  /** Share of the total gain by column; the last entry is the interval's own. */
  readonly importance: Float64Array;
  readonly validationLosses: readonly number[];
  /**
   * Shapley values of the logit of `interval` into `out`, one a column and a last one for the interval itself.
   * They sum to `logitRow - expectedLogit`.
   */
  explainRow(row: FloatArray, out: Float64Array, where: { interval: number; offset?: number }): Float64Array;
  /** The logit of the hazard of one interval. */
  logitRow(row: FloatArray, interval: number, offset?: number): number;
  readonly expectedLogit: number;
};

const KIND = 'hazard-boosting';
const VERSION = 1;
const MAX_INTERVALS = 255;
/** Rows × intervals at risk: 4 GB of bins at a hundred columns would be beyond it. */
const MAX_EXPANDED_CELLS = 2 ** 30;

/** Probability of the event by the end of every interval, from hazards, in place or into `out`. */
export function cumulativeFromHazards(hazards: Float64Array, out: Float64Array = hazards): Float64Array {
  let survival = 1;
  for (let k = 0; k < hazards.length; k++) {
    survival *= 1 - hazards[k]!;
    out[k] = 1 - survival;
  }
  return out;
}

/** Fits a model. Throws as `fitGradientBoosting` does, and `ML_TOO_LARGE` when the rows at risk take more than 1 GiB. */
export function fitHazardBoosting(rows: HazardRows, options: HazardBoostingOptions): HazardBoosting {
  const settings = boostingSettings(options);
  const intervals = requireInteger('intervals', options.intervals, 1, MAX_INTERVALS);
  checkTrainingMatrix(rows.matrix);
  const edges = findBinEdges(rows.matrix, settings.maxBins, settings.seed, settings.fineTails);
  const training = expandRows(rows, edges, intervals);
  if (training.target.length === 0) throw new MlError('ML_EMPTY', 'no row was at risk in any interval');
  const held = options.validation && expandRows(options.validation, edges, intervals);
  const validation = held && held.target.length > 0 ? held : undefined;
  return createModel({ intervals, ...boost('logistic', training, settings, validation) });
}

/** One binned row for every interval that a row was at risk in; the interval is the last column. */
function expandRows(rows: HazardRows, edges: BinEdges, intervals: number): BoostingRows {
  const { matrix, survived, event } = rows;
  const binned = applyBins(matrix, edges);
  const weights = checkWeights(rows.weights, matrix.rows);
  const atRisk = countAtRisk(rows, intervals);
  const total = atRisk.reduce((sum, count) => sum + count, 0);
  if (total * (matrix.columns + 1) > MAX_EXPANDED_CELLS) {
    throw new MlError(
      'ML_TOO_LARGE',
      `${total} rows at risk × ${matrix.columns} columns are over ${MAX_EXPANDED_CELLS}`,
    );
  }
  const bins = Array.from({ length: matrix.columns + 1 }, () => new Uint8Array(total));
  const target = new Float64Array(total);
  const expandedWeights = weights && new Float64Array(total);
  let at = 0;
  for (let row = 0; row < matrix.rows; row++) {
    const count = atRisk[row]!;
    for (let column = 0; column < matrix.columns; column++) {
      bins[column]!.fill(binned.bins[column]![row]!, at, at + count);
    }
    for (let k = 0; k < count; k++) bins[matrix.columns]![at + k] = k;
    if (event[row] === 1) target[at + survived[row]!] = 1;
    expandedWeights?.fill(weights![row]!, at, at + count);
    at += count;
  }
  const intervalEdges = Float64Array.from({ length: intervals - 1 }, (_, k) => k + 0.5);
  const expanded = { rows: total, columns: matrix.columns + 1, bins, edges: [...edges, intervalEdges] };
  return { matrix: expanded, target, weights: expandedWeights };
}

/** Intervals that each row was at risk in: those survived, and the one of the event. */
function countAtRisk({ matrix, survived, event }: HazardRows, intervals: number): Int32Array {
  if (survived.length !== matrix.rows || event.length !== matrix.rows) {
    throw new MlError('ML_SHAPE', `${matrix.rows} rows need as many times and events`);
  }
  return Int32Array.from({ length: matrix.rows }, (_, row) => {
    const happened = event[row]!;
    const count = survived[row]! + happened;
    if ((happened !== 0 && happened !== 1) || !Number.isInteger(count) || survived[row]! < 0 || count > intervals) {
      throw new MlError(
        'ML_VALUE',
        `row ${row} survived ${survived[row]} of ${intervals} intervals with event ${happened}`,
      );
    }
    return count;
  });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadHazardBoosting(bytes: Uint8Array, limits?: DecodeLimits): HazardBoosting {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 2);
  return createModel({
    intervals: model.integer('intervals', 1, MAX_INTERVALS),
    trees: readTrees(model, columns + 1, 1),
    base: model.number('base'),
    importance: model.section('importance', 'f64', columns + 1),
    validationLosses: [],
  });
}

interface Walk {
  readonly node: number;
  /** Intervals that stand at the node. */
  readonly first: number;
  readonly end: number;
}

interface Sums {
  readonly row: FloatArray;
  readonly offset: number;
  readonly out: Float64Array;
  readonly at: number;
}

/** Adds what one tree says of every interval: they walk together until the tree asks for the interval. Same sums as one by one. */
function addIntervals(trees: TreeEnsemble, { node, first, end }: Walk, sums: Sums): void {
  const { feature, threshold, left, missingLeft, value, columns } = trees;
  const { row, offset, out, at } = sums;
  let from = first;
  let place = node;
  for (let column = feature[place]!; column >= 0; column = feature[place]!) {
    const next = left[place]!;
    if (column < columns - 1) {
      const x = row[offset + column]!;
      place = x <= threshold[place]! || (x !== x && missingLeft[place] === 1) ? next : next + 1;
      continue;
    }
    const cut = Math.max(from, Math.min(end, Math.floor(threshold[place]!) + 1));
    if (cut === end) place = next;
    else {
      if (cut > from) addIntervals(trees, { node: next, first: from, end: cut }, sums);
      from = cut;
      place = next + 1;
    }
  }
  for (let k = from; k < end; k++) out[at + k]! += value[place]!;
}

/** Hazards of all intervals of one row. */
function hazardsInto({ trees, intervals, base }: Pick<Parts, 'trees' | 'intervals' | 'base'>, sums: Sums): void {
  const { out, at } = sums;
  out.fill(0, at, at + intervals);
  for (const root of trees.roots) addIntervals(trees, { node: root, first: 0, end: intervals }, sums);
  for (let k = 0; k < intervals; k++) out[at + k] = sigmoid(base + out[at + k]!);
}

type Parts = Pick<HazardBoosting, 'intervals' | 'trees' | 'importance' | 'validationLosses'> & {
  readonly base: number;
};

function createModel({ intervals, trees, base, importance, validationLosses }: Parts): HazardBoosting {
  const columns = trees.columns - 1;
  const shap = createTreeShap(trees);
  // The trees read the interval behind the columns, which the caller's row does not have.
  const extended = new Float64Array(columns + 1);
  const take = (row: FloatArray, offset: number): void => {
    checkRow(row, offset, columns);
    for (let column = 0; column < columns; column++) extended[column] = row[offset + column]!;
  };
  const logit = (interval: number): number => {
    extended[columns] = interval;
    return base + sumRow(trees, extended, 0);
  };
  const predictInto = (row: FloatArray, offset: number, out: Float64Array, at: number): void => {
    checkRow(row, offset, columns);
    hazardsInto({ trees, intervals, base }, { row, offset, out, at });
  };
  const checkInterval = (interval: number): number => requireInteger('interval', interval, 0, intervals - 1);
  return {
    columns,
    outputs: intervals,
    intervals,
    trees,
    importance,
    validationLosses,
    get expectedLogit() {
      return base + shap.expected[0]!;
    },
    predictRow: (row, out, offset = 0) => {
      predictInto(row, offset, out, 0);
      return out;
    },
    predictBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const hazards = outputArray(out, matrix.rows * intervals);
      for (let row = 0; row < matrix.rows; row++) predictInto(matrix.data, row * columns, hazards, row * intervals);
      return hazards;
    },
    logitRow: (row, interval, offset = 0) => {
      take(row, offset);
      return logit(checkInterval(interval));
    },
    explainRow: (row, out, { interval, offset = 0 }) => {
      take(row, offset);
      extended[columns] = checkInterval(interval);
      return shap.explainRow(extended, out);
    },
    toBytes: () => encodeModel(KIND, VERSION, { columns, intervals, base }, { ...treeSections(trees), importance }),
  };
}
