import { setImmediate } from 'node:timers/promises';
import type { Forest } from '../../ml/forest.ts';
import { growInTurns } from '../../ml/grow-in-turns.ts';
import { matrixFromRows } from '../../ml/matrix.ts';
import { bootstrapInterval, sumUnits } from '../../ml/off-policy-intervals.ts';
import { createRandom } from '../../ml/random.ts';
import { fitRandomForest } from '../../ml/random-forest.ts';
import {
  DISRUPTION_MINUTES,
  minutesLost,
  type Policy,
  type PolicyEpisode,
  type PolicyEvaluation,
  type PolicyOption,
  type PolicyStep,
} from '../../model/policy.ts';

/** 5 % on either side: each end is a one-sided 95 % bound. */
const CONFIDENCE = 0.9;
const SAMPLES = 1000;
/** Weights of one step above it are cut to it; what is cut is reported. */
const CLIP = 20;
/** Fewer incidents of the policy's own than this bear no verdict. */
const LEAST_EFFECTIVE = 30;
const MOST_CLIPPED = 0.05;
/** Below this, even with three standard errors added, the mean weight shows actions that the log never took. */
const LEAST_MEAN_WEIGHT = 0.95;
const FOLDS = 2;
const TREES = 30;
const LEAST_ROWS = 10;
/** Episodes between two turns of others. */
const AT_ONCE = 20;
const SEED = 11;

/** What a step cost as far as anybody can tell; where nobody could, without harm. */
const costOf = (step: PolicyStep): number =>
  minutesLost(step) ?? Math.max(0, step.minutes) + DISRUPTION_MINUTES[step.disruption];

/** Expected minutes from a try to the end of its incident. */
type ValueModel = (step: PolicyStep, option: Pick<PolicyOption, 'action' | 'disruption'>) => number;

/** Numbers of a context that need no vocabulary: a model that is wrong costs width, never truth. */
function featuresOf({ context }: PolicyStep, words: readonly string[]): number[] {
  const own = new Set([...context.drivers, ...context.anomalyKinds, ...context.changes]);
  return [context.probability, context.tried.length, context.breadth, ...words.map((word) => Number(own.has(word)))];
}

const MOST_WORDS = 40;
function wordsOf(episodes: readonly PolicyEpisode[]): readonly string[] {
  const seen = new Map<string, number>();
  for (const { steps } of episodes)
    for (const { context } of steps.slice(0, 1))
      for (const word of new Set([...context.drivers, ...context.anomalyKinds, ...context.changes]))
        seen.set(word, (seen.get(word) ?? 0) + 1);
  return [...seen]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST_WORDS)
    .map(([word]) => word);
}

/** Regression of what came after each try, an ensemble an action; the mean where there are too few. */
async function fitValue(episodes: readonly PolicyEpisode[]): Promise<ValueModel> {
  const words = wordsOf(episodes);
  const rows = new Map<string, { features: number[]; minutes: number }[]>();
  let [sum, count] = [0, 0];
  for (const { steps } of episodes) {
    let toEnd = 0;
    for (const step of steps.toReversed()) {
      toEnd += costOf(step);
      const known = rows.get(step.action) ?? [];
      known.push({ features: featuresOf(step, words), minutes: toEnd });
      rows.set(step.action, known);
      sum += toEnd;
      count++;
    }
  }
  const mean = count === 0 ? 0 : sum / count;
  const forests = new Map<string, Forest>();
  for (const [action, known] of rows) {
    if (known.length < LEAST_ROWS) continue;
    const matrix = matrixFromRows(known.map(({ features }) => features));
    const target = known.map(({ minutes }) => minutes);
    const options = { seed: SEED, task: 'regression', trees: TREES, minLeafRows: 5 } as const;
    forests.set(action, await growInTurns(fitRandomForest, { matrix, target }, options));
  }
  const out = new Float64Array(1);
  return (step, { action }) => {
    const forest = forests.get(action);
    return forest === undefined ? mean : forest.predictRow(Float64Array.from(featuresOf(step, words)), out)[0]!;
  };
}

/** What one incident says of a policy. */
interface Told {
  readonly value: number;
  readonly weight: number;
  readonly whole: number;
}

