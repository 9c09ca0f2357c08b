import type { FloatArray } from '../../ml/matrix.ts';
import type { Json } from '../../model/detector.ts';

/** What one member says of a frame. */
export interface MemberVerdict {
  readonly kind: string;
  /** Tail probability on held-out and own history, in (0, 1]. */
  readonly p: number;
  /** Its part in the combination; all add up to 1. */
  readonly weight: number;
}

/** What the joint members say of a frame together. */
export interface JointScore {
  /** False while there are too few rows for a window; then `p` is 1. */
  readonly ready: boolean;
  /** Combined tail probability, in (0, 1]. */
  readonly p: number;
  readonly members: readonly MemberVerdict[];
  /** Shares of the entity's features that add up to 1, or all 0 when nothing is abnormal; worked out when asked, until the next `take`. */
  blame(): Float32Array;
}

/** State of one entity beside the models of its kind. */
export interface JointWatch {
  /**
   * Scores a frame's values (as they are, unscaled; index-aligned with the entity's features, `NaN` is missing) with what was learnt before.
   * Frames come in time order.
   */
  take(time: number, values: FloatArray): JointScore;
  /** Learns the frame that was taken last; `weight` below 1 keeps what is abnormal from becoming normal. */
  learn(weight: number): void;
  toJSON(): Json;
}
