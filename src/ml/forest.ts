import type { ForestTask } from './forest-options.ts';
import { mergeOutOfBag, type OutOfBag } from './forest-out-of-bag.ts';
import { checkColumns, checkRow, outputArray, type FloatArray } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { SupervisedModel } from './model-contract.ts';
import { decodeModel, encodeModel, requireKind, type DecodeLimits } from './serialize.ts';
import { addBatch, addRow, readTrees, treeSections, type TreeEnsemble } from './tree-ensemble.ts';
import { mergeTrees } from './tree-merge.ts';
import { createTreeShap } from './tree-shap.ts';

/**
 * A forest: the mean over trees of leaf means. For classification `outputs` is the number of classes and predictions
 * are their probabilities; for regression there is one output.
 */
export type Forest = SupervisedModel & {
  readonly task: ForestTask;
  readonly trees: TreeEnsemble;
  /** Total gain by column: the drop of squared error (for classes: of Gini impurity) at its splits. */
  readonly gain: Float64Array;
  /** The same as shares of 1. Favours columns with many values; see Strobl et al. (2007). */
  readonly importance: Float64Array;
  /** What the trees that did not see a row say of it. Absent after loading, and without bootstrap. */
  readonly outOfBag: OutOfBag | undefined;
  /** The mean prediction over the training rows, one an output: what `explainRow` starts from. */
  readonly expected: Float64Array;
  /** Shapley values of one row, one a column, into `out`: they sum to the prediction of `output` (default: the last) minus `expected`. */
  explainRow(row: FloatArray, out: Float64Array, where?: { offset?: number; output?: number }): Float64Array;
};

export type ForestParts = {
  readonly task: ForestTask;
  readonly trees: TreeEnsemble;
  readonly gain: Float64Array;
  readonly outOfBag?: OutOfBag | undefined;
};

const KIND = 'forest';
const VERSION = 1;
const MAX_OUTPUTS = 256;

/**
 * Loads what `toBytes` of a random forest or of extremely randomised trees wrote. Throws the codes of `decodeModel`.
 * `outOfBag` travels beside the bytes from a worker that grew a part.
 */
export function loadForest(bytes: Uint8Array, limits?: DecodeLimits, outOfBag?: OutOfBag): Forest {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const columns = model.integer('columns', 1, 2 ** 31 - 1);
  const trees = readTrees(model, columns, model.integer('outputs', 1, MAX_OUTPUTS));
  if (trees.roots.length === 0) throw new MlError('ML_FORMAT', 'a forest without trees');
  const task = model.choice('task', ['classification', 'regression']);
  return createForest({ task, trees, gain: model.section('gain', 'f64', columns), outOfBag });
}

/**
 * One forest of the trees of several, in their order: parts that were grown in worker threads. Out-of-bag estimates are
 * joined where all parts have them. Throws `ML_SHAPE` when the parts do not learn the same thing.
 */
export function mergeForests(forests: readonly Forest[]): Forest {
  const [first, ...rest] = forests;
  if (first === undefined) throw new MlError('ML_EMPTY', 'no forest to merge');
  const odd = rest.find(
    (part) => part.task !== first.task || part.outputs !== first.outputs || part.columns !== first.columns,
  );
  if (odd !== undefined) throw new MlError('ML_SHAPE', 'the forests have other columns, outputs or tasks');
  const outOfBags = forests.map((part) => part.outOfBag).filter((part) => part !== undefined);
  const gain = new Float64Array(first.columns);
  for (const part of forests) {
    for (let column = 0; column < gain.length; column++) gain[column]! += part.gain[column]!;
  }
  return createForest({
    task: first.task,
    trees: mergeTrees(forests.map((part) => part.trees)),
    gain,
    outOfBag: outOfBags.length === forests.length ? mergeOutOfBag(outOfBags) : undefined,
  });
}

/** A model over grown trees whose leaf values are means or class shares. */
export function createForest({ task, trees, gain, outOfBag }: ForestParts): Forest {
  const { columns, outputs } = trees;
  const count = trees.roots.length;
  const shap = createTreeShap(trees);
  const total = gain.reduce((sum, x) => sum + x, 0);
  return {
    task,
    columns,
    outputs,
    trees,
    outOfBag,
    gain,
    importance: gain.map((x) => (total > 0 ? x / total : 0)),
    get expected() {
      return shap.expected.map((x) => x / count);
    },
    predictRow: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      for (let k = 0; k < outputs; k++) out[k] = 0;
      addRow(trees, row, offset, out);
      for (let k = 0; k < outputs; k++) out[k]! /= count;
      return out;
    },
    predictBatch: (matrix, out) => {
      checkColumns(matrix, columns);
      const predictions = outputArray(out, matrix.rows * outputs).fill(0);
      addBatch(trees, matrix, predictions);
      for (let i = 0; i < predictions.length; i++) predictions[i]! /= count;
      return predictions;
    },
    explainRow: (row, out, { offset = 0, output = outputs - 1 } = {}) => {
      shap.explainRow(row, out, { offset, output });
      for (let column = 0; column < columns; column++) out[column]! /= count;
      return out;
    },
    toBytes: () => encodeModel(KIND, VERSION, { columns, outputs, task }, { ...treeSections(trees), gain }),
  };
}
