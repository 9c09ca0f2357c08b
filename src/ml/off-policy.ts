import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { bernsteinInterval, bootstrapInterval, type Interval, sumUnits } from './off-policy-intervals.ts';
import { createRandom } from './random.ts';

/**
 * Logged decisions, one an index. The log must hold every decision of the policy that made it, with the probability that this
 * policy gave to what it chose, frozen meanwhile (see `Bandit`).
 */
export type DecisionLog = {
  readonly rewards: ArrayLike<number>;
  /** Probability with which the logged action was chosen, above 0. */
  readonly propensities: ArrayLike<number>;
  /** Probability that the policy under evaluation gives to the logged action. */
  readonly targets: ArrayLike<number>;
  /** Which incident a decision belongs to, any numbers. Default: each its own. Decisions of one incident may depend on each other. */
  readonly incidents?: ArrayLike<number>;
  /** For the doubly robust estimator: a model's expected reward of the logged action; made without these very decisions. */
  readonly predicted?: ArrayLike<number>;
  /** The same model's expected reward of the policy under evaluation, Σ over actions of target × expected reward. */
  readonly baseline?: ArrayLike<number>;
};

export type Estimator = 'ips' | 'self-normalised' | 'doubly-robust';

export type OffPolicyOptions = {
  readonly estimator: Estimator;
  /** Weights above it are cut to it, 1 or more. Default 100. What is cut biases the estimate towards 0 and is reported. */
  readonly clip?: number;
  /** Bounds of a reward, known beforehand. Default [0, 1]. */
  readonly range?: readonly [low: number, high: number];
  /** Share of intervals that hold the truth. Default 0.95. */
  readonly confidence?: number;
  /** Bootstrap samples, 100 to 100,000. Default 1,000. */
  readonly samples?: number;
  /** Least effective sample size for a verdict. Default 30. */
  readonly minEffective?: number;
  /** Largest share of weight that clipping may cut for a verdict, 0 to 1. Default 0.05. */
  readonly maxClipped?: number;
  /** What the policy under evaluation has to beat. Default: the mean reward of the log, taken as known. */
  readonly reference?: number;
  readonly seed: number;
};

/** Why there is no verdict: too few comparable decisions, too much cut, or actions that the log never took. */
export type OverlapFault = 'effective-size' | 'clipped' | 'support';

export type OffPolicyEstimate = {
  /** Estimated mean reward of a decision under the policy. */
  readonly value: number;
  /** Studentised bootstrap over incidents: about the stated confidence from some dozens of effective decisions on. */
  readonly bootstrap: Interval;
  /** Empirical Bernstein: at least the stated confidence at any size, for what is estimated after clipping; much wider. */
  readonly bernstein: Interval;
  /** (Σ w)² / Σ w²: how many decisions of the policy itself the log is worth, for rewards of equal spread. */
  readonly effectiveSize: number;
  readonly decisions: number;
  readonly incidents: number;
  readonly clippedDecisions: number;
  /** Share of all weight that was cut off. */
  readonly clippedShare: number;
  /** About 1 where the log covers what the policy does; well below 1 where it never tried it. */
  readonly meanWeight: number;
  /** Against the reference by the bootstrap interval; `refused` where the overlap bears none. */
  readonly verdict: 'better' | 'worse' | 'undecided' | 'refused';
  readonly faults: readonly OverlapFault[];
};

/** Below this, even with three standard errors added, the mean weight shows actions without support. */
const LEAST_MEAN_WEIGHT = 0.95;

/**
 * What a policy would have earned, from the log of another (Dudík, Langford and Li, 2011).
 *
 * - `ips` weighs each reward by target / propensity: unbiased, and the widest.
 * - `self-normalised` divides by the sum of weights (Swaminathan and Joachims, 2015): hardly biased, narrower.
 * - `doubly-robust` corrects a model's estimate by the weighted residuals: unbiased whatever the model, narrow with a good one.
 *
 * O(decisions + samples × incidents). No weighting can judge what the log never tried: then `faults` says so and the verdict is
 * `refused`, whatever the intervals look like. Throws `ML_SHAPE`, `ML_EMPTY`, `ML_VALUE` and `ML_PARAMETER`.
 */
export function evaluateOffPolicy(log: DecisionLog, options: OffPolicyOptions): OffPolicyEstimate {
  const settings = checkSettings(options);
  checkLog(log, settings);
  const weights = weigh(log, settings.clip);
  const units = sumUnits(terms(log, weights.clipped, settings));
  const value = units.numerator / units.denominator;
  const random = createRandom(options.seed);
  const [low, high] = settings.range;
  const within = (interval: Interval): Interval => ({
    low: Math.min(high, Math.max(low, interval.low)),
    high: Math.max(low, Math.min(high, interval.high)),
  });
  const bootstrap = within(bootstrapInterval(units, { ...settings, random }));
  const bernstein = within(bernsteinInterval(units, { ...settings, spans: spans(settings) }));
  const faults = findFaults(weights, settings);
  const reference = options.reference ?? meanOf(log.rewards);
  return {
    value,
    bootstrap,
    bernstein,
    effectiveSize: weights.effective,
    decisions: log.rewards.length,
    incidents: units.count,
    clippedDecisions: weights.cut,
    clippedShare: weights.cutShare,
    meanWeight: weights.mean,
    verdict: faults.length > 0 ? 'refused' : judge(bootstrap, reference),
    faults,
  };
}

