import { kendallTau, MAD_TO_DEVIATION, madInPlace, medianInPlace, theilSen } from '../ml/stats-robust.ts';
import type { Motion } from './first-passage.ts';
import type { Past } from './headroom-history.ts';

/** A steady fall of what is left. */
export interface Trend extends Motion {
  /** What is left now according to the line, which one wild value does not move. */
  readonly level: number;
  /** Robust deviation of the values around the line. */
  readonly scatter: number;
}

/** Points that a line is fitted to: Theil–Sen compares all pairs, so windows are thinned to so many medians. */
const POINTS = 40;
const LEAST_POINTS = 12;
/** Windows are halved until they are shorter than this. */
const SHRINK = 0.7;
/** Kendall's tau of a line with little noise; a random walk of 40 points passes .75 in about one case of fifty. */
const LEAST_TAU = 0.75;
/** The rise over the window against the scatter around the line. */
const LEAST_RISE = 8;
/** A line is steady when each third of it falls between these shares of the whole slope. */
const STEADY = { least: 0.4, most: 2.2 } as const;

const scratch = new Float64Array((POINTS * (POINTS - 1)) / 2);
const x = new Float64Array(POINTS);
const y = new Float64Array(POINTS);
const spare = new Float64Array(POINTS * 16);

/** Medians of `POINTS` equal blocks of the window, into `x` and `y`; returns how many. */
function thin(past: Past, from: number): number {
  const span = past.count - from;
  const points = Math.min(POINTS, span);
  for (let p = 0; p < points; p++) {
    const start = from + Math.floor((p * span) / points);
    const end = from + Math.floor(((p + 1) * span) / points);
    const size = Math.min(end - start, spare.length);
    for (let i = 0; i < size; i++) spare[i] = past.values[start + i]!;
    y[p] = medianInPlace(spare, size);
    x[p] = (past.seconds[start]! + past.seconds[end - 1]!) / 2;
  }
  return points;
}

/** Slopes of the three thirds by their ends' medians must agree with the slope of the whole. */
function isSteady(points: number, slope: number): boolean {
  const third = Math.floor(points / 3);
  if (third < 3) return true;
  const middleOf = (from: number): number => {
    const size = Math.max(2, Math.floor(third / 2));
    for (let i = 0; i < size; i++) spare[i] = y[from + i]!;
    return medianInPlace(spare, size);
  };
  const cuts = [0, third, 2 * third, points - Math.max(2, Math.floor(third / 2))];
  for (let k = 0; k < 3; k++) {
    const [a, b] = [cuts[k]!, cuts[k + 1]!];
    const share = (middleOf(b) - middleOf(a)) / (x[b]! - x[a]!) / slope;
    if (!(share >= STEADY.least && share <= STEADY.most)) return false;
  }
  return true;
}

/** Scatter of the increments around the slope, a square-root second: the deviation of a random walk with drift. */
function walkDeviation(past: Past, from: number, slope: number): number {
  const stride = Math.max(1, Math.ceil((past.count - from - 1) / spare.length));
  let n = 0;
  let squares = 0;
  for (let i = from + stride; i < past.count; i += stride) {
    const seconds = past.seconds[i]! - past.seconds[i - stride]!;
    const step = past.values[i]! - past.values[i - stride]! - slope * seconds;
    spare[n] = Math.abs(step) / Math.sqrt(seconds);
    squares += (step * step) / seconds;
    n += 1;
  }
  if (n === 0) return 0;
  // Between the median, which a single jump does not move, and the mean, which knows rare big steps.
  return (medianInPlace(spare, n) * MAD_TO_DEVIATION + Math.sqrt(squares / n)) / 2;
}

/** How far back, beyond the window, the values still lie on the line. */
function extend(
  past: Past,
  from: number,
  line: { readonly slope: number; readonly level: number; readonly scatter: number },
): number {
  const slack = 4 * line.scatter + Math.abs(line.slope) * past.widthSeconds * 2;
  let start = from;
  while (start > 0 && Math.abs(past.values[start - 1]! - (line.level + line.slope * past.seconds[start - 1]!)) <= slack)
    start -= 1;
  return start;
}

function fit(past: Past, from: number): Trend | null {
  const points = thin(past, from);
  if (points < LEAST_POINTS || kendallTau(y, points) > -LEAST_TAU) return null;
  const slope = theilSen(x, y, points, scratch);
  if (!(slope < 0) || !isSteady(points, slope)) return null;
  for (let p = 0; p < points; p++) spare[p] = y[p]! - slope * x[p]!;
  const level = medianInPlace(spare, points);
  for (let p = 0; p < points; p++) spare[p] = y[p]! - slope * x[p]!;
  const scatter = madInPlace(spare, points, level) * MAD_TO_DEVIATION;
  const window = x[points - 1]! - x[0]!;
  if (-slope * window < LEAST_RISE * scatter) return null;
  const lasted = -past.seconds[extend(past, from, { slope, level, scatter })]!;
  const deviation = walkDeviation(past, from, slope);
  // The line must still hold now: a fall that has ended is no trend.
  const off = past.values[past.count - 1]! - level;
  if (off > 4 * scatter - slope * past.widthSeconds * 3) return null;
  return {
    drift: -slope,
    deviation,
    driftError: scatter / window + deviation / Math.sqrt(lasted),
    lasted,
    level,
    scatter,
  };
}

/**
 * The longest steady fall that ends now, or null: lines are fitted to ever shorter windows of the past, so that the
 * start of a new regime is found by the first window that fits. Sawteeth, bursts and noise fail the tests for
 * steadiness (rank correlation, equal thirds, rise against scatter) or give a trend that has lasted only briefly.
 * O(windows × points²), about 0.2 ms a resolution.
 */
export function findTrend(past: Past): Trend | null {
  for (let span = past.count; span >= LEAST_POINTS; span = Math.floor(span * SHRINK)) {
    const trend = fit(past, past.count - span);
    if (trend !== null) return trend;
  }
  return null;
}
