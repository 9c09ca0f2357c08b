import type { Json } from '../../model/detector.ts';
import { decodeFloats, encodeFloats, grown, stateNumbers, stateObject, stateText } from '../float-columns.ts';
import type { LocalTime } from './local-time.ts';
import { SeasonStore } from './season-store.ts';

const VERSION = 2;
const WHAT = 'season profile';
const DAY_MS = 86_400_000;
/** Half an hour: long enough that a job which starts some minutes late stays inside with its neighbours. */
const SLOTS = 48;
const SLOT_MS = DAY_MS / SLOTS;
/** Four hours of a day of the week. */
const SLOTS_A_BLOCK = 8;
const BLOCKS_A_DAY = SLOTS / SLOTS_A_BLOCK;
const BLOCKS = 7 * BLOCKS_A_DAY;
/** The epoch began on a Thursday; weeks begin on Monday. */
const FIRST_DAY = 3;
/** Of the way that an envelope goes back towards today's values, when today was narrower. */
const NARROWING = 0.3;
/**
 * Of the way out when the slot held an anomaly: half the first time, and more when it did the last time too, so that what comes daily or
 * weekly is normal the fourth time at the latest, and one fault leaves no room for the next.
 */
const TAINTED = [1, 0.5, 0.9, 1];

/** Ends by feature; NaN where they are not known. */
interface Envelopes {
  readonly slot: number;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

const NONE: Envelopes = { slot: Number.NaN, low: new Float64Array(0), high: new Float64Array(0) };

/**
 * What values each feature has had at each time of day, by the clock on the wall: an envelope a slot of half an hour, widened at
 * once by what is normal, narrowed slowly, so that a daily job of minutes lies inside it, which no mean of half an hour would show. On
 * top, for each four hours of each day of the week, how far values went out of the envelope of the day: weekends, weekly jobs.
 *
 * 204 bytes a feature. A change of the clocks moves nothing of what people do; what follows UTC instead is an hour off for some days
 * twice a year, which the slots beside it cover by half.
 */
export class SeasonProfile {
  readonly #zone: LocalTime;
  readonly #store = new SeasonStore(SLOTS, BLOCKS);
  /** Of the slot that is going on: lowest and highest value. */
  #low = new Float32Array(0);
  #high = new Float32Array(0);
  /** Of the block that is going on: distances below and above the day's envelope. */
  #below = new Float32Array(0);
  #above = new Float32Array(0);
  /** Half hours of local time since the epoch. */
  #slot = Number.NaN;
  #tainted = false;
  #blockTainted = false;
  /** Of the slot that was asked for last; not part of the state, for it follows from it. */
  #known = NONE;
  /** How often in a row each slot of the day, and each block of the week, held an anomaly. */
  #slotTaints = new Int8Array(SLOTS);
  #blockTaints = new Int8Array(BLOCKS);

  constructor(zone: LocalTime) {
    this.#zone = zone;
  }

