import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

const KIND = 'quantile-sketch';
const VERSION = 1;
const DEFAULT_COMPRESSION = 200;
const MAX_COMPRESSION = 10_000;
/** New values wait in a buffer of so many times the compression, and are merged together. */
const BUFFER_FACTOR = 5;

/**
 * Quantiles of a stream in bounded memory: the merging t-digest with scale function k₁ (Dunning and Ertl, 2019). Clusters are
 * small at both ends, so extreme quantiles are sharp: the rank of an answer is off by half a cluster at most, about
 * π √(q (1 − q)) / compression (0.8 % at the median, 0.05 % at the 99.9 % quantile with the default), and far less where the
 * distribution is smooth. The least and the largest value are exact.
 *
 * Holds at most `compression` clusters and five times as many waiting values (about 20 kB at 200). A value costs O(log compression)
 * on average. Sketches of parts merge into one of the whole. Values must be finite (`ML_VALUE`); order of arrival matters a
 * little. Fails to tell apart values in the middle of a distribution that differ by less than a cluster.
 */
export class QuantileSketch {
  readonly compression: number;
  #means: Float64Array;
  #weights: Float64Array;
  #clusters = 0;
  #buffer: Float64Array;
  #bufferWeights: Float64Array;
  #waiting = 0;
  #total = 0;
  #min = Infinity;
  #max = -Infinity;

  /** Throws `ML_PARAMETER` unless the compression is from 20 to 10,000. Default 200. */
  constructor(compression = DEFAULT_COMPRESSION) {
    this.compression = requireInteger('compression', compression, 20, MAX_COMPRESSION);
    this.#means = new Float64Array(clusterBound(compression));
    this.#weights = new Float64Array(clusterBound(compression));
    this.#buffer = new Float64Array(BUFFER_FACTOR * compression);
    this.#bufferWeights = new Float64Array(BUFFER_FACTOR * compression);
  }

