import type { FloatArray, Matrix } from '../../ml/matrix.ts';

/**
 * A joint detector: judges how the features of an entity stand to each other and to their own recent course, where the
 * seasonal residual judges each alone. It is fitted once for an entity kind and serves all its entities.
 *
 * A row is what `JointModels` makes of a frame: for every feature its value now and its mean over a few lengths of time
 * (`trailing-means.ts`), in robust deviations of the entity's own history, standardised over the training rows, with
 * logarithmic tails. `NaN` is missing. Scoring is pure: the same row gives the same bits, also after `toBytes` and
 * `load`, whatever else was scored in between. Every member passes `check-member.ts`.
 */
export interface MemberModel {
  readonly kind: string;
  /** Length of a row. */
  readonly columns: number;
  /** Raw score of the row that begins at `row[offset]`. Finite; higher is more abnormal. */
  score(row: FloatArray, offset?: number): number;
  /** How much each column adds to that score, into `out` (length `columns`): finite, at least 0, 0 where missing. */
  blame(row: FloatArray, out: Float64Array, offset?: number): void;
  toBytes(): Uint8Array;
}

/** How a member is fitted and restored: what a package that brings one exports as `member`. */
export interface MemberFactory {
  readonly kind: string;
  /**
   * The same rows and seed give the same model to the bit. Takes rows of many entities; any column may be constant or
   * missing. The first `features` columns are the values now.
   */
  fit(rows: Matrix, options: { readonly seed: number; readonly features?: number }): MemberModel;
  /** Throws when the bytes are damaged or of another version. */
  load(bytes: Uint8Array): MemberModel;
}
