import type { FloatArray, Matrix } from '../../ml/matrix.ts';

/** Normal history of one or many entities of a kind, scaled by each entity's own history (`row-scaling.ts`). */
export interface TrainingRows {
  /** Rows in the order of time within a stretch; `NaN` is missing, wild values are cut. */
  readonly matrix: Matrix;
  /** First row of each stretch of consecutive rows, rising, the first is 0. A window never spans two stretches. */
  readonly starts: ArrayLike<number>;
}

/**
 * A joint detector: judges how the features of an entity stand to each other, where the seasonal residual judges each
 * alone. It is fitted once for an entity kind and serves all its entities. Scoring is pure: the same rows give the same bits, also after
 * `toBytes` and `load`, whatever else was scored in between. Every member passes `check-member.ts`.
 */
export interface MemberModel {
  readonly kind: string;
  /** Features of a row. */
  readonly columns: number;
  /** Rows that a score looks at, 1 to 64. */
  readonly window: number;
  /** Raw score of `window` consecutive rows, the oldest first, read from `rows[offset]` on. Finite; higher is more abnormal. */
  score(rows: FloatArray, offset?: number): number;
  /** How much each feature adds to that score, into `out` (length `columns`): at least 0, finite, 0 where the newest value is missing. */
  blame(rows: FloatArray, out: Float64Array, offset?: number): void;
  toBytes(): Uint8Array;
}

/** How a member is fitted and restored: what a package that brings one exports as `member`. */
export interface MemberFactory {
  readonly kind: string;
  /** The same rows and seed give the same model to the bit. Takes constant, missing and few columns and rows. */
  fit(rows: TrainingRows, options: { readonly seed: number }): MemberModel;
  /** Throws when the bytes are damaged or of another version. */
  load(bytes: Uint8Array): MemberModel;
}
