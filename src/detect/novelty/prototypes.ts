import type { Json } from '../../model/detector.ts';
import { decodeFloats, encodeFloats, grown, stateNumber, stateObject } from '../float-columns.ts';

const WHAT = 'prototypes';
const VERSION = 1;
const FIRST = 8;

/**
 * Points that stand for all that was seen: each is kept unless one that is kept lies near. When there is no more room the oldest
 * goes. O(kept × dim) a look, four bytes a number.
 */
export class Prototypes {
  readonly #dim: number;
  readonly #capacity: number;
  #points: Float32Array<ArrayBuffer>;
  /** When each was taken, in hours: whole numbers that Float32 holds exactly. */
  #born: Float32Array<ArrayBuffer>;
  #taken = 0;
  /** The one that was nearest in the last look that found any. */
  #nearest = 0;

  constructor(dim: number, capacity: number) {
    this.#dim = dim;
    this.#capacity = capacity;
    this.#points = new Float32Array(FIRST * dim);
    this.#born = new Float32Array(FIRST);
  }

  get size(): number {
    return Math.min(this.#taken, this.#capacity);
  }

  /** Root mean square difference from the nearest one taken, or seen again, after and before these hours; infinite when there is none. */
  nearest(point: Float64Array, after: number, before: number): number {
    const dim = this.#dim;
    const points = this.#points;
    const born = this.#born;
    const size = this.size;
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0, o = 0; i < size; i++, o += dim) {
      if (born[i]! < after || born[i]! >= before) continue;
      let sum = 0;
      for (let d = 0; d < dim && sum < best; d++) {
        const difference = point[d]! - points[o + d]!;
        sum += difference * difference;
      }
      if (sum >= best) continue;
      best = sum;
      this.#nearest = i;
    }
    return Math.sqrt(best / dim);
  }

  /** First number of the nearest point; NaN when there is none. */
  nearestValue(value: number): number {
    let best = Number.NaN;
    for (let i = 0, o = 0; i < this.size; i++, o += this.#dim) {
      const one = this.#points[o]!;
      if (!(Math.abs(one - value) >= Math.abs(best - value))) best = one;
    }
    return best;
  }

  /** Says that the nearest one of the last look was seen again. */
  renew(hour: number): void {
    this.#born[this.#nearest] = hour;
  }

  take(point: Float64Array, hour: number): void {
    const at = this.#taken % this.#capacity;
    if (at >= this.#born.length) {
      const room = Math.min(this.#capacity, 2 * this.#born.length);
      this.#points = grown(this.#points, room * this.#dim, 0);
      this.#born = grown(this.#born, room, 0);
    }
    this.#points.set(point, at * this.#dim);
    this.#born[at] = hour;
    this.#taken += 1;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      taken: this.#taken,
      room: this.#born.length,
      points: encodeFloats(this.#points),
      born: encodeFloats(this.#born),
    };
  }

  /** Takes the place of what is here. Throws `STATE_INVALID` when it is not one of these dimensions. */
  restore(state: Json): void {
    const saved = stateObject(state, WHAT, VERSION);
    const room = stateNumber(saved, 'room', WHAT);
    this.#points = decodeFloats(saved['points'], room * this.#dim, WHAT);
    this.#born = decodeFloats(saved['born'], room, WHAT);
    this.#taken = stateNumber(saved, 'taken', WHAT);
  }
}
