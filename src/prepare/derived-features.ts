import { DERIVED } from '../model/frame.ts';

/** Steps that the short and the long exponential window look back: a minute and an hour at a step of 5 s, or so. */
const SHORT_STEPS = 12;
const LONG_STEPS = 360;

/** Values before the short and the long statistics mean anything. */
const SHORT_READY = 6;
const LONG_READY = 60;

const grown = (old: Float64Array, size: number) => {
  const next = new Float64Array(size);
  next.set(old);
  return next;
};

/**
 * Exponentially weighted mean and deviation over a short and a long window for every feature of one entity, O(1) a
 * value. The slope is the distance of the two means over the distance of their mean ages, per second.
 */
export class DerivedFeatures {
  readonly #stepSeconds: number;
  #seen = new Float64Array(0);
  #shortMean = new Float64Array(0);
  #shortVariance = new Float64Array(0);
  #longMean = new Float64Array(0);
  #longVariance = new Float64Array(0);

  constructor(stepMs: number) {
    this.#stepSeconds = stepMs / 1000;
  }

  /** Takes the values of one frame and returns its derived features, in the blocks of `DERIVED`. */
  update(values: Float32Array): Float32Array {
    const n = values.length;
    this.#ensure(n);
    const out = new Float32Array(n * DERIVED.length);
    for (let f = 0; f < n; f++) {
      const value = values[f]!;
      if (Number.isFinite(value)) this.#learn(f, value);
      this.#write(out, f, n);
    }
    return out;
  }

  #ensure(n: number): void {
    if (n <= this.#seen.length) return;
    const size = Math.max(n, this.#seen.length * 2, 16);
    this.#seen = grown(this.#seen, size);
    this.#shortMean = grown(this.#shortMean, size);
    this.#shortVariance = grown(this.#shortVariance, size);
    this.#longMean = grown(this.#longMean, size);
    this.#longVariance = grown(this.#longVariance, size);
  }

  /** West's (1979) update; at first the plain mean, until the window is full. */
  #learn(f: number, value: number): void {
    const seen = this.#seen[f]! + 1;
    this.#seen[f] = seen;
    const short = Math.max(1 / seen, 1 / SHORT_STEPS);
    const toShort = value - this.#shortMean[f]!;
    this.#shortMean[f] = this.#shortMean[f]! + short * toShort;
    this.#shortVariance[f] = (1 - short) * (this.#shortVariance[f]! + short * toShort * toShort);
    const long = Math.max(1 / seen, 1 / LONG_STEPS);
    const toLong = value - this.#longMean[f]!;
    this.#longMean[f] = this.#longMean[f]! + long * toLong;
    this.#longVariance[f] = (1 - long) * (this.#longVariance[f]! + long * toLong * toLong);
  }

  #write(out: Float32Array, f: number, n: number): void {
    const seen = this.#seen[f]!;
    const short = seen >= SHORT_READY;
    const long = seen >= LONG_READY;
    out[f] = short ? this.#shortMean[f]! : Number.NaN;
    out[n + f] = short ? Math.sqrt(this.#shortVariance[f]!) : Number.NaN;
    out[2 * n + f] = long ? this.#longMean[f]! : Number.NaN;
    out[3 * n + f] = long ? Math.sqrt(this.#longVariance[f]!) : Number.NaN;
    // While the long window still fills, its mean is half of what it has seen old.
    const age = Math.min(seen / 2, LONG_STEPS) - SHORT_STEPS;
    out[4 * n + f] = long ? (this.#shortMean[f]! - this.#longMean[f]!) / (age * this.#stepSeconds) : Number.NaN;
  }
}
