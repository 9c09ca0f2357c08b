import { kendallTau } from '../ml/stats-robust.ts';
import type { AnomalyKind } from '../model/anomaly.ts';

/** One feature over the newest abnormal frames, oldest first. */
export interface Course {
  readonly values: readonly number[];
  readonly expected: readonly number[];
  /** Half widths of the expected band. */
  readonly half: readonly number[];
  /** How far each frame is odd only for its time of day or week, 0 to 1. */
  readonly seasonBreak: readonly number[];
  /** Whether it is the rate of an event or of a log pattern. */
  readonly countsEvents: boolean;
}

/** Fewer abnormal frames than this are a spike or a dip. */
const LASTING = 10;
/** Frames that tell whether both sides are visited. */
const VARIANCE_FRAMES = 8;
const VARIANCE_SHARE = 0.25;
/** A trend keeps its order and more than doubles from its first third to its last. */
const TREND_TAU = 0.6;
const TREND_GROWTH = 1.6;
const FLAT_FRAMES = 12;
/** A season is broken when more than this of what is odd is odd for the time alone. */
const SEASON_SHARE = 0.5;
/** Frames of the course that must be inside the band for a feature to count as inside. */
const INSIDE_SHARE = 0.7;

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const deviationsOf = ({ values, expected, half }: Course): number[] =>
  values.map((value, i) => (value - expected[i]!) / Math.max(half[i]!, Number.MIN_VALUE));

/** Whether the feature alone is nothing to speak of; also when nothing is expected of it yet. */
export function insideBand(course: Course): boolean {
  const deviations = deviationsOf(course);
  const inside = deviations.filter((deviation) => Math.abs(deviation) <= 1).length;
  return inside >= INSIDE_SHARE * deviations.length;
}

function isTrend(deviations: readonly number[]): boolean {
  const n = deviations.length;
  const third = Math.max(2, Math.floor(n / 3));
  const first = mean(deviations.slice(0, third));
  const last = mean(deviations.slice(n - third));
  const tau = kendallTau(Float64Array.from(deviations), n);
  return tau * Math.sign(last) > TREND_TAU && Math.abs(last) > TREND_GROWTH * Math.abs(first);
}

/** What an anomaly looks like, by its strongest feature. */
export function classify(course: Course): AnomalyKind {
  const { values, seasonBreak, countsEvents } = course;
  const n = values.length;
  if (countsEvents) return 'rate_change';
  const deviations = deviationsOf(course);
  if (n >= FLAT_FRAMES && values.every((value) => value === values[0]) && Math.abs(mean(deviations)) < 1)
    return 'flatline';
  if (n > 0 && mean(seasonBreak) > SEASON_SHARE) return 'seasonality_break';
  const above = deviations.filter((deviation) => deviation > 0).length / Math.max(1, n);
  const bothSides = Math.min(above, 1 - above) >= VARIANCE_SHARE;
  if (n >= VARIANCE_FRAMES && bothSides) return 'variance';
  if (n < LASTING) return above >= 0.5 ? 'spike' : 'dip';
  return isTrend(deviations) ? 'trend' : 'level_shift';
}
