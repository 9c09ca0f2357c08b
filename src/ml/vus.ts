import { MlError, requireInteger } from './ml-error.ts';
import { checkLabels, fallingOrder } from './ranking-metrics.ts';
import { rangesOf, type TimeRange } from './time-ranges.ts';

export type VusOptions = {
  /** Widest buffer around an anomaly, in rows, 0 to 100,000. About the usual length of an anomaly, or the period. */
  readonly window: number;
  /** Thresholds that the curves are taken at, spread evenly over the ranks, 2 to 1,000,000. Default 250 (TSB-AD's). */
  readonly thresholds?: number;
};

export type Vus = { readonly roc: number; readonly pr: number };

const MAX_WINDOW = 100_000;
const MAX_THRESHOLDS = 1_000_000;

/**
 * Volume under the surface of ROC and of precision and recall (Paparrizos et al., VLDB 2022): the mean over buffer widths
 * 0 … `window` of the areas under range-aware curves. Near an anomaly, where labels are rarely exact, a row counts as an
 * anomaly in part: √(1 − d/w) at distance d ≤ w/2. Both are within [0, 1] but for rounding; higher is better.
 *
 * For one width w, one threshold, and labels ℓ so widened:
 *
 *     TP = Σ ℓ over reported rows         FP = reported rows − TP
 *     P' = mean of the labelled rows and of the labelled rows with what was reported of the buffers
 *     existence = share of widened anomalies (those that touch are one) with any reported row
 *     TPR = min(1, TP / P') · existence   FPR = FP / (n − P')   precision = TP / reported rows
 *
 * The same numbers as `RangeAUC_volume_opt` of TSB-AD, which does O(window × thresholds × n) work; this sorts once and then
 * does O(window × (rows within reach of an anomaly + thresholds)).
 *
 * Throws `ML_SHAPE`, `ML_PARAMETER`, and `ML_VALUE` unless both labels occur.
 */
export function volumeUnderSurface(labels: ArrayLike<number>, scores: ArrayLike<number>, options: VusOptions): Vus {
  const window = requireInteger('window', options.window, 0, MAX_WINDOW);
  const count = requireInteger('thresholds', options.thresholds ?? 250, 2, MAX_THRESHOLDS);
  const positives = checkLabels(labels, scores);
  if (positives === 0 || positives === labels.length) throw new MlError('ML_VALUE', 'needs both labels');
  const ranks = rankRows(scores, count);
  const anomalies = rangesOf(labels);
  const hits = countAt(ranks.firstReported, count, (row) => labels[row]!);
  let roc = 0;
  let pr = 0;
  for (let width = 0; width <= window; width++) {
    const areas = areasAt({ ...ranks, anomalies, positives, hits, width });
    roc += areas.roc;
    pr += areas.pr;
  }
  return { roc: roc / (window + 1), pr: pr / (window + 1) };
}

type Ranks = {
  /** For every row the first threshold, counted from the highest, that reports it. */
  readonly firstReported: Uint32Array;
  /** Rows reported at every threshold. */
  readonly reported: Float64Array;
};

function rankRows(scores: ArrayLike<number>, count: number): Ranks {
  const order = fallingOrder(scores);
  const last = order.length - 1;
  const step = last / (count - 1);
  const firstReported = new Uint32Array(order.length);
  const reported = new Float64Array(count);
  let at = 0;
  for (let k = 0; k < count; k++) {
    const threshold = scores[order[k === count - 1 ? last : Math.floor(k * step)]!]!;
    while (at <= last && scores[order[at]!]! >= threshold) firstReported[order[at++]!] = k;
    reported[k] = at;
  }
  return { firstReported, reported };
}

/** Sum over the rows that every threshold reports. */
function countAt(firstReported: Uint32Array, count: number, value: (row: number) => number): Float64Array {
  const sums = new Float64Array(count);
  for (let row = 0; row < firstReported.length; row++) sums[firstReported[row]!]! += value(row);
  return accumulate(sums);
}

function accumulate(sums: Float64Array): Float64Array {
  for (let k = 1; k < sums.length; k++) sums[k]! += sums[k - 1]!;
  return sums;
}

type Surface = Ranks & {
  readonly anomalies: readonly TimeRange[];
  readonly positives: number;
  /** Labelled rows reported at every threshold. */
  readonly hits: Float64Array;
  readonly width: number;
};

function areasAt({ firstReported, reported, anomalies, positives, hits, width }: Surface): Vus {
  const n = firstReported.length;
  const count = reported.length;
  const groups = widen(anomalies, width >> 1, n);
  const truePositives = new Float64Array(count);
  const existence = new Float64Array(count);
  for (const group of groups) {
    const found = addGroup({ group, width, firstReported, truePositives });
    existence[found]! += 1;
  }
  accumulate(truePositives);
  accumulate(existence);
  let roc = 0;
  let pr = 0;
  let lastTpr = 0;
  let lastFpr = 0;
  for (let k = 0; k < count; k++) {
    const tp = truePositives[k]!;
    const effective = positives + (tp - hits[k]!) / 2;
    const tpr = Math.min(tp / effective, 1) * (existence[k]! / groups.length);
    const fpr = (reported[k]! - tp) / (n - effective);
    roc += ((fpr - lastFpr) * (tpr + lastTpr)) / 2;
    pr += ((tpr - lastTpr) * tp) / reported[k]!;
    lastTpr = tpr;
    lastFpr = fpr;
  }
  return { roc: roc + ((1 - lastFpr) * (1 + lastTpr)) / 2, pr };
}

/** An anomaly with its buffers, or several whose buffers meet. */
type Group = { readonly from: number; to: number; readonly members: TimeRange[] };

function widen(anomalies: readonly TimeRange[], reach: number, n: number): Group[] {
  const groups: Group[] = [];
  for (const range of anomalies) {
    const last = groups.at(-1);
    const to = Math.min(n, range.end + reach);
    if (last !== undefined && last.to > range.start - reach) {
      last.members.push(range);
      last.to = to;
    } else groups.push({ from: Math.max(0, range.start - reach), to, members: [range] });
  }
  return groups;
}

type GroupSum = { group: Group; width: number; firstReported: Uint32Array; truePositives: Float64Array };

/** Adds the widened labels of one group at the threshold that first reports each row; returns the first that reports any. */
function addGroup({ group, width, firstReported, truePositives }: GroupSum): number {
  const labels = new Float64Array(group.to - group.from);
  const reach = width >> 1;
  for (const { start, end } of group.members) {
    labels.fill(1, start - group.from, end - group.from);
    for (let distance = 1; distance <= reach; distance++) {
      const part = Math.sqrt(1 - distance / width);
      // A group ends with the series; buffers that overlap add up.
      if (start - distance >= group.from) labels[start - distance - group.from]! += part;
      if (end - 1 + distance < group.to) labels[end - 1 + distance - group.from]! += part;
    }
  }
  let first = truePositives.length;
  for (let i = 0; i < labels.length; i++) {
    const at = firstReported[group.from + i]!;
    truePositives[at]! += Math.min(1, labels[i]!);
    if (at < first) first = at;
  }
  return first;
}
