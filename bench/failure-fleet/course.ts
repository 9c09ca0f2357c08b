import type { Random } from '../../src/ml/random.ts';
import { ANNOUNCED, EPISODES_A_DAY, FAILS_AT, RESCUED, RESCUED_AT, SUDDEN, SUDDEN_A_DAY } from './kinds.ts';

/** How an entity fares beneath what is seen: at most one episode at a time, which fails or ends well. */
export interface Course {
  /** Place among the announced kinds; -1 while nothing is wrong. */
  readonly kind: number;
  /** 0 to about 1, where it fails. */
  readonly progress: number;
  readonly hours: number;
  /** What is left to be seen of an episode that ended well, by its kind. */
  readonly echo: { readonly kind: number; readonly level: number };
  /** Goes on by a step; the kind of the failure that comes with it, or null. */
  advance(now: number, step: number, event: (name: string) => void): string | null;
  /** Somebody acts: what runs ends well, now. */
  rescue(now: number): void;
}

/** Kinds that end well by a restart, the others by themselves or by a deploy that is taken back. */
const RESTARTED = new Set(['out-of-memory', 'pool-exhausted', 'crash-loop']);
/** What is left of an episode that ended well falls to this part in each step. */
const FADES = 0.5;
/** Nothing new begins for so long after an episode. */
const CALM = 4 * 3600;

const between = (random: Random, [from, to]: readonly [number, number]): number => from + (to - from) * random.next();

export function createCourse(random: Random): Course {
  let [kind, progress, hours, ends, rescued, calmUntil] = [-1, 0, 1, 1, false, 0];
  const echo = { kind: -1, level: 0 };

  function begin(): void {
    kind = random.int(ANNOUNCED.length);
    const [least, most] = ANNOUNCED[kind]!.hours;
    hours = least * (most / least) ** random.next();
    rescued = random.next() < RESCUED;
    ends = between(random, rescued ? RESCUED_AT : FAILS_AT);
    progress = 0;
  }

  function endWell(now: number): void {
    // Restarts free at once, what fades is seen a while longer.
    echo.kind = kind;
    echo.level = RESTARTED.has(ANNOUNCED[kind]!.name) ? 0 : progress;
    [kind, progress, calmUntil] = [-1, 0, now + CALM];
  }

  return {
    get kind() {
      return kind;
    },
    get progress() {
      return progress;
    },
    get hours() {
      return hours;
    },
    echo,
    advance(now, step, event) {
      const [sudden, which, starts] = [random.next(), random.next(), random.next()];
      echo.level *= FADES;
      if (sudden < (SUDDEN_A_DAY * step) / 86_400) {
        [kind, progress, calmUntil, echo.level] = [-1, 0, now + CALM, 0];
        return SUDDEN[which < 0.5 ? 0 : 1];
      }
      if (kind < 0) {
        if (now >= calmUntil && starts < (EPISODES_A_DAY * step) / 86_400) begin();
        return null;
      }
      progress += step / 3600 / hours;
      if (progress < ends) return null;
      const { name } = ANNOUNCED[kind]!;
      if (rescued) {
        if (RESTARTED.has(name)) event('restart');
        endWell(now);
        return null;
      }
      [kind, progress, calmUntil, echo.level] = [-1, 0, now + CALM, 0];
      return name;
    },
    rescue(now) {
      if (kind >= 0) endWell(now);
    },
  };
}
