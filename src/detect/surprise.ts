import type { FeatureBank } from './feature-bank.ts';

/** Share of values beyond the threshold of a channel, and how fast the threshold follows. */
const TAIL_SHARE = 0.02;
const TAIL_RATE = 0.015;
const EXCESS_RATE = 0.04;
/** Shape of the generalised Pareto tail: heavier than exponential, as server metrics are. */
const TAIL_SHAPE = 0.2;
/** A calmer tail than this is not believed: the next job is always to come. */
interface Least {
  readonly threshold: number;
  readonly excess: number;
}
const LEAST_OF_VALUES: Least = { threshold: 2, excess: 0.5 };
/** Means of a few values lie closer together. */
const LEAST_OF_MEANS: Least = { threshold: 0.8, excess: 0.25 };
/** Signs are bounded, so their tail is short. */
const LEAST_OF_SIGNS: Least = { threshold: 2, excess: 0.2 };
/** One wild value counts as no more than so many mean excesses. */
const EXCESS_CLIP = 10;
const NEG_LOG_SHARE = -Math.log(TAIL_SHARE);
/** Half width of the expected band in mean excesses beyond the threshold: where residuals have p = 0.001. */
const BAND_P = 0.001;
const BAND_EXCESSES = ((TAIL_SHARE / BAND_P) ** TAIL_SHAPE - 1) / TAIL_SHAPE;

type Channel = 0 | 1 | 2 | 3 | 4;
const THRESHOLDS = ['threshold0', 'threshold1', 'threshold2', 'threshold3', 'threshold4'] as const;
const EXCESSES = ['excess0', 'excess1', 'excess2', 'excess3', 'excess4'] as const;

/**
 * -ln of the tail probability of `z` in a channel of a feature: linear below the channel's 98 % quantile, generalised
 * Pareto above, as in Siffer et al. (KDD 2017) but with the shape given, for a feature alone has too few peaks to fit it.
 */
export function surprise(bank: FeatureBank, f: number, channel: Channel, z: number): number {
  const threshold = bank[THRESHOLDS[channel]][f]!;
  if (z <= threshold) return (NEG_LOG_SHARE * z) / threshold;
  return NEG_LOG_SHARE + Math.log1p((TAIL_SHAPE * (z - threshold)) / bank[EXCESSES[channel]][f]!) / TAIL_SHAPE;
}

/** Half width of the expected band, in deviations. */
export const bandTail = (bank: FeatureBank, f: number): number =>
  bank.threshold0[f]! + BAND_EXCESSES * bank.excess0[f]!;

/** Of a run of values beyond a threshold only the first few count: extremes come in clusters, and a cluster is one event. */
const CLUSTER = 3;
/** Until so many, a run is held for an event that should not become normal; a longer one is another matter. */
const RUN = 100;

/** True inside a run of extremes that is too long for chance and too short for a new normal. */
export const inCluster = (bank: FeatureBank, f: number): boolean => bank.beyond[f]! > CLUSTER && bank.beyond[f]! <= RUN;

/** Returns whether the value lies beyond the threshold. `counts` is false inside a run. */
function follow(tail: readonly [Float32Array, Float32Array], f: number, z: number, counts: boolean): boolean {
  const [threshold, excess] = tail;
  const beyond = z - threshold[f]!;
  if (beyond <= 0) {
    threshold[f] = threshold[f]! * (1 - TAIL_RATE * TAIL_SHARE);
    return false;
  }
  if (counts) {
    excess[f] = excess[f]! + EXCESS_RATE * (Math.min(beyond, EXCESS_CLIP * excess[f]!) - excess[f]!);
    threshold[f] = threshold[f]! * (1 + TAIL_RATE * (1 - TAIL_SHARE));
  }
  return true;
}

function keepLeast(threshold: Float32Array, excess: Float32Array, f: number, least: Least): void {
  if (threshold[f]! < least.threshold) threshold[f] = least.threshold;
  if (excess[f]! < least.excess) excess[f] = least.excess;
}

/** The threshold follows the 98 % quantile by stochastic approximation, the excess the mean beyond it. */
export function learnTail(bank: FeatureBank, f: number, z: Float64Array): void {
  const counts = bank.beyond[f]! < CLUSTER;
  const value = follow([bank.threshold0, bank.excess0], f, z[0]!, counts);
  const mean = follow([bank.threshold1, bank.excess1], f, z[1]!, counts);
  const pace = follow([bank.threshold2, bank.excess2], f, z[2]!, counts);
  const signs = follow([bank.threshold3, bank.excess3], f, z[3]!, counts);
  keepLeast(bank.threshold0, bank.excess0, f, LEAST_OF_VALUES);
  keepLeast(bank.threshold1, bank.excess1, f, LEAST_OF_MEANS);
  keepLeast(bank.threshold2, bank.excess2, f, LEAST_OF_VALUES);
  keepLeast(bank.threshold3, bank.excess3, f, LEAST_OF_SIGNS);
  bank.beyond[f] = value || mean || pace || signs ? bank.beyond[f]! + 1 : 0;
}

/** The same for the channel of the season, which has a say only where the season is known: `z` is NaN elsewhere. */
export function learnSeasonTail(bank: FeatureBank, f: number, z: number): void {
  if (Number.isNaN(z)) return;
  const beyond = follow([bank.threshold4, bank.excess4], f, z, bank.missed[f]! < CLUSTER);
  bank.missed[f] = beyond ? bank.missed[f]! + 1 : 0;
  keepLeast(bank.threshold4, bank.excess4, f, LEAST_OF_VALUES);
}
