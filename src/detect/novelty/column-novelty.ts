import type { Json } from '../../model/detector.ts';
import { decodeFloats, encodeFloats, stateNumbers, stateObject } from '../float-columns.ts';
import { Prototypes } from './prototypes.ts';

const VERSION = 1;
const WHAT = 'novelty';

/**
 * A look compares the newest `rows` values with those kept. A distance is as new as 1 when it is `usual` times the root mean
 * square of such distances so far plus the share `range` of the range of values so far. Points nearer than the share `grain` of
 * the range count as the same.
 */
interface Look {
  readonly rows: number;
  readonly kept: number;
  readonly usual: number;
  readonly range: number;
  readonly grain: number;
}

/** A value never seen; a course never seen; a course never seen at this time of day. */
const VALUE: Look = { rows: 1, kept: 1024, usual: 1, range: 0.02, grain: 0.001 };
const SHAPE: Look = { rows: 3, kept: 512, usual: 0, range: 0.2, grain: 0.02 };
const DAILY: Look = { rows: 6, kept: 16, usual: 5, range: 0.1, grain: 0.01 };
const LOOKS: readonly Look[] = [VALUE, SHAPE, DAILY];
const ROWS = Math.max(...LOOKS.map(({ rows }) => rows));

/** Parts of a day, and how many earlier or later still are the same time of day: an hour and a half. */
export const SLOTS = 48;
const NEAR_SLOTS = 3;
/** Days before the time of day says anything, and hours after which a point belongs to another day. */
const LEAST_DAYS = 2;
const HALF_DAY_HOURS = 12;
/** One wild value widens the range by no more than so many times, and counts as no more than so many usual distances. */
const WIDEN = 3;
const CLIP = 20;
/** Rows over which the usual distance is known. */
const MEMORY = 20_000;
/** Values before the distances among them are usual. */
const FIRST = 10;
/** A value or a course that was not seen for so long is new again: ten days, and no fewer rows than these. */
const FORGET_HOURS = 240;
const FORGET_ROWS = 240;
/** The range is at least this share of the value. */
const LEAST_RANGE = 0.05;

/** A moment of local time. */
export interface Moment {
  /** Hours since the epoch. */
  readonly hour: number;
  readonly day: number;
  readonly slot: number;
}

/** How new a value is: `ratio` from 0, 1 is what comes once in a thousand rows or so; `at` is the unit of it, in values. */
export interface Novel {
  readonly ratio: number;
  readonly unit: number;
}

interface Slot {
  readonly prototypes: Prototypes;
  lastDay: number;
  days: number;
}