  /** Takes a frame into the slot that is going on. `weight` below a half means that it is abnormal. */
  learn(time: number, values: Float32Array, weight: number): void {
    this.#ensure(values.length);
    const slot = this.slotAt(time);
    if (slot !== this.#slot) this.#turn(slot);
    if (weight < 0.5) this.#tainted = true;
    for (let f = 0; f < values.length; f++) {
      const value = values[f]!;
      if (!Number.isFinite(value)) continue;
      if (!(value >= this.#low[f]!)) this.#low[f] = value;
      if (!(value <= this.#high[f]!)) this.#high[f] = value;
    }
  }

  /** What a slot usually brings each feature, half an hour early or late included; stands until something is learnt. */
  at(slot: number): Envelopes {
    if (slot === this.#known.slot) return this.#known;
    const capacity = this.#store.capacity;
    const known = { slot, low: new Float64Array(capacity), high: new Float64Array(capacity) };
    for (let f = 0; f < capacity; f++) {
      const day = this.#store.around(wrapped(slot, SLOTS), f);
      const { below, above } = this.#store.outOf(blockOf(slot), f);
      known.low[f] = day.low - below;
      known.high[f] = day.high + above;
    }
    this.#known = known;
    return known;
  }

  /** The slot of a time: half hours of local time since the epoch. */
  slotAt(time: number): number {
    return Math.floor((time + this.#zone(time)) / SLOT_MS);
  }

  #turn(next: number): void {
    this.#known = NONE;
    if (!Number.isNaN(this.#slot)) {
      const slot = wrapped(this.#slot, SLOTS);
      count(this.#slotTaints, slot, this.#tainted);
      for (let f = 0; f < this.#store.capacity; f++) if (!Number.isNaN(this.#low[f]!)) this.#close(slot, f);
      this.#blockTainted ||= this.#tainted;
      if (blockOf(next) !== blockOf(this.#slot)) this.#closeBlock();
    }
    this.#slot = next;
    this.#tainted = false;
    this.#low.fill(Number.NaN);
    this.#high.fill(Number.NaN);
  }

  #close(slot: number, f: number): void {
    const seen = { low: this.#low[f]!, high: this.#high[f]! };
    const day = this.#store.around(slot, f);
    if (!Number.isNaN(day.low)) {
      this.#below[f] = Math.max(zeroed(this.#below[f]!), day.low - seen.low);
      this.#above[f] = Math.max(zeroed(this.#above[f]!), seen.high - day.high);
    }
    this.#store.fit(f, { ...seen, below: this.#below[f]!, above: this.#above[f]! }, slot === 0);
    // A first day that was abnormal goes half the way from the half hour before, or teaches nothing.
    if (this.#tainted && !this.#store.begin(slot, f)) return;
    this.#store.move(slot, f, seen, { out: TAINTED[this.#slotTaints[slot]!]!, in: NARROWING });
  }

  #closeBlock(): void {
    const block = blockOf(this.#slot);
    count(this.#blockTaints, block, this.#blockTainted);
    const ways = { out: TAINTED[this.#blockTaints[block]!]!, in: NARROWING };
    for (let f = 0; f < this.#store.capacity; f++)
      this.#store.stretch(block, f, { below: this.#below[f]!, above: this.#above[f]! }, ways);
    this.#below.fill(Number.NaN);
    this.#above.fill(Number.NaN);
    this.#blockTainted = false;
  }

  #ensure(n: number): void {
    if (n <= this.#store.capacity) return;
    this.#known = NONE;
    this.#store.ensure(n);
    this.#low = grown(this.#low, n, Number.NaN);
    this.#high = grown(this.#high, n, Number.NaN);
    this.#below = grown(this.#below, n, Number.NaN);
    this.#above = grown(this.#above, n, Number.NaN);
  }

  toJSON(): Json {
    return {
      version: VERSION,
      numbers: [this.#store.capacity, Number(this.#tainted), Number(this.#blockTainted)],
      slot: Number.isNaN(this.#slot) ? null : this.#slot,
      taints: [...this.#slotTaints, ...this.#blockTaints].join(''),
      store: this.#store.toJSON(),
      going: [this.#low, this.#high, this.#below, this.#above].map(encodeFloats),
    };
  }

  /** Throws `STATE_INVALID` when the state is damaged or of another version. */
  static fromJSON(saved: Json, zone: LocalTime): SeasonProfile {
    const state = stateObject(saved, WHAT, VERSION);
    const profile = new SeasonProfile(zone);
    const [capacity = 0, tainted, blockTainted] = stateNumbers(state, 'numbers', WHAT);
    const taints = stateText(state, 'taints', WHAT);
    profile.#slotTaints = Int8Array.from(taints.slice(0, SLOTS).padEnd(SLOTS, '0'), Number);
    profile.#blockTaints = Int8Array.from(taints.slice(SLOTS).padEnd(BLOCKS, '0'), Number);
    const slot = state['slot'];
    profile.#slot = typeof slot === 'number' ? slot : Number.NaN;
    profile.#tainted = tainted === 1;
    profile.#blockTainted = blockTainted === 1;
    profile.#store.restore(state['store'], capacity);
    const going = Array.isArray(state['going']) ? (state['going'] as readonly Json[]) : [];
    profile.#low = decodeFloats(going[0], capacity, WHAT);
    profile.#high = decodeFloats(going[1], capacity, WHAT);
    profile.#below = decodeFloats(going[2], capacity, WHAT);
    profile.#above = decodeFloats(going[3], capacity, WHAT);
    return profile;
  }
}

function count(taints: Int8Array, at: number, tainted: boolean): void {
  taints[at] = tainted ? Math.min(TAINTED.length - 1, taints[at]! + 1) : 0;
}

const zeroed = (n: number): number => (Number.isNaN(n) ? 0 : n);
const wrapped = (n: number, around: number): number => ((n % around) + around) % around;

/** Block of the week that a slot lies in. */
const blockOf = (slot: number): number => wrapped(Math.floor(slot / SLOTS_A_BLOCK) + FIRST_DAY * BLOCKS_A_DAY, BLOCKS);
