import { parentPort } from 'node:worker_threads';
import { fitGradientBoosting } from '../src/ml/gradient-boosting.ts';
import { fitRandomForest } from '../src/ml/random-forest.ts';
import type { Labelled } from './ml-trees-data.ts';

/** One piece of training, for a worker of bench/ml-trees.ts. */
export type TreeTask =
  | { readonly kind: 'forest'; readonly rows: Labelled; readonly firstTree: number; readonly trees: number }
  | { readonly kind: 'boosting'; readonly rows: Labelled; readonly seed: number };

function run(task: TreeTask): object {
  if (task.kind === 'boosting') {
    return { bytes: fitGradientBoosting(task.rows, { objective: 'logistic', seed: task.seed, trees: 30 }).toBytes() };
  }
  const { firstTree, trees } = task;
  const forest = fitRandomForest(task.rows, { task: 'classification', seed: 1, firstTree, trees });
  return { bytes: forest.toBytes(), outOfBag: forest.outOfBag };
}

parentPort?.on('message', (task: TreeTask) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker, not a window
  parentPort?.postMessage(run(task));
});
