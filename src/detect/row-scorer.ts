import type { AnomalyKind, Severity } from '../model/anomaly.ts';

/** What `vigia score` scores with: one entity whose frames come from a file. */
export interface RowScorerOptions {
  readonly columns: readonly string[];
  readonly stepMs: number;
  readonly seed: number;
  /** Kinds of the members to use; null means all. */
  readonly detectors: readonly string[] | null;
}

/** What is said of one row; it rests on this row and the rows before it, never on later ones. */
export interface RowScore {
  /** 0 to 1, 0 while learning. Strictly falls as the p-value grows, also in the far tail. */
  readonly score: number;
  /** Tail probability, 1 while learning. */
  readonly pValue: number;
  readonly severity: 'none' | Severity;
  readonly kind: AnomalyKind | null;
  /** Index of the column that drives the score, -1 when nothing does. */
  readonly topFeature: number;
}

/** Scores rows in order. The same rows, options and seed give the same bits. */
export interface RowScorer {
  /** Takes one row of normal history (`NaN` is missing), in order, before the first `score`. Memory stays bounded. */
  train(time: number, row: Float64Array): void;
  /** Fits what was taken. Called once after the last `train`, before the first `score`. */
  trained(): void;
  /** Scores a row with what was learnt from the rows before it, then learns from it. Times may repeat or go back. */
  score(time: number, row: Float64Array): RowScore;
}
