import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { Frame } from '../../model/frame.ts';
import { frameOf } from '../check-detector.ts';
import { localTime } from '../seasonal/local-time.ts';
import { type HabitLook, HabitWatch } from './habit-watch.ts';

const STEP = 60_000;
const DAY = 86_400_000;
const DAY_STEPS = DAY / STEP;
/** A Monday. */
const START = Date.UTC(2026, 5, 1);
const FEATURES = 4;

/** Minutes of a machine with a day, quieter weekends, and a load that three of its features follow. */
function minutes(days: number, seed: number, change: (values: number[], step: number) => void = () => undefined) {
  const random = createRandom(seed);
  let load = 0;
  return Array.from({ length: days * DAY_STEPS }, (_, step): Frame => {
    const time = START + step * STEP;
    const weekend = [0, 6].includes(new Date(time).getUTCDay());
    const season = (weekend ? 0.3 : 1) * Math.sin((2 * Math.PI * step) / DAY_STEPS);
    load = 0.95 * load + 0.03 * random.normal();
    const values = [10, 200, 3e6].map((base) => base * (1 + 0.5 * season + load + 0.05 * random.normal()));
    values.push(50 + random.normal());
    change(values, step);
    return frameOf(time, values, STEP);
  });
}

function looksOf(frames: readonly Frame[], watch = new HabitWatch(STEP, localTime('UTC'))): (HabitLook | null)[] {
  return frames.map((frame) => {
    const look = watch.take(frame);
    watch.learn(1);
    return look;
  });
}

const highest = (looks: readonly (HabitLook | null)[]): number => Math.max(...looks.map((look) => look?.score ?? 0));
const at = (day: number, hour: number): number => (day * 24 + hour) * 60;

