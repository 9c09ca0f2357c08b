import { fitTailProbability, loadTailProbability, type TailProbability } from '../../ml/pareto-tail.ts';

/** Share of held-out scores that the tail is fitted to: with days of history the 98 % of the paper leaves few. */
const SHARE = 0.05;
/** Held-out scores that the fit is good for; more are thinned, for the sorting. */
const MOST_SCORES = 50_000;
const NEARLY_EXPONENTIAL = 1e-6;

/** -ln of the tail probability of a score. It has no end: the farther out, the larger, long after a probability would be 0. */
export interface SurpriseTail {
  surprise(score: number): number;
  toBytes(): Uint8Array;
}

function tailOf(probability: TailProbability): SurpriseTail {
  const { threshold, beyond, tail } = probability;
  const start = -Math.log(beyond);
  return {
    surprise: (score) => {
      if (!(score > threshold)) return -Math.log(probability.apply(score));
      const x = (score - threshold) / tail.scale;
      return start + (tail.shape < NEARLY_EXPONENTIAL ? x : Math.log1p(tail.shape * x) / tail.shape);
    },
    toBytes: () => probability.toBytes(),
  };
}

/** Fits held-out scores of normal rows, at least two of them. */
export function fitSurpriseTail(scores: Float64Array): SurpriseTail {
  const step = Math.ceil(scores.length / MOST_SCORES);
  const some = step > 1 ? scores.filter((_, i) => i % step === 0) : scores;
  return tailOf(fitTailProbability(some, { share: SHARE }));
}

export const loadSurpriseTail = (bytes: Uint8Array): SurpriseTail => tailOf(loadTailProbability(bytes));
