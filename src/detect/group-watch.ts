import type { Anomaly, Ending } from '../model/anomaly.ts';
import type { Json } from '../model/detector.ts';
import { ABNORMAL_P, AnomalyTracker } from './anomaly-tracker.ts';
import { Calibration, CHANNELS } from './calibration.ts';
import { decodeFloats, encodeFloats, stateNumber, stateNumbers, stateObject, stateText } from './float-columns.ts';
import type { LookKind } from './looks.ts';

const VERSION = 2;
const WHAT = 'group of features';

/** The joint look is calibrated already, on few rows at first: half as sure as it says. */
const JOINT_CHANCES = 2;

/** Time constant of the slow look: what lasts minutes is rarer than what lasts seconds, however wild both are. */
const SLOW_MS = 120_000;
/** The slow look counts only while the frame itself has this share of it, or an end would be seen minutes late. */
const STILL_ODD = 0.6;
/** Scores of frames that may turn out to belong to an anomaly, kept back until that is known. */
const MOST_PENDING = 256;
/** Scores of one anomaly that are learnt when it is over: so many, and no more than this share of all before. */
const EVENT_SCORES = 12;
const EVENT_SHARE = 0.002;
/** After an adoption the detector needs this long at most to learn the new normal, and a few calm frames say that it has. */
const ADOPTING_MS = 6 * 3_600_000;
const CALM_FRAMES = 20;
/** Meanwhile what is no stronger than what was adopted is nothing; this much more is something new. */
const STRONGER = 1.3;

interface Adoption {
  /** Unix ms. */
  readonly until: number;
  readonly score: number;
  calm: number;
}

/**
 * One group of features of one entity: how improbable its scores are, one by one and as a mean over minutes, and the
 * life of its anomalies.
 */
export class GroupWatch {
  readonly name: string;
  readonly tracker: AnomalyTracker;
  readonly #fast: Calibration;
  readonly #slow: Calibration;
  readonly #slowWeight: number;
  #slowScore = 0;
  #pending: number[] = [];
  #pendingSlow: number[] = [];
  /** Highest score since the tracker has been active. */
  #peak = 0;
  #adoption: Adoption | null = null;

  constructor(name: string, stepMs: number, parts: { fast: Calibration; slow: Calibration; tracker: AnomalyTracker }) {
    this.name = name;
    this.tracker = parts.tracker;
    this.#fast = parts.fast;
    this.#slow = parts.slow;
    this.#slowWeight = 1 - Math.exp(-stepMs / SLOW_MS);
  }

  static create(name: string, stepMs: number, features: number, look: LookKind = 'group'): GroupWatch {
    const chances = look === 'joint' ? JOINT_CHANCES : CHANNELS * features;
    const [fast, slow] = [new Calibration(stepMs, chances), new Calibration(stepMs, chances)];
    return new GroupWatch(name, stepMs, { fast, slow, tracker: new AnomalyTracker(name, look) });
  }

  get provisional(): boolean {
    return this.#fast.provisional;
  }

  /** Whether the detector still learns what was adopted. */
  get adopting(): boolean {
    return this.#adoption !== null;
  }

  /**
   * Tail probability of the group's score in the frame at `time`, which comes next; two looks, so twice the better one.
   * While something is being adopted, what is no stronger has 1.
   */
  probability(score: number, time: number): number {
    this.#slowScore += this.#slowWeight * (score - this.#slowScore);
    const p = this.#improbability(score);
    const adoption = this.#adoption;
    if (adoption === null) return p;
    adoption.calm = p > ABNORMAL_P ? adoption.calm + 1 : 0;
    if (time >= adoption.until || adoption.calm >= CALM_FRAMES) this.#adoption = null;
    return score <= STRONGER * adoption.score ? 1 : p;
  }

