import { choleskyFactor, choleskyUpdate, solveLower, solveLowerTransposed } from './cholesky.ts';
import type { FloatArray } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { MAX_FEATURES } from './reward-posterior.ts';
import type { DecodedModel, SectionArray } from './serialize.ts';

/** What one observation does: `curvature`·x·xᵀ is added to the precision, the mean moves by `pull` · covariance · x. */
export type Step = { readonly curvature: number; readonly pull: number };

/** A normal distribution over weights as its mean and the Cholesky factor of its precision: N(mean, (L·Lᵀ)⁻¹). */
export class GaussianWeights {
  readonly mean: Float64Array;
  readonly factor: Float64Array;
  count: number;
  readonly #direction: Float64Array;
  readonly #scaled: Float64Array;

  constructor(mean: Float64Array, factor: Float64Array, count: number) {
    this.mean = mean;
    this.factor = factor;
    this.count = count;
    this.#direction = new Float64Array(mean.length);
    this.#scaled = new Float64Array(mean.length);
  }

  /** Independent weights of one standard deviation. */
  static isotropic(mean: Float64Array, deviation: number): GaussianWeights {
    const n = mean.length;
    const factor = new Float64Array(n * n);
    for (let i = 0; i < n; i++) factor[i * n + i] = 1 / deviation;
    return new GaussianWeights(mean, factor, 0);
  }

  score(row: FloatArray, offset: number): number {
    let sum = 0;
    for (let c = 0; c < this.mean.length; c++) sum += row[offset + c]! * this.mean[c]!;
    return sum;
  }

  /** L⁻¹x into `out`; returns its length, the standard deviation of the score. */
  spread(row: FloatArray, out: Float64Array, offset: number): number {
    const n = this.mean.length;
    if (out.length !== n) throw new MlError('ML_SHAPE', `the spread needs ${n} values, got ${out.length}`);
    for (let c = 0; c < n; c++) out[c] = row[offset + c]!;
    solveLower(this.factor, out);
    let squares = 0;
    for (let c = 0; c < n; c++) squares += out[c]! * out[c]!;
    return Math.sqrt(squares);
  }

  /** Standard deviation of the score. */
  deviation(row: FloatArray, offset: number): number {
    return this.spread(row, this.#direction, offset);
  }

  /** Learns from one row; `stepFor` gets the standard deviation of its score. Throws `ML_VALUE` before anything changed. */
  learn(row: FloatArray, offset: number, stepFor: (deviation: number) => Step): void {
    const direction = this.#direction;
    const scaled = this.#scaled;
    const { curvature, pull } = stepFor(this.spread(row, direction, offset));
    const root = Math.sqrt(curvature);
    solveLowerTransposed(this.factor, direction);
    let sound = Number.isFinite(pull);
    for (let c = 0; c < scaled.length; c++) {
      scaled[c] = root * row[offset + c]!;
      sound &&= Number.isFinite(scaled[c]! * scaled[c]!) && Number.isFinite(this.mean[c]! + pull * direction[c]!);
    }
    if (!sound) throw new MlError('ML_VALUE', 'the observation is too large to learn from');
    for (let c = 0; c < scaled.length; c++) this.mean[c]! += pull * direction[c]!;
    choleskyUpdate(this.factor, scaled);
    this.count += 1;
  }

  /** Takes over a mean and a precision, which it destroys. False when the precision is not positive definite. */
  replace(mean: Float64Array, precision: Float64Array, count: number): boolean {
    if (!choleskyFactor(precision, mean.length)) return false;
    this.mean.set(mean);
    this.factor.set(precision);
    this.count = count;
    return true;
  }

  clone(): GaussianWeights {
    return new GaussianWeights(this.mean.slice(), this.factor.slice(), this.count);
  }

  sections(): Record<string, SectionArray> {
    return { mean: this.mean, factor: this.factor };
  }

  static fromModel(model: DecodedModel): GaussianWeights {
    const n = model.integer('features', 1, MAX_FEATURES);
    const mean = model.section('mean', 'f64', n);
    const factor = model.section('factor', 'f64', n * n);
    for (let i = 0; i < n; i++) {
      const row = factor.subarray(i * n, i * n + i + 1);
      if (!Number.isFinite(mean[i]!) || !(factor[i * n + i]! > 0) || !row.every(Number.isFinite)) {
        throw new MlError('ML_FORMAT', `weight ${i} is no distribution`);
      }
    }
    return new GaussianWeights(mean, factor, model.integer('count', 0, Number.MAX_SAFE_INTEGER));
  }
}
