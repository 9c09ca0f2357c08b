import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from '../ml/random.ts';
import { medianInPlace } from '../ml/stats-robust.ts';
import { assessCapacity, type Exhaustion } from './capacity.ts';
import { HeadroomHistory } from './headroom-history.ts';

const SIZE = 100_000;
const HORIZONS = [900, 3600, 6 * 3600, 86_400, 7 * 86_400];
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);

/** Feeds `used(second)` at each step and looks every `every` steps; returns every answer with its time. */
function watch(
  used: (second: number) => number,
  options: { readonly seconds: number; readonly step?: number; readonly every?: number },
): { readonly at: number; readonly left: number; readonly answer: Exhaustion | null }[] {
  const { seconds, step = 5, every = 6 } = options;
  const history = new HeadroomHistory(step * 1000);
  const answers = [];
  for (let n = 0; n * step <= seconds; n++) {
    const left = SIZE - used(n * step);
    history.push(n * step * 1000, left);
    if (left <= 0) break;
    if (n % every === 0) answers.push({ at: n * step, left, answer: assessCapacity(history, HORIZONS, SIZE) });
  }
  return answers;
}

const pagesIn = (answers: ReturnType<typeof watch>): number =>
  answers.filter(({ answer }) => (answer?.probabilities[1] ?? 0) >= 0.8).length;

const noise = (random: Random, scale: number): number => random.normal() * scale;

describe('a steady fill', () => {
  const cases = [
    { name: 'in 90 s at a step of 1 s', seconds: 90, step: 1, jitter: 300 },
    { name: 'in 10 minutes', seconds: 600, step: 5, jitter: 300 },
    { name: 'in 6 hours', seconds: 6 * 3600, step: 15, jitter: 500 },
    { name: 'in 3 days', seconds: 3 * 86_400, step: 60, jitter: 1000 },
  ];
  it.each(cases)('$name is foretold within a quarter of the truth before half is gone', ({ seconds, step, jitter }) => {
    for (const seed of SEEDS) {
      const random = createRandom(seed);
      const answers = watch((t) => (SIZE * t) / seconds + noise(random, jitter), {
        seconds: seconds * 0.5,
        step,
        every: Math.max(1, Math.round(seconds / step / 40)),
      });
      const good = answers.filter(
        ({ at, answer }) => answer?.expected && Math.abs(answer.expected - (seconds - at)) <= 0.25 * (seconds - at),
      );
      expect(good.length, `seed ${seed}`).toBeGreaterThan(0);
      const last = answers.at(-1)?.answer;
      expect(last?.expected, `seed ${seed}`).toBeGreaterThan(0.75 * seconds * 0.5);
      expect(last?.expected, `seed ${seed}`).toBeLessThan(1.25 * seconds * 0.5);
      expect(last?.earliest).toBeLessThanOrEqual(last?.expected ?? 0);
      expect(last?.latest).toBeGreaterThanOrEqual(last?.expected ?? 0);
    }
  });

  it('starting after a long calm is seen as a new regime', () => {
    const random = createRandom(3);
    const calm = 3 * 3600;
    const answers = watch((t) => 20_000 + noise(random, 50) + Math.max(0, t - calm) * 40, { seconds: calm + 1200 });
    const { at, left, answer } = answers.at(-1) ?? { at: 0, left: 0, answer: null };
    expect(at).toBe(calm + 1200);
    expect(answer?.expected).toBeGreaterThan((left / 40) * 0.75);
    expect(answer?.expected).toBeLessThan((left / 40) * 1.25);
  });

  it('that breathes with the day is likely within 24 h some hours before the end, and not in its first ten days', () => {
    const end = 14 * 86_400;
    for (const seed of SEEDS.slice(0, 4)) {
      const random = createRandom(seed);
      const used = (t: number) => (SIZE * t) / end + 3000 * Math.sin((t / 86_400) * 2 * Math.PI) + noise(random, 200);
      const answers = watch(used, { seconds: end, step: 300, every: 12 });
      const full = answers.at(-1)!.at;
      const likely = answers.filter(({ answer }) => (answer?.probabilities[3] ?? 0) >= 0.5).map(({ at }) => full - at);
      expect(likely[0], `seed ${seed}`).toBeGreaterThan(6 * 3600);
      expect(likely[0], `seed ${seed}`).toBeLessThan(4 * 86_400);
    }
  });

  it('gives probabilities that grow with the horizon and pages before the end', () => {
    const answers = watch((t) => (SIZE * t) / 3600, { seconds: 3500 });
    for (const { answer } of answers) {
      const p = answer?.probabilities ?? [];
      expect([...p].sort((a, b) => a - b)).toEqual(p);
    }
    expect(pagesIn(answers)).toBeGreaterThan(0);
  });
});

