import type { ForestSettings } from './forest-options.ts';
import type { OutOfBagSums } from './forest-out-of-bag.ts';
import { ForestTreeGrower, type ForestSplitter, type ForestTarget } from './forest-tree.ts';
import { MlError } from './ml-error.ts';
import { createRandom, type Random } from './random.ts';
import { TreeBuilder } from './tree-builder.ts';
import type { TreeEnsemble } from './tree-ensemble.ts';

export type ForestWork = {
  readonly target: ForestTarget;
  readonly columns: number;
  readonly weights: Float64Array | undefined;
  readonly splitter: ForestSplitter;
  /** Given for bootstrap samples; without it every tree sees every row. */
  readonly outOfBag?: OutOfBagSums;
};

/** Grows the trees of a forest, each from a random stream of its own number. */
export function growForest(work: ForestWork, settings: ForestSettings): { trees: TreeEnsemble; gain: Float64Array } {
  const { target, columns, outOfBag } = work;
  const rows = target.value.length;
  const builder = new TreeBuilder(columns, target.outputs);
  const grower = new ForestTreeGrower(target, columns, settings, work.splitter);
  const random = createRandom(settings.seed);
  const weights = new Float64Array(rows);
  const drawn = new Uint8Array(rows);
  const candidates = Int32Array.from({ length: rows }, (_, row) => row).filter((row) => work.weights?.[row] !== 0);
  for (let i = 0; i < settings.trees; i++) {
    if (settings.signal?.aborted === true) throw new MlError('ML_CANCELLED', `cancelled after ${i} trees`);
    const stream = random.fork(settings.firstTree + i);
    if (outOfBag === undefined) weights.fill(1);
    else drawRows(weights, drawn, candidates, stream);
    multiply(weights, work.weights);
    grower.grow(builder, weights, stream);
    outOfBag?.add(builder, drawn);
    settings.onTree?.(i + 1);
  }
  return { trees: builder.finish(), gain: grower.gain };
}

/** A bootstrap sample of the rows that count: how often each was drawn. */
function drawRows(weights: Float64Array, drawn: Uint8Array, candidates: Int32Array, random: Random): void {
  weights.fill(0);
  drawn.fill(0);
  for (let i = 0; i < candidates.length; i++) {
    const row = candidates[random.int(candidates.length)]!;
    weights[row]!++;
    drawn[row] = 1;
  }
}

function multiply(weights: Float64Array, factors: Float64Array | undefined): void {
  if (factors === undefined) return;
  for (let row = 0; row < weights.length; row++) weights[row]! *= factors[row]!;
}
