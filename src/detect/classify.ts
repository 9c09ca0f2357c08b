import { kendallTau } from '../ml/stats-robust.ts';
import type { AnomalyKind } from '../model/anomaly.ts';

/** One feature over the newest abnormal frames, oldest first. */
export interface Course {
  readonly values: readonly number[];
  readonly expected: readonly number[];
  /** Half widths of the expected band. */
  readonly half: readonly number[];
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

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function isTrend(deviations: readonly number[]): boolean {
  const n = deviations.length;
  const third = Math.max(2, Math.floor(n / 3));
  const first = mean(deviations.slice(0, third));
  const last = mean(deviations.slice(n - third));
  const tau = kendallTau(Float64Array.from(deviations), n);
  return tau * Math.sign(last) > TREND_TAU && Math.abs(last) > TREND_GROWTH * Math.abs(first);
}

/** What an anomaly looks like, by its strongest feature. */
export function classify({ values, expected, half }: Course): AnomalyKind {
  const n = values.length;
  const deviations = values.map((value, i) => (value - expected[i]!) / Math.max(half[i]!, Number.MIN_VALUE));
  if (n >= FLAT_FRAMES && values.every((value) => value === values[0]) && Math.abs(mean(deviations)) < 1)
    return 'flatline';
  const above = deviations.filter((deviation) => deviation > 0).length / Math.max(1, n);
  const bothSides = Math.min(above, 1 - above) >= VARIANCE_SHARE;
  if (n >= VARIANCE_FRAMES && bothSides) return 'variance';
  if (n < LASTING) return above >= 0.5 ? 'spike' : 'dip';
  return isTrend(deviations) ? 'trend' : 'level_shift';
}
