import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { checkLabels, fallingOrder } from './ranking-metrics.ts';

/**
 * How good probabilities are. Labels are 1 or 0, probabilities within [0, 1]. Throws `ML_SHAPE` on unlike lengths,
 * `ML_EMPTY` without rows, and `ML_VALUE` on other labels or values.
 */

/** scikit-learn's: probabilities are kept this far from 0 and 1 in the logarithm, so one sure mistake costs 36. */
const LOG_LOSS_MARGIN = 2 ** -52;

/** Mean squared error of the probabilities (Brier, 1950), in [0, 1]; lower is better. */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  checkProbabilities(labels, probabilities);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += (probabilities[i]! - labels[i]!) ** 2;
  return sum / labels.length;
}

/**
 * Share of the Brier score of a constant forecast that was saved: 1 is perfect, 0 no better than always saying `rate`,
 * below 0 worse. Without `rate` it is that of these labels, which a forecast could not have known: give the one of training.
 * Throws `ML_VALUE` where the constant forecast is perfect.
 */
export function brierSkill(labels: ArrayLike<number>, probabilities: ArrayLike<number>, rate?: number): number {
  const positives = checkProbabilities(labels, probabilities);
  const share = positives / labels.length;
  const constant = requireNumber('rate', rate ?? share, 0, 1);
  const reference = share * (1 - constant) ** 2 + (1 - share) * constant ** 2;
  if (reference === 0) throw new MlError('ML_VALUE', 'a constant forecast is perfect here, there is no skill to have');
  return 1 - brierScore(labels, probabilities) / reference;
}

/** Mean negative log-likelihood in nats; lower is better, 0 is perfect. */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  checkProbabilities(labels, probabilities);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    const given = Math.min(1 - LOG_LOSS_MARGIN, Math.max(LOG_LOSS_MARGIN, probabilities[i]!));
    sum -= Math.log(labels[i] === 1 ? given : 1 - given);
  }
  return sum / labels.length;
}

/** One point of a reliability diagram. */
export type CalibrationBin = {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean probability given; NaN in an empty bin. */
  readonly predicted: number;
  /** Share of positives seen; NaN in an empty bin. */
  readonly observed: number;
};

export type CalibrationBinOptions = {
  /** Number of bins, 1 to 1,000. Default 10. */
  readonly bins?: number;
  /** `uniform` (default): bins of equal width over [0, 1]. `quantile`: of equal count, by rank. */
  readonly strategy?: 'uniform' | 'quantile';
};

/** Reliability diagram with its counts, by rising probability. A probability on an edge belongs to the bin above, 1 to the last. */
export function calibrationBins(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  options: CalibrationBinOptions = {},
): CalibrationBin[] {
  checkProbabilities(labels, probabilities);
  const bins = requireInteger('bins', options.bins ?? 10, 1, 1000);
  const rising = fallingOrder(probabilities).toReversed();
  const quantile = options.strategy === 'quantile';
  const made: CalibrationBin[] = [];
  let from = 0;
  for (let bin = 1; bin <= bins; bin++) {
    const edge = bin < bins ? bin / bins : Infinity;
    const rows = quantile ? Math.round(Math.min(1, edge) * rising.length) : rowsBelow(rising, probabilities, edge);
    const members = rising.subarray(from, rows);
    let given = 0;
    let seen = 0;
    for (const row of members) {
      given += probabilities[row]!;
      seen += labels[row]!;
    }
    const count = members.length;
    const low = quantile ? (probabilities[members[0]!] ?? Number.NaN) : (bin - 1) / bins;
    const high = quantile ? (probabilities[members.at(-1)!] ?? Number.NaN) : bin / bins;
    made.push({ low, high, count, predicted: given / count, observed: seen / count });
    from = rows;
  }
  return made;
}

/** How many of the rows, by rising probability, lie below `edge`. */
function rowsBelow(rising: Uint32Array, probabilities: ArrayLike<number>, edge: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (probabilities[rising[middle]!]! < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Expected calibration error: the mean distance of given and seen over the bins, by their counts; in [0, 1]. Worth little on
 * a rare event, where a constant has a small one too: see `riskiestShare`.
 */
export function calibrationError(bins: readonly CalibrationBin[]): number {
  let sum = 0;
  let total = 0;
  for (const { count, predicted, observed } of bins) {
    if (count > 0) sum += count * Math.abs(predicted - observed);
    total += count;
  }
  return total > 0 ? sum / total : 0;
}

/** What was expected and what came among the rows of highest probability. */
export type RiskiestShare = { readonly rows: number; readonly expected: number; readonly observed: number };

/** Sums over the `share` (default a tenth) of rows with the highest probability: their ratio should be near 1. */
export function riskiestShare(labels: ArrayLike<number>, probabilities: ArrayLike<number>, share = 0.1): RiskiestShare {
  checkProbabilities(labels, probabilities);
  const rows = Math.max(1, Math.round(requireNumber('share', share, 0, 1) * labels.length));
  const top = fallingOrder(probabilities).subarray(0, rows);
  let expected = 0;
  let observed = 0;
  for (const row of top) {
    expected += probabilities[row]!;
    observed += labels[row]!;
  }
  return { rows, expected, observed };
}

/** Checks and returns the number of positives. */
function checkProbabilities(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  const positives = checkLabels(labels, probabilities);
  if (labels.length === 0) throw new MlError('ML_EMPTY', 'needs at least one row');
  for (let i = 0; i < probabilities.length; i++) {
    const value = probabilities[i]!;
    if (!(value >= 0 && value <= 1))
      throw new MlError('ML_VALUE', `probability ${i} must be from 0 to 1, got ${value}`);
  }
  return positives;
}
