import { setImmediate } from 'node:timers/promises';
import { type Forest, mergeForests } from './forest.ts';
import type { ForestOptions } from './forest-options.ts';
import type { LabelledRows } from './supervised-rows.ts';

/** Trees that are grown before others have their turn: some milliseconds each at the most rows that are learnt from. */
const AT_ONCE = 4;

/** Grows a forest in short turns on the event loop; the same forest as in one go. */
export async function growInTurns<Options extends ForestOptions>(
  fit: (rows: LabelledRows, options: Options) => Forest,
  rows: LabelledRows,
  options: Options & { readonly trees: number },
): Promise<Forest> {
  const parts: Forest[] = [];
  for (let firstTree = 0; firstTree < options.trees; firstTree += AT_ONCE) {
    const trees = Math.min(AT_ONCE, options.trees - firstTree);
    parts.push(fit(rows, { ...options, firstTree, trees }));
    await setImmediate();
  }
  return mergeForests(parts);
}
