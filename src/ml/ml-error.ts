/**
 * Stable codes of everything that `ml` refuses. Messages may change between releases, codes do not.
 *
 * - `ML_SHAPE`: lengths, rows or columns do not fit each other, or do not fit the model
 * - `ML_EMPTY`: there is nothing to learn from (no rows, no columns, or every value missing)
 * - `ML_PARAMETER`: an option is outside its documented range
 * - `ML_VALUE`: data or targets hold a value that the method cannot take (infinite, not a class index, …)
 * - `ML_TOO_LARGE`: the request would need more memory than the documented bound
 * - `ML_FORMAT`: bytes are not a model: wrong magic, truncated, inconsistent lengths, bad header
 * - `ML_CHECKSUM`: bytes were a model and were changed since
 * - `ML_VERSION`: a model of a format or version that this release cannot read
 * - `ML_KIND`: a model of another kind than the one asked for
 * - `ML_NOT_CONVERGED`: the solver stopped at its bound without an answer
 * - `ML_CANCELLED`: the caller's signal asked to stop
 */
export type MlErrorCode =
  | 'ML_SHAPE'
  | 'ML_EMPTY'
  | 'ML_PARAMETER'
  | 'ML_VALUE'
  | 'ML_TOO_LARGE'
  | 'ML_FORMAT'
  | 'ML_CHECKSUM'
  | 'ML_VERSION'
  | 'ML_KIND'
  | 'ML_NOT_CONVERGED'
  | 'ML_CANCELLED';

/** The one error class of `ml`: a stable code and a message that names the fault. */
export class MlError extends Error {
  readonly code: MlErrorCode;

  constructor(code: MlErrorCode, message: string) {
    super(message);
    this.name = 'MlError';
    this.code = code;
  }
}

/** Throws `ML_PARAMETER` unless `value` is an integer in [min, max]. Returns it, so that it reads as an expression. */
export function requireInteger(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new MlError('ML_PARAMETER', `${name} must be an integer from ${min} to ${max}, got ${value}`);
  }
  return value;
}

/** Throws `ML_PARAMETER` unless `value` is a finite number in [min, max]. Returns it. */
export function requireNumber(name: string, value: number, min: number, max = Number.MAX_VALUE): number {
  if (!(value >= min && value <= max)) {
    throw new MlError('ML_PARAMETER', `${name} must be a number from ${min} to ${max}, got ${value}`);
  }
  return value;
}
