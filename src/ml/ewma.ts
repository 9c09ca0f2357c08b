import { MlError, requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

const KIND = 'ewma';
const VERSION = 1;

/**
 * Exponentially weighted mean and variance of a stream (the update of Welford as West, 1979, weighted it): a value that is
 * `halfLife` old counts half. Weights are normalised, so the mean is right from the first value on and needs no warm-up.
 *
 * Time is in any unit, one step a value unless told otherwise; a missing value (NaN) lets time pass and no more. One wild value
 * moves both by its weight: for robust levels take medians. O(1) a value, five numbers.
 */
export class Ewma {
  readonly halfLife: number;
  #weight = 0;
  #squaredWeight = 0;
  #mean = 0;
  #spread = 0;

  /** Throws `ML_PARAMETER` unless the half-life is above 0. */
  constructor(halfLife: number) {
    this.halfLife = requireNumber('halfLife', halfLife, Number.MIN_VALUE);
  }

  /** Takes a value that came `elapsed` after the last one (0 or more). Throws `ML_VALUE` on an infinite one. */
  update(value: number, elapsed = 1): void {
    requireNumber('elapsed', elapsed, 0);
    const decay = 2 ** (-elapsed / this.halfLife);
    this.#weight *= decay;
    this.#squaredWeight *= decay * decay;
    this.#spread *= decay;
    if (value !== value) return;
    if (!Number.isFinite(value)) throw new MlError('ML_VALUE', 'an infinite value has no mean');
    this.#weight += 1;
    this.#squaredWeight += 1;
    const difference = value - this.#mean;
    this.#mean += difference / this.#weight;
    this.#spread += difference * (value - this.#mean);
  }

  /** NaN before the first value. */
  get mean(): number {
    return this.#squaredWeight > 0 ? this.#mean : Number.NaN;
  }

  /** Unbiased for independent values; NaN before the second. */
  get variance(): number {
    const freedom = this.#weight - this.#squaredWeight / this.#weight;
    return freedom > 1e-9 * this.#weight ? Math.max(0, this.#spread) / freedom : Number.NaN;
  }

  /** How many values of equal weight the mean is worth: (Σw)² / Σw². */
  get effectiveCount(): number {
    return this.#squaredWeight > 0 ? this.#weight ** 2 / this.#squaredWeight : 0;
  }

  toBytes(): Uint8Array {
    const state = Float64Array.of(this.halfLife, this.#weight, this.#squaredWeight, this.#mean, this.#spread);
    return encodeModel(KIND, VERSION, {}, { state });
  }

  /** What `toBytes` wrote goes on to the bit. Throws the codes of `decodeModel`. */
  static fromBytes(bytes: Uint8Array, limits?: DecodeLimits): Ewma {
    const model = decodeModel(bytes, limits);
    requireKind(model, KIND, VERSION);
    const state = model.section('state', 'f64', 5);
    const [halfLife, weight, squaredWeight, mean, spread] = state as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    const sound = state.every(Number.isFinite) && halfLife > 0 && weight >= 0 && squaredWeight >= 0 && spread >= 0;
    if (!sound) throw new MlError('ML_FORMAT', 'the state of an exponential mean is out of range');
    const ewma = new Ewma(halfLife);
    ewma.#weight = weight;
    ewma.#squaredWeight = squaredWeight;
    ewma.#mean = mean;
    ewma.#spread = spread;
    return ewma;
  }
}
