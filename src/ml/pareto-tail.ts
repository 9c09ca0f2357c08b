import { type Calibrator, checkPairs, createCalibrator } from './calibrator.ts';
import { interpolate } from './isotonic.ts';
import { MlError, requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';
import { fitPareto, paretoQuantile, paretoSurvival, type ParetoTail } from './stats-tail.ts';

export type TailProbabilityOptions = {
  /** Share of the scores that the tail is fitted to, in (0, 0.5]. Default 0.02 (Siffer et al. take the 98 % quantile). */
  readonly share?: number;
};

/** `apply` gives P(a usual score is at least this one): near 0 is extreme. Never 0: the least is 1e-300. */
export type TailProbability = Calibrator & {
  /** Above it the generalised Pareto distribution speaks, below it the scores themselves. */
  readonly threshold: number;
  /** P(a usual score is above the threshold). */
  readonly beyond: number;
  readonly tail: ParetoTail;
  /** The score that is exceeded with probability `p`, in (0, 1]: the alarm threshold for a given false-alarm rate. */
  quantile(p: number): number;
};

const KIND = 'pareto-tail';
const VERSION = 1;
const DEFAULT_SHARE = 0.02;
/** Points kept of the scores below the threshold. */
const MAX_KNOTS = 1024;
/** What the tail is before there are peaks: a little heavier than exponential, worth ten peaks. */
const PRIOR_SHAPE = 0.1;
const PRIOR_PEAKS = 10;
const LEAST = 1e-300;

/**
 * Extreme p-values by peaks over threshold (Pickands, 1975; Siffer et al., KDD 2017): scores that are usual keep their
 * empirical share, those above a high quantile follow a generalised Pareto distribution fitted to the excesses, which goes on
 * beyond what was ever seen. Probabilities have (count + 1) / (n + 1), so the largest of n scores is no surprise.
 *
 * Wants a hundred scores to mean anything and a thousand to be good at 1e-3; assumes that scores are alike over time (feed it
 * residuals or refit) and clusters of exceedances count as if they were single. O(n log n), keeps at most 1,024 points.
 * Throws `ML_EMPTY` below two scores, `ML_VALUE` on one that is not finite, `ML_PARAMETER`.
 */
export function fitTailProbability(scores: ArrayLike<number>, options: TailProbabilityOptions = {}): TailProbability {
  const share = requireNumber('share', options.share ?? DEFAULT_SHARE, Number.MIN_VALUE, 0.5);
  checkPairs(scores, scores);
  const n = scores.length;
  if (n < 2) throw new MlError('ML_EMPTY', 'a tail needs at least two scores');
  const sorted = Float64Array.from(scores).sort();
  const threshold = sorted[Math.max(0, Math.min(n - 2, Math.floor((1 - share) * n) - 1))]!;
  const excesses = sorted.filter((score) => score > threshold).map((score) => score - threshold);
  const peaks = excesses.length;
  const mean = excesses.reduce((sum, x) => sum + x / peaks, 0);
  // All of the top scores equal: any excess at all is news. The spread of the rest is the only measure there is.
  const spread = mean > 0 ? mean : Math.max(Math.abs(threshold) * 1e-6, (threshold - sorted[0]!) * 0.1, 1e-12);
  const tail = fitPareto(excesses, peaks, { scale: spread * (1 - PRIOR_SHAPE), shape: PRIOR_SHAPE }, PRIOR_PEAKS);
  const [knots, survivals] = body(sorted, n - peaks);
  return createTailProbability({ knots, survivals, beyond: (peaks + 1) / (n + 1), tail });
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadTailProbability(bytes: Uint8Array, limits?: DecodeLimits): TailProbability {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  const knots = model.section('knots', 'f64');
  const survivals = model.section('survivals', 'f64', knots.length);
  const beyond = model.number('beyond', Number.MIN_VALUE, 1);
  const rising = knots.length > 0 && knots.every((x, i) => Number.isFinite(x) && (i === 0 || x > knots[i - 1]!));
  if (!rising || !survivals.every((p, i) => p >= beyond && p <= (survivals[i - 1] ?? 1))) {
    throw new MlError('ML_FORMAT', 'scores must rise and their probabilities fall');
  }
  const tail = { scale: model.number('scale', Number.MIN_VALUE), shape: model.number('shape', 0, 1) };
  return createTailProbability({ knots, survivals, beyond, tail });
}

/** Distinct scores up to the threshold with P(score ≥ it), thinned, with the first and the last. */
function body(sorted: Float64Array, count: number): [Float64Array, Float64Array] {
  const n = sorted.length;
  const knots: number[] = [];
  const survivals: number[] = [];
  for (let i = 0; i < count; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    knots.push(sorted[i]!);
    survivals.push((n - i + 1) / (n + 1));
  }
  const kept = Math.min(MAX_KNOTS, knots.length);
  const pick = (k: number): number => (kept > 1 ? Math.round((k * (knots.length - 1)) / (kept - 1)) : 0);
  return [
    Float64Array.from({ length: kept }, (_, k) => knots[pick(k)]!),
    Float64Array.from({ length: kept }, (_, k) => survivals[pick(k)]!),
  ];
}

type Parts = { knots: Float64Array; survivals: Float64Array; beyond: number; tail: ParetoTail };

function createTailProbability({ knots, survivals, beyond, tail }: Parts): TailProbability {
  const threshold = knots.at(-1)!;
  const rising = survivals.toReversed();
  const falling = knots.toReversed();
  const calibrator = createCalibrator(
    (score) => {
      if (score > threshold) return Math.max(LEAST, beyond * paretoSurvival(tail, score - threshold));
      return score < knots[0]! ? 1 : interpolate(knots, survivals, score);
    },
    () => encodeModel(KIND, VERSION, { beyond, ...tail }, { knots, survivals }),
  );
  return {
    ...calibrator,
    threshold,
    beyond,
    tail,
    quantile: (p) => {
      requireNumber('p', p, Number.MIN_VALUE, 1);
      return p < beyond ? threshold + paretoQuantile(tail, p / beyond) : interpolate(rising, falling, p);
    },
  };
}
