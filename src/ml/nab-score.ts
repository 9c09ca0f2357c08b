import { MlError, requireNumber } from './ml-error.ts';
import { fallingOrder } from './ranking-metrics.ts';
import { checkRanges, type TimeRange } from './time-ranges.ts';

/** What a found window, a missed one and a false alarm are worth. */
export type NabProfile = {
  readonly truePositive: number;
  readonly falseNegative: number;
  readonly falsePositive: number;
};

/** The three profiles of the benchmark (Lavin and Ahmad, 2015, table I). */
export const NAB_PROFILES = {
  standard: { truePositive: 1, falseNegative: 1, falsePositive: 0.11 },
  rewardLowFalsePositives: { truePositive: 1, falseNegative: 1, falsePositive: 0.22 },
  rewardLowFalseNegatives: { truePositive: 1, falseNegative: 2, falsePositive: 0.11 },
} as const satisfies Record<string, NabProfile>;

/** One data file of the benchmark: an anomaly score a row, in [0, 1], and the windows around its anomalies. */
export type NabSeries = { readonly scores: ArrayLike<number>; readonly windows: readonly TimeRange[] };

/** Share of a file that a detector may learn from unscored, counted over at most so many rows. */
const PROBATION = 0.15;
const PROBATION_ROWS = 5000;
/** Steepness of the reward over a window. */
const STEEPNESS = 5;
/** So many window lengths after a window a false alarm costs all of its weight. */
const FAR = 3;
/** Above every score: nothing is reported. */
const NOTHING = 1.1;

export type NabThreshold = {
  /** Rows with at least this score are reported; 1.1 reports nothing. */
  readonly threshold: number;
  readonly raw: number;
};

export type NabResult = NabThreshold & {
  /** 100 is every window found at its first row without a false alarm, 0 is to report nothing. May be far below 0. */
  readonly score: number;
};

/**
 * The score of the Numenta Anomaly Benchmark (Lavin and Ahmad, 2015): each window is worth the reward of its earliest report,
 * which falls along the window from 1 to almost 0, or costs `falseNegative`; each report outside costs up to
 * `falsePositive`, less shortly after a window. Rows of the probation, the first 15 % of a file and 750 at most, do not count.
 *
 * One threshold serves the whole corpus, and by the official rule it is the one with the best score over it (the highest of
 * equal ones): that threshold is fitted to the labels, so the figure compares detectors and promises nothing. Give `threshold`
 * to score a fixed one.
 *
 * A window that lies wholly in the probation counts neither in the raw score nor, as here, in the best possible one.
 * O(rows log rows). Throws `ML_VALUE` on scores that are not in [0, 1] and on windows outside of their file, `ML_EMPTY`
 * without a window that counts.
 */
export function nabScore(
  corpus: readonly NabSeries[],
  profile: NabProfile = NAB_PROFILES.standard,
  threshold?: number,
): NabResult {
  const points = corpus.map((series) => pointsOf(series, profile));
  const windows = points.reduce((sum, { windowCount }) => sum + windowCount, 0);
  if (windows === 0) throw new MlError('ML_EMPTY', 'needs at least one window after the probation');
  const all = sweep(points, windows, profile);
  const chosen = threshold === undefined ? bestOf(all) : at(all, requireNumber('threshold', threshold, 0, NOTHING));
  const nothing = -windows * profile.falseNegative;
  const perfect = windows * profile.truePositive;
  return { ...chosen, score: (100 * (chosen.raw - nothing)) / (perfect - nothing) };
}

/** 2 · sigmoid(−5 x) − 1 by relative position: −1 at the first row of a window, 0 at its end, above 0 after it. */
export function nabReward(position: number): number {
  return position >= FAR ? -1 : 2 / (1 + Math.exp(STEEPNESS * position)) - 1;
}