/** What one column has shown so far, and how new the next value is. O(kept points) a value: some 5 µs. */
export class ColumnNovelty {
  readonly #values = new Prototypes(VALUE.rows, VALUE.kept);
  readonly #shapes = new Prototypes(SHAPE.rows, SHAPE.kept);
  readonly #slots: readonly Slot[] = Array.from({ length: SLOTS }, () => ({
    prototypes: new Prototypes(DAILY.rows, DAILY.kept),
    lastDay: -1,
    days: 0,
  }));
  /** Newest values, the newest first. */
  readonly #recent: Float32Array = new Float32Array(ROWS);
  /** Hours after which a value or a course is forgotten. */
  readonly #forget: number;
  #seen = 0;
  #low = 0;
  #high = 0;
  /** Of each look the mean square distance and how many it is of. */
  readonly #square = [0, 0, 0];
  readonly #count = [0, 0, 0];
  readonly #points = LOOKS.map(({ rows }) => new Float64Array(rows));
  readonly #distances = new Float64Array(LOOKS.length);

  constructor(stepMs: number) {
    this.#forget = Math.max(FORGET_HOURS, (FORGET_ROWS * stepMs) / 3_600_000);
  }

  /** Values seen. */
  get seen(): number {
    return this.#seen;
  }

  /** How new a finite value is; changes nothing. `floor` is the least range that counts. */
  judge(moment: Moment, value: number, floor: number): Novel {
    this.#look(moment, value);
    const range = this.#rangeOf(value, floor);
    let ratio = 0;
    for (let look = 0; look < LOOKS.length; look++)
      if (Number.isFinite(this.#distances[look]!))
        ratio = Math.max(ratio, this.#distances[look]! / this.#unitOf(look, range));
    return { ratio, unit: this.#unitOf(0, range) };
  }

  /** The known value that is nearest; NaN before the first. */
  nearest(value: number): number {
    return this.#values.nearestValue(value);
  }

  learn(moment: Moment, value: number, floor: number): void {
    this.#look(moment, value);
    const before = this.#rangeOf(value, floor);
    for (let look = 0; look < LOOKS.length; look++) this.#learnUsual(look, before);
    this.#widen(value);
    const range = this.#rangeOf(value, floor);
    const [one, shape, daily] = this.#points as [Float64Array, Float64Array, Float64Array];
    if (this.#distances[0]! <= VALUE.grain * range) this.#values.renew(moment.hour);
    else this.#values.take(one, moment.hour);
    if (this.#distances[1]! <= SHAPE.grain * range) this.#shapes.renew(moment.hour);
    else if (this.#seen >= SHAPE.rows - 1) this.#shapes.take(shape, moment.hour);
    if (this.#seen >= DAILY.rows - 1) this.#learnDaily(moment, daily, DAILY.grain * range);
    this.#recent.copyWithin(1, 0);
    this.#recent[0] = value;
    this.#seen += 1;
  }

  /** Fills the points and their distances from what is known; infinite where nothing is. */
  #look(moment: Moment, value: number): void {
    for (const point of this.#points) {
      point[0] = value;
      // Before there are as many values the first ones stand for those that are wanting.
      for (let row = 1; row < point.length; row++) point[row] = row <= this.#seen ? this.#recent[row - 1]! : value;
    }
    const after = moment.hour - this.#forget;
    this.#distances[0] = this.#values.nearest(this.#points[0]!, after, Number.POSITIVE_INFINITY);
    this.#distances[1] = this.#shapes.nearest(this.#points[1]!, after, Number.POSITIVE_INFINITY);
    this.#distances[2] = this.#lookDaily(moment, this.#points[2]!);
  }

  #lookDaily({ hour, slot }: Moment, point: Float64Array): number {
    let days = 0;
    let nearest = Number.POSITIVE_INFINITY;
    for (let near = -NEAR_SLOTS; near <= NEAR_SLOTS; near++) {
      const one = this.#slots[(slot + near + SLOTS) % SLOTS]!;
      days = Math.max(days, one.days);
      nearest = Math.min(nearest, one.prototypes.nearest(point, Number.NEGATIVE_INFINITY, hour - HALF_DAY_HOURS));
    }
    return days >= LEAST_DAYS ? nearest : Number.POSITIVE_INFINITY;
  }

  #learnDaily({ hour, day, slot }: Moment, point: Float64Array, grain: number): void {
    const own = this.#slots[slot]!;
    if (day !== own.lastDay) {
      if (own.lastDay >= 0) own.days += 1;
      own.lastDay = day;
    }
    if (!(own.prototypes.nearest(point, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY) <= grain))
      own.prototypes.take(point, hour);
  }

  #rangeOf(value: number, floor: number): number {
    return Math.max(this.#high - this.#low, LEAST_RANGE * Math.abs(value), floor);
  }

  #unitOf(look: number, range: number): number {
    const { usual, range: share } = LOOKS[look]!;
    return usual * Math.sqrt(this.#square[look]!) + share * range;
  }

  #learnUsual(look: number, range: number): void {
    const distance = this.#distances[look]!;
    if (this.#seen < FIRST || !Number.isFinite(distance)) return;
    const counted = Math.min(distance, CLIP * this.#unitOf(look, range));
    this.#count[look] = Math.min(MEMORY, this.#count[look]! + 1);
    this.#square[look] = this.#square[look]! + (counted * counted - this.#square[look]!) / this.#count[look];
  }

  #widen(value: number): void {
    if (this.#seen === 0) {
      this.#low = value;
      this.#high = value;
      return;
    }
    const most = this.#high > this.#low ? WIDEN * (this.#high - this.#low) : Number.POSITIVE_INFINITY;
    if (value > this.#high) this.#high = Math.min(value, this.#high + most);
    if (value < this.#low) this.#low = Math.max(value, this.#low - most);
  }

  toJSON(): Json {
    return {
      version: VERSION,
      numbers: [this.#seen, this.#low, this.#high, ...this.#square, ...this.#count],
      recent: encodeFloats(this.#recent),
      values: this.#values.toJSON(),
      shapes: this.#shapes.toJSON(),
      slots: this.#slots.map(({ prototypes, lastDay, days }) => [lastDay, days, prototypes.toJSON()]),
    };
  }

  /** Throws `STATE_INVALID` when the state is damaged or of another version. */
  static fromJSON(state: Json, stepMs: number): ColumnNovelty {
    const saved = stateObject(state, WHAT, VERSION);
    const column = new ColumnNovelty(stepMs);
    const numbers = stateNumbers(saved, 'numbers', WHAT);
    [column.#seen, column.#low, column.#high] = numbers as [number, number, number];
    for (let look = 0; look < LOOKS.length; look++) {
      column.#square[look] = numbers[3 + look] ?? 0;
      column.#count[look] = numbers[3 + LOOKS.length + look] ?? 0;
    }
    column.#recent.set(decodeFloats(saved['recent'], ROWS, WHAT));
    column.#values.restore(saved['values'] ?? null);
    column.#shapes.restore(saved['shapes'] ?? null);
    const slots = saved['slots'];
    for (let slot = 0; slot < SLOTS; slot++) {
      const [lastDay, days, prototypes] = (Array.isArray(slots) ? (slots[slot] ?? []) : []) as Json[];
      const own = column.#slots[slot]!;
      own.lastDay = Number(lastDay);
      own.days = Number(days);
      own.prototypes.restore(prototypes ?? null);
    }
    return column;
  }
}
