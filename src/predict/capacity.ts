import { type Passage, passage, passageQuantile, reachedBy } from './first-passage.ts';
import type { HeadroomHistory, Past } from './headroom-history.ts';
import { countFalls, type Falls } from './relapses.ts';
import { findDeparture } from './departure.ts';
import { findTrend, type Trend } from './trend.ts';

/** When a limited feature will be exhausted, as far as its own past tells. */
export interface Exhaustion {
  /** Probability by horizon, in the order asked for; grows with the horizon. */
  readonly probabilities: readonly number[];
  /** Seconds from now: the median, and the 80 % interval; null beyond the largest horizon. */
  readonly expected: number | null;
  readonly earliest: number | null;
  readonly latest: number | null;
  /** Units a second towards the limit. */
  readonly drift: number;
  /** Seconds that the trend has lasted. */
  readonly lasted: number;
  /** How often it has come as far and recovered by itself. */
  readonly recoveries: number;
}

const LEVELS = [2, 1, 0] as const;

/** A trend that would need this many times its own age is not worth a word. */
const FARTHEST = 400;

/** Cheap look before the thorough one: is there any net loss that would matter within the horizon? */
function mayMatter(past: Past, horizon: number): boolean {
  const { values, seconds, count } = past;
  if (count < 12) return false;
  const now = values[count - 1]!;
  for (let span = count - 1; span >= 8; span = span >> 1) {
    const start = count - 1 - span;
    const lost = values[start]! - now;
    if (lost > 0 && (now / lost) * -seconds[start]! < 3 * horizon) return true;
  }
  return false;
}

/** The trend to believe: the one of the resolution in which it has lasted longest, seen as close as possible. */
function longestTrend(
  history: HeadroomHistory,
  horizon: number,
): { readonly trend: Trend; readonly falls: (size: number) => Falls } | null {
  const pasts = LEVELS.map((level) => history.past(level));
  let best: Trend | null = null;
  for (const past of pasts) {
    if (!mayMatter(past, horizon)) continue;
    const trend = findTrend(past) ?? findDeparture(past);
    // A finer resolution wins only when the coarser one has no trend or holds an older, slower one.
    if (trend !== null && (best === null || trend.drift > best.drift * 1.5 || trend.lasted > best.lasted)) best = trend;
  }
  if (best === null) return null;
  // The resolution that knows most of them speaks: what is a fall in one is often one in the next, too.
  const most = (of: readonly Falls[]): Falls => of.reduce((a, b) => (b.recovered > a.recovered ? b : a));
  return { trend: best, falls: (size) => most(pasts.map((past) => countFalls(past, size, best.scatter))) };
}

/**
 * Probability that what is left reaches 0 within each horizon (seconds, ascending), or null when nothing points there.
 * `size` is how much there is in all, in the same unit, and only tells noise from movement. Sees steady falls at three
 * resolutions (steps, minutes, hours); a sawtooth is believed the less the more often it has recovered from as low as
 * now: with k recoveries, and e falls that went on to the limit, by (e + 1) / (e + k + 1), after Laplace's rule of succession.
 */
export function assessCapacity(history: HeadroomHistory, horizons: readonly number[], size: number): Exhaustion | null {
  const left = history.latest();
  const largest = horizons.at(-1) ?? 0;
  if (!(left > 0)) return null;
  const found = longestTrend(history, largest);
  if (found === null) return null;
  const { trend } = found;
  // The line knows better than the last value, but neither may claim more than is left.
  const distance = Math.max(Math.min(trend.level, left * 1.05), left * 0.5);
  if (distance / trend.drift > FARTHEST * trend.lasted) return null;
  const { recovered, ended } = found.falls(size);
  const curve: Passage = passage(distance, trend, largest);
  const belief = (ended + 1) / (ended + recovered + 1);
  return {
    probabilities: horizons.map((seconds) => belief * reachedBy(curve, seconds)),
    expected: passageQuantile(curve, 0.5),
    earliest: passageQuantile(curve, 0.1),
    latest: passageQuantile(curve, 0.9),
    drift: trend.drift,
    lasted: trend.lasted,
    recoveries: recovered,
  };
}