type Points = {
  readonly scores: Float64Array;
  /** Worth of a report, weighted. */
  readonly worth: Float64Array;
  /** Number of the window within the file, −1 outside. */
  readonly window: Int32Array;
  readonly windowCount: number;
};

/** The rows that count, with what reporting each would be worth. */
function pointsOf({ scores, windows }: NabSeries, profile: NabProfile): Points {
  checkRanges('window', windows);
  const n = scores.length;
  if (windows.length > 0 && windows.at(-1)!.end > n) throw new MlError('ML_VALUE', `a window ends after row ${n}`);
  const from = Math.ceil(Math.min(Math.floor(PROBATION * n), PROBATION * PROBATION_ROWS));
  const kept = Math.max(0, n - from);
  const points = {
    scores: new Float64Array(kept),
    worth: new Float64Array(kept),
    window: new Int32Array(kept).fill(-1),
  };
  let next = 0;
  const seen = new Set<number>();
  for (let row = 0; row < n; row++) {
    const score = scores[row]!;
    if (!(score >= 0 && score <= 1)) throw new MlError('ML_VALUE', `score ${row} must be from 0 to 1, got ${score}`);
    while (next < windows.length && windows[next]!.end <= row) next++;
    if (row < from) continue;
    const inside = next < windows.length && windows[next]!.start <= row;
    points.scores[row - from] = score;
    points.worth[row - from] = inside
      ? insideWorth(row, windows[next]!) * profile.truePositive
      : outsideWorth(row, windows[next - 1]) * profile.falsePositive;
    if (inside) {
      points.window[row - from] = next;
      seen.add(next);
    }
  }
  return { ...points, windowCount: seen.size };
}

function insideWorth(row: number, { start, end }: TimeRange): number {
  return nabReward((row - end) / (end - start)) / nabReward(-1);
}

/** A window of one row has no length to measure by: whatever follows it is far. */
function outsideWorth(row: number, before: TimeRange | undefined): number {
  return before === undefined ? -1 : nabReward((row - before.end + 1) / (before.end - before.start - 1));
}

/** The raw score at every distinct anomaly score, falling. */
function sweep(files: readonly Points[], windows: number, profile: NabProfile): NabThreshold[] {
  const total = files.reduce((sum, { scores }) => sum + scores.length, 0);
  const scores = new Float64Array(total);
  const file = new Uint32Array(total);
  const starts: number[] = [];
  let filled = 0;
  for (const [index, points] of files.entries()) {
    starts.push(filled);
    scores.set(points.scores, filled);
    file.fill(index, filled, filled + points.scores.length);
    filled += points.scores.length;
  }
  const order = fallingOrder(scores);
  const found = files.map(() => new Map<number, number>());
  const all: NabThreshold[] = [{ threshold: NOTHING, raw: -windows * profile.falseNegative }];
  let raw = all[0]!.raw;
  for (let i = 0; i < total; i++) {
    const point = order[i]!;
    const points = files[file[point]!]!;
    const local = point - starts[file[point]!]!;
    const worth = points.worth[local]!;
    const window = points.window[local]!;
    if (window < 0) raw += worth;
    else {
      const before = found[file[point]!]!.get(window) ?? -profile.falseNegative;
      raw += Math.max(before, worth) - before;
      found[file[point]!]!.set(window, Math.max(before, worth));
    }
    if (i + 1 === total || scores[order[i + 1]!] !== scores[point]) all.push({ threshold: scores[point]!, raw });
  }
  return all;
}

function bestOf(all: readonly NabThreshold[]): NabThreshold {
  return all.reduce((best, one) => (one.raw > best.raw ? one : best));
}

/** What reporting from `threshold` up comes to: the entry of the lowest score that is not below it. */
function at(all: readonly NabThreshold[], threshold: number): NabThreshold {
  let chosen = all[0]!;
  for (const one of all) if (one.threshold >= threshold) chosen = one;
  return { threshold, raw: chosen.raw };
}
