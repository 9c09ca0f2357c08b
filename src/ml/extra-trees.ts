import { growForest } from './forest-growing.ts';
import { forestSettings, forestTarget, type ForestOptions } from './forest-options.ts';
import { RandomSplitter } from './forest-splitter-random.ts';
import { createForest, type Forest } from './forest.ts';
import { checkTrainingMatrix } from './matrix.ts';
import { checkWeights, type LabelledRows } from './supervised-rows.ts';

/**
 * Extremely randomised trees (Geurts, Ernst and Wehenkel, 2006): every tree sees all rows, and a node tries one random
 * cut for each column it draws. Smoother than a random forest; the learner of fitted-Q iteration (Ernst et al., 2005).
 *
 * Defaults: 100 trees; all columns a split and two rows a leaf for regression, the square root of the columns and one
 * row for classification. Missing values are sent to a side at random when a cut is drawn.
 * Fit: O(trees × rows × columnsPerSplit × depth). Memory: 8 bytes a value.
 *
 * Fails where most columns are noise, since cuts are not chosen: raise `columnsPerSplit`.
 */
export function fitExtraTrees(rows: LabelledRows, options: ForestOptions): Forest {
  const { matrix } = rows;
  checkTrainingMatrix(matrix);
  const { columns } = matrix;
  const defaults =
    options.task === 'classification'
      ? { columnsPerSplit: Math.max(1, Math.floor(Math.sqrt(columns))), minLeafRows: 1 }
      : { columnsPerSplit: columns, minLeafRows: 2 };
  const settings = forestSettings(options, columns, defaults);
  const target = forestTarget(rows.target, matrix.rows, options);
  const weights = checkWeights(rows.weights, matrix.rows);
  const splitter = new RandomSplitter(matrix, target.sums, settings.minLeafRows);
  const { trees, gain } = growForest({ target, columns, weights, splitter }, settings);
  return createForest({ task: options.task, trees, gain });
}
