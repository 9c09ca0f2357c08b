import type { Json } from '../../model/detector.ts';
import { decodeFloats, encodeFloats, grown, stateNumber, stateNumbers, stateObject } from '../float-columns.ts';
import type { LocalTime } from '../seasonal/local-time.ts';
import { bytesOf, decodeBytes } from '../short-floats.ts';

const VERSION = 3;
const WHAT = 'habit season';
const DAY_MS = 86_400_000;
const HOURS = 24;
const HOUR_MS = DAY_MS / HOURS;
/** Workdays, and weekends. */
const KINDS = 2;
const CELLS = KINDS * HOURS;
/** Fewer rows than this share of an hour say nothing of it. */
const LEAST_SHARE = 0.25;
/** Weight of the newest day of a cell, once there have been some. */
const NEWEST = 0.15;
/** How far one day moves a cell, in what the hour usually strays by. */
const CLIP = 6;
/** Unrest grows at once and falls slowly, for a job that came late today comes again. */
const UNREST_UP = 0.6;
const UNREST_DOWN = 0.15;
/** What a first day may say of unrest. */
const FIRST_UNREST = 3;
/** Mean distance of a normal variable. */
const MEAN_DISTANCE = Math.sqrt(2 / Math.PI);
const UNKNOWN = -32_768;
const MOST_CODE = 2000;
/** The unit of the codes is this share of the first value; it doubles until all of what is known fits in eleven bits a side. */
const FIRST_UNIT = 1e-6;
/** Sixteen codes are twice the unrest. */
const UNREST_STEPS = 16;

/** Where a moment lies in the week. */
export interface Place {
  readonly cell: number;
  /** Cells before and after, between whose middles it lies, and how far on the way. */
  readonly before: number;
  readonly after: number;
  readonly share: number;
}

const isWeekend = (day: number): boolean => {
  // The epoch began on a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7;
  return weekday === 0 || weekday === 6;
};

/**
 * What each feature usually is at each hour of workdays and of weekends, by the clock on the wall, straight from the middle of one
 * hour to that of the next; and by how much more than usual it strays at each hour of the day, so that a daily job which comes some
 * minutes early or late is no news. 126 bytes a feature.
 */
export class HabitSeason {
  readonly #zone: LocalTime;
  readonly #rowsAnHour: number;
  #size = 0;
  /** `cell × size + feature`, in units from an anchor. */
  #codes = new Int16Array(0);
  #anchor = new Float32Array(0);
  #unit = new Float32Array(0);
  /** `hour × size + feature`: 16 times its binary logarithm. */
  #unrest = new Uint8Array(0);
  /** Days that each cell has seen, up to 255. */
  #days = new Uint8Array(CELLS);
  #cell = -1;
  #rows = 0;
  /** Of the hour that is going on: residuals, or values where nothing is known, and distances. */
  #sums = new Float32Array(0);
  #distances = new Float32Array(0);

  constructor(zone: LocalTime, cadenceMs: number) {
    this.#zone = zone;
    this.#rowsAnHour = HOUR_MS / cadenceMs;
  }

