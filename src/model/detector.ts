import type { Frame } from './frame.ts';

/** Anything that `JSON.stringify` keeps as it is. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What a detector knows of the kind of what it sees; arrays are index-aligned with `frame.layout.features`. */
export interface ScoreHints {
  /**
   * 0 to 1: how far a feature's score says that what this time of day or week usually brings did not come, while the value is
   * ordinary beside its recent history.
   */
  readonly seasonBreak: Float32Array;
}

/** What a detector says of one frame; arrays are index-aligned with `frame.layout.features`. */
export interface DetectorScore {
  /** False while there is too little history to judge; then all scores are 0. */
  readonly ready: boolean;
  /** Raw and uncalibrated, at least 0; higher is more abnormal. */
  readonly score: number;
  /** Raw score of each feature, 0 where missing or still learning. */
  readonly features: Float32Array;
  readonly expected: Float32Array;
  readonly low: Float32Array;
  /** `low` and `high` are the ends of the expected band, `NaN` while learning. */
  readonly high: Float32Array;
  readonly hints?: ScoreHints;
}

/**
 * Turns frames of one entity into scores. `score` is pure: it changes nothing, and the same state and frame give the
 * same answer. Frames come in time order. Every detector passes `check-detector.ts`.
 */
export interface Detector {
  readonly kind: string;
  /** Learns history, in time order. */
  fit(frames: readonly Frame[]): void;
  score(frame: Frame): DetectorScore;
  /** Takes one frame into the state; `weight` below 1 keeps what is abnormal from becoming normal. */
  learn(frame: Frame, weight: number): void;
  /**
   * Where a detector can: what these features (by their place) have been lately is their usual course from here on, for
   * a shift was confirmed or has lasted too long. Others learn it frame by frame.
   */
  adopt?(features: readonly number[]): void;
  toJSON(): Json;
}

/** How a kind of detector is made and restored; what a package that brings a detector exports. */
export interface DetectorFactory {
  readonly kind: string;
  create(options: { readonly stepMs: number; readonly seed: number }): Detector;
  /** Throws `STATE_INVALID` when the state is damaged or of another version. */
  fromJSON(state: Json, options: { readonly stepMs: number; readonly seed: number }): Detector;
}
