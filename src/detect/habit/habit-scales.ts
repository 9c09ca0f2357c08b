import { choleskyFactor, solveLower, solveLowerTransposed } from '../../ml/cholesky.ts';
import type { Json } from '../../model/detector.ts';
import { decodeFloats, encodeFloats, stateNumber, stateObject } from '../float-columns.ts';
import { bytesOf, coarsen, decodeBytes } from '../short-floats.ts';

const VERSION = 3;
const WHAT = 'habit scales';
/** Half-lives of the means: faults last from minutes to an hour. In rows where these are longer. */
const MINUTES = [2, 6, 18, 45] as const;
const LEAST_ROWS = [2, 4, 8, 16] as const;
export const SCALES = MINUTES.length;
/** Relations between features are known at this scale, and hold at the others. */
const RELATED = 1;
/** Beyond so many deviations a value counts by its logarithm, so that a mean is not one value's. */
const KNEE = 3;
/** A product of means counts no further than this. */
const CLIP = 5;
/** How long relations and spreads are remembered. */
const MEMORY_MS = 4 * 86_400_000;
/** No relation is believed to hold better than to a tenth of a deviation. */
const SHRINKAGE = 0.01;
/** Rows after which relations are worked out anew: it costs as much as some hundred rows. */
const RELATE_ROWS = 360;
/** Beyond so many features relations cost more than they tell; each is looked at by itself. */
const MOST_RELATED = 64;
/** Steps of a correlation: far finer than the shrinkage. */
const CODE = 2047;

const knee = (z: number): number =>
  z > KNEE ? KNEE * (1 + Math.log(z / KNEE)) : z < -KNEE ? -KNEE * (1 + Math.log(-z / KNEE)) : z;

/** Trailing means of residuals over several lengths of time, each in its own deviations, and what each should be given the others. */
export class HabitScales {
  readonly #rates: readonly number[];
  readonly #memory: number;
  #size = 0;
  #rows = 0;
  /** `scale × size + feature`. */
  #means = new Float32Array(0);
  #variances = new Float32Array(0);
  /** Lower triangle of the covariance of the related scale, `size × size`; empty where there are too many. */
  #covariance = new Float32Array(0);
  /** The correlation below the diagonal as it was last worked out, in shares of `CODE`: what the inverse is made of. */
  #codes: Int16Array | null = null;
  /** Inverse of that correlation; null until there is one. */
  #precision: Float64Array | null = null;
  /** The means in deviations. */
  readonly #scaled: Float64Array[] = MINUTES.map(() => new Float64Array(0));

