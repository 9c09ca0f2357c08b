import { MAD_TO_DEVIATION, madInPlace, medianInPlace } from '../ml/stats-robust.ts';
import type { FeatureBank } from './feature-bank.ts';

/** The robust deviation is not believed below this share of the plain one: rare and large things do belong to the normal. */
const LEAST_SHARE = 0.4;

/**
 * The first values of every feature. When there are enough, level and scale are set to their median and median
 * deviation, which a start of the program or a build in the first minute does not move; then they are let go. Not
 * saved: a feature that is restored in the middle of its warm-up goes on with what it has.
 */
export class WarmUp {
  readonly #size: number;
  #values: (Float32Array | null)[] = [];
  readonly #scratch: Float64Array;

  constructor(size: number) {
    this.#size = size;
    this.#scratch = new Float64Array(size);
  }

  /** Takes value number `seen` (from 0) of a feature. */
  take(bank: FeatureBank, f: number, value: number): void {
    const seen = bank.seen[f]!;
    if (seen >= this.#size) return;
    if (seen === 0) this.#values[f] = new Float32Array(this.#size);
    const values = this.#values[f];
    if (!values) return;
    values[seen] = value;
    if (seen < this.#size - 1) return;
    this.#settle(bank, f, values);
    this.#values[f] = null;
  }

  #settle(bank: FeatureBank, f: number, values: Float32Array): void {
    this.#scratch.set(values);
    const median = medianInPlace(this.#scratch, this.#size);
    this.#scratch.set(values);
    const deviation = MAD_TO_DEVIATION * madInPlace(this.#scratch, this.#size, median);
    bank.level[f] = median;
    bank.scale[f] = Math.max(deviation, LEAST_SHARE * bank.scale[f]!);
  }
}
