import type { EntityHistory, PastDecision } from '../../model/predictor.ts';

/** What was left alone stands for so many at most: a share of 5 % and more is made up for in full, a smaller one in part. */
export const MOST_WEIGHT = 20;

/**
 * How much each row counts so that what was left alone by chance stands for what was acted upon (inverse probability of
 * censoring; Robins and Finkelstein, 2000), 0 to `MOST_WEIGHT`; null where nothing was left to chance. A decision bears on
 * the rows up to `reach` before it whose outcome was still to come, and on those up to `reach` after it until the next
 * failure, since only what was left alone has them. Where somebody acted, the rows before are dropped: those left alone
 * count for them, by the inverse of their chance. O(rows × decisions).
 */
export function notActedWeights(
  { times, failures, decisions = [] }: Pick<EntityHistory, 'times' | 'failures' | 'decisions'>,
  reach: number,
): Float64Array | null {
  const drawn = decisions.filter(({ notActing }) => notActing > 0 && notActing < 1);
  if (drawn.length === 0) return null;
  const weights = new Float64Array(times.length).fill(1);
  for (const decision of drawn) {
    const before = failures.findLast(({ time }) => time <= decision.time)?.time ?? -Infinity;
    const after = failures.find(({ time }) => time > decision.time)?.time ?? Infinity;
    const from = Math.max(decision.time - reach, before);
    const to = decision.acted ? decision.time : Math.min(decision.time + reach, after);
    weigh(times, weights, { from, to, factor: factorOf(decision) });
  }
  for (let row = 0; row < weights.length; row++) weights[row] = Math.min(MOST_WEIGHT, weights[row]!);
  return weights;
}

const factorOf = ({ acted, notActing }: PastDecision): number => (acted ? 0 : 1 / notActing);

function weigh(
  times: Float64Array,
  weights: Float64Array,
  { from, to, factor }: { readonly from: number; readonly to: number; readonly factor: number },
): void {
  for (let row = 0; row < times.length; row++) if (times[row]! >= from && times[row]! <= to) weights[row]! *= factor;
}
