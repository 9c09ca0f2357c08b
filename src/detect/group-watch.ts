import type { Json } from '../model/detector.ts';
import { AnomalyTracker } from './anomaly-tracker.ts';
import { Calibration } from './calibration.ts';
import { stateNumber, stateNumbers, stateObject, stateText } from './float-columns.ts';

const VERSION = 1;
const WHAT = 'group of features';

/** Time constant of the slow look: what lasts minutes is rarer than what lasts seconds, however wild both are. */
const SLOW_MS = 120_000;
/** The slow look counts only while the frame itself has this share of it, or an end would be seen minutes late. */
const STILL_ODD = 0.6;
/** Scores of frames that may turn out to belong to an anomaly, kept back until that is known. */
const MOST_PENDING = 256;
/** Scores of one anomaly that are learnt when it is over: so many, and no more than this share of all before. */
const EVENT_SCORES = 12;
const EVENT_SHARE = 0.002;

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

  constructor(name: string, stepMs: number, parts: { fast: Calibration; slow: Calibration; tracker: AnomalyTracker }) {
    this.name = name;
    this.tracker = parts.tracker;
    this.#fast = parts.fast;
    this.#slow = parts.slow;
    this.#slowWeight = 1 - Math.exp(-stepMs / SLOW_MS);
  }

  static create(name: string, stepMs: number, features: number): GroupWatch {
    const [fast, slow] = [new Calibration(stepMs, features), new Calibration(stepMs, features)];
    return new GroupWatch(name, stepMs, { fast, slow, tracker: new AnomalyTracker(name) });
  }

  get provisional(): boolean {
    return this.#fast.provisional;
  }

  /** Tail probability of the group's score in the frame that comes next; two looks, so twice the better one. */
  probability(score: number): number {
    this.#slowScore += this.#slowWeight * (score - this.#slowScore);
    const fast = this.#fast.probability(score);
    if (score < STILL_ODD * this.#slowScore) return fast;
    return Math.min(1, 2 * Math.min(fast, this.#slow.probability(this.#slowScore)));
  }

  /** Learns the score of a frame that has nothing to do with an anomaly. */
  learn(score: number): void {
    this.#fast.learn(score);
    this.#slow.learn(this.#slowScore);
  }

  /**
   * Takes a score after the tracker has had its say. Scores of what may be an anomaly wait until it is over. What was
   * none is learnt like all else; of an anomaly a few are, so that what happens every hour is soon as improbable as it
   * is, and a single long one does not become normal.
   */
  settle(score: number, closed: boolean): void {
    if (this.#pending.length < MOST_PENDING) {
      this.#pending.push(score);
      this.#pendingSlow.push(this.#slowScore);
    }
    if (this.tracker.active) return;
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
      tracker: this.tracker.toJSON(),
      pending: [...this.#pending],
      pendingSlow: [...this.#pendingSlow],
    };
  }

  /** Throws `STATE_INVALID`. */
  static fromJSON(state: Json, stepMs: number): GroupWatch {
    const saved = stateObject(state, WHAT, VERSION);
    const name = stateText(saved, 'name', WHAT);
    const group = new GroupWatch(name, stepMs, {
      fast: Calibration.fromJSON(saved['fast'] ?? null, stepMs),
      slow: Calibration.fromJSON(saved['slow'] ?? null, stepMs),
      tracker: AnomalyTracker.fromJSON(name, saved['tracker'] ?? null),
    });
    group.#slowScore = stateNumber(saved, 'slowScore', WHAT);
    group.#pending = [...stateNumbers(saved, 'pending', WHAT)];
    group.#pendingSlow = [...stateNumbers(saved, 'pendingSlow', WHAT)];
    return group;
  }
}
