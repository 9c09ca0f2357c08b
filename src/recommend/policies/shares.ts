import { createRandom } from '../../ml/random.ts';
import { DISRUPTION_MINUTES, HARM_MINUTES, type PolicyOption } from '../../model/policy.ts';

/** What is believed of one option: a Beta distribution of success, and how likely harm is. */
export interface Belief {
  readonly a: number;
  readonly b: number;
  readonly harm: number;
}

/** Minutes that a try which resolves saves against one that does not, where nobody knows better: about what the next try takes. */
export const WORTH_MINUTES = 20;
/** A Monte-Carlo estimate of a propensity needs a thousand draws or more. */
const DRAWS = 1000;
const SEED = 0x5109;

/** Minutes gained by a try of this chance of success; what it costs is known, what it brings is not. */
export const gainOf = (
  { disruption }: PolicyOption,
  {
    success,
    harm,
    worth = WORTH_MINUTES,
  }: { readonly success: number; readonly harm: number; readonly worth?: number },
): number => success * worth - DISRUPTION_MINUTES[disruption] - harm * HARM_MINUTES;

/** 1 for the best allowed option, 0 for the others; of equals the one that disturbs least, then the first. */
export function onlyTheBest(options: readonly PolicyOption[], values: readonly number[]): number[] {
  const cost = (i: number): number => DISRUPTION_MINUTES[options[i]!.disruption];
  let best = -1;
  options.forEach(({ allowed }, i) => {
    if (!allowed) return;
    const better = best < 0 || values[i]! > values[best]! || (values[i] === values[best] && cost(i) < cost(best));
    if (better) best = i;
  });
  return options.map((_, i) => (i === best ? 1 : 0));
}

/**
 * Mixes shares with uniform over the allowed options that may still be the best, so that what comes after can be judged from
 * the log. What was the best in none of the draws of `plausible` is not tried for the log's sake: that would be harm known
 * beforehand, and a policy that chose it could not be judged, which `support` of the evaluation says.
 */
export function withFloor(
  options: readonly PolicyOption[],
  shares: readonly number[],
  { uniform, plausible }: { readonly uniform: number; readonly plausible: readonly number[] },
): number[] {
  const open = options.map(({ allowed }, i) => allowed && (plausible[i]! > 0 || shares[i]! > 0));
  const count = open.filter(Boolean).length;
  return shares.map((share, i) => (open[i] === true ? (1 - uniform) * share + uniform / count : 0));
}

/**
 * Thompson sampling: how often each allowed option is the best one when the chances of success are drawn from what is
 * believed (Chapelle and Li, 2011). The draws are the same for the same beliefs, and the action is drawn from these very
 * shares, so that they are its exact propensities.
 */
export function thompsonShares(
  options: readonly PolicyOption[],
  beliefs: readonly Belief[],
  worth = WORTH_MINUTES,
): number[] {
  const shares = options.map(() => 0);
  const open = options.flatMap(({ allowed }, i) => (allowed ? [i] : []));
  if (open.length < 2) return onlyTheBest(options, shares);
  const root = createRandom(SEED);
  const streams = open.map((i) => root.fork(options[i]!.action));
  for (let draw = 0; draw < DRAWS; draw++) {
    let best = open[0]!;
    let most = Number.NEGATIVE_INFINITY;
    for (const [k, i] of open.entries()) {
      const { a, b, harm } = beliefs[i]!;
      const gain = gainOf(options[i]!, { success: streams[k]!.beta(a, b), harm, worth });
      if (gain > most) [best, most] = [i, gain];
    }
    shares[best]! += 1;
  }
  return shares.map((count) => count / DRAWS);
}