/** Doubly robust over the steps of one incident, from its end (Jiang and Li, 2016). */
function toldBy({ steps }: PolicyEpisode, policy: Policy, value: ValueModel): Told {
  let [after, weight, whole] = [0, 1, 1];
  for (const step of steps.toReversed()) {
    const { options, context, action, propensity } = step;
    const shares = policy.decide({ context, options, explore: false }).map(({ share }) => share);
    const own = shares[options.findIndex((option) => option.action === action)] ?? 0;
    const ratio = own / (propensity ?? 1);
    const kept = Math.min(ratio, CLIP);
    let expected = 0;
    options.forEach((option, i) => {
      if (shares[i]! > 0) expected += shares[i]! * value(step, option);
    });
    after = expected + kept * (costOf(step) + after - value(step, step));
    weight *= kept;
    whole *= ratio;
  }
  return { value: after, weight, whole };
}

async function tell(episodes: readonly PolicyEpisode[], policies: readonly Policy[]): Promise<readonly Told[][]> {
  const told: Told[][] = episodes.map(() => []);
  for (let fold = 0; fold < FOLDS; fold++) {
    const value = await fitValue(episodes.filter((_, i) => i % FOLDS !== fold));
    for (const [i, episode] of episodes.entries()) {
      if (i % FOLDS !== fold) continue;
      told[i] = policies.map((policy) => toldBy(episode, policy, value));
      if (i % AT_ONCE === 0) await setImmediate();
    }
  }
  return told;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + x, 0) / Math.max(1, values.length);

function intervalOf(values: readonly number[]) {
  const numerators = Float64Array.from(values);
  const units = sumUnits({ numerators, denominators: new Float64Array(values.length).fill(1) });
  const { low, high } = bootstrapInterval(units, {
    samples: SAMPLES,
    confidence: CONFIDENCE,
    random: createRandom(SEED),
  });
  const value = meanOf(values);
  // An endless end cannot be written as JSON; what is refused anyway says nothing.
  return { value, low: Number.isFinite(low) ? low : value - WIDE, high: Number.isFinite(high) ? high : value + WIDE };
}
/** Stands for an interval without an end, minutes. */
const WIDE = 1e6;

function faultsOf(weights: readonly number[], whole: readonly number[]): string[] {
  const [sum, squares] = [meanOf(weights), meanOf(weights.map((weight) => weight * weight))];
  const effective = squares > 0 ? (weights.length * sum * sum) / squares : 0;
  const mean = meanOf(whole);
  const deviation = Math.sqrt(Math.max(0, meanOf(whole.map((weight) => weight * weight)) - mean * mean));
  return [
    ...(effective < LEAST_EFFECTIVE ? ['effective-size'] : []),
    ...(mean > 0 && 1 - sum / mean > MOST_CLIPPED ? ['clipped'] : []),
    ...(mean + (3 * deviation) / Math.sqrt(Math.max(1, whole.length)) < LEAST_MEAN_WEIGHT ? ['support'] : []),
  ];
}

/**
 * What a policy would have cost on logged incidents, in minutes lost each, against the policy in force on the same ones
 * (doubly robust, two folds for the model of what follows, studentised bootstrap over incidents). Only incidents count on
 * which every try was drawn with a known probability. `better` where the one-sided 95 % lower bound of what it saves is above
 * 0; refused where the log says too little of it.
 */
export async function evaluatePolicy(
  episodes: readonly PolicyEpisode[],
  policy: Policy,
  inForce: Policy,
): Promise<PolicyEvaluation> {
  const drawn = episodes.filter(
    ({ steps }) => steps.length > 0 && steps.every(({ propensity }) => propensity !== null),
  );
  const told = await tell(drawn, [policy, inForce]);
  const weights = told.map(([one]) => one!.weight);
  const whole = told.map(([one]) => one!.whole);
  const faults = faultsOf(weights, whole);
  const saved = intervalOf(told.map(([one, other]) => other!.value - one!.value));
  const sum = meanOf(weights);
  const verdict = faults.length > 0 ? 'refused' : saved.low > 0 ? 'better' : saved.high < 0 ? 'worse' : 'undecided';
  const squares = meanOf(weights.map((weight) => weight * weight));
  return {
    minutes: intervalOf(told.map(([one]) => one!.value)),
    reference: meanOf(told.map(([, other]) => other!.value)),
    saved,
    incidents: drawn.length,
    effectiveSize: squares > 0 ? (drawn.length * sum * sum) / squares : 0,
    clippedShare: meanOf(whole) > 0 ? Math.max(0, 1 - sum / meanOf(whole)) : 0,
    verdict,
    faults,
  };
}