describe('the usual course', () => {
  it('says nothing before it is known: the first two days, and the first day of the first weekend', () => {
    const looks = looksOf(minutes(7, 1));
    expect(looks.slice(0, 2 * DAY_STEPS - 1).every((look) => look === null)).toBe(true);
    expect(looks[at(2, 12)]).not.toBeNull();
    expect(looks.slice(at(5, 0), at(6, 0)).every((look) => look === null)).toBe(true);
    expect(looks[at(6, 12)]).not.toBeNull();
  });

  it('finds a small shift that lasts in one feature, and says which', () => {
    const from = at(10, 14);
    const shift = (values: number[], step: number): void => {
      if (step >= from && step < from + 40) values[3] = values[3]! + 2.5;
    };
    const looks = looksOf(minutes(11, 2, shift));
    const during = looks.slice(from, from + 40);
    expect(highest(during)).toBeGreaterThan(highest(looks.slice(at(8, 0), from)) + 1);
    const oddest = during.reduce((most, look) => ((look?.score ?? 0) > (most?.score ?? 0) ? look : most));
    expect([...oddest!.features].indexOf(Math.max(...oddest!.features))).toBe(3);
  });

  it('finds a feature that no longer goes with the others, although it is what it has always been', () => {
    const from = at(10, 6);
    const stuck = (values: number[], step: number): void => {
      if (step >= from && step < from + 60) values[1] = 0.6 * values[1]! + 0.4 * 200;
    };
    const looks = looksOf(minutes(11, 3, stuck));
    expect(highest(looks.slice(from, from + 60))).toBeGreaterThan(highest(looks.slice(at(8, 0), from)));
  });

  it('takes weekends, a daily job that comes some minutes early or late, and slow drift for what they are', () => {
    const random = createRandom(9);
    let late = 0;
    const habits = (values: number[], step: number): void => {
      if (step % DAY_STEPS === 0) late = Math.round(4 * random.normal());
      const minute = (step % DAY_STEPS) - 180 - late;
      if (minute >= 0 && minute < 25) values[2] = values[2]! * 3;
      values[0] = values[0]! * (1 + (0.005 * step) / DAY_STEPS);
    };
    const looks = looksOf(minutes(16, 4, habits));
    const plain = looksOf(minutes(16, 4));
    expect(highest(looks.slice(at(9, 0)))).toBeLessThan(highest(plain.slice(at(9, 0))) + 6);
  });

  it('is silent while people change things, and begins with what is then', () => {
    const from = at(10, 14);
    const stir = (values: number[], step: number): void => {
      if (step >= from && step < from + 8) values[3] = values[3]! + 10;
    };
    const frames = minutes(11, 5, stir);
    const watch = new HabitWatch(STEP, localTime('UTC'));
    const before = looksOf(frames.slice(0, from), watch);
    watch.quiet(frames[from]!.time + 10 * STEP);
    const after = looksOf(frames.slice(from), watch);
    expect(after.slice(0, 10).every((look) => look === null)).toBe(true);
    expect(highest(after)).toBeLessThan(highest(before.slice(at(8, 0))) + 2);
  });

  it('takes a level for the usual one when it is told to', () => {
    const from = at(9, 0);
    const shift = (values: number[], step: number): void => {
      if (step >= from) values[3] = values[3]! + 8;
    };
    const frames = minutes(10, 6, shift);
    const watch = new HabitWatch(STEP, localTime('UTC'));
    looksOf(frames.slice(0, from), watch);
    const untold = frames.slice(from, from + 120).map((frame) => {
      const look = watch.take(frame);
      watch.learn(0.05);
      return look;
    });
    watch.adopt();
    const told = looksOf(frames.slice(from + 120, from + 300), watch);
    expect(highest(untold)).toBeGreaterThan(10);
    expect(highest(told.slice(30))).toBeLessThan(highest(untold) / 2);
  });

  it('takes features that are missing, constant, wild or new', () => {
    const odd = (values: number[], step: number): void => {
      if (step % 7 === 0) values[1] = Number.NaN;
      values[2] = 5;
      if (step === at(3, 3)) values[0] = 1e30;
      if (step > at(2, 0)) values.push(step % 2);
    };
    const looks = looksOf(minutes(5, 7, odd));
    expect(
      looks.every((look) => look === null || (Number.isFinite(look.score) && look.features.every(Number.isFinite))),
    ).toBe(true);
    expect(looks.at(-1)!.features).toHaveLength(FEATURES + 1);
  });

  it('goes on from a saved state as without a restart, to the bit, wherever that was', () => {
    const wide = (values: number[]): void => {
      for (let f = FEATURES; f < 30; f++) values.push(values[f % FEATURES]! * (1 + f / 100));
    };
    // Two frames make a row, so that one of the cuts finds half a row in hand.
    const halves = minutes(4, 8, wide).flatMap((frame) => {
      const later = { ...frame, time: frame.time + STEP / 2, stepMs: STEP / 2 };
      return [{ ...frame, stepMs: STEP / 2 }, later];
    });
    const cuts = [2 * at(1, 7) + 11, 2 * at(3, 5) + 44, 2 * at(3, 5) + 45, halves.length];
    const create = (): HabitWatch => new HabitWatch(STEP / 2, localTime('UTC'));
    const alone = create();
    let handed = create();
    let from = 0;
    for (const to of cuts) {
      const part = halves.slice(from, to);
      from = to;
      expect(looksOf(part, handed)).toEqual(looksOf(part, alone));
      const state = JSON.parse(JSON.stringify(handed.toJSON()));
      expect(state).toEqual(JSON.parse(JSON.stringify(alone.toJSON())));
      expect(JSON.stringify(state).length).toBeLessThan(18 * 1024);
      handed = create();
      handed.restore(state);
    }
  });

  it('learns anew what an earlier version kept rounded', () => {
    const watch = new HabitWatch(STEP, localTime('UTC'));
    watch.restore({ version: 1, size: 4, quiet: 0, season: null, scales: null, tails: null, bank: [] });
    expect(watch.toJSON()).toEqual(new HabitWatch(STEP, localTime('UTC')).toJSON());
  });

  it('refuses a damaged state', () => {
    const watch = new HabitWatch(STEP, localTime('UTC'));
    looksOf(minutes(1, 9), watch);
    const state = watch.toJSON() as Record<string, never>;
    expect(() => new HabitWatch(STEP, localTime('UTC')).restore({ ...state, size: 7 })).toThrow(/state/i);
  });
});
