import { createRandom, type Random } from '../../src/ml/random.ts';
import type { EntityHistory, FailurePredictor, PastDecision } from '../../src/model/predictor.ts';
import { countUpTo, knownAt } from './fleet.ts';
import { COLUMNS } from './kinds.ts';
import { type FleetPlan, liveThrough } from './life.ts';

export interface Automation {
  /** Chance of acting upon a prediction; the rest is left alone. */
  readonly acting: number;
  /** Acts from this probability on, within this horizon (its place), and not again for so many seconds. */
  readonly threshold: number;
  readonly index: number;
  readonly pause: number;
}

/** An entity that somebody acts upon: what was decided, and its life as it came to be. */
export class Ward {
  readonly #plan: FleetPlan;
  readonly #entity: number;
  readonly #random: Random;
  readonly #decisions: PastDecision[] = [];
  #history: EntityHistory;

  constructor(plan: FleetPlan, entity: number) {
    this.#plan = plan;
    this.#entity = entity;
    this.#random = createRandom(plan.seed).fork(`decisions ${entity}`);
    this.#history = liveThrough(plan, entity).history;
  }

  get decisions(): readonly PastDecision[] {
    return this.#decisions;
  }

  /** Lives through a stretch of time under a model: where it says enough, chance decides whether somebody acts. */
  guard(predictor: FailurePredictor, automation: Automation, [from, to]: readonly [number, number]): void {
    const { acting, threshold, index, pause } = automation;
    const width = predictor.horizons.length;
    let silentUntil = Math.max(from, (this.#decisions.at(-1)?.time ?? -Infinity) + pause);
    for (;;) {
      const [first, end] = [countUpTo(this.#history.times, silentUntil), countUpTo(this.#history.times, to)];
      if (first >= end) return;
      const { probabilities } = predictor.predict([{ history: this.#history, from: first, to: end }], COLUMNS);
      // A decision changes what comes after it only when somebody acts.
      let acted = false;
      for (let row = first; row < end && !acted; row++) {
        const time = this.#history.times[row]!;
        if (time < silentUntil || probabilities[(row - first) * width + index]! < threshold) continue;
        acted = this.#random.next() < acting;
        this.#decisions.push({ time, notActing: 1 - acting, acted });
        silentUntil = time + pause;
      }
      if (!acted) return;
      const actions = this.#decisions.filter((decision) => decision.acted).map(({ time }) => time);
      this.#history = liveThrough(this.#plan, this.#entity, actions).history;
    }
  }

  /** What was known at a time: with what was done, or, naively, as if nothing had been done. */
  known(time: number, naive: boolean): EntityHistory {
    const known = knownAt(this.#history, COLUMNS.length, time);
    if (naive) return known;
    const actedAt = new Float64Array(known.times.length).fill(Number.NaN);
    for (const decision of this.#decisions)
      if (decision.acted) actedAt[countUpTo(known.times, decision.time) - 1] = decision.time;
    return { ...known, actedAt, decisions: this.#decisions };
  }
}