describe('a fall out of what was usual', () => {
  const CALM_S = 100;
  const FILL_S = 75;
  /** How long after the calm its end is more likely than not, s; null when that is never said before it. */
  const seenAfter = (used: (t: number, random: Random) => number, seed: number): number | null => {
    const random = createRandom(seed);
    const answers = watch((t) => used(t, random), { seconds: CALM_S + FILL_S, step: 1, every: 1 });
    const first = answers.find(({ at, answer }) => at > CALM_S && (answer?.probabilities.at(-1) ?? 0) >= 0.5);
    return first ? first.at - CALM_S : null;
  };
  const share = (t: number): number => Math.max(0, (t - CALM_S) / FILL_S);

  /** As a histogram tells the time of a few requests: the median of bucket middles, between two of them at times. */
  const BUCKETS = [0, 500, 1000, 2500, 5000, 10_000, 20_000, 40_000, 80_000, 120_000];
  const seenInBuckets = (value: number, random: Random): number => {
    const middles = Array.from({ length: 6 }, () => {
      const upper = BUCKETS.findIndex((bound) => bound >= value * Math.exp(noise(random, 0.25)));
      return upper < 0 ? BUCKETS.at(-1)! : (BUCKETS[upper]! + BUCKETS[upper - 1]!) / 2;
    });
    return medianInPlace(Float64Array.from(middles));
  };

  it.each([
    ['straight', (t: number, random: Random) => 10_000 + 90_000 * share(t) + noise(random, 500), 0.35],
    ['in wide buckets', (t: number, random: Random) => seenInBuckets(5000 + 95_000 * share(t), random), 0.45],
    ['in stairs', (t: number) => 10_000 + 90_000 * (Math.floor(share(t) * 12) / 12), 0.45],
    ['ever faster', (t: number, random: Random) => 10_000 + 90_000 * share(t) ** 2 + noise(random, 200), 0.65],
    ['from the middle of noise', (t: number, random: Random) => 20_000 + 80_000 * share(t) + noise(random, 2500), 0.6],
  ])('%s is seen in time', (_, used, by) => {
    for (const seed of SEEDS) {
      const seen = seenAfter(used, seed);
      expect(seen, `seed ${seed}`).not.toBeNull();
      expect(seen, `seed ${seed}`).toBeLessThan(by * FILL_S);
    }
  });

  it('is none where it has gone as far before and come back', () => {
    for (const seed of SEEDS) {
      const random = createRandom(seed);
      const wave = (t: number): number => 40_000 + 30_000 * Math.sin((t / 60) * 2 * Math.PI) + noise(random, 300);
      const answers = watch(wave, { seconds: 600, step: 1, every: 1 }).filter(({ at }) => at > 240);
      const said = answers.filter(({ answer }) => (answer?.probabilities.at(-1) ?? 0) >= 0.5);
      expect(said.length, `seed ${seed}`).toBe(0);
    }
  });

  it('is none where it jumps and stays', () => {
    const answers = watch((t) => (t < CALM_S ? 10_000 : 70_000), { seconds: 300, step: 1, every: 1 });
    expect(answers.filter(({ answer }) => answer !== null)).toEqual([]);
  });

  it('that once went on to the end is believed as before', () => {
    const fill = (t: number): number => Math.min(99_000, 10_000 + Math.max(0, (t % 420) - 180) * 1000);
    const [first, second] = [180, 600].map((from) =>
      watch(fill, { seconds: from + 60, step: 1, every: 1 })
        .at(-1)
        ?.answer?.probabilities.at(-1),
    );
    expect(first).toBeGreaterThan(0.8);
    expect(second).toBeGreaterThan(0.8);
  });
});

describe('what must not page', () => {
  const used: {
    readonly name: string;
    readonly at: (t: number, random: Random, seed: number) => number;
    readonly hours: number;
  }[] = [
    { name: 'a flat level with noise', at: (_, random) => 60_000 + noise(random, 500), hours: 6 },
    {
      name: 'a sawtooth from a quarter to nine tenths every half hour',
      at: (t) => 25_000 + ((t % 1800) / 1800) * 65_000,
      hours: 12,
    },
    { name: 'a daily wave', at: (t) => 60_000 + 25_000 * Math.sin((t / 86_400) * 2 * Math.PI), hours: 48 },
    {
      name: 'a weekly wave',
      at: (t, random) => 60_000 + 20_000 * Math.sin((t / 604_800) * 2 * Math.PI) + noise(random, 200),
      hours: 21 * 24,
    },
    {
      name: 'a daily wave on a weekly one',
      at: (t, random) =>
        55_000 +
        12_000 * Math.sin((t / 604_800) * 2 * Math.PI) +
        15_000 * Math.sin((t / 86_400) * 2 * Math.PI) +
        noise(random, 200),
      hours: 21 * 24,
    },
    {
      name: 'a burst of writes that takes a tenth in two minutes',
      at: (t, _, seed) => 30_000 + Math.min(1, Math.max(0, t - 3600 - seed * 60) / 120) * 10_000,
      hours: 4,
    },
    {
      name: 'a cron job that takes a fifth for five minutes every hour',
      at: (t) => 40_000 + (t % 3600 < 300 ? ((t % 3600) / 300) * 20_000 : 0),
      hours: 12,
    },
    { name: 'a jump', at: (t) => (t > 7200 ? 75_000 : 30_000), hours: 5 },
  ];
  it.each(used)('$name', ({ at, hours }) => {
    for (const seed of SEEDS.slice(0, 6)) {
      const random = createRandom(seed);
      // Weeks in steps of five minutes, so that they are as quick as hours.
      const pace = hours > 100 ? { step: 300, every: 12 } : { step: 15, every: 4 };
      const answers = watch((t) => at(t, random, seed), { seconds: hours * 3600, ...pace });
      // A sawtooth is judged from its second tooth on: nobody can know it before.
      const known = answers.filter(({ at: time }) => time > 3900);
      expect(pagesIn(known), `seed ${seed}`).toBe(0);
    }
  });

  it('a random walk, in all but a few of a hundred watched for two hours', () => {
    let walksThatPaged = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const random = createRandom(seed);
      let level = 50_000;
      const answers = watch(
        () => {
          level = Math.min(95_000, Math.max(5000, level + noise(random, 400)));
          return level;
        },
        { seconds: 7200, step: 5, every: 12 },
      );
      if (pagesIn(answers) > 0) walksThatPaged += 1;
    }
    expect(walksThatPaged).toBeLessThanOrEqual(4);
  });
});