  #improbability(score: number): number {
    const fast = this.#fast.probability(score);
    if (score < STILL_ODD * this.#slowScore) return fast;
    return Math.min(1, 2 * Math.min(fast, this.#slow.probability(this.#slowScore)));
  }

  /** Ends the open anomaly: from here on it is the normal, which the detector has yet to learn. */
  adopt(at: number, stepMs: number, ending: Ending): Anomaly | null {
    const ended = this.tracker.end(at, stepMs, ending);
    if (ended === null) return null;
    this.#adoption = { until: at + ADOPTING_MS, score: this.#peak, calm: 0 };
    this.#pending = [];
    this.#pendingSlow = [];
    return ended;
  }

  /** Learns the score of a frame that has nothing to do with an anomaly. */
  learn(score: number): void {
    if (this.#adoption !== null) return;
    this.#fast.learn(score);
    this.#slow.learn(this.#slowScore);
  }

  /**
   * Takes a score after the tracker has had its say. Scores of what may be an anomaly wait until it is over. What was
   * none is learnt like all else; of an anomaly a few are, so that what happens every hour is soon as improbable as it
   * is, and a single long one does not become normal.
   */
  settle(score: number, closed: boolean): void {
    this.#peak = this.tracker.active ? Math.max(this.#peak, score) : 0;
    if (this.#pending.length < MOST_PENDING) {
      // Rounded as they are saved, so that a restored state goes on alike.
      this.#pending.push(Math.fround(score));
      this.#pendingSlow.push(Math.fround(this.#slowScore));
    }
    if (this.tracker.active) return;
    // Scores against the old normal say nothing of the new one.
    if (this.#adoption !== null) this.#pending = this.#pendingSlow = [];
    const count = this.#pending.length;
    const most = closed ? Math.max(1, Math.min(EVENT_SCORES, this.#fast.seen * EVENT_SHARE)) : count;
    for (let at = 0; at < count; at += Math.max(1, count / most)) {
      this.#fast.learn(this.#pending[Math.floor(at)]!);
      this.#slow.learn(this.#pendingSlow[Math.floor(at)]!);
    }
    this.#pending = [];
    this.#pendingSlow = [];
  }

  toJSON(): Json {
    return {
      version: VERSION,
      name: this.name,
      fast: this.#fast.toJSON(),
      slow: this.#slow.toJSON(),
      slowScore: this.#slowScore,
      peak: this.#peak,
      tracker: this.tracker.toJSON(),
      pending: encodeFloats(Float32Array.from(this.#pending)),
      pendingSlow: encodeFloats(Float32Array.from(this.#pendingSlow)),
      waiting: this.#pending.length,
      adoption: this.#adoption && [this.#adoption.until, this.#adoption.score, this.#adoption.calm],
    };
  }

  /** Throws `STATE_INVALID`. */
  static fromJSON(state: Json, stepMs: number, look: LookKind = 'group'): GroupWatch {
    const saved = stateObject(state, WHAT, VERSION);
    const name = stateText(saved, 'name', WHAT);
    const group = new GroupWatch(name, stepMs, {
      fast: Calibration.fromJSON(saved['fast'] ?? null, stepMs),
      slow: Calibration.fromJSON(saved['slow'] ?? null, stepMs),
      tracker: AnomalyTracker.fromJSON(name, saved['tracker'] ?? null, look),
    });
    group.#slowScore = stateNumber(saved, 'slowScore', WHAT);
    group.#peak = stateNumber(saved, 'peak', WHAT);
    const waiting = stateNumber(saved, 'waiting', WHAT);
    group.#pending = [...decodeFloats(saved['pending'], waiting, WHAT)];
    group.#pendingSlow = [...decodeFloats(saved['pendingSlow'], waiting, WHAT)];
    if (Array.isArray(saved['adoption'])) {
      const [until = 0, score = 0, calm = 0] = stateNumbers(saved, 'adoption', WHAT);
      group.#adoption = { until, score, calm };
    }
    return group;
  }
}