  /** Adds a finite value that counts `weight` (above 0) times. */
  add(value: number, weight = 1): void {
    if (!Number.isFinite(value)) throw new MlError('ML_VALUE', `a sketch takes finite values, got ${value}`);
    requireNumber('weight', weight, Number.MIN_VALUE);
    if (this.#waiting === this.#buffer.length) this.#compress();
    this.#buffer[this.#waiting] = value;
    this.#bufferWeights[this.#waiting++] = weight;
    this.#total += weight;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Adds all of another sketch, which stays as it is. */
  merge(other: QuantileSketch): void {
    other.#compress();
    // Copies, for a sketch may be merged with itself.
    const means = other.#means.slice(0, other.#clusters);
    const weights = other.#weights.slice(0, other.#clusters);
    for (const [i, mean] of means.entries()) this.add(mean, weights[i]);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Sum of all weights. */
  get count(): number {
    return this.#total;
  }

  /** The value with a share `q` in [0, 1] of all at or below it; NaN when there is none. */
  quantile(q: number): number {
    requireNumber('q', q, 0, 1);
    this.#compress();
    if (this.#clusters === 0) return Number.NaN;
    const rank = q * this.#total;
    let before = 0;
    let lastRank = 0;
    let last = this.#min;
    for (let i = 0; i < this.#clusters; i++) {
      const middle = before + this.#weights[i]! / 2;
      if (rank <= middle) return between(last, this.#means[i]!, (rank - lastRank) / (middle - lastRank));
      before += this.#weights[i]!;
      lastRank = middle;
      last = this.#means[i]!;
    }
    return between(last, this.#max, Math.min(1, (rank - lastRank) / (this.#total - lastRank)));
  }

  /** About the share of all at or below `x`, in [0, 1]; NaN when there is none. */
  cdf(x: number): number {
    this.#compress();
    if (this.#clusters === 0 || Number.isNaN(x)) return Number.NaN;
    if (x < this.#min) return 0;
    if (x >= this.#max) return 1;
    let before = 0;
    let lastRank = 0;
    let last = this.#min;
    for (let i = 0; i < this.#clusters; i++) {
      const mean = this.#means[i]!;
      const middle = before + this.#weights[i]! / 2;
      if (x < mean) return (lastRank + ((x - last) / (mean - last)) * (middle - lastRank)) / this.#total;
      before += this.#weights[i]!;
      lastRank = middle;
      last = mean;
    }
    return (lastRank + ((x - last) / (this.#max - last)) * (this.#total - lastRank)) / this.#total;
  }

  toBytes(): Uint8Array {
    this.#compress();
    const means = this.#means.slice(0, this.#clusters);
    const weights = this.#weights.slice(0, this.#clusters);
    const range = Float64Array.of(this.#min, this.#max);
    return encodeModel(KIND, VERSION, { compression: this.compression }, { means, weights, range });
  }

  /** What `toBytes` wrote goes on to the bit. Throws the codes of `decodeModel`. */
  static fromBytes(bytes: Uint8Array, limits?: DecodeLimits): QuantileSketch {
    const model = decodeModel(bytes, limits);
    requireKind(model, KIND, VERSION);
    const sketch = new QuantileSketch(model.integer('compression', 20, MAX_COMPRESSION));
    const means = model.section('means', 'f64');
    const weights = model.section('weights', 'f64', means.length);
    const [min, max] = model.section('range', 'f64', 2) as unknown as [number, number];
    const rising = means.every((x, i) => x >= Math.max(min, means[i - 1] ?? min) && x <= max && Number.isFinite(x));
    const ends =
      means.length > 0 ? Number.isFinite(min) && Number.isFinite(max) : min === Infinity && max === -Infinity;
    const total = weights.reduce((sum, w) => sum + w, 0);
    const weighed = total < Infinity && weights.every((w) => w > 0);
    if (means.length > sketch.#means.length || !rising || !ends || !weighed) {
      throw new MlError('ML_FORMAT', 'the clusters of a sketch must rise within its range');
    }
    sketch.#means.set(means);
    sketch.#weights.set(weights);
    sketch.#clusters = means.length;
    sketch.#total = total;
    sketch.#min = min;
    sketch.#max = max;
    return sketch;
  }

  /** Merges what waits: by rising value, neighbours join while their cluster spans at most one unit of k₁. */
  #compress(): void {
    if (this.#waiting === 0) return;
    const [values, weights] = this.#inOrder();
    const scale = this.compression / (2 * Math.PI);
    const limitAfter = (q: number): number => {
      const k = scale * Math.asin(2 * Math.min(1, q) - 1) + 1;
      return k >= this.compression / 4 ? 1 : (Math.sin(k / scale) + 1) / 2;
    };
    let to = 0;
    let done = 0;
    let mean = values[0]!;
    let weight = weights[0]!;
    let limit = limitAfter(0) * this.#total;
    for (let i = 1; i < values.length; i++) {
      const joint = weight + weights[i]!;
      if (done + joint <= limit || to === this.#means.length - 1) {
        mean += ((values[i]! - mean) * weights[i]!) / joint;
        weight = joint;
        continue;
      }
      this.#means[to] = mean;
      this.#weights[to++] = weight;
      done += weight;
      limit = limitAfter(done / this.#total) * this.#total;
      mean = values[i]!;
      weight = weights[i]!;
    }
    this.#means[to] = mean;
    this.#weights[to++] = weight;
    this.#clusters = to;
    this.#waiting = 0;
  }

  #inOrder(): [Float64Array, Float64Array] {
    const size = this.#clusters + this.#waiting;
    const values = new Float64Array(size);
    const weights = new Float64Array(size);
    values.set(this.#means.subarray(0, this.#clusters));
    values.set(this.#buffer.subarray(0, this.#waiting), this.#clusters);
    weights.set(this.#weights.subarray(0, this.#clusters));
    weights.set(this.#bufferWeights.subarray(0, this.#waiting), this.#clusters);
    const order = Uint32Array.from(values.keys()).sort((a, b) => values[a]! - values[b]! || a - b);
    return [Float64Array.from(order, (i) => values[i]!), Float64Array.from(order, (i) => weights[i]!)];
  }
}

/** Two neighbouring clusters span more than one unit of k₁, which has compression / 2 units in all; one to be safe. */
function clusterBound(compression: number): number {
  return compression + 2;
}

function between(low: number, high: number, share: number): number {
  return Math.min(high, Math.max(low, low + (high - low) * share));
}
