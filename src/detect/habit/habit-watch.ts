import type { Json } from '../../model/detector.ts';
import type { Frame } from '../../model/frame.ts';
import { decodeFloats, encodeFloats, grown, stateNumber, stateObject } from '../float-columns.ts';
import { rowCadence, RowGather } from '../row-gather.ts';
import type { LocalTime } from '../seasonal/local-time.ts';
import { HabitScales, SCALES } from './habit-scales.ts';
import { HabitSeason, type Place } from './habit-season.ts';
import { HabitTails } from './habit-tails.ts';
import { coarsen } from '../short-floats.ts';

const VERSION = 2;
/** The version that kept numbers rounded, so that who went on from it said something else. */
const ROUNDED = 1;
const WHAT = 'habit';

const LEAST_CADENCE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Half-lives of the level above the season, and of the usual deviation. */
const LEVEL_MS = 24 * HOUR_MS;
const SCALE_MS = 6 * 24 * HOUR_MS;
/** Of residuals against a season that is known, before anything is judged. */
const READY_MS = 24 * HOUR_MS;
/** A residual moves the level, and the deviation, by no more than so many deviations. */
const LEVEL_CLIP = 4;
const SCALE_CLIP = 5;
/** Residuals that are taken as they are. */
const UNCLIPPED = 30;
const ABS_TO_DEVIATION = Math.sqrt(Math.PI / 2);
/** How fast what is left of a residual a row later is learnt, beside the deviation; it is below 1. */
const MEMORY_TIMES = 3;
const MOST_MEMORY = 0.98;
/** Half-lives over which it is asked how restless a feature is; the first also tells how still. */
const POWER_MINUTES = [8, 25] as const;
const POWER_CLIP = 30;
const STILLEST = 1e-3;
const POWER_LEARN_CLIP = 20;
const RECENT_MINUTES = 20;
/** Channels: each scale alone, each scale given the others, restless over both times, still. */
const RESTLESS = 2 * SCALES;
const STILL = RESTLESS + POWER_MINUTES.length;
const CHANNELS = STILL + 1;
const FULL_WEIGHT = 0.5;
/** Least deviation as a share of the value. */
const RELATIVE_FLOOR = 1e-6;

/** Columns, one number a feature. */
const COLUMNS = ['seen', 'level', 'scale', 'last', 'memory', 'power', 'recent', 'restless', 'restlessLong'] as const;
type Bank = Record<(typeof COLUMNS)[number], Float32Array>;
const START: Readonly<Partial<Record<keyof Bank, number>>> = { memory: 0.5, power: 1 };
const bankOf = (make: (column: keyof Bank) => Float32Array): Bank =>
  Object.fromEntries(COLUMNS.map((column) => [column, make(column)])) as Bank;

/** What is said of an entity's newest row, until the next one. */
export interface HabitLook {
  /** False between rows. */
  readonly fresh: boolean;
  /** -ln of the tail probability of the oddest feature in its oddest channel: of many, so by itself no probability. */
  readonly score: number;
  /** How odd each feature is, in the same measure. */
  readonly features: Float32Array;
}

export const habitCadence = (stepMs: number): number => rowCadence(stepMs, LEAST_CADENCE_MS);

/**
 * How each feature strays from its usual course of day and week, for minutes to an hour: what is small but lasts. Rows of a minute
 * less what the hour of such a day usually brings, in robust deviations, as means over several lengths of time; each feature alone,
 * each given what the others do, how restless and how still it is. Every such channel is turned into -ln p by its own tail, and
 * the oddest of all is the score. What is said of a deploy is not its business: `quiet` keeps it silent for a while.
 *
 * It judges after two days, and weekends from the second day of one on. O(features² × 4) a row up to 64 features.
 */
