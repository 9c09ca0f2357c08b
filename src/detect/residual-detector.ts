import type { Detector, DetectorFactory, DetectorScore, Json, ScoreHints } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import { emptyBank, type FeatureBank, grownBank, loadBank, saveBank, settleBank } from './feature-bank.ts';
import { featureFloors, featureLowest } from './feature-floor.ts';
import {
  arrive,
  FLAT_FRAMES,
  isBack,
  learnLevel,
  learnShort,
  learnSteps,
  leastDeviation,
  nextLean,
  RISE_DEVIATION,
  RISE_WEIGHT,
} from './feature-learning.ts';
import { stateNumber, stateObject } from './float-columns.ts';
import { localTime, type LocalTime } from './seasonal/local-time.ts';
import { beyondSeason, distanceOut, learnOut, SEASON_KNOWN_MS } from './seasonal/season-break.ts';
import { SeasonProfile } from './seasonal/season-profile.ts';
import type { Envelope } from './seasonal/season-store.ts';
import { bandTail, inCluster, learnSeasonTail, learnTail, surprise } from './surprise.ts';
import { WarmUp } from './warm-up.ts';

export interface ResidualOptions {
  readonly stepMs: number;
  /** Values that a feature needs before it is judged. */
  readonly warmUp: number;
  /** Where people and their jobs live, by the clock: daylight saving included. */
  readonly zone: LocalTime;
}

const VERSION = 2;
const WHAT = 'residual detector';

/** Recent history is half an hour, and no fewer frames than a few warm-ups. */
const RECENT_MS = 1_800_000;
const RECENT_WARM_UPS = 3;
/** Highest score of a feature: e^-40 is as impossible as anything. */
const MAX_SCORE = 40;
/** What goes on being extreme moves the normal so much less. */
const CLUSTER_TRUST = 0.2;
/** Frames of less weight say nothing about how wild the normal is. */
const FULL_WEIGHT = 0.5;
/** A flat line is abnormal for a feature that otherwise nearly always moves. */
const RESTLESS = 0.95;
const FLAT_SCORE = 0.25;

interface Verdicts extends Omit<DetectorScore, 'ready' | 'score'> {
  readonly hints: ScoreHints;
}

/**
 * Robust residual of each feature against its own recent history and against the same time of day and week.
 *
 * Four channels look at a value: its distance from the recent level, the mean of such distances over the last few
 * values (small shifts that last), its distance from the last few values (fast growth), and how long it has gone one
 * way (steady growth). Each is measured in robust
 * deviations with a floor, and turned into -ln p by the feature's own tail, so that a restless feature does not drown
 * a calm one. A value that the time of day and week explains counts for nothing. A fifth channel looks at how far a value is
 * outside of what its time usually brings, so that a peak which did not come is seen although nothing moved; it is told
 * as a hint. The score of a frame is the 4-norm of its features' scores: one strong feature, or many that move together.
 *
 * O(1) a value, some 330 bytes a feature. It is blind to changes slower than half an hour and to broken relations
 * between features that stay inside their own bands.
 */
export class ResidualDetector implements Detector {
  readonly kind = 'residual';
  readonly #options: ResidualOptions;
  readonly #recent: number;
  #bank: FeatureBank = emptyBank();
  #season: SeasonProfile;
  #frames = 0;
  readonly #warmUp: WarmUp;
  readonly #z = new Float64Array(4);

  constructor(options: ResidualOptions) {
    this.#options = options;
    this.#season = new SeasonProfile(options.zone);
    this.#warmUp = new WarmUp(options.warmUp);
    this.#recent = Math.max(RECENT_MS / options.stepMs, RECENT_WARM_UPS * options.warmUp);
  }

  fit(frames: readonly Frame[]): void {
    for (const frame of frames) this.learn(frame, 1);
  }

