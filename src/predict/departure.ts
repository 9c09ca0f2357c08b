import { gamma, MAD_TO_DEVIATION, madInPlace, medianInPlace, theilSen } from '../ml/stats-robust.ts';
import type { Past } from './headroom-history.ts';
import type { Trend } from './trend.ts';

/** Values that a departure takes up, each length a good third more than the one before. */
const LENGTHS = [8, 11, 15, 20, 27, 36, 48] as const;
const MOST = LENGTHS.at(-1)!;
/** What was usual is read from so many values before it, and from at least so many times its own. */
const BASELINE = { least: 32, most: 128, times: 2 } as const;
/** Goodman and Kruskal's gamma of its values: nearly all pairs fall. */
const LEAST_GAMMA = 0.7;
/** How far it has come: against the spread of what was usual, its farthest excursion, its own scatter, and what was left. */
const LEAST_RISE = { spreads: 8, excursions: 2, scatters: 6, share: 0.03 } as const;
/** It begins where the usual ends: at its first value the line is off the usual level by at most this share of the rise. */
const MEETS = 0.35;
/** How far it has come is the median of so many of its last values, which one wild value does not move. */
const LAST = 3;

const scratch = new Float64Array((MOST * (MOST - 1)) / 2);
const x = new Float64Array(MOST);
const y = new Float64Array(MOST);
const spare = new Float64Array(BASELINE.most);

interface Usual {
  readonly level: number;
  readonly spread: number;
  /** How far below the level it came, at most. */
  readonly excursion: number;
}

/** What was usual in the values from `from` to before `to`; null when some of them were no higher than `now`. */
function usual({ values }: Past, { from, to, now }: { from: number; to: number; now: number }): Usual | null {
  const count = to - from;
  let least = Number.POSITIVE_INFINITY;
  for (let i = from; i < to; i++) least = Math.min(least, values[i]!);
  if (least <= now) return null;
  for (let i = 0; i < count; i++) spare[i] = values[from + i]!;
  const level = medianInPlace(spare, count);
  return { level, spread: madInPlace(spare, count, level) * MAD_TO_DEVIATION, excursion: level - least };
}

/** Whether a fall by `rise` is more than what was usual makes by itself. */
const isUnusual = (rise: number, { level, spread, excursion }: Usual): boolean =>
  rise > LEAST_RISE.spreads * spread && rise >= LEAST_RISE.excursions * excursion && rise >= LEAST_RISE.share * level;

/** A line through the first `length` places of `x` and `y`: its level at 0, and the scatter around it. */
function lineOf(length: number): { readonly slope: number; readonly level: number; readonly scatter: number } {
  const slope = theilSen(x, y, length, scratch);
  for (let i = 0; i < length; i++) spare[i] = y[i]! - slope * x[i]!;
  const level = medianInPlace(spare, length);
  return { slope, level, scatter: madInPlace(spare, length, level) * MAD_TO_DEVIATION };
}

/**
 * Root mean square of what lies off the line over a quarter of the length, a square-root second: noise of measuring, which does
 * not add up, hardly counts over that distance, what wanders does.
 */
function walkDeviation(length: number, slope: number): number {
  const lag = Math.ceil(length / 4);
  let squares = 0;
  for (let i = lag; i < length; i++) {
    const seconds = x[i]! - x[i - lag]!;
    squares += (y[i]! - y[i - lag]! - slope * seconds) ** 2 / seconds;
  }
  return Math.sqrt(squares / (length - lag));
}

function fit(past: Past, length: number, now: number): Trend | null {
  const start = past.count - length;
  const from = Math.max(0, start - BASELINE.most);
  if (start - from < Math.max(BASELINE.least, BASELINE.times * length)) return null;
  const before = usual(past, { from, to: start, now });
  if (before === null) return null;
  const rise = before.level - now;
  if (!isUnusual(rise, before)) return null;
  for (let i = 0; i < length; i++) {
    x[i] = past.seconds[start + i]!;
    y[i] = past.values[start + i]!;
  }
  if (gamma(y, length) > -LEAST_GAMMA) return null;
  const { slope, level, scatter } = lineOf(length);
  if (!(slope < 0) || rise < LEAST_RISE.scatters * scatter) return null;
  if (Math.abs(level + slope * x[0]! - before.level) > MEETS * rise) return null;
  const window = x[length - 1]! - x[0]!;
  const deviation = walkDeviation(length, slope);
  const driftError = scatter / window + deviation / Math.sqrt(window);
  return { drift: -slope, deviation, driftError, lasted: window + past.widthSeconds, level, scatter };
}

/**
 * A steady fall that began not long ago out of what was usual, or null. A trend that is looked for anywhere has to be long and
 * straight before chance can be ruled out (`findTrend`); one that leaves, from its first value on, all that was seen for some
 * time before needs fewer values. What has gone half as far before, as saws and waves do, is usual. The longest that fits is
 * taken. O(lengths × baseline) where nothing is unusual, some µs; O(lengths × length²) else.
 */
export function findDeparture(past: Past): Trend | null {
  if (past.count < LENGTHS[0] + BASELINE.least) return null;
  for (let i = 0; i < LAST; i++) spare[i] = past.values[past.count - LAST + i]!;
  const now = medianInPlace(spare, LAST);
  for (let i = LENGTHS.length - 1; i >= 0; i--) {
    const trend = fit(past, LENGTHS[i]!, now);
    if (trend !== null) return trend;
  }
  return null;
}
