import type { EntityId } from './entity.ts';
import type { Labels } from './labels.ts';

/** `level` is a gauge's mean over the step, `rate` a counter's increase per second, `quantile` of a histogram. */
export type FeatureKind = 'level' | 'rate' | 'quantile';

/** The bound that a feature cannot pass without a failure: a constant, or another feature of the same frame. */
export interface FeatureLimit {
  readonly side: 'above' | 'below';
  readonly value: number | { readonly feature: string };
}

/** One number of a frame: what it is called, where it comes from, how to read it. */
export interface Feature {
  /** Canonical spelling without the labels that name the entity: `filesystem_used_bytes{mountpoint="/data"}`. */
  readonly name: string;
  readonly metric: string;
  readonly labels: Labels;
  readonly kind: FeatureKind;
  /** `bytes`, `bytes_per_second`, `seconds`, `ratio`, … or empty. */
  readonly unit: string;
  readonly limit: FeatureLimit | null;
}

/**
 * The features of an entity's frames, in order. Layouts are immutable; a new feature makes a new layout with the old
 * features at their old places. Equal layouts are one object in a process, so identity can be used to cache lookups.
 */
export interface FrameLayout {
  /** Hash of the features: the same in every process. */
  readonly id: string;
  readonly features: readonly Feature[];
}

/** Derived features, five blocks of `layout.features.length` numbers one after the other, in this order. */
export const DERIVED = ['short_mean', 'short_deviation', 'long_mean', 'long_deviation', 'slope'] as const;

/** The features of one entity over one step. It is the message of the topic `frames`. */
export interface Frame {
  readonly entity: EntityId;
  readonly fleet: string;
  /** Start of the step, Unix ms, a multiple of `stepMs`; the frame covers `[time, time + stepMs)`. */
  readonly time: number;
  readonly stepMs: number;
  readonly layout: FrameLayout;
  /** One value a feature, `NaN` where missing. Float32 as it is stored, so that live and replayed frames are bit-equal. */
  readonly values: Float32Array;
  /** See `DERIVED`; slope is per second. `NaN` until enough history is there. */
  readonly derived: Float32Array;
  /** When the frame was closed, Unix ms: the start of the latency that an operator feels. */
  readonly closedAt: number;
}

/** Frames of a minute or an hour for one entity: mean, lowest and highest of each feature, `NaN` where missing. */
export interface RollupFrame {
  readonly entity: EntityId;
  readonly time: number;
  readonly stepMs: number;
  readonly layout: FrameLayout;
  readonly mean: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}