type Settings = ReturnType<typeof checkSettings>;

function checkSettings(options: OffPolicyOptions) {
  const [low, high] = options.range ?? [0, 1];
  requireNumber('range', high - low, Number.MIN_VALUE);
  return {
    estimator: options.estimator,
    clip: requireNumber('clip', options.clip ?? 100, 1),
    range: [low, high] as const,
    confidence: requireNumber('confidence', options.confidence ?? 0.95, 0.5, 0.9999),
    samples: requireInteger('samples', options.samples ?? 1000, 100, 100_000),
    minEffective: requireNumber('minEffective', options.minEffective ?? 30, 0),
    maxClipped: requireNumber('maxClipped', options.maxClipped ?? 0.05, 0, 1),
  };
}

function checkLog(log: DecisionLog, { estimator, range: [low, high] }: Settings): void {
  const count = log.rewards.length;
  if (count === 0) throw new MlError('ML_EMPTY', 'the log holds no decisions');
  checkColumn('rewards', log.rewards, count, (x) => x >= low && x <= high);
  checkColumn('propensities', log.propensities, count, (x) => x > 0 && x <= 1);
  checkColumn('targets', log.targets, count, (x) => x >= 0 && x <= 1);
  if (log.incidents !== undefined) checkColumn('incidents', log.incidents, count, Number.isFinite);
  if (estimator !== 'doubly-robust') return;
  if (log.predicted === undefined || log.baseline === undefined) {
    throw new MlError('ML_SHAPE', 'the doubly robust estimator needs predicted and baseline');
  }
  checkColumn('predicted', log.predicted, count, (x) => x >= low && x <= high);
  checkColumn('baseline', log.baseline, count, (x) => x >= low && x <= high);
}

// oxlint-disable-next-line eslint/max-params -- name and length are what the message is made of
function checkColumn(name: string, values: ArrayLike<number>, length: number, sound: (x: number) => boolean): void {
  if (values.length !== length) {
    throw new MlError('ML_SHAPE', `${length} decisions need ${length} ${name}, got ${values.length}`);
  }
  for (let i = 0; i < length; i++) {
    if (!sound(values[i]!)) throw new MlError('ML_VALUE', `${name}: ${values[i]} at ${i} is out of range`);
  }
}

type Weights = {
  readonly clipped: Float64Array;
  readonly effective: number;
  readonly cut: number;
  readonly cutShare: number;
  readonly mean: number;
  readonly deviation: number;
};

function weigh({ targets, propensities }: DecisionLog, clip: number): Weights {
  const clipped = new Float64Array(targets.length);
  let [sum, squares, whole, wholeSquares, cut] = [0, 0, 0, 0, 0];
  for (let i = 0; i < clipped.length; i++) {
    const weight = targets[i]! / propensities[i]!;
    const kept = Math.min(weight, clip);
    if (weight > clip) cut += 1;
    clipped[i] = kept;
    sum += kept;
    squares += kept * kept;
    whole += weight;
    wholeSquares += weight * weight;
  }
  const mean = whole / clipped.length;
  return {
    clipped,
    effective: squares > 0 ? (sum * sum) / squares : 0,
    cut,
    cutShare: whole > 0 ? 1 - sum / whole : 0,
    mean,
    deviation: Math.sqrt(Math.max(0, wholeSquares / clipped.length - mean * mean)),
  };
}

/** Every estimator as Σ numerators / Σ denominators over the decisions. */
function terms(log: DecisionLog, weights: Float64Array, { estimator }: Settings) {
  const count = weights.length;
  const numerators = new Float64Array(count);
  const denominators = new Float64Array(count).fill(1);
  for (let i = 0; i < count; i++) {
    const weight = weights[i]!;
    const reward = log.rewards[i]!;
    if (estimator === 'doubly-robust') {
      numerators[i] = log.baseline![i]! + weight * (reward - log.predicted![i]!);
    } else {
      numerators[i] = weight * reward;
      if (estimator === 'self-normalised') denominators[i] = weight;
    }
  }
  return { numerators, denominators, ...(log.incidents && { incidents: log.incidents }) };
}

/** Between what bounds numerator − v × denominator of one decision lies, for the true value v. */
function spans({ estimator, clip, range: [low, high] }: Settings): number {
  if (estimator === 'ips') return clip * (Math.max(high, 0) - Math.min(low, 0));
  const width = high - low;
  return estimator === 'self-normalised' ? clip * width : width * (1 + 2 * clip);
}

function findFaults(weights: Weights, settings: Settings): OverlapFault[] {
  const faults: OverlapFault[] = [];
  if (weights.effective < settings.minEffective) faults.push('effective-size');
  if (weights.cutShare > settings.maxClipped) faults.push('clipped');
  const most = weights.mean + (3 * weights.deviation) / Math.sqrt(weights.clipped.length);
  if (most < LEAST_MEAN_WEIGHT) faults.push('support');
  return faults;
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function judge({ low, high }: Interval, reference: number): 'better' | 'worse' | 'undecided' {
  if (low > reference) return 'better';
  return high < reference ? 'worse' : 'undecided';
}
