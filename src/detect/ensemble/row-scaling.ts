import { medianInPlace } from '../../ml/stats-robust.ts';
import type { Json } from '../../model/detector.ts';
import { VigiaError } from '../../runtime/errors.ts';
import { stateObject } from '../float-columns.ts';

const VERSION = 1;
const WHAT = 'row scaling';

/** A scaled value is cut here: beyond it a value says only that it is far out. */
const FARTHEST = 30;
/** The largest number that is taken as it is; squares and sums of such stay far from overflow. */
const WILDEST = 1e100;
/** Values beyond so many times the 99.9 % quantile of deviations do not widen the scale any more. */
const WILD_TIMES = 10;
/** Least scale as a share of the level, and at all: a constant has no scale of its own. */
const RELATIVE_FLOOR = 1e-3;
const ABSOLUTE_FLOOR = 1e-9;
/** Rows that the siblings' scale counts for, until an entity has its own. */
const PRIOR_ROWS = 40;
/** What a row may move the scale, in scales, once it is settled. */
const CLIP = 10;
const SETTLED_ROWS = 16;

/** Level and variance of each feature, index-aligned; `NaN` levels are not known. */
export interface Scale {
  readonly centre: Float64Array;
  readonly variance: Float64Array;
}

/** What a value is taken for: infinite and wild ones as the largest that count. */
export const tame = (value: number): number => (value > WILDEST ? WILDEST : value < -WILDEST ? -WILDEST : value);

/** Level and variance of one feature; a handful of wild values does not widen it. */
function featureScale(values: Float64Array, count: number): { readonly centre: number; readonly variance: number } {
  if (count === 0) return { centre: Number.NaN, variance: 0 };
  const scratch = values.slice(0, count);
  const median = medianInPlace(scratch, count);
  for (let i = 0; i < count; i++) scratch[i] = Math.abs(values[i]! - median);
  scratch.sort();
  const high = scratch[Math.max(0, count - 1 - Math.max(1, Math.floor(count / 1000)))]!;
  // Where less than that ever moves, the few that do are all there is.
  const most = high > 0 ? WILD_TIMES * high : scratch[count - 1]!;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < count; i++) {
    const away = Math.max(-most, Math.min(most, values[i]! - median));
    sum += away;
    squares += away * away;
  }
  const mean = sum / count;
  return { centre: median + mean, variance: Math.max(0, squares / count - mean * mean) };
}

/** The scale of every feature over rows × features values, row-major; `NaN` is missing. */
export function scaleOf(values: ArrayLike<number>, rows: number, features: number): Scale {
  const scale = { centre: new Float64Array(features), variance: new Float64Array(features) };
  const column = new Float64Array(rows);
  for (let f = 0; f < features; f++) {
    let count = 0;
    for (let r = 0, at = f; r < rows; r++, at += features) {
      const value = values[at]!;
      if (value === value) column[count++] = tame(value);
    }
    const found = featureScale(column, count);
    scale.centre[f] = found.centre;
    scale.variance[f] = found.variance;
  }
  return scale;
}

/** A deviation that can be divided by. */
export const soundDeviation = (centre: number, variance: number): number =>
  Math.max(Math.sqrt(variance), RELATIVE_FLOOR * Math.abs(centre), ABSOLUTE_FLOOR);

/**
 * Brings an entity's values to deviations from its own level. A new entity begins with the scale of its siblings and
 * moves to its own, row by row.
 */
export class RowScaling {
  readonly #centre: Float64Array;
  readonly #variance: Float64Array;
  readonly #counts: Float64Array;
  readonly #memory: number;
  readonly #least: number;

  /**
   * `rows` is how many rows stand behind the scale; history older than `memory` rows is forgotten; `least` is the least deviation
   * of values that are deviations already.
   */
  constructor(scale: Scale, options: { readonly rows?: number; readonly memory: number; readonly least?: number }) {
    this.#centre = scale.centre.slice();
    this.#variance = scale.variance.slice();
    this.#counts = new Float64Array(scale.centre.length).fill(options.rows ?? PRIOR_ROWS);
    this.#memory = options.memory;
    this.#least = options.least ?? 0;
    for (let f = 0; f < this.#centre.length; f++) if (Number.isNaN(this.#centre[f]!)) this.#counts[f] = 0;
  }

  deviation(f: number): number {
    return Math.max(soundDeviation(this.#centre[f]!, this.#variance[f]!), this.#least);
  }

  /** Scales values into `out`; `NaN` where a value is missing or its level not known. */
  apply(values: Float64Array, out: Float64Array): void {
    for (let f = 0; f < out.length; f++) {
      const z = (tame(values[f]!) - this.#centre[f]!) / this.deviation(f);
      out[f] = z > FARTHEST ? FARTHEST : z < -FARTHEST ? -FARTHEST : z;
    }
  }

  /** Learns values. */
  learn(values: Float64Array, weight: number): void {
    for (let f = 0; f < this.#centre.length; f++) {
      const value = tame(values[f]!);
      if (value !== value) continue;
      const count = this.#counts[f]!;
      if (count === 0) {
        this.#centre[f] = value;
        this.#counts[f] = 1;
        continue;
      }
      const rate = Math.max(1 / (count + 1), 1 / this.#memory) * weight;
      const most = count < SETTLED_ROWS ? Infinity : CLIP * this.deviation(f);
      const away = Math.max(-most, Math.min(most, value - this.#centre[f]!));
      this.#centre[f] = this.#centre[f]! + rate * away;
      // Of what is hardly believed the level may have a little; were it to widen the scale, it would hide what comes next.
      const spread = rate * weight;
      // Known no better than to single precision, and kept so.
      this.#variance[f] = Math.fround((1 - spread) * (this.#variance[f]! + spread * away * away));
      this.#counts[f] = count + weight;
    }
  }

  /** Takes the level that is `deviations` away for the usual one. */
  move(f: number, deviations: number): void {
    this.#centre[f] = this.#centre[f]! + deviations * this.deviation(f);
  }

  toJSON(): Json {
    return {
      version: VERSION,
      centre: encodeDoubles(this.#centre),
      variance: encodeDoubles(this.#variance),
      counts: encodeDoubles(this.#counts),
    };
  }

  /** Throws `STATE_INVALID`. */
  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    decodeDoubles(saved['centre'], this.#centre);
    decodeDoubles(saved['variance'], this.#variance);
    decodeDoubles(saved['counts'], this.#counts);
  }
}

/** Base64 of little-endian Float64: levels of bytes and of seconds since 1970 need every digit. */
const encodeDoubles = (values: Float64Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

function decodeDoubles(state: Json | undefined, into: Float64Array): void {
  const bytes = typeof state === 'string' ? Buffer.from(state, 'base64') : Buffer.alloc(0);
  if (typeof state !== 'string' || bytes.length !== into.byteLength)
    throw new VigiaError('STATE_INVALID', { what: WHAT });
  into.set(new Float64Array(new Uint8Array(bytes).buffer));
}
