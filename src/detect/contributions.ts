import type { Contribution } from '../model/anomaly.ts';
import type { DetectorScore } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { type FailureBound, isBoundOf } from './failure-bounds.ts';

/** More features than this explain nothing to a person. */
const MOST = 10;
/** A feature with a smaller part than this does not count as abnormal. */
const NOTABLE = 0.05;

const orNull = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

/** Indices of the strongest features, strongest first. */
export function strongest(weights: Float64Array): number[] {
  const order: number[] = [];
  for (let f = 0; f < weights.length; f++) if (weights[f]! > 0) order.push(f);
  return order.sort((a, b) => weights[b]! - weights[a]! || a - b).slice(0, MOST);
}

/** The features behind an anomaly with shares that add up to 1, and what they are in this frame. */
export function contributionsOf(
  weights: Float64Array,
  frame: Frame,
  score: DetectorScore,
  detector: string,
): readonly Contribution[] {
  const order = strongest(weights);
  const total = order.reduce((sum, f) => sum + weights[f]!, 0);
  return order.map((f) => ({
    feature: frame.layout.features[f]!.name,
    share: weights[f]! / total,
    value: orNull(frame.values[f]),
    expected: orNull(score.expected[f]),
    low: orNull(score.low[f]),
    high: orNull(score.high[f]),
    unit: frame.layout.features[f]!.unit,
    detector,
  }));
}

/** How many features have a notable part. */
export const notable = (contributions: readonly Contribution[]): number =>
  contributions.filter(({ share }) => share >= NOTABLE).length;

const limitValue = (bound: number | { readonly feature: string }, frame: Frame): number =>
  typeof bound === 'number'
    ? bound
    : (frame.values[frame.layout.features.findIndex(({ name }) => name === bound.feature)] ?? Number.NaN);

/** How much of a bound is used, 0 to 1; `failure` is the kind of failure that it is the bound of, null for a limit. */
export interface Nearness {
  readonly used: number;
  readonly failure: string | null;
}

const FAR: Nearness = { used: 0, failure: null };

/**
 * How near the feature nearest to its limit, or to what the owner calls a failure, is: value over bound of what may not
 * rise above it, bound over value of what may not fall below it.
 */
export function nearestBound(
  contributions: readonly Contribution[],
  frame: Frame,
  failures: readonly FailureBound[],
): Nearness {
  const { features } = frame.layout;
  let nearest = FAR;
  for (const { feature, share } of contributions) {
    const at = features.findIndex(({ name }) => name === feature);
    const known = features[at];
    if (share < NOTABLE || known === undefined) continue;
    const look = (side: 'above' | 'below', bound: number, failure: string | null): void => {
      const value = frame.values[at]!;
      // Ratios say nothing of what is not positive.
      if (!(bound > 0)) return;
      const used = side === 'above' ? value / bound : bound / Math.max(value, 0);
      if (used > nearest.used) nearest = { used: Math.min(1, used), failure };
    };
    if (known.limit) look(known.limit.side, limitValue(known.limit.value, frame), null);
    for (const one of failures) if (isBoundOf(one, feature)) look(one.side, one.limit, one.kind);
  }
  return nearest;
}
