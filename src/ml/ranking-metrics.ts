import { MlError } from './ml-error.ts';

/**
 * How well scores rank: higher should mean the positive class. Labels are 1 or 0, scores any number but NaN; equal scores
 * are one threshold, whatever their order. O(n log n). Throws `ML_SHAPE` on unlike lengths and `ML_VALUE` on other
 * labels, on NaN, and where the class that a figure divides by does not occur.
 */

/** True and false positives among the rows with at least the score `thresholds[i]`, by falling threshold. */
export type RankedCounts = {
  readonly thresholds: Float64Array;
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  readonly positives: number;
  readonly negatives: number;
};

/** Counts at every distinct score. */
export function rankedCounts(labels: ArrayLike<number>, scores: ArrayLike<number>): RankedCounts {
  const positives = checkLabels(labels, scores);
  const order = fallingOrder(scores);
  const thresholds: number[] = [];
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  let found = 0;
  for (let i = 0; i < order.length; i++) {
    found += labels[order[i]!]!;
    const score = scores[order[i]!]!;
    if (i + 1 < order.length && scores[order[i + 1]!] === score) continue;
    thresholds.push(score);
    truePositives.push(found);
    falsePositives.push(i + 1 - found);
  }
  return {
    thresholds: Float64Array.from(thresholds),
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
    positives,
    negatives: order.length - positives,
  };
}

export type RocCurve = {
  /** `Infinity` first: nothing is reported. Then every distinct score, falling. */
  readonly thresholds: Float64Array;
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
};

/** Receiver operating characteristic, from (0, 0) to (1, 1), with every distinct score. Needs both classes. */
export function rocCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): RocCurve {
  const counts = bothClasses(rankedCounts(labels, scores));
  return {
    thresholds: withInfinity(counts.thresholds),
    falsePositiveRate: shares(counts.falsePositives, counts.negatives),
    truePositiveRate: shares(counts.truePositives, counts.positives),
  };
}

/** Area under the ROC: the chance that a positive scores above a negative, ties counting half; 0.5 is guessing. */
export function rocAuc(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const { truePositives, falsePositives, positives, negatives } = bothClasses(rankedCounts(labels, scores));
  let area = 0;
  for (let i = 0; i < truePositives.length; i++) {
    const width = falsePositives[i]! - (falsePositives[i - 1] ?? 0);
    area += (width * (truePositives[i]! + (truePositives[i - 1] ?? 0))) / 2;
  }
  return area / positives / negatives;
}

export type PrecisionRecallCurve = {
  /** Every distinct score, falling. */
  readonly thresholds: Float64Array;
  readonly precision: Float64Array;
  readonly recall: Float64Array;
};

/** Precision and recall of reporting every row with at least the threshold. Needs a positive. */
export function precisionRecallCurve(labels: ArrayLike<number>, scores: ArrayLike<number>): PrecisionRecallCurve {
  const { thresholds, truePositives, falsePositives, positives } = somePositive(rankedCounts(labels, scores));
  return {
    thresholds,
    precision: truePositives.map((count, i) => count / (count + falsePositives[i]!)),
    recall: truePositives.map((count) => count / positives),
  };
}

/**
 * Area under precision over recall as a sum of steps, without the interpolation that flatters (Davis and Goadrich, 2006;
 * scikit-learn's `average_precision_score`). Guessing scores the share of positives. Needs a positive.
 */
export function averagePrecision(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  const { precision, recall } = precisionRecallCurve(labels, scores);
  return precision.reduce((sum, value, i) => sum + value * (recall[i]! - (recall[i - 1] ?? 0)), 0);
}

/** Checks labels and scores and returns the number of positives. */
export function checkLabels(labels: ArrayLike<number>, scores: ArrayLike<number>): number {
  if (labels.length !== scores.length) {
    throw new MlError('ML_SHAPE', `${labels.length} labels do not fit ${scores.length} scores`);
  }
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label !== 0 && label !== 1) throw new MlError('ML_VALUE', `label ${i} must be 0 or 1, got ${label}`);
    if (Number.isNaN(scores[i]!)) throw new MlError('ML_VALUE', `score ${i} is not a number`);
    positives += label;
  }
  return positives;
}

/** Row numbers by falling score. */
export function fallingOrder(scores: ArrayLike<number>): Uint32Array {
  const order = new Uint32Array(scores.length);
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Compared, not subtracted: infinite scores have no difference.
  return order.sort((a, b) => (scores[b]! > scores[a]! ? 1 : scores[b]! < scores[a]! ? -1 : a - b));
}

function shares(counts: Float64Array, total: number): Float64Array {
  const rates = new Float64Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) rates[i + 1] = counts[i]! / total;
  return rates;
}

function somePositive(counts: RankedCounts): RankedCounts {
  if (counts.positives === 0) throw new MlError('ML_VALUE', 'needs at least one positive label');
  return counts;
}

function bothClasses(counts: RankedCounts): RankedCounts {
  if (counts.negatives === 0) throw new MlError('ML_VALUE', 'needs at least one negative label');
  return somePositive(counts);
}

function withInfinity(thresholds: Float64Array): Float64Array {
  const all = new Float64Array(thresholds.length + 1);
  all[0] = Infinity;
  all.set(thresholds, 1);
  return all;
}
