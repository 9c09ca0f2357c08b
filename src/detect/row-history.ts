import type { TrainingHistory } from '../model/trainer.ts';

/** Numbers of history that are kept: 32 MB in single precision. */
const MOST_NUMBERS = 8_000_000;
/** Numbers are cut here, so that single precision holds them. */
const WILDEST = 1e30;
/** Rows of less weight are abnormal, and nothing is fitted on them. */
const NORMAL_WEIGHT = 0.5;
/** Stretches that are not interrupted for so long have their abnormal rows left out; a shorter one says nothing of a course. */
const LEAST_STRETCH = 8;

/**
 * The newest rows of one entity, in bounded memory. Each column is kept as its distance from its first value, so that
 * single precision loses nothing of a large level.
 */
export class RowHistory {
  readonly #features: readonly string[];
  readonly #cadenceMs: number;
  readonly #capacity: number;
  readonly #origin: Float64Array;
  #times = new Float64Array(0);
  #values = new Float32Array(0);
  #normal = new Uint8Array(0);
  /** Rows ever taken; the newest stands at `(taken - 1) % capacity`. */
  #taken = 0;

  constructor(features: readonly string[], cadenceMs: number) {
    this.#features = features;
    this.#cadenceMs = cadenceMs;
    this.#capacity = Math.max(64, Math.floor(MOST_NUMBERS / Math.max(1, features.length)));
    this.#origin = new Float64Array(features.length).fill(Number.NaN);
  }

  /** Rows ever taken. */
  get taken(): number {
    return this.#taken;
  }

  get rows(): number {
    return Math.min(this.#taken, this.#capacity);
  }

  /** Writes the row as distances from the first values, wild ones cut. */
  relative(row: Float64Array, out: Float32Array): void {
    for (let c = 0; c < out.length; c++) {
      const value = Math.max(-WILDEST, Math.min(WILDEST, row[c]!));
      if (Number.isNaN(this.#origin[c]!)) this.#origin[c] = value;
      out[c] = value - this.#origin[c]!;
    }
  }

  /** Takes a row as `relative` gave it. */
  push(time: number, row: Float32Array): void {
    const at = this.#taken % this.#capacity;
    if (at >= this.#times.length) this.#grow();
    this.#times[at] = time;
    this.#values.set(row, at * this.#features.length);
    this.#normal[at] = 1;
    this.#taken += 1;
  }

  /** Says how normal the newest row is. */
  weigh(weight: number): void {
    this.#normal[(this.#taken - 1) % this.#capacity] = weight >= NORMAL_WEIGHT ? 1 : 0;
  }

  /** What was abnormal is the new normal. */
  accept(): void {
    this.#normal.fill(1);
  }

  #grow(): void {
    const size = Math.min(this.#capacity, Math.max(1024, 2 * this.#times.length));
    const longer = <T extends Float64Array | Float32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#times = longer(this.#times, new Float64Array(size));
    this.#values = longer(this.#values, new Float32Array(size * this.#features.length));
    this.#normal = longer(this.#normal, new Uint8Array(size));
  }

  /** The newest `most` rows in order, oldest first. */
  forEach(most: number, take: (time: number, row: Float32Array) => void): void {
    const width = this.#features.length;
    for (let i = Math.max(this.#taken - this.rows, this.#taken - most); i < this.#taken; i++) {
      const at = i % this.#capacity;
      take(this.#times[at]!, this.#values.subarray(at * width, (at + 1) * width));
    }
  }

  /** What a model may be fitted on: stretches of normal rows. */
  normal(): TrainingHistory {
    const stretches: { readonly times: Float64Array; readonly values: Float32Array }[] = [];
    const width = this.#features.length;
    const oldest = this.#taken - this.rows;
    for (let from = oldest; from < this.#taken; from++) {
      if (this.#normal[from % this.#capacity] !== 1) continue;
      const first = from;
      while (from < this.#taken && this.#normal[from % this.#capacity] === 1) from++;
      if (from - first < LEAST_STRETCH) continue;
      const times = new Float64Array(from - first);
      const values = new Float32Array((from - first) * width);
      for (let i = first; i < from; i++) {
        const at = i % this.#capacity;
        times[i - first] = this.#times[at]!;
        values.set(this.#values.subarray(at * width, (at + 1) * width), (i - first) * width);
      }
      stretches.push({ times, values });
    }
    return { entity: 'file/rows', features: this.#features, cadenceMs: this.#cadenceMs, stretches };
  }
}
