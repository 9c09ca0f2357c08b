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
  /** One row a feature, all in one piece, as there are many of them and each is small. */
  #rows = new Float32Array(0);
  readonly #learning = new Set<number>();

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes value number `seen` (from 0) of a feature. */
  take(bank: FeatureBank, f: number, value: number): void {
    const seen = bank.seen[f]!;
    if (seen >= this.#size) return;
    if (seen === 0) this.#begin(f);
    if (!this.#learning.has(f)) return;
    this.#rows[f * this.#size + seen] = value;
    if (seen < this.#size - 1) return;
    this.#settle(bank, f);
    this.#learning.delete(f);
    if (this.#learning.size === 0) this.#rows = new Float32Array(0);
  }

  #begin(f: number): void {
    this.#learning.add(f);
    const needed = (f + 1) * this.#size;
    if (this.#rows.length >= needed) return;
    const larger = new Float32Array(Math.max(needed, 2 * this.#rows.length));
    larger.set(this.#rows);
    this.#rows = larger;
  }

  #settle(bank: FeatureBank, f: number): void {
    const values = this.#rows.subarray(f * this.#size, (f + 1) * this.#size);
    const scratch = Float64Array.from(values);
    const median = medianInPlace(scratch, this.#size);
    scratch.set(values);
    const deviation = MAD_TO_DEVIATION * madInPlace(scratch, this.#size, median);
    bank.level[f] = median;
    bank.scale[f] = Math.max(deviation, LEAST_SHARE * bank.scale[f]!);
  }
}
