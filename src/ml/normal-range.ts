import { MAD_TO_DEVIATION, madInPlace, medianInPlace } from './stats-robust.ts';

/** What is normal for a quantity, by what it was in quiet times. */
export interface NormalRange {
  /** At the end of those times. */
  readonly middle: number;
  /** What it goes on growing by, a value: a journal fills, load follows the day. */
  readonly drift: number;
  /** How many values ahead that may be relied upon. */
  readonly reach: number;
  /** What it varies by, in its own unit; above 0. */
  readonly spread: number;
}

/** So many spreads from the middle are far: chance comes there once in a million values that vary like a bell. */
export const FAR = 5;
/** With fewer values nobody knows what is normal. */
const LEAST_VALUES = 20;
/** A twentieth of what it is, is little, however steady it was. */
const LEAST_SHARE = 0.05;
/** A tenth of the values at either end may be of trouble before; from end to end a bell has 2.56 deviations. */
const TAILS = { share: 0.1, deviations: 2.56 } as const;
/** What is rarer is not usual. */
const RARE = 0.03;
const TINY = 1e-9;

/** The middle of the first and of the second half, and what that is a value. */
function driftOf(values: Float64Array): number {
  const half = values.length >> 1;
  const first = medianInPlace(values.slice(0, half), half);
  const second = medianInPlace(values.slice(half), values.length - half);
  return (second - first) / (values.length / 2);
}

/**
 * Range of the values of quiet times, oldest first, `NaN` where missing; null when too few are there. Robust against a tenth of
 * wild values at either end; wrong where more than that were of trouble. `least` is a spread below which nothing matters, in the
 * unit of the values. O(n log n).
 */
export function normalRange(values: ArrayLike<number>, least = 0): NormalRange | null {
  const known = Float64Array.from(Array.from(values).filter((value) => Number.isFinite(value)));
  const count = known.length;
  if (count < LEAST_VALUES) return null;
  const drift = driftOf(known);
  const level = known.map((value, i) => value - drift * (i - count + 1)).sort();
  const cut = Math.floor(TAILS.share * count);
  const rare = Math.floor(RARE * count);
  const usual = Math.max(-level[rare]!, level[count - 1 - rare]!);
  const middle = medianInPlace(level.slice(), count);
  const spread = Math.max(
    MAD_TO_DEVIATION * madInPlace(level.slice(), count, middle),
    (level[count - 1 - cut]! - level[cut]!) / TAILS.deviations,
    LEAST_SHARE * Math.abs(middle),
    // What is mostly nothing and comes in bursts is far only beyond the bursts that are usual.
    middle === 0 ? usual / FAR : 0,
    least,
    TINY,
  );
  return { middle, drift, reach: count, spread };
}

/**
 * How many spreads the middle of `newest` is above normal (below when negative), `ahead` values after the end of the quiet
 * times; null when more than half are missing.
 */
export function distanceFrom(
  { middle, drift, reach, spread }: NormalRange,
  newest: ArrayLike<number>,
  ahead = 0,
): number | null {
  const known = Array.from(newest).filter((value) => Number.isFinite(value));
  if (known.length === 0 || known.length < newest.length / 2) return null;
  const expected = middle + drift * Math.min(reach, Math.max(0, ahead));
  return (medianInPlace(Float64Array.from(known), known.length) - expected) / spread;
}
