import { MlError, requireNumber } from './ml-error.ts';
import { checkRanges, type TimeRange } from './time-ranges.ts';

/** Where in a range finding it counts more: everywhere alike, early, late or in the middle (Tatbul et al., figure 3). */
export type PositionalBias = 'flat' | 'front' | 'back' | 'middle';

export type RangeOptions = {
  /** Weight of finding a range at all against finding all of it, for recall, in [0, 1]. Default 0, the paper's. */
  readonly existenceWeight?: number;
  /** For recall. Default `flat`. Precision always takes `flat`, as the paper advises. */
  readonly bias?: PositionalBias;
  /** A range that is found in k pieces counts 1/k of its overlap. Default true. */
  readonly punishFragments?: boolean;
};

export type RangeScores = { readonly precision: number; readonly recall: number; readonly f1: number };

/**
 * Precision and recall of ranges (Tatbul et al., NeurIPS 2018): every real range counts once for recall and every predicted
 * one once for precision, however long, by the weighted part of it that the other side covers.
 *
 * Ranges are in order and apart from each other; see `rangesOf`. All figures lie in [0, 1]; precision is 0 without
 * predictions, recall 0 without real ranges. O(rows covered + ranges). Throws `ML_VALUE` and `ML_PARAMETER`.
 */
export function rangeScores(
  real: readonly TimeRange[],
  predicted: readonly TimeRange[],
  options: RangeOptions = {},
): RangeScores {
  checkRanges('real range', real);
  checkRanges('predicted range', predicted);
  const existenceWeight = requireNumber('existenceWeight', options.existenceWeight ?? 0, 0, 1);
  const punish = options.punishFragments ?? true;
  const recall = coverage(real, predicted, { existenceWeight, bias: options.bias ?? 'flat', punish });
  const precision = coverage(predicted, real, { existenceWeight: 0, bias: 'flat', punish });
  return { precision, recall, f1: harmonicMean(precision, recall) };
}

export type EventScores = RangeScores & {
  /** Real ranges touched by a prediction, and not. */
  readonly found: number;
  readonly missed: number;
  /** Predictions that touch no real range. */
  readonly falseAlarms: number;
};

/**
 * Event-level precision and recall: a real range is found, and a predicted one is right, when they share a row or lie within
 * `slack` rows of each other. Not point-adjusted: rows gain nothing from their neighbours. O(ranges).
 */
export function eventScores(real: readonly TimeRange[], predicted: readonly TimeRange[], slack = 0): EventScores {
  checkRanges('real range', real);
  checkRanges('predicted range', predicted);
  requireNumber('slack', slack, 0);
  const found = touched(real, predicted, slack);
  const right = touched(predicted, real, slack);
  const recall = real.length > 0 ? found / real.length : 0;
  const precision = predicted.length > 0 ? right / predicted.length : 0;
  const f1 = harmonicMean(precision, recall);
  return { precision, recall, f1, found, missed: real.length - found, falseAlarms: predicted.length - right };
}

type Coverage = { existenceWeight: number; bias: PositionalBias; punish: boolean };

/** Mean over `ranges` of how well `others` cover each. */
function coverage(ranges: readonly TimeRange[], others: readonly TimeRange[], how: Coverage): number {
  let sum = 0;
  let first = 0;
  for (const range of ranges) {
    while (first < others.length && others[first]!.end <= range.start) first++;
    let pieces = 0;
    let overlap = 0;
    for (let k = first; k < others.length && others[k]!.start < range.end; k++) {
      pieces++;
      overlap += weightOf(range, others[k]!, how.bias);
    }
    const reward = how.punish && pieces > 1 ? overlap / pieces : overlap;
    sum += how.existenceWeight * Math.min(1, pieces) + (1 - how.existenceWeight) * reward;
  }
  return ranges.length > 0 ? sum / ranges.length : 0;
}

/** Weight of the rows that both have, by their position in `range`, as a share of the whole. */
function weightOf(range: TimeRange, other: TimeRange, bias: PositionalBias): number {
  const length = range.end - range.start;
  const from = Math.max(range.start, other.start) - range.start;
  const to = Math.min(range.end, other.end) - range.start;
  return (weightBefore(to, length, bias) - weightBefore(from, length, bias)) / weightBefore(length, length, bias);
}

/** Sum of the weights of the first `rows` positions; position i of n weighs i (back), n − i + 1 (front), the lesser (middle). */
function weightBefore(rows: number, length: number, bias: PositionalBias): number {
  switch (bias) {
    case 'flat':
      return rows;
    case 'back':
      return (rows * (rows + 1)) / 2;
    case 'front':
      return rows * length - (rows * (rows - 1)) / 2;
    case 'middle': {
      const half = Math.min(rows, Math.floor(length / 2));
      const rest = rows - half;
      const tail = length - half;
      return (half * (half + 1)) / 2 + rest * tail - (rest * (rest - 1)) / 2;
    }
    default:
      throw new MlError('ML_PARAMETER', `bias must be flat, front, back or middle, got ${String(bias)}`);
  }
}

function touched(ranges: readonly TimeRange[], others: readonly TimeRange[], slack: number): number {
  let count = 0;
  let first = 0;
  for (const { start, end } of ranges) {
    while (first < others.length && others[first]!.end + slack <= start) first++;
    if (first < others.length && others[first]!.start < end + slack) count++;
  }
  return count;
}

function harmonicMean(a: number, b: number): number {
  return a + b > 0 ? (2 * a * b) / (a + b) : 0;
}
