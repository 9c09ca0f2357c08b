import { outputArray } from './matrix.ts';
import { MlError } from './ml-error.ts';

/**
 * A fitted map from a raw score to a probability. Pure and monotone; NaN stays NaN, infinite scores give the limits.
 * Fit it on rows that the scoring model did not learn from, or it believes the model's own flattery.
 */
export type Calibrator = {
  apply(score: number): number;
  /** All scores, into `out` (of the same length) when given. */
  applyAll(scores: ArrayLike<number>, out?: Float64Array): Float64Array;
  /** Versioned, checksummed bytes; loading them gives a map that is the same to the bit. */
  toBytes(): Uint8Array;
};

/** A calibrator over a map of one score. */
export function createCalibrator(apply: (score: number) => number, toBytes: () => Uint8Array): Calibrator {
  return {
    apply,
    applyAll: (scores, out) => {
      const probabilities = outputArray(out, scores.length);
      for (let i = 0; i < scores.length; i++) probabilities[i] = apply(scores[i]!);
      return probabilities;
    },
    toBytes,
  };
}

/** Throws `ML_SHAPE` unless both are of one length, `ML_EMPTY` without rows, `ML_VALUE` on a value that is not finite. */
export function checkPairs(scores: ArrayLike<number>, targets: ArrayLike<number>): void {
  if (scores.length !== targets.length) {
    throw new MlError('ML_SHAPE', `${scores.length} scores do not fit ${targets.length} targets`);
  }
  if (scores.length === 0) throw new MlError('ML_EMPTY', 'needs at least one row');
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i]) || !Number.isFinite(targets[i])) {
      throw new MlError('ML_VALUE', `row ${i} holds a value that is not finite`);
    }
  }
}

/** `checkPairs`, and every target is 0 or 1. Returns the number of ones. */
export function checkBinaryPairs(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  checkPairs(scores, labels);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new MlError('ML_VALUE', `label ${i} must be 0 or 1, got ${labels[i]}`);
    positives += labels[i]!;
  }
  return positives;
}

/** 1 / (1 + e^(−x)), without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}