  score(frame: Frame): DetectorScore {
    const n = frame.values.length;
    const verdicts: Verdicts = {
      features: new Float32Array(n),
      expected: new Float32Array(n).fill(Number.NaN),
      low: new Float32Array(n).fill(Number.NaN),
      high: new Float32Array(n).fill(Number.NaN),
      hints: { seasonBreak: new Float32Array(n) },
    };
    const season = this.#season.at(this.#season.slotAt(frame.time));
    const floors = featureFloors(frame.layout);
    const known = Math.min(n, this.#bank.seen.length);
    let power = 0;
    for (let f = 0; f < known; f++) {
      if (this.#bank.seen[f]! < this.#options.warmUp) continue;
      this.#judge(frame, f, { floor: floors[f]!, season: ends(season, f) }, verdicts);
      const square = verdicts.features[f]! * verdicts.features[f]!;
      power += square * square;
    }
    return { ready: this.#frames >= this.#options.warmUp, score: Math.sqrt(Math.sqrt(power)), ...verdicts };
  }

  learn(frame: Frame, weight: number): void {
    if (frame.values.length > this.#bank.seen.length) this.#bank = grownBank(this.#bank, frame.values.length);
    const floors = featureFloors(frame.layout);
    const season = this.#season.at(this.#season.slotAt(frame.time));
    for (let f = 0; f < frame.values.length; f++) {
      const value = frame.values[f]!;
      const by = { floor: floors[f]!, season: ends(season, f) };
      if (Number.isFinite(value)) this.#learnValue(f, value, by, weight);
      else this.#bank.gap[f] = this.#bank.gap[f]! + 1;
    }
    settleBank(this.#bank);
    this.#season.learn(frame.time, frame.values, weight);
    this.#frames += 1;
  }

  adopt(features: readonly number[]): void {
    const bank = this.#bank;
    for (const f of features) {
      if (f >= bank.seen.length || bank.seen[f] === 0) continue;
      const moved = bank.short[f]! - bank.level[f]!;
      bank.level[f] = bank.level[f]! + moved;
      // The course of the day and week moves along, as far as anybody knows.
      bank.out[f] = bank.out[f]! + moved;
      bank.lean[f] = 0;
      bank.beyond[f] = 0;
    }
  }

  /** Fills what is said of the feature. */
  #judge(frame: Frame, f: number, { floor, season }: Measure, verdicts: Verdicts): void {
    const bank = this.#bank;
    const value = frame.values[f]!;
    const deviation = Math.max(bank.scale[f]!, leastDeviation(bank, f, value, floor));
    const known = !Number.isNaN(season.low);
    const level = bank.level[f]!;
    const half = bandTail(bank, f) * deviation;
    verdicts.expected[f] = known ? Math.min(season.high, Math.max(season.low, level)) : level;
    verdicts.low[f] = known ? Math.min(level - half, season.low) : level - half;
    verdicts.high[f] = known ? Math.max(level + half, season.high) : level + half;
    if (Number.isFinite(value) && !isBack(bank, f)) {
      const out = distanceOut(value, season);
      // 0 for a value that its time of day has had, all of it from two deviations outside.
      const explained = known ? Math.min(1, Math.abs(out) / (2 * deviation)) : 1;
      const recent = Math.max(this.#surprise(f, value, floor) * explained, this.#flat(f, value));
      const broken = this.#knowsSeason(f) && known ? surprise(bank, f, 4, beyondSeason(bank, f, out, deviation)) : 0;
      verdicts.features[f] = Math.min(MAX_SCORE, Math.max(recent, broken));
      if (broken > recent) {
        const slack = bank.threshold4[f]! * deviation;
        verdicts.hints.seasonBreak[f] = 1 - recent / broken;
        verdicts.low[f] = season.low - slack;
        verdicts.high[f] = season.high + slack;
      }
    }
    const lowest = featureLowest(frame.layout)[f]!;
    // Only the band that is shown is cut; a value below it that comes all the same is judged as it is.
    if (verdicts.low[f] < lowest) verdicts.low[f] = Math.min(lowest, verdicts.expected[f]);
  }

  /** The strongest of the channels of recent history. */
  #surprise(f: number, value: number, floor: number): number {
    const z = this.#measure(f, value, floor);
    const bank = this.#bank;
    return Math.max(
      surprise(bank, f, 0, z[0]!),
      surprise(bank, f, 1, z[1]!),
      surprise(bank, f, 2, z[2]!),
      surprise(bank, f, 3, z[3]!),
    );
  }

  #knowsSeason(f: number): boolean {
    return this.#bank.seen[f]! * this.#options.stepMs >= SEASON_KNOWN_MS;
  }

  /** Fills the channels for a value: distances in deviations, not negative. */
  #measure(f: number, value: number, floor: number): Float64Array {
    const bank = this.#bank;
    const least = leastDeviation(bank, f, value, floor);
    const residual = (value - bank.level[f]!) / Math.max(bank.scale[f]!, least);
    // What the last few values say counts as far as this one is off the same way: a spike is over when it is over.
    const share = (z: number, most: number): number =>
      Math.min(Math.abs(z), most * Math.max(0, residual * Math.sign(z)));
    const lean = nextLean(bank.lean[f]!, residual);
    const rise = bank.rise[f]! + RISE_WEIGHT * (Math.sign(value - bank.last[f]!) - bank.rise[f]!);
    this.#z[0] = Math.abs(residual);
    this.#z[1] = share(lean, 2);
    this.#z[2] = share((value - bank.short[f]!) / Math.max(bank.pace[f]!, least), 2);
    this.#z[3] = Number.isNaN(rise) ? 0 : share((rise - bank.usualRise[f]!) / RISE_DEVIATION, 4);
    return this.#z;
  }

  /** Nothing for 0, where counters rest. */
  #flat(f: number, value: number): number {
    if (value === 0 || value !== this.#bank.last[f]!) return 0;
    const same = this.#bank.same[f]! + 1;
    return same < FLAT_FRAMES || this.#bank.change[f]! < RESTLESS ? 0 : FLAT_SCORE * same;
  }

  #learnValue(f: number, value: number, { floor, season }: Measure, weight: number): void {
    const bank = this.#bank;
    const half = Math.floor(this.#options.warmUp / 2);
    const seen = arrive(bank, f, half);
    if (seen >= half && weight >= FULL_WEIGHT) learnTail(bank, f, this.#measure(f, value, floor));
    this.#learnSeason(f, value, { floor, season }, weight);
    // What is still being learnt has no normal yet that an anomaly could spoil.
    const trust = seen < this.#options.warmUp ? 1 : weight * (inCluster(bank, f) ? CLUSTER_TRUST : 1);
    const rate = Math.max(1 / (seen + 1), 1 / this.#recent) * trust;
    const step = { rate, least: leastDeviation(bank, f, value, floor) };
    learnSteps(bank, f, value, rate);
    learnLevel(bank, f, value, step);
    learnShort(bank, f, value, step);
    this.#warmUp.take(bank, f, value);
    bank.seen[f] = seen + 1;
  }

  #learnSeason(f: number, value: number, { floor, season }: Measure, weight: number): void {
    if (!this.#knowsSeason(f)) return;
    const bank = this.#bank;
    const out = distanceOut(value, season);
    const deviation = Math.max(bank.scale[f]!, leastDeviation(bank, f, value, floor));
    if (weight >= FULL_WEIGHT) learnSeasonTail(bank, f, beyondSeason(bank, f, out, deviation));
    learnOut(bank, f, out, 1 / this.#recent);
  }

  toJSON(): Json {
    const size = this.#bank.seen.length;
    return { version: VERSION, frames: this.#frames, size, bank: saveBank(this.#bank), season: this.#season.toJSON() };
  }

  static fromJSON(state: Json, options: ResidualOptions): ResidualDetector {
    const saved = stateObject(state, WHAT, VERSION);
    const detector = new ResidualDetector(options);
    detector.#bank = loadBank(saved['bank'], stateNumber(saved, 'size', WHAT), WHAT);
    detector.#frames = stateNumber(saved, 'frames', WHAT);
    detector.#season = SeasonProfile.fromJSON(saved['season'] ?? null, options.zone);
    return detector;
  }
}

const ends = ({ low, high }: { low: Float64Array; high: Float64Array }, f: number): Envelope => ({
  low: low[f] ?? Number.NaN,
  high: high[f] ?? Number.NaN,
});

/** What a value is measured by: the least deviation that counts, and what its time usually brings. */
interface Measure {
  readonly floor: number;
  readonly season: Envelope;
}

/** Makes residual detectors that judge a feature after `warmUp` values; days and weeks are those of an IANA time zone. */
export const residualFactory = (warmUp: number, timezone = 'UTC'): DetectorFactory => {
  const zone = localTime(timezone);
  return {
    kind: 'residual',
    create: ({ stepMs }) => new ResidualDetector({ stepMs, warmUp, zone }),
    fromJSON: (state, { stepMs }) => ResidualDetector.fromJSON(state, { stepMs, warmUp, zone }),
  };
};
