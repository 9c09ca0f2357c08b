import type { Json } from '../../model/detector.ts';
import type { Frame } from '../../model/frame.ts';
import { ABNORMAL_P } from '../anomaly-tracker.ts';
import type { FeatureGroups } from '../feature-groups.ts';
import { stateNumber, stateObject } from '../float-columns.ts';
import { GroupWatch } from '../group-watch.ts';
import { habitCadence, type HabitLook } from './habit-watch.ts';

const VERSION = 1;
const WHAT = 'habit finding';
/** Name of the look; no metric is called so. */
const HABIT = '~habit';

/** What is seen of the usual course in a frame. */
interface HabitSight {
  readonly frame: Frame;
  /** Null while the course is not known, or is not to be judged. */
  readonly habit: HabitLook | null;
}

/** How improbable it is that an entity strays from its usual course so far, and the anomaly that this makes. */
export class HabitFinding {
  readonly #cadenceMs: number;
  #group: GroupWatch | null = null;
  /** Probability that the newest row had. */
  #p = 1;

  constructor(stepMs: number) {
    this.#cadenceMs = habitCadence(stepMs);
  }

  /** Null until there has been something to judge. */
  get group(): GroupWatch | null {
    return this.#group;
  }

  get p(): number {
    return this.#p;
  }

  /** Takes a frame; null when there is nothing to follow up. A course that is not judged any more counts as calm. */
  take({ frame, habit }: HabitSight): GroupWatch | null {
    if (habit === null && this.#group === null) return null;
    this.#group ??= GroupWatch.create(HABIT, this.#cadenceMs, frame.values.length, 'habit');
    const group = this.#group;
    if (habit === null) this.#p = 1;
    else if (habit.fresh) this.#p = group.probability(habit.score, frame.time);
    if (this.#p <= ABNORMAL_P || group.tracker.active) return group;
    if (habit?.fresh === true) group.learn(habit.score);
    return null;
  }

  /** After the tracker has had its say of a frame that was followed up. */
  settle(habit: HabitLook | null, closed: boolean): void {
    if (habit?.fresh === true) this.#group?.settle(habit.score, closed);
  }

  toJSON(): Json {
    return this.#group === null ? null : { version: VERSION, p: this.#p, group: this.#group.toJSON() };
  }

  /** Takes the place of what is here. Throws `STATE_INVALID`. */
  restore(state: Json): void {
    if (state === null) return;
    const saved = stateObject(state, WHAT, VERSION);
    this.#p = stateNumber(saved, 'p', WHAT);
    this.#group = GroupWatch.fromJSON(saved['group'] ?? null, this.#cadenceMs, 'habit');
  }
}

/** How much each group has to do with it, all together 1, or all 0. */
export function habitShares(habit: HabitLook | null, { of, names }: FeatureGroups): Float64Array {
  const shares = new Float64Array(names.length);
  let all = 0;
  habit?.features.forEach((odd, f) => {
    const power = odd ** 4;
    shares[of[f]!] = shares[of[f]!]! + power;
    all += power;
  });
  return all > 0 ? shares.map((share) => share / all) : shares;
}
