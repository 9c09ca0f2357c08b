import { describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { calmFrames, checkDetector, frameOf } from './check-detector.ts';
import { ResidualDetector, residualFactory } from './residual-detector.ts';
import { localTime } from './seasonal/local-time.ts';

checkDetector(residualFactory(60));

const STEP = 60_000;
const DAY = 86_400_000 / STEP;
const START = Date.UTC(2026, 0, 5);

const create = (warmUp = 60, stepMs = STEP): ResidualDetector =>
  new ResidualDetector({ stepMs, warmUp, zone: localTime('UTC') });

/** Runs values of one feature through a detector, as the stage does; returns the score before each was learnt. */
function run(detector: ResidualDetector, values: readonly number[], weight = 1, start = START): number[] {
  return values.map((value, i) => {
    const frame: Frame = frameOf(start + i * STEP, [value], STEP);
    const { score } = detector.score(frame);
    detector.learn(frame, weight);
    return score;
  });
}

const noise = (count: number, seed: number, level = 100): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => level + random.normal());
};

describe('what is known to make false alarms', () => {
  it('a constant that moves by one step is no sensation', () => {
    const detector = create();
    run(
      detector,
      Array.from({ length: 300 }, () => 5),
    );
    expect(run(detector, [6])[0]).toBeLessThan(6);
  });

  it('a job that runs every day at the same time becomes normal', () => {
    const detector = create();
    const day = (seed: number): number[] =>
      noise(DAY, seed).map((value, minute) => (minute >= 180 && minute < 190 ? value + 40 : value));
    const peaks = [1, 2, 3, 4].map((seed, d) => {
      const scores = run(detector, day(seed), 1, START + d * 86_400_000);
      return Math.max(...scores.slice(180, 190));
    });
    expect(peaks[0]).toBeGreaterThan(10);
    expect(peaks[3]).toBeLessThan(4);
  });

  it('the same job at another time is not', () => {
    const detector = create();
    const day = (seed: number, from: number): number[] =>
      noise(DAY, seed).map((value, minute) => (minute >= from && minute < from + 10 ? value + 40 : value));
    [1, 2, 3].forEach((seed, d) => run(detector, day(seed, 180), 1, START + d * 86_400_000));
    const scores = run(detector, day(4, 900), 1, START + 3 * 86_400_000);
    expect(Math.max(...scores.slice(900, 910))).toBeGreaterThan(10);
  });

  it('a process that comes back under its old name is learnt anew', () => {
    const detector = create();
    run(detector, [...noise(200, 1), ...Array.from({ length: 30 }, () => Number.NaN)]);
    expect(Math.max(...run(detector, noise(20, 2, 500)))).toBe(0);
  });

  it('a feature that comes every third frame is judged all the same', () => {
    const detector = create();
    const sparse = noise(600, 1).map((value, i) => (i % 3 === 0 ? value : Number.NaN));
    run(detector, sparse);
    expect(run(detector, [200])[0]).toBeGreaterThan(10);
  });

  it('heavy tails are measured by their own', () => {
    const random = createRandom(3);
    const heavy = Array.from({ length: 3000 }, () => random.exponential() ** 2);
    const scores = run(create(), heavy).slice(500);
    expect(scores.filter((score) => score > 12).length / scores.length).toBeLessThan(0.002);
  });

  it('a score of s comes about as often as e^-s says, or less', () => {
    const scores = calmFrames(4000, 5).map(
      ((detector) => (frame: Frame) => {
        const { score } = detector.score(frame);
        detector.learn(frame, 1);
        return score;
      })(create(60, 5000)),
    );
    expect(scores.slice(500).filter((score) => score > 14).length).toBeLessThan(5);
  });
});

describe('a restless start', () => {
  it('of a quarter of the warm-up does not blunt what follows', () => {
    const detector = create();
    const start = noise(60, 1, 10).map((value, i) => (i < 15 ? value + 60 : value));
    run(detector, start);
    const scores = run(detector, noise(10, 2, 70), 0.2, START + 60 * STEP);
    expect(Math.max(...scores)).toBeGreaterThan(5);
    const calm = create();
    run(calm, start);
    expect(Math.max(...run(calm, noise(40, 3, 10), 1, START + 60 * STEP))).toBeLessThan(5);
  });
});

describe('the expected band', () => {
  it('of what cannot be negative does not go below 0', () => {
    const feature = {
      name: 'read',
      metric: 'read',
      labels: {},
      kind: 'rate' as const,
      unit: 'bytes_per_second',
      limit: null,
    };
    const layout = internLayout([feature]);
    const detector = create();
    const random = createRandom(1);
    const frames = Array.from({ length: 200 }, (_, i) => ({
      ...frameOf(START + i * STEP, [1e5 * random.exponential() ** 2], STEP),
      layout,
    }));
    detector.fit(frames);
    expect(detector.score(frames.at(-1)!).low[0]).toBe(0);
  });
});

describe('what must be seen', () => {
  it.each([
    ['spike', (i: number) => (i === 0 ? 15 : 0), 3],
    ['level shift', () => 8, 3],
    ['small shift that lasts', () => 3, 15],
    ['growth', (i: number) => i, 12],
  ])('%s', (_, added, within) => {
    const detector = create();
    run(detector, noise(400, 1));
    const scores = run(
      detector,
      noise(within, 2).map((value, i) => value + added(i)),
      0.3,
      START + 400 * STEP,
    );
    expect(Math.max(...scores)).toBeGreaterThan(6.5);
  });

  it('a restless feature that stands still', () => {
    const detector = create();
    run(detector, noise(400, 1));
    expect(
      run(
        detector,
        Array.from({ length: 60 }, () => 100.5),
      ).at(-1),
    ).toBeGreaterThan(9);
  });

  it('stays abnormal while it is learnt with a small weight, and becomes normal with the full one', () => {
    const shift = noise(600, 2, 130);
    const [held, adopted] = [0.05, 1].map((weight) => {
      const detector = create();
      run(detector, noise(400, 1));
      return run(detector, shift, weight, START + 400 * STEP).at(-1)!;
    });
    expect(held).toBeGreaterThan(12);
    expect(adopted).toBeLessThan(6);
  });
});