export class HabitWatch {
  readonly #cadenceMs: number;
  readonly #gather: RowGather;
  readonly #season: HabitSeason;
  readonly #scales: HabitScales;
  readonly #tails = new HabitTails(CHANNELS);
  readonly #powerRates: readonly number[];
  #size = 0;
  #bank: Bank = bankOf(() => new Float32Array(0));
  /** Of the newest row. */
  #residuals = new Float64Array(0);
  #z = new Float64Array(0);
  #said = new Float32Array(0);
  /** Which features have a course that they could stray from. */
  #expected = new Uint8Array(0);
  #look: HabitLook | null = null;
  #taken = false;
  #known = 0;
  #weight = 1;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(stepMs: number, zone: LocalTime) {
    this.#cadenceMs = habitCadence(stepMs);
    this.#gather = new RowGather(this.#cadenceMs);
    this.#season = new HabitSeason(zone, this.#cadenceMs);
    this.#scales = new HabitScales(this.#cadenceMs);
    this.#powerRates = POWER_MINUTES.map((minutes) => 1 - 2 ** (-1 / Math.max(4, this.#rowsIn(minutes * 60_000))));
  }

  /** Takes a frame; what is said of the newest whole row, null while nothing is. */
  take(frame: Frame): HabitLook | null {
    const row = this.#gather.take(frame);
    if (row === null) {
      if (this.#look?.fresh === true) this.#look = { ...this.#look, fresh: false };
      return this.#look;
    }
    this.#ensure(row.length);
    const time = this.#gather.start;
    if (time < this.#quietUntil) {
      this.#look = null;
      return null;
    }
    const place = this.#season.placeOf(time);
    this.#season.enter(place, this.#bank.scale);
    this.#known = this.#measure(row, place);
    this.#scales.push(this.#z);
    this.#taken = true;
    this.#look = this.#known > 0 ? this.#judge() : null;
    return this.#look;
  }

  /** Says how much the newest frame teaches; a row teaches as much as the least of its frames. */
  learn(weight: number): void {
    this.#weight = Math.min(this.#weight, weight);
    if (!this.#taken) return;
    this.#taken = false;
    this.#learnRow(this.#weight);
    for (const column of COLUMNS) coarsen(this.#bank[column]);
    this.#weight = 1;
  }

  /** The level of the last minutes is the usual one from here on. */
  adopt(): void {
    for (let f = 0; f < this.#size; f++) this.#move(f);
  }

  /** Until then nothing is said and nothing learnt; afterwards it begins with what is then. */
  quiet(until: number): void {
    this.#quietUntil = Math.max(this.#quietUntil, until);
    for (let f = 0; f < this.#size; f++) this.#scales.forget(f);
  }

  /** Residuals of a row, in units and in deviations; how many features can be judged. */
  #measure(row: Float32Array, place: Place): number {
    const bank = this.#bank;
    const ready = READY_MS / this.#cadenceMs;
    let known = 0;
    for (let f = 0; f < this.#size; f++) {
      const value = row[f] ?? Number.NaN;
      const expected = this.#season.expected(place, f);
      const residual = value - (Number.isNaN(expected) ? 0 : expected) - bank.level[f]!;
      this.#residuals[f] = residual;
      const deviation = Math.max(bank.scale[f]!, RELATIVE_FLOOR * Math.abs(value), Number.MIN_VALUE);
      this.#expected[f] = Number.isNaN(expected) || Number.isNaN(value) ? 0 : 1;
      const judged = this.#expected[f] === 1 && bank.seen[f]! > 0;
      this.#z[f] = judged ? residual / deviation / this.#season.unrest(place, f) : 0;
      if (judged && bank.seen[f]! >= ready) known += 1;
    }
    return known;
  }

  /** What a channel says of a feature now. */
  #channel(channel: number, f: number): number {
    if (channel < SCALES) return this.#scales.alone(channel, f);
    if (channel < RESTLESS) return this.#scales.related(channel - SCALES, f);
    const { restless, restlessLong } = this.#bank;
    if (channel === RESTLESS) return restless[f]!;
    return channel === STILL ? Math.max(0, 1 - Math.log(restless[f]! + STILLEST)) : restlessLong[f]!;
  }

  #judge(): HabitLook {
    this.#followPower();
    const ready = READY_MS / this.#cadenceMs;
    const features = new Float32Array(this.#size);
    let score = 0;
    for (let channel = 0; channel < CHANNELS; channel++) {
      for (let f = 0; f < this.#size; f++) {
        const said = this.#channel(channel, f);
        this.#said[channel * this.#size + f] = said;
        if (this.#bank.seen[f]! < ready) continue;
        const odd = this.#tails.surprise(channel, f, said);
        if (odd > features[f]!) features[f] = odd;
        if (odd > score) score = odd;
      }
    }
    return { fresh: true, score, features };
  }

  /** How much of what was new in each row there has been lately, over what is usual. */
  #followPower(): void {
    const bank = this.#bank;
    const [short = 1, long = 1] = this.#powerRates;
    for (let f = 0; f < this.#size; f++) {
      const fresh = this.#z[f]! - bank.memory[f]! * bank.last[f]!;
      const power = Math.min(POWER_CLIP, (fresh * fresh) / Math.max(RELATIVE_FLOOR, bank.power[f]!));
      bank.restless[f] = bank.restless[f]! + short * (power - bank.restless[f]!);
      bank.restlessLong[f] = bank.restlessLong[f]! + long * (power - bank.restlessLong[f]!);
    }
  }

  #learnRow(weight: number): void {
    if (weight >= FULL_WEIGHT) this.#season.count();
    const recent = 1 - 2 ** (-1 / Math.max(4, this.#rowsIn(RECENT_MINUTES * 60_000)));
    for (let f = 0; f < this.#size; f++) {
      const residual = this.#residuals[f]!;
      if (Number.isNaN(residual)) continue;
      if (weight >= FULL_WEIGHT) this.#season.note(f, residual, this.#z[f]!);
      this.#learnValue(f, residual, weight);
      this.#bank.recent[f] = this.#bank.recent[f]! + recent * (residual - this.#bank.recent[f]!);
    }
    if (this.#known === 0) return;
    for (let channel = 0, at = 0; channel < CHANNELS; channel++)
      for (let f = 0; f < this.#size; f++, at++)
        this.#tails.learn(channel, f, this.#said[at]!, { seen: this.#bank.seen[f]!, weight });
    this.#tails.settle();
    this.#scales.learn(weight);
  }

  /** Learns a residual; where nothing is expected yet there is none. */
  #learnValue(f: number, residual: number, weight: number): void {
    const bank = this.#bank;
    if (this.#expected[f] === 0) return;
    const seen = bank.seen[f]!;
    const rate = (halfLifeMs: number): number =>
      weight * Math.max(1 / (seen + 1), 1 - 2 ** (-this.#cadenceMs / halfLifeMs));
    const scale = bank.scale[f]!;
    const most = seen < UNCLIPPED ? Number.POSITIVE_INFINITY : scale;
    const clipped = Math.max(-LEVEL_CLIP * most, Math.min(LEVEL_CLIP * most, residual));
    const slow = rate(SCALE_MS);
    bank.level[f] = bank.level[f]! + rate(LEVEL_MS) * clipped;
    const distance = Math.min(Math.abs(residual), SCALE_CLIP * most);
    bank.scale[f] = scale + slow * (ABS_TO_DEVIATION * distance - scale);
    const [z, last] = [this.#z[f]!, bank.last[f]!];
    const fresh = z - bank.memory[f]! * last;
    const pull = Math.max(-LEVEL_CLIP, Math.min(LEVEL_CLIP, fresh * last));
    bank.memory[f] = Math.max(0, Math.min(MOST_MEMORY, bank.memory[f]! + MEMORY_TIMES * slow * pull));
    const power = Math.min(fresh * fresh, POWER_LEARN_CLIP * bank.power[f]! + RELATIVE_FLOOR);
    bank.power[f] = bank.power[f]! + slow * (power - bank.power[f]!);
    bank.last[f] = z;
    bank.seen[f] = seen + 1;
  }

  /** Takes the residual of the last minutes into the level. */
  #move(f: number): void {
    const bank = this.#bank;
    if (Math.abs(bank.recent[f]!) < bank.scale[f]!) return;
    bank.level[f] = bank.level[f]! + bank.recent[f]!;
    bank.recent[f] = 0;
    this.#scales.forget(f);
  }

  #rowsIn(ms: number): number {
    return ms / this.#cadenceMs;
  }

  #ensure(size: number): void {
    if (size <= this.#size) return;
    this.#season.ensure(size);
    this.#scales.ensure(size);
    this.#tails.ensure(size);
    this.#bank = bankOf((column) => grown(this.#bank[column], size, START[column] ?? 0));
    this.#residuals = new Float64Array(size);
    this.#z = new Float64Array(size);
    this.#said = new Float32Array(CHANNELS * size);
    this.#expected = new Uint8Array(size);
    this.#size = size;
  }

  /** All of it, to the bit: whoever goes on from it says what would have been said here. */
  toJSON(): Json {
    const look = this.#look;
    return {
      version: VERSION,
      size: this.#size,
      quiet: Number.isFinite(this.#quietUntil) ? this.#quietUntil : 0,
      weight: this.#weight,
      gather: this.#gather.toJSON(),
      score: look?.score ?? null,
      features: look === null ? null : encodeFloats(look.features),
      season: this.#season.toJSON(),
      scales: this.#scales.toJSON(),
      tails: this.#tails.toJSON(),
      bank: COLUMNS.map((column) => encodeFloats(this.#bank[column])),
    };
  }

  /** Takes the place of what is here; what an earlier version kept is learnt anew. Throws `STATE_INVALID`. */
  restore(state: Json): void {
    if ((state as { readonly version?: Json } | null)?.version === ROUNDED) return;
    const saved = stateObject(state, WHAT, VERSION);
    const size = stateNumber(saved, 'size', WHAT);
    this.#ensure(size);
    this.#quietUntil = stateNumber(saved, 'quiet', WHAT);
    this.#weight = stateNumber(saved, 'weight', WHAT);
    this.#gather.restore(saved['gather'] ?? null);
    if (size === 0) return;
    this.#season.restore(saved['season'] ?? null, size);
    this.#scales.restore(saved['scales'] ?? null, size);
    this.#tails.restore(saved['tails'] ?? null, size);
    const bank = (saved['bank'] ?? []) as readonly Json[];
    this.#bank = bankOf((column) => decodeFloats(bank[COLUMNS.indexOf(column)], size, WHAT));
    if (typeof saved['score'] !== 'number') return;
    this.#look = { fresh: false, score: saved['score'], features: decodeFloats(saved['features'], size, WHAT) };
  }
}
