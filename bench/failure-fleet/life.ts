import { createRandom, type Random } from '../../src/ml/random.ts';
import type { EntityHistory, PastEvent, PastFailure } from '../../src/model/predictor.ts';
import { COLUMNS } from './kinds.ts';
import { createCourse, type Course } from './course.ts';
import { type Habits, habitsOf, loadAt, measure } from './habits.ts';

export interface FleetPlan {
  readonly seed: number;
  readonly entities: number;
  readonly days: number;
  /** Seconds from one frame to the next. */
  readonly step: number;
}

/** What the generator alone knows of each row. */
export interface Hidden {
  /** Which kind of episode runs, by its place among the announced kinds; -1 for none. */
  readonly kind: Int8Array;
  readonly progress: Float32Array;
  /** From the episode's start to progress 1. */
  readonly hours: Float32Array;
}

export interface Life {
  readonly history: EntityHistory;
  readonly hidden: Hidden;
}

/** Monday, 5 January 2026. */
export const BEGINNING = Date.UTC(2026, 0, 5) / 1000;
const DAY = 86_400;
/** A cell in so many is missing, and so many times a day nothing at all is heard for a while. */
const MISSING_CELLS = 0.005;
const SILENCES_A_DAY = 0.1;
const DEPLOYS_A_DAY = 1 / 3;
/** Share of the entities that lack one of the features for ever. */
const LACKING = 0.1;

/**
 * One entity from the first day to the last. `actions` (seconds, rising) are times at which somebody restarts and cleans it: whatever
 * runs ends well there. What lies before an action is the same bit by bit with and without it.
 */
export function liveThrough(plan: FleetPlan, entity: number, actions: readonly number[] = []): Life {
  const random = createRandom(plan.seed).fork(`entity ${entity}`);
  const habits = habitsOf(random.fork('habits'));
  const world = new World(plan, random, habits);
  const course = createCourse(random.fork('course'));
  const rows = Math.round((plan.days * DAY) / plan.step);
  let acted = 0;
  for (let i = 0; i < rows; i++) {
    const now = BEGINNING + i * plan.step;
    while (acted < actions.length && actions[acted]! < now) {
      world.event(actions[acted]!, 'restart');
      course.rescue(actions[acted]!);
      acted++;
    }
    world.live(now, course);
  }
  return world.life(`node-${entity}`, BEGINNING + rows * plan.step);
}

/** Writes down what is seen of a course. */
class World {
  readonly #plan: FleetPlan;
  readonly #habits: Habits;
  readonly #noise: Random;
  readonly #chance: Random;
  readonly #times: number[] = [];
  readonly #values: Float32Array;
  readonly #hidden: Hidden;
  readonly #events: PastEvent[] = [];
  readonly #failures: PastFailure[] = [];
  readonly #row = new Float64Array(COLUMNS.length);
  readonly #lacks: number;
  #rows = 0;
  #silentUntil = 0;
  #downUntil = 0;

  constructor(plan: FleetPlan, random: Random, habits: Habits) {
    const most = Math.round((plan.days * DAY) / plan.step);
    this.#plan = plan;
    this.#habits = habits;
    this.#noise = random.fork('noise');
    this.#chance = random.fork('chance');
    this.#lacks = this.#chance.next() < LACKING ? 8 + this.#chance.int(6) : -1;
    this.#values = new Float32Array(most * COLUMNS.length);
    this.#hidden = { kind: new Int8Array(most), progress: new Float32Array(most), hours: new Float32Array(most) };
  }

  event(time: number, name: string): void {
    this.#events.push({ time, name, value: Number.NaN });
  }

  live(now: number, course: Course): void {
    const { step } = this.#plan;
    const chance = this.#chance;
    const days = step / DAY;
    const [deploys, silence, length] = [chance.next(), chance.next(), chance.next()];
    const failed = course.advance(now, step, (name) => this.event(now, name));
    if (failed !== null) {
      this.#failures.push({ time: now, kind: failed });
      // Twenty minutes to an hour until it is back.
      this.#downUntil = now + 1200 + 2400 * length;
    }
    if (deploys < DEPLOYS_A_DAY * days && course.kind < 0 && now >= this.#downUntil) {
      this.event(now, 'deploy');
      this.#habits.deploy(chance);
    }
    if (silence < SILENCES_A_DAY * days) this.#silentUntil = now + 1200 + 9600 * length;
    measure(
      { habits: this.#habits, course, load: loadAt(this.#habits, now, this.#noise), now, step },
      this.#noise,
      this.#row,
    );
    const heard = now >= this.#silentUntil && now >= this.#downUntil;
    if (heard) this.#write(now, course);
  }

  #write(now: number, course: Course): void {
    const at = this.#rows++;
    this.#times.push(now);
    for (let c = 0; c < COLUMNS.length; c++) {
      const gone = c === this.#lacks || this.#chance.next() < MISSING_CELLS;
      this.#values[at * COLUMNS.length + c] = gone ? Number.NaN : this.#row[c]!;
    }
    this.#hidden.kind[at] = course.kind;
    this.#hidden.progress[at] = course.progress;
    this.#hidden.hours[at] = course.hours;
  }

  life(entity: string, end: number): Life {
    const rows = this.#rows;
    return {
      history: {
        entity,
        times: Float64Array.from(this.#times),
        values: this.#values.slice(0, rows * COLUMNS.length),
        failures: this.#failures,
        events: this.#events.sort((a, b) => a.time - b.time),
        observedFrom: BEGINNING,
        observedTo: end,
      },
      hidden: {
        kind: this.#hidden.kind.slice(0, rows),
        progress: this.#hidden.progress.slice(0, rows),
        hours: this.#hidden.hours.slice(0, rows),
      },
    };
  }
}