  constructor(cadenceMs: number) {
    this.#rates = MINUTES.map(
      (minutes, scale) => 1 - 2 ** (-1 / Math.max((minutes * 60_000) / cadenceMs, LEAST_ROWS[scale]!)),
    );
    this.#memory = 1 - 2 ** (-cadenceMs / MEMORY_MS);
  }

  ensure(size: number): void {
    const old = this.#size;
    if (size <= old) return;
    const spread = (from: Float32Array): Float32Array<ArrayBuffer> => {
      const to = new Float32Array(SCALES * size);
      for (let scale = 0; scale < SCALES; scale++) to.set(from.subarray(scale * old, (scale + 1) * old), scale * size);
      return to;
    };
    this.#means = spread(this.#means);
    this.#variances = spread(this.#variances);
    const covariance = new Float32Array(size <= MOST_RELATED ? size * size : 0);
    if (covariance.length > 0)
      for (let i = 0; i < old; i++) covariance.set(this.#covariance.subarray(i * old, i * old + i + 1), i * size);
    this.#covariance = covariance;
    this.#codes = null;
    this.#precision = null;
    this.#size = size;
    MINUTES.forEach((_, scale) => (this.#scaled[scale] = new Float64Array(size)));
  }

  /** Takes residuals in deviations, 0 where nothing is known. */
  push(z: Float64Array): void {
    const n = this.#size;
    for (let scale = 0; scale < SCALES; scale++) {
      const scaled = this.#scaled[scale]!;
      const rate = this.#rates[scale]!;
      for (let f = 0, at = scale * n; f < n; f++, at++) {
        const mean = this.#means[at]! + rate * (knee(z[f]!) - this.#means[at]!);
        this.#means[at] = mean;
        scaled[f] = mean / (Math.sqrt(this.#variances[at]!) || 1);
      }
    }
    coarsen(this.#means);
  }

  /** A mean in its deviations. */
  alone(scale: number, f: number): number {
    return Math.abs(this.#scaled[scale]![f]!);
  }

  /** Its distance from what the other features say of it, in deviations of that; 0 while relations are not known. */
  related(scale: number, f: number): number {
    const precision = this.#precision;
    if (precision === null) return 0;
    const scaled = this.#scaled[scale]!;
    const n = this.#size;
    let sum = 0;
    for (let j = 0, at = f * n; j < n; j++, at++) sum += precision[at]! * scaled[j]!;
    return Math.abs(sum) / Math.sqrt(precision[f * n + f]!);
  }

  /** Learns how far means stray and which stray together. */
  learn(weight: number): void {
    const n = this.#size;
    this.#rows += 1;
    const rate = weight * Math.max(1 / this.#rows, this.#memory);
    for (let at = 0; at < this.#means.length; at++) {
      const mean = clipped(this.#means[at]!);
      this.#variances[at] = this.#variances[at]! + rate * (mean * mean - this.#variances[at]!);
    }
    coarsen(this.#variances);
    if (this.#covariance.length === 0) return;
    const first = RELATED * n;
    for (let i = 0; i < n; i++) {
      const a = clipped(this.#means[first + i]!);
      for (let j = 0, at = i * n; j <= i; j++, at++)
        this.#covariance[at] =
          this.#covariance[at]! + rate * (a * clipped(this.#means[first + j]!) - this.#covariance[at]!);
    }
    coarsen(this.#covariance);
    if (this.#rows % RELATE_ROWS === 0) this.#relate();
  }

  /** What was is over: the next row begins anew. */
  forget(f: number): void {
    for (let at = f; at < this.#means.length; at += this.#size) this.#means[at] = 0;
  }

  #relate(): void {
    this.#codes = this.#correlations();
    this.#invert(this.#codes);
  }

  /** The correlation below the diagonal as it is now. */
  #correlations(): Int16Array {
    const n = this.#size;
    const codes = new Int16Array((n * (n - 1)) / 2);
    for (let i = 0, at = 0; i < n; i++)
      for (let j = 0; j < i; j++) codes[at++] = Math.round(CODE * Math.max(-1, Math.min(1, this.#correlation(i, j))));
    return codes;
  }

  #invert(codes: Int16Array): void {
    const n = this.#size;
    const factor = new Float64Array(n * n);
    for (let i = 0, at = 0; i < n; i++) {
      for (let j = 0; j < i; j++) factor[i * n + j] = (1 - SHRINKAGE) * (codes[at++]! / CODE);
      factor[i * n + i] = 1;
    }
    this.#precision = null;
    if (!choleskyFactor(factor, n)) return;
    const precision = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      const column = new Float64Array(n);
      column[i] = 1;
      precision.set(solveLowerTransposed(factor, solveLower(factor, column)), i * n);
    }
    this.#precision = precision;
  }

  /** Of what never moved it is that with itself alone. */
  #correlation(i: number, j: number): number {
    const n = this.#size;
    const spread = Math.sqrt(this.#covariance[i * n + i]! * this.#covariance[j * n + j]!);
    return spread > 0 ? this.#covariance[i * n + j]! / spread : 0;
  }

  /** All of it, to the bit. */
  toJSON(): Json {
    const n = this.#size;
    const related = this.#covariance.length > 0 ? n : 0;
    const triangle = new Float32Array((related * (related + 1)) / 2);
    for (let i = 0, at = 0; i < related; i++)
      for (let j = 0; j <= i; j++) triangle[at++] = this.#covariance[i * n + j]!;
    return {
      version: VERSION,
      rows: this.#rows,
      means: encodeFloats(this.#means),
      variances: encodeFloats(this.#variances),
      covariance: encodeFloats(triangle),
      // How far it has moved since takes half the room of what it was.
      correlation: this.#codes === null ? null : bytesOf(minus(this.#codes, this.#correlations())),
    };
  }

  /** Takes the place of what is here, of `size` features. Throws `STATE_INVALID`. */
  restore(state: Json, size: number): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.ensure(size);
    this.#rows = stateNumber(saved, 'rows', WHAT);
    this.#means = decodeFloats(saved['means'], SCALES * size, WHAT);
    this.#variances = decodeFloats(saved['variances'], SCALES * size, WHAT);
    const related = this.#covariance.length > 0 ? size : 0;
    const triangle = decodeFloats(saved['covariance'], (related * (related + 1)) / 2, WHAT);
    for (let i = 0, at = 0; i < related; i++)
      for (let j = 0; j <= i; j++) this.#covariance[i * size + j] = triangle[at++]!;
    if (saved['correlation'] === null) return;
    const length = (related * (related - 1)) / 2;
    const moved = decodeBytes(saved['correlation'], Int16Array, { length, what: WHAT });
    this.#codes = minus(moved, minus(new Int16Array(length), this.#correlations()));
    this.#invert(this.#codes);
  }
}

const minus = (a: Int16Array, b: Int16Array): Int16Array => a.map((one, i) => one - b[i]!);

const clipped = (mean: number): number => Math.max(-CLIP, Math.min(CLIP, mean));
