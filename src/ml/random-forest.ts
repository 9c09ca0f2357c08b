import { applyBins, findBinEdges, MAX_BINS } from './binned-matrix.ts';
import { growForest } from './forest-growing.ts';
import { forestSettings, forestTarget, type ForestOptions } from './forest-options.ts';
import { OutOfBagSums } from './forest-out-of-bag.ts';
import { BinnedSplitter } from './forest-splitter-binned.ts';
import { createForest, type Forest } from './forest.ts';
import { checkTrainingMatrix } from './matrix.ts';
import { requireInteger } from './ml-error.ts';
import { checkWeights, type LabelledRows } from './supervised-rows.ts';

export type RandomForestOptions = ForestOptions & {
  /** Most bins of a column, 2 to 255. Default 255. */
  readonly maxBins?: number;
};

/**
 * Random forest (Breiman, 2001) on 8-bit bins: each tree on a bootstrap sample, each node on columns drawn at random,
 * every cut between bins tried, missing values on the better side. Bins cost nothing in accuracy on noisy data and
 * make a node linear in its rows.
 *
 * Defaults: 100 trees; the square root of the columns a split and leaves down to one row for classification, a third
 * of the columns and five rows for regression (Breiman's). Fit: O(trees × rows × columnsPerSplit × depth).
 *
 * Fails outside the range of the training targets, and its probabilities are pulled to the middle: calibrate them.
 */
export function fitRandomForest(rows: LabelledRows, options: RandomForestOptions): Forest {
  const { matrix } = rows;
  checkTrainingMatrix(matrix);
  const { columns } = matrix;
  const defaults =
    options.task === 'classification'
      ? { columnsPerSplit: Math.max(1, Math.floor(Math.sqrt(columns))), minLeafRows: 1 }
      : { columnsPerSplit: Math.max(1, Math.floor(columns / 3)), minLeafRows: 5 };
  const settings = forestSettings(options, columns, defaults);
  const maxBins = requireInteger('maxBins', options.maxBins ?? MAX_BINS, 2, MAX_BINS);
  const target = forestTarget(rows.target, matrix.rows, options);
  const weights = checkWeights(rows.weights, matrix.rows);
  const binned = applyBins(matrix, findBinEdges(matrix, maxBins, options.seed));
  const outOfBag = new OutOfBagSums(matrix, target.outputs);
  const splitter = new BinnedSplitter(binned, target.sums, settings.minLeafRows);
  const { trees, gain } = growForest({ target, columns, weights, splitter, outOfBag }, settings);
  return createForest({ task: options.task, trees, gain, outOfBag: outOfBag.finish() });
}
