import type { FloatArray, Matrix } from './matrix.ts';

/**
 * What every fitted outlier model offers. Scoring is pure: no state changes, the same row gives the same bits
 * alone, in a batch, and after save and load. Higher is more abnormal.
 */
export type OutlierModel = {
  /** Length of a row. */
  readonly columns: number;
  /** Score of one row, read from `row[offset]` to `row[offset + columns - 1]`. NaN is missing. Allocates nothing. */
  scoreRow(row: FloatArray, offset?: number): number;
  /** Scores of all rows, into `out` (length `matrix.rows`) when given. Throws `ML_SHAPE` on other columns. */
  scoreBatch(matrix: Matrix, out?: Float64Array): Float64Array;
  /** Versioned, checksummed bytes; loading them gives a model that scores the same to the bit. */
  toBytes(): Uint8Array;
};

/**
 * What every fitted supervised model offers. `outputs` is 1 for regression and two-class probability, the number of
 * classes for a forest's class probabilities, the number of intervals for hazards.
 */
export type SupervisedModel = {
  readonly columns: number;
  readonly outputs: number;
  /** Prediction of one row into `out[0 … outputs - 1]`, which it returns. Allocates nothing when `offset` and `out` are given. */
  predictRow(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
  /** Predictions of all rows, row-major (`rows × outputs`), into `out` when given. */
  predictBatch(matrix: Matrix, out?: Float64Array): Float64Array;
  toBytes(): Uint8Array;
};
