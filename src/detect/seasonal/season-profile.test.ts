import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { DetectorScore } from '../../model/detector.ts';
import { frameOf } from '../check-detector.ts';
import { ResidualDetector } from '../residual-detector.ts';
import { localTime } from './local-time.ts';
import { codeAbove, codeBelow, decode, movedHigh, movedLow, REACH } from './season-code.ts';
import { SeasonProfile } from './season-profile.ts';

const STEP = 60_000;
const DAY_MS = 86_400_000;
const DAY = DAY_MS / STEP;
/** A Monday. */
const MONDAY = Date.UTC(2026, 0, 5);

interface Life {
  readonly zone?: string;
  readonly from?: number;
  readonly days: number;
  /** What is added to 100 at a time of local day and at a day since the start. */
  readonly course: (minute: number, day: number) => number;
}

/** Lives some days; the scores of the last one, by minute of local time since its midnight. */
function lastDay({ zone = 'UTC', from = MONDAY, days, course }: Life): DetectorScore[] {
  const clock = localTime(zone);
  const detector = new ResidualDetector({ stepMs: STEP, warmUp: 60, zone: clock });
  const random = createRandom(days);
  const first = Math.floor((from + clock(from)) / DAY_MS);
  const scores: DetectorScore[] = [];
  for (let time = from; ; time += STEP) {
    const local = time + clock(time);
    const day = Math.floor(local / DAY_MS) - first;
    if (day >= days) return scores;
    const frame = frameOf(time, [100 + random.normal() + course(Math.floor((local % DAY_MS) / STEP), day)], STEP);
    const score = detector.score(frame);
    if (day === days - 1) scores.push(score);
    detector.learn(frame, score.score > 12 ? 0.3 : 1);
  }
}

const highest = (scores: readonly DetectorScore[], from: number, to: number): number =>
  Math.max(...scores.slice(from, to).map(({ score }) => score));

const within = (minute: number, from: number, length: number): boolean => minute >= from && minute < from + length;

describe('a weekly rhythm', () => {
  const backup = (minute: number, day: number): number => (day % 7 === 6 && within(minute, 180, 20) ? 40 : 0);

  it('a job of Sunday nights is news once, and normal the fourth time', () => {
    expect(highest(lastDay({ days: 7, course: backup }), 180, 200)).toBeGreaterThan(10);
    expect(highest(lastDay({ days: 28, course: backup }), 180, 200)).toBeLessThan(5);
  });

  it('the same job on a Wednesday is not', () => {
    const course = (minute: number, day: number): number =>
      backup(minute, day) + (day === 23 && within(minute, 180, 20) ? 40 : 0);
    expect(highest(lastDay({ days: 24, course }), 180, 200)).toBeGreaterThan(10);
  });

  it('quiet weekends are no broken season, once they have been seen', () => {
    const office = (minute: number, day: number): number => (day % 7 < 5 && within(minute, 540, 480) ? 30 : 0);
    const saturday = lastDay({ days: 27, course: office });
    expect(highest(saturday, 600, 1000)).toBeLessThan(6);
  });
});

describe('daylight saving', () => {
  /** Shop hours by the clock of Madrid. */
  const shop = (minute: number): number => (within(minute, 9 * 60, 8 * 60) ? 40 : 0);

  it.each([
    ['spring', Date.UTC(2026, 2, 14, 23)],
    ['autumn', Date.UTC(2026, 9, 10, 22)],
  ])('a rhythm of the clock on the wall goes on over the change in %s', (_, from) => {
    const changed = lastDay({ zone: 'Europe/Madrid', from, days: 16, course: shop });
    expect(highest(changed, 8 * 60, 18 * 60)).toBeLessThan(6);
  });

  it('in a zone that does not change with it the hour that moved is found', () => {
    const clock = localTime('Europe/Madrid');
    const from = Date.UTC(2026, 2, 14, 23);
    const lived = (minute: number, day: number): number => {
      const time = from + day * DAY_MS + minute * STEP;
      return shop(Math.floor(((time + clock(time)) % DAY_MS) / STEP));
    };
    const changed = lastDay({ zone: 'UTC', from: from + 3_600_000, days: 15, course: lived });
    expect(highest(changed, 0, DAY)).toBeGreaterThan(6);
  });
});

