import { MlError, requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

const KIND = 'adwin';
const VERSION = 1;
/** Buckets of one size before the two oldest merge (the authors' M). */
const BUCKETS = 5;
/** Values between two looks for a cut, and the least length of either part (the authors' and river's). */
const CLOCK = 32;
const LEAST_PART = 5;
/** Sizes of buckets are powers of two: so many rows hold more values than a stream will ever have. */
const MAX_ROWS = 48;

/**
 * Adaptive windowing (ADWIN2: Bifet and Gavaldà, 2007): keeps as long a window of the newest values as has one mean, and
 * drops the oldest when two parts of it differ by more than chance allows.
 *
 * Values should lie in [0, 1] (an error, a share; scale others): the bound assumes a range of 1. `delta` bounds the chance of a
 * false cut. Missing values (NaN) are passed over, infinite ones refused. The window is an exponential histogram: O(log n) numbers,
 * O(1) a value on average, one O(log² n) look in 32 values. Fails on slow drift, which it sees late, and on values that
 * depend on each other, where it cuts too often.
 */
export class Adwin {
  readonly delta: number;
  /** Row i holds up to five buckets of 2^i values, oldest first: sum of the values, and of their squared deviations. */
  #rows: { sum: number; spread: number }[][] = [[]];
  #size = 0;
  #sum = 0;
  #spread = 0;
  #seen = 0;

  /** `delta` in (0, 1), default 0.002. */
  constructor(delta = 0.002) {
    this.delta = requireNumber('delta', delta, Number.MIN_VALUE, 1 - Number.EPSILON);
  }

  /** Takes a value; true when the window was cut: the mean has changed. */
  update(value: number): boolean {
    if (value !== value) return false;
    if (!Number.isFinite(value)) throw new MlError('ML_VALUE', 'an infinite value has no mean');
    if (this.#size > 0) this.#spread += ((value - this.mean) ** 2 * this.#size) / (this.#size + 1);
    this.#size += 1;
    this.#sum += value;
    this.#rows[0]!.push({ sum: value, spread: 0 });
    this.#mergeFull();
    this.#seen += 1;
    if (this.#seen % CLOCK !== 0 || this.#size <= 2 * LEAST_PART) return false;
    let cut = false;
    while (this.#size > 2 * LEAST_PART && this.#differs()) {
      this.#dropOldest();
      cut = true;
    }
    return cut;
  }

  /** Values in the window. */
  get width(): number {
    return this.#size;
  }

  /** Mean of the window; NaN when it is empty. */
  get mean(): number {
    return this.#size > 0 ? this.#sum / this.#size : Number.NaN;
  }

  /** Variance of the window, divisor n; NaN when it is empty. */
  get variance(): number {
    return this.#size > 0 ? Math.max(0, this.#spread) / this.#size : Number.NaN;
  }

  #mergeFull(): void {
    for (let row = 0; row < this.#rows.length && this.#rows[row]!.length > BUCKETS; row++) {
      const [a, b] = this.#rows[row]!.splice(0, 2) as [
        { sum: number; spread: number },
        { sum: number; spread: number },
      ];
      const size = 2 ** row;
      const between = ((a.sum - b.sum) / size) ** 2 * (size / 2);
      if (row + 1 === this.#rows.length) this.#rows.push([]);
      this.#rows[row + 1]!.push({ sum: a.sum + b.sum, spread: a.spread + b.spread + between });
    }
  }

  /** Whether some cut between buckets leaves two parts whose means differ by more than the bound. */
  #differs(): boolean {
    const logTerm = Math.log((2 * Math.log(this.#size)) / this.delta);
    const variance = this.variance;
    let size = 0;
    let sum = 0;
    for (let row = this.#rows.length - 1; row >= 0; row--) {
      for (const bucket of this.#rows[row]!) {
        size += 2 ** row;
        sum += bucket.sum;
        const rest = this.#size - size;
        if (rest < LEAST_PART) return false;
        if (size < LEAST_PART) continue;
        const inverse = 1 / (size - LEAST_PART + 1) + 1 / (rest - LEAST_PART + 1);
        const bound = Math.sqrt(2 * inverse * variance * logTerm) + (2 / 3) * inverse * logTerm;
        if (Math.abs(sum / size - (this.#sum - sum) / rest) > bound) return true;
      }
    }
    return false;
  }

  #dropOldest(): void {
    const row = this.#rows.length - 1;
    const bucket = this.#rows[row]!.shift()!;
    const size = 2 ** row;
    const rest = this.#size - size;
    const difference = bucket.sum / size - (this.#sum - bucket.sum) / rest;
    this.#spread = Math.max(0, this.#spread - bucket.spread - (difference ** 2 * size * rest) / this.#size);
    this.#size = rest;
    this.#sum -= bucket.sum;
    while (this.#rows.length > 1 && this.#rows.at(-1)!.length === 0) this.#rows.pop();
  }

  toBytes(): Uint8Array {
    const counts = Uint8Array.from(this.#rows, (row) => row.length);
    const buckets = this.#rows.flat();
    const sums = Float64Array.from(buckets, ({ sum }) => sum);
    const spreads = Float64Array.from(buckets, ({ spread }) => spread);
    const totals = Float64Array.of(this.#size, this.#sum, this.#spread, this.#seen);
    return encodeModel(KIND, VERSION, { delta: this.delta }, { counts, sums, spreads, totals });
  }

  /** What `toBytes` wrote goes on to the bit. Throws the codes of `decodeModel`. */
  static fromBytes(bytes: Uint8Array, limits?: DecodeLimits): Adwin {
    const model = decodeModel(bytes, limits);
    requireKind(model, KIND, VERSION);
    const adwin = new Adwin(model.number('delta', Number.MIN_VALUE, 1 - Number.EPSILON));
    const counts = model.section('counts', 'u8');
    const buckets = counts.reduce((sum, count) => sum + count, 0);
    const sums = model.section('sums', 'f64', buckets);
    const spreads = model.section('spreads', 'f64', buckets);
    const [size, sum, spread, seen] = model.section('totals', 'f64', 4) as unknown as [number, number, number, number];
    const held = counts.reduce((total, count, row) => total + count * 2 ** row, 0);
    const whole = counts.length === 1 || (counts.at(-1) ?? 0) > 0;
    const shape = whole && counts.length <= MAX_ROWS && counts.every((count) => count <= BUCKETS);
    const finite = [...sums, ...spreads, sum, spread].every(Number.isFinite);
    if (!shape || !finite || held !== size || !Number.isSafeInteger(seen)) {
      throw new MlError('ML_FORMAT', 'the buckets of the window do not fit together');
    }
    let at = 0;
    adwin.#rows = Array.from(counts, (count) =>
      Array.from({ length: count }, () => ({ sum: sums[at]!, spread: spreads[at++]! })),
    );
    adwin.#size = size;
    adwin.#sum = sum;
    adwin.#spread = spread;
    adwin.#seen = seen;
    return adwin;
  }
}
