import { applyBins, findBinEdges, type BinEdges } from './binned-matrix.ts';
import { OBJECTIVES, type ObjectiveName } from './boosting-objective.ts';
import { boostingSettings, type BoostingOptions } from './boosting-options.ts';
import { boost, type BoostingRows } from './boosting.ts';
import { checkColumns, checkRow, checkTrainingMatrix, outputArray, type FloatArray } from './matrix.ts';
import type { SupervisedModel } from './model-contract.ts';
import { decodeModel, encodeModel, requireKind, type DecodeLimits } from './serialize.ts';
import { checkTarget, checkWeights, type LabelledRows } from './supervised-rows.ts';
import { addBatch, readTrees, sumRow, treeSections, type TreeEnsemble } from './tree-ensemble.ts';
import { createTreeShap } from './tree-shap.ts';

export type GradientBoostingOptions = BoostingOptions & {
  readonly objective: ObjectiveName;
  /** Rows to stop early on. Take them later in time than the training rows. */
  readonly validation?: LabelledRows;
};

/**
 * Gradient-boosted trees (Friedman, 2001) with second-order gains (Chen and Guestrin, 2016), grown leaf by leaf on
 * histograms of 8-bit bins (Ke et al., 2017).
 *
 * `logistic` takes targets from 0 to 1 (a class, or its probability) and predicts probabilities in (0, 1); `squared`
 * takes and predicts numbers within ±1e100. A missing value goes, at every
 * split, the way that lowered the loss in training; where training saw none missing, with the heavier side.
 * Fit: O(trees × rows × columns × depth) at worst, about half of the rows a level thanks to subtraction. Memory: about
 * rows × (2 × columns + 60) bytes, refused with `ML_TOO_LARGE` where the kernels' part of it is over 1 GiB.
 *
 * Fails where the answer lies outside the range of the training targets: trees do not extrapolate a trend.
 */
export type GradientBoosting = SupervisedModel & {
  readonly objective: ObjectiveName;
  readonly trees: TreeEnsemble;
  /** Share of the total gain by column. */
  readonly importance: Float64Array;
  /** Validation loss by round; empty without validation and after loading. */
  readonly validationLosses: readonly number[];
  /** The prediction of one row before the link: log-odds for `logistic`. */
  marginRow(row: FloatArray, offset?: number): number;
  /** The mean margin over the training rows (by cover): what `explainRow` starts from. */
  readonly expectedMargin: number;
  /** Shapley values of one row, one a column, into `out`: they sum to `marginRow - expectedMargin`. */
  explainRow(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
};

const KIND = 'gradient-boosting';
const VERSION = 1;

/**
 * Fits a model. Throws `ML_EMPTY` without rows, `ML_SHAPE` when lengths differ, `ML_VALUE` on a target or weight that
 * is out of range, `ML_PARAMETER` on an option out of range, `ML_CANCELLED` when the signal is raised.
 */
export function fitGradientBoosting(rows: LabelledRows, options: GradientBoostingOptions): GradientBoosting {
  const { objective, validation } = options;
  const settings = boostingSettings(options);
  checkTrainingMatrix(rows.matrix);
  const edges = findBinEdges(rows.matrix, settings.maxBins, settings.seed, settings.fineTails);
  const training = binRows(rows, edges, objective);
  const held = validation && validation.matrix.rows > 0 ? binRows(validation, edges, objective) : undefined;
  const { trees, base, importance, validationLosses } = boost(objective, training, settings, held);
  return createModel({ objective, trees, base, importance, validationLosses });
}

function binRows({ matrix, target, weights }: LabelledRows, edges: BinEdges, objective: ObjectiveName): BoostingRows {
  const checked = checkTarget(target, matrix.rows);
  OBJECTIVES[objective].check(checked);
  return { matrix: applyBins(matrix, edges), target: checked, weights: checkWeights(weights, matrix.rows) };
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadGradientBoosting(bytes: Uint8Array, limits?: DecodeLimits): GradientBoosting {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  return createModel({
    objective: model.choice('objective', ['logistic', 'squared']),
    trees: readTrees(model, columns, 1),
    base: model.number('base'),
    importance: model.section('importance', 'f64', columns),
    validationLosses: [],
  });
}

type Parts = Pick<GradientBoosting, 'objective' | 'trees' | 'importance' | 'validationLosses'> & {
  readonly base: number;
};

function createModel({ objective, trees, base, importance, validationLosses }: Parts): GradientBoosting {
  const { columns } = trees;
  const { link } = OBJECTIVES[objective];
  const shap = createTreeShap(trees);
  const marginRow = (row: FloatArray, offset = 0): number => {
    checkRow(row, offset, columns);
    return base + sumRow(trees, row, offset);
  };
  return {
    columns,
    outputs: 1,
    objective,
    trees,
    importance,
    validationLosses,
    marginRow,
    get expectedMargin() {
      return base + shap.expected[0]!;
    },
    predictRow: (row, out, offset = 0) => {
      out[0] = link(marginRow(row, offset));
      return out;
    },
    predictBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const predictions = outputArray(out, matrix.rows).fill(0);
      addBatch(trees, matrix, predictions);
      for (let row = 0; row < matrix.rows; row++) predictions[row] = link(base + predictions[row]!);
      return predictions;
    },
    explainRow: (row, out, offset = 0) => shap.explainRow(row, out, { offset }),
    toBytes: () => encodeModel(KIND, VERSION, { columns, objective, base }, { ...treeSections(trees), importance }),
  };
}