describe('a season that breaks', () => {
  const peak = (minute: number): number => (within(minute, 600, 120) ? 40 : 0);

  it('is seen where the peak does not come, and told as that', () => {
    const course = (minute: number, day: number): number => (day === 11 ? 0 : peak(minute));
    const scores = lastDay({ days: 12, course });
    expect(highest(scores, 630, 660)).toBeGreaterThan(6.5);
    const found = scores.slice(630, 660).find(({ score }) => score > 6.5)!;
    expect(found.hints?.seasonBreak[0]).toBeGreaterThan(0.5);
    expect(found.expected[0]).toBeGreaterThan(125);
    expect(found.low[0]).toBeGreaterThan(103);
    expect(highest(scores, 60, 560)).toBeLessThan(8);
  });

  it('is not told of a peak that comes, nor of a spike', () => {
    const course = (minute: number, day: number): number => peak(minute) + (day === 11 && minute === 300 ? 60 : 0);
    const scores = lastDay({ days: 12, course });
    expect(highest(scores, 600, 720)).toBeLessThan(6.5);
    expect(scores[300]!.score).toBeGreaterThan(10);
    expect(scores[300]!.hints?.seasonBreak[0]).toBeLessThan(0.5);
  });

  it('is not told before a week is known', () => {
    const course = (minute: number, day: number): number => (day >= 5 ? 0 : peak(minute));
    expect(highest(lastDay({ days: 6, course }), 640, 720)).toBeLessThan(6.5);
  });
});

describe('a metric that appears late', () => {
  it('learns its own season', () => {
    const detector = new ResidualDetector({ stepMs: STEP, warmUp: 60, zone: localTime('UTC') });
    const random = createRandom(1);
    let late = 0;
    for (let i = 0; i < 5 * DAY; i++) {
      const job = within(i % DAY, 180, 10) ? 40 : 0;
      const values = [10 + random.normal(), ...(i < 1.5 * DAY ? [] : [50 + job + random.normal()])];
      const frame = frameOf(MONDAY + i * STEP, values, STEP);
      if (i > 4 * DAY) late = Math.max(late, detector.score(frame).features[1]!);
      detector.learn(frame, 1);
    }
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(12);
  });
});

describe('the state', () => {
  it('of thirty features after three weeks is small, and goes on to the bit', () => {
    const zone = localTime('Europe/Madrid');
    const detector = new ResidualDetector({ stepMs: 300_000, warmUp: 60, zone });
    const random = createRandom(2);
    const frame = (i: number) =>
      frameOf(
        MONDAY + i * 300_000,
        Array.from({ length: 30 }, (_, f) => 10 ** (f % 8) * (2 + Math.sin(i / 46 + f)) + random.normal()),
        300_000,
      );
    for (let i = 0; i < 21 * 288; i++) detector.learn(frame(i), 1);
    const state = JSON.stringify(detector.toJSON());
    expect(state.length).toBeLessThan(14_000);
    const options = { stepMs: 300_000, warmUp: 60, zone };
    const restored = ResidualDetector.fromJSON(JSON.parse(state), options);
    for (let i = 21 * 288; i < 22 * 288; i++) {
      const next = frame(i);
      expect(restored.score(next)).toEqual(detector.score(next));
      restored.learn(next, 1);
      detector.learn(next, 1);
    }
    expect(JSON.stringify(restored.toJSON())).toBe(JSON.stringify(detector.toJSON()));
  });
});

describe('codes of a byte', () => {
  const distance = fc.double({ min: -REACH, max: REACH, noNaN: true });

  it('hold a distance between them, a step apart', () => {
    fc.assert(
      fc.property(distance, (d) => {
        expect(decode(codeBelow(d))).toBeLessThanOrEqual(d + 1e-12);
        expect(decode(codeAbove(d))).toBeGreaterThanOrEqual(d - 1e-12);
        expect(codeAbove(d) - codeBelow(d)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('reach what is seen again and again, from both sides', () => {
    fc.assert(
      fc.property(distance, distance, (start, target) => {
        let low = codeBelow(start);
        let high = codeAbove(start);
        for (let i = 0; i < 260; i++) {
          low = movedLow(low, target, 0.3);
          high = movedHigh(high, target, 0.3);
        }
        expect([low - codeBelow(target), high - codeAbove(target)]).toEqual([0, 0]);
      }),
    );
  });
});

describe('the envelope', () => {
  it('holds what was seen, whatever it is: huge, tiny, far from zero, stepping away', () => {
    const value = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 100, maxLength: 250 }), (values) => {
        const profile = new SeasonProfile(localTime('UTC'));
        values.forEach((one, i) => profile.learn(i * 1_800_000, Float32Array.of(one), 1));
        // The newest slot is still going on; the one before it was closed last.
        const last = values.length - 2;
        const { low, high } = profile.at(profile.slotAt(last * 1_800_000));
        const seen = Math.fround(values[last]!);
        const slack = 1e-3 * Math.max(1, ...values.map(Math.abs));
        expect(low[0]).toBeLessThanOrEqual(seen + slack);
        expect(high[0]).toBeGreaterThanOrEqual(seen - slack);
      }),
      { numRuns: 50 },
    );
  });
});
