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
  /** False for the first rows; then `p` is 1. */
  readonly ready: boolean;
  /** Combined tail probability, in (0, 1]. */
  readonly p: number;
  /** -ln of it, which goes on where `p` has come to its least. */
  readonly surprise: number;
  readonly members: readonly MemberVerdict[];
  /** Shares of the entity's features that add up to 1, or all 0 when nothing stands out; worked out when asked, until the next row. */
  blame(): Float32Array;
}

/** State of one entity beside the models of its kind. */
export interface JointWatch {
  /**
   * Scores a row of values (as they are, unscaled; index-aligned with the entity's features, `NaN` is missing) with what
   * was learnt before. Rows come in time order, a cadence apart.
   */
  take(time: number, values: FloatArray): JointScore;
  /** Takes a row without judging it, for the course that later rows are judged in. */
  follow(time: number, values: FloatArray): void;
  /** Learns the row that was taken last; `weight` below 1 keeps what is abnormal from becoming normal. */
  learn(weight: number): void;
  /** Takes the level of the last hours for the usual one: a shift that was confirmed, or that has lasted too long to be told of. */
  adopt(): void;
  toJSON(): Json;
}
