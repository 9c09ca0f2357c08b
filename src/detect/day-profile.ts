import type { Json } from '../model/detector.ts';
import { decodeFloats, encodeFloats, grown, stateNumber, stateObject } from './float-columns.ts';

/** Half an hour: long enough that a job which starts some minutes late stays inside with its neighbours. */
export const SLOTS = 48;
const VERSION = 1;
const DAY_MS = 86_400_000;
const SLOT_MS = DAY_MS / SLOTS;
/** Of the way that an envelope goes back towards today's values, when today was narrower. */
const NARROWING = 0.3;
/** The same when the slot held an anomaly: half the way out, so that what comes daily is normal within days. */
const TAINTED = 0.5;

/**
 * What values each feature has had at each time of day: an envelope a slot, widened at once by what is normal, narrowed
 * slowly. A daily job of minutes lies inside it, which no mean of half an hour would show. Times of day are UTC: at a
 * change of daylight saving the neighbouring slots, which are asked too, cover half of the shift.
 */
export class DayProfile {
  /** Envelopes of closed slots, `slot × capacity + feature`; NaN until the slot has been seen. */
  #low = new Float32Array(0);
  #high = new Float32Array(0);
  /** Of the slot that is going on. */
  #nowLow = new Float32Array(0);
  #nowHigh = new Float32Array(0);
  #capacity = 0;
  #slot = -1;
  #tainted = false;

  /** Takes a frame into the slot that is going on. `weight` below a half means that it is abnormal. */
  learn(time: number, values: Float32Array, weight: number): void {
    this.#ensure(values.length);
    const slot = slotOf(time);
    if (slot !== this.#slot) this.#turn(slot);
    if (weight < 0.5) this.#tainted = true;
    for (let f = 0; f < values.length; f++) {
      const value = values[f]!;
      if (Number.isNaN(value)) continue;
      if (!(value >= this.#nowLow[f]!)) this.#nowLow[f] = value;
      if (!(value <= this.#nowHigh[f]!)) this.#nowHigh[f] = value;
    }
  }

  /** Lowest value of the feature at this time of day, half an hour early or late included; NaN when not known. */
  low(time: number, feature: number): number {
    return this.#around(this.#low, time, feature, Math.min);
  }

  high(time: number, feature: number): number {
    return this.#around(this.#high, time, feature, Math.max);
  }

  #around(of: Float32Array, time: number, feature: number, pick: (a: number, b: number) => number): number {
    if (feature >= this.#capacity) return Number.NaN;
    const slot = slotOf(time);
    const mine = of[slot * this.#capacity + feature]!;
    if (Number.isNaN(mine)) return mine;
    const before = of[((slot + SLOTS - 1) % SLOTS) * this.#capacity + feature]!;
    const after = of[((slot + 1) % SLOTS) * this.#capacity + feature]!;
    return pick(pick(mine, Number.isNaN(before) ? mine : before), Number.isNaN(after) ? mine : after);
  }

  #turn(next: number): void {
    if (this.#slot >= 0) this.#closeSlot(this.#slot * this.#capacity);
    this.#slot = next;
    this.#tainted = false;
    this.#nowLow.fill(Number.NaN);
    this.#nowHigh.fill(Number.NaN);
  }

  #closeSlot(base: number): void {
    const out = this.#tainted ? TAINTED : 1;
    for (let f = 0; f < this.#capacity; f++) {
      const low = this.#nowLow[f]!;
      const high = this.#nowHigh[f]!;
      if (Number.isNaN(low)) continue;
      const knownLow = this.#low[base + f]!;
      const knownHigh = this.#high[base + f]!;
      if (Number.isNaN(knownLow)) {
        // A first day that was abnormal teaches nothing yet.
        if (this.#tainted) continue;
        this.#low[base + f] = low;
        this.#high[base + f] = high;
      } else {
        this.#low[base + f] = knownLow + (low < knownLow ? out : NARROWING) * (low - knownLow);
        this.#high[base + f] = knownHigh + (high > knownHigh ? out : NARROWING) * (high - knownHigh);
      }
    }
  }

  #ensure(n: number): void {
    if (n <= this.#capacity) return;
    const old = this.#capacity;
    const spread = (from: Float32Array) => {
      const to = new Float32Array(SLOTS * n).fill(Number.NaN);
      for (let slot = 0; slot < SLOTS; slot++) to.set(from.subarray(slot * old, (slot + 1) * old), slot * n);
      return to;
    };
    this.#low = spread(this.#low);
    this.#high = spread(this.#high);
    this.#nowLow = grown(this.#nowLow, n, Number.NaN);
    this.#nowHigh = grown(this.#nowHigh, n, Number.NaN);
    this.#capacity = n;
  }

  toJSON(): Json {
    return {
      version: VERSION,
      capacity: this.#capacity,
      slot: this.#slot,
      tainted: this.#tainted,
      low: encodeFloats(this.#low),
      high: encodeFloats(this.#high),
      nowLow: encodeFloats(this.#nowLow),
      nowHigh: encodeFloats(this.#nowHigh),
    };
  }

  static fromJSON(saved: Json): DayProfile {
    const what = 'day profile';
    const state = stateObject(saved, what, VERSION);
    const profile = new DayProfile();
    const capacity = stateNumber(state, 'capacity', what);
    profile.#capacity = capacity;
    profile.#slot = stateNumber(state, 'slot', what);
    profile.#tainted = state['tainted'] === true;
    profile.#low = decodeFloats(state['low'], SLOTS * capacity, what);
    profile.#high = decodeFloats(state['high'], SLOTS * capacity, what);
    profile.#nowLow = decodeFloats(state['nowLow'], capacity, what);
    profile.#nowHigh = decodeFloats(state['nowHigh'], capacity, what);
    return profile;
  }
}

const slotOf = (time: number): number => Math.floor((time % DAY_MS) / SLOT_MS);