  ensure(size: number): void {
    if (size <= this.#size) return;
    const old = this.#size;
    const spread = <T extends Int16Array | Uint8Array>(from: T, to: T): T => {
      for (let at = 0, row = 0; at < from.length; at += old, row += size) to.set(from.subarray(at, at + old), row);
      return to;
    };
    this.#codes = spread(this.#codes, new Int16Array(CELLS * size).fill(UNKNOWN));
    this.#unrest = spread(this.#unrest, new Uint8Array(HOURS * size));
    this.#anchor = grown(this.#anchor, size, Number.NaN);
    this.#unit = grown(this.#unit, size, 0);
    this.#sums = grown(this.#sums, size, 0);
    this.#distances = grown(this.#distances, size, 0);
    this.#size = size;
  }

  placeOf(time: number): Place {
    const local = time + this.#zone(time);
    const day = Math.floor(local / DAY_MS);
    const first = isWeekend(day) ? HOURS : 0;
    const hours = (local - day * DAY_MS) / HOUR_MS;
    const middle = Math.floor(hours - 0.5);
    return {
      cell: first + Math.floor(hours),
      before: first + ((middle + HOURS) % HOURS),
      after: first + ((middle + 1) % HOURS),
      share: hours - 0.5 - middle,
    };
  }

  /** What a feature usually is; `NaN` until this hour of such a day has been seen. */
  expected({ cell, before, after, share }: Place, f: number): number {
    const own = this.#codes[cell * this.#size + f]!;
    if (own === UNKNOWN) return Number.NaN;
    const from = this.#codes[before * this.#size + f]!;
    const to = this.#codes[after * this.#size + f]!;
    const [a, b] = [from === UNKNOWN ? own : from, to === UNKNOWN ? own : to];
    return this.#anchor[f]! + this.#unit[f]! * (a + share * (b - a));
  }

  /** How much wilder than usual a feature is at this hour, at least 1. */
  unrest({ cell, before, after, share }: Place, f: number): number {
    const of = (at: number): number => UNREST[this.#unrest[(at % HOURS) * this.#size + f]!]!;
    return Math.max(of(cell), of(before) + share * (of(after) - of(before)));
  }

  /** Begins a row; an hour that is over is learnt by `scales`, the usual deviation of each feature. */
  enter({ cell }: Place, scales: ArrayLike<number>): void {
    if (cell === this.#cell) return;
    if (this.#cell >= 0 && this.#rows >= LEAST_SHARE * this.#rowsAnHour) this.#close(this.#cell, scales);
    this.#cell = cell;
    this.#rows = 0;
    this.#sums.fill(0);
    this.#distances.fill(0);
  }

  /** A row that teaches. */
  count(): void {
    this.#rows += 1;
  }

  /** Takes the residual of a feature, or its value where nothing is expected, and its distance in deviations. */
  note(f: number, residual: number, distance: number): void {
    this.#sums[f] = this.#sums[f]! + residual;
    this.#distances[f] = this.#distances[f]! + Math.abs(distance);
  }

  #close(cell: number, scales: ArrayLike<number>): void {
    const days = this.#days[cell]!;
    const rate = Math.max(1 / (days + 1), NEWEST);
    for (let f = 0; f < this.#size; f++) {
      const found = this.#sums[f]! / this.#rows;
      const at = cell * this.#size + f;
      if (this.#codes[at] === UNKNOWN) {
        this.#write(at, f, found);
        continue;
      }
      const place = (cell % HOURS) * this.#size + f;
      const unrest = UNREST[this.#unrest[place]!]!;
      const most = CLIP * scales[f]! * unrest;
      const known = this.#anchor[f]! + this.#unit[f]! * this.#codes[at]!;
      this.#write(at, f, known + rate * Math.max(-most, Math.min(most, found)));
      const now = (unrest * this.#distances[f]!) / this.#rows / MEAN_DISTANCE;
      this.#unrest[place] = restless(days <= 1 ? Math.min(now, FIRST_UNREST) : moved(unrest, now));
    }
    this.#days[cell] = Math.min(255, days + 1);
  }

  #write(at: number, f: number, value: number): void {
    if (!Number.isFinite(value)) return;
    if (Number.isNaN(this.#anchor[f]!)) {
      this.#anchor[f] = value;
      this.#unit[f] = Math.max(FIRST_UNIT * Math.abs(value), 1e-9);
    }
    while (Math.abs(value - this.#anchor[f]!) > MOST_CODE * this.#unit[f]!) this.#widen(f);
    this.#codes[at] = Math.round((value - this.#anchor[f]!) / this.#unit[f]!);
  }

  #widen(f: number): void {
    this.#unit[f] = 2 * this.#unit[f]!;
    for (let at = f; at < this.#codes.length; at += this.#size)
      if (this.#codes[at] !== UNKNOWN) this.#codes[at] = Math.round(this.#codes[at]! / 2);
  }

  /** All of it, to the bit. */
  toJSON(): Json {
    return {
      version: VERSION,
      days: [...this.#days],
      // Hours are near the hours before: differences take less room once they are packed.
      codes: bytesOf(this.#codes.map((code, at) => (at < this.#size ? code : code - this.#codes[at - this.#size]!))),
      unrest: bytesOf(this.#unrest),
      anchor: encodeFloats(this.#anchor),
      unit: encodeFloats(this.#unit),
      cell: this.#cell,
      rows: this.#rows,
      sums: encodeFloats(this.#sums),
      distances: encodeFloats(this.#distances),
    };
  }

  /** Takes the place of what is here, of `size` features. Throws `STATE_INVALID`. */
  restore(state: Json, size: number): void {
    const saved = stateObject(state, WHAT, VERSION);
    this.ensure(size);
    const codes = decodeBytes(saved['codes'], Int16Array, { length: CELLS * size, what: WHAT });
    for (let at = size; at < codes.length; at++) codes[at] = codes[at]! + codes[at - size]!;
    this.#codes = codes;
    this.#unrest = decodeBytes(saved['unrest'], Uint8Array, { length: HOURS * size, what: WHAT });
    this.#anchor = decodeFloats(saved['anchor'], size, WHAT);
    this.#unit = decodeFloats(saved['unit'], size, WHAT);
    this.#cell = stateNumber(saved, 'cell', WHAT);
    this.#rows = stateNumber(saved, 'rows', WHAT);
    this.#sums = decodeFloats(saved['sums'], size, WHAT);
    this.#distances = decodeFloats(saved['distances'], size, WHAT);
    this.#days = Uint8Array.from({ length: CELLS }, (_, cell) => stateNumbers(saved, 'days', WHAT)[cell] ?? 0);
  }
}

const UNREST = Float64Array.from({ length: 256 }, (_, code) => 2 ** (code / UNREST_STEPS));
const restless = (unrest: number): number =>
  Math.max(0, Math.min(255, Math.round(UNREST_STEPS * Math.log2(Math.max(1, unrest)))));
const moved = (unrest: number, now: number): number =>
  unrest + (now > unrest ? UNREST_UP : UNREST_DOWN) * (now - unrest);
