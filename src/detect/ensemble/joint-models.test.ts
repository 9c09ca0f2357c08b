import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { TrainingHistory } from '../../model/trainer.ts';
import { fitJointModels, type FittedJointModels, loadJointModels } from './joint-models.ts';
import type { JointScore } from './joint-score.ts';
import { createJointWatch, restoreJointWatch } from './joint-watch.ts';
import { JOINT_MEMBERS } from './members.ts';

const STEP = 60_000;
const FEATURES = ['cpu', 'requests', 'latency', 'memory', 'flag'];

/** A machine: a load that cpu, requests and latency follow, memory of its own, and a constant. Sizes differ by machine. */
function machine(
  seed: number,
  rows: number,
  level = 1,
): { readonly times: Float64Array; readonly values: Float32Array } {
  const random = createRandom(seed);
  const times = Float64Array.from({ length: rows }, (_, i) => i * STEP);
  const values = new Float32Array(rows * FEATURES.length);
  let load = 0;
  for (let r = 0; r < rows; r++) {
    load = 0.6 * load + 0.8 * random.normal();
    const row = [
      level * (50 + 5 * load + random.normal()),
      level * (900 + 80 * load + 10 * random.normal()),
      20 + 2 * load + random.normal(),
      level * (4e9 + 1e7 * random.normal()),
      1,
    ];
    values.set(row, r * FEATURES.length);
  }
  return { times, values };
}

const history = (name: string, seed: number, rows = 1500, level = 1): TrainingHistory => ({
  entity: `host/${name}`,
  features: FEATURES,
  cadenceMs: STEP,
  stretches: [machine(seed, rows, level)],
});

let kept: FittedJointModels | null = null;
/** Fitted once: nothing here changes it. */
function fitted(): FittedJointModels {
  kept ??= fitJointModels([history('a', 1), history('b', 2, 1500, 3)], {
    cadenceMs: STEP,
    seed: 1,
    members: JOINT_MEMBERS,
  });
  return kept!;
}

function watchRows(rows: Float32Array, options: { own?: boolean; from?: number } = {}): JointScore[] {
  const { models, scales } = fitted();
  const own = options.own === true ? { own: { scale: scales[0]!, rows: 1500, calibrated: true } } : {};
  const watch = createJointWatch(models, { features: FEATURES, cadenceMs: STEP, ...own });
  return Array.from({ length: rows.length / FEATURES.length }, (_, r) => {
    const score = watch.take(r * STEP, rows.subarray(r * FEATURES.length, (r + 1) * FEATURES.length));
    watch.learn(score.p <= 0.01 ? 0.05 : 1);
    return score;
  });
}

describe('joint models', () => {
  it('give p-values that are about as rare as they say on quiet rows that were not learnt', () => {
    const ps = [11, 12, 13].flatMap((seed) => watchRows(machine(seed, 1500).values, { own: true }).map(({ p }) => p));
    const share = (limit: number): number => ps.filter((p) => p <= limit).length / ps.length;
    expect(share(0.1)).toBeGreaterThan(0.01);
    expect(share(0.1)).toBeLessThan(0.2);
    expect(share(0.01)).toBeLessThan(0.03);
    expect(share(0.001)).toBeLessThan(0.006);
  });

  it('find a relation that is broken while each feature stays within its range, and name the features', () => {
    const { values } = machine(21, 600);
    // Requests fall while cpu rises: both are values that they have had.
    for (let r = 500; r < 540; r++) {
      values[r * FEATURES.length] = 50 + 12;
      values[r * FEATURES.length + 1] = 900 - 190;
    }
    const scores = watchRows(values, { own: true });
    const best = scores.slice(505, 540).reduce((a, b) => (a.p < b.p ? a : b));
    expect(best.p).toBeLessThan(1e-3);
    const { values: again } = machine(21, 600);
    again[510 * FEATURES.length + 2] = 80;
    const { models, scales } = fitted();
    const watch = createJointWatch(models, {
      features: FEATURES,
      cadenceMs: STEP,
      own: { scale: scales[0]!, rows: 1500 },
    });
    for (let r = 0; r < 510; r++) watch.follow(r * STEP, again.subarray(r * 5, r * 5 + 5));
    const spike = watch.take(510 * STEP, again.subarray(510 * 5, 511 * 5));
    const blame = spike.blame();
    expect(blame.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    expect(blame.indexOf(Math.max(...blame))).toBe(2);
  });

  it('judge a sibling that was never seen at once, and calm rows of it as calm', () => {
    const { values } = machine(31, 200, 2);
    values[60 * FEATURES.length + 2] = 90;
    const scores = watchRows(values);
    expect(scores[2]!.ready).toBe(true);
    expect(scores[60]!.p).toBeLessThan(1e-3);
    const calm = scores.slice(3, 60).filter(({ p }) => p <= 0.01).length;
    expect(calm).toBeLessThan(4);
  });

  it('take the columns by name, missing ones as not there, and unknown ones as nothing', () => {
    const { models } = fitted();
    const watch = createJointWatch(models, { features: ['new', 'latency', 'cpu'], cadenceMs: STEP });
    const scores = Array.from({ length: 50 }, (_, r) => watch.take(r * STEP, Float32Array.of(1e9, 20, 60)));
    expect(scores.every(({ p }) => p > 0 && p <= 1)).toBe(true);
    const odd = watch.take(50 * STEP, Float32Array.of(1e9, 200, 60));
    expect([...odd.blame()].map((share) => share > 0.5)).toEqual([false, true, false]);
  });

  it('score the same to the bit after models and state were saved and loaded', () => {
    const { models } = fitted();
    const loaded = loadJointModels(models.toBytes(), JOINT_MEMBERS);
    const options = { features: FEATURES, cadenceMs: STEP };
    const { values } = machine(41, 120);
    const row = (r: number): Float32Array => values.subarray(r * 5, r * 5 + 5);
    const first = createJointWatch(models, options);
    for (let r = 0; r < 60; r++) {
      first.take(r * STEP, row(r));
      first.learn(1);
    }
    const second = restoreJointWatch(loaded, options, JSON.parse(JSON.stringify(first.toJSON())));
    for (let r = 60; r < 120; r++) {
      const [a, b] = [first.take(r * STEP, row(r)), second.take(r * STEP, row(r))];
      expect(b.surprise).toBe(a.surprise);
      expect(b.members).toEqual(a.members);
      first.learn(0.5);
      second.learn(0.5);
    }
    expect(second.toJSON()).toEqual(first.toJSON());
  });

  it('are the same bytes for the same histories and seed', () => {
    const fit = (): Uint8Array =>
      fitJointModels([history('a', 1, 300)], { cadenceMs: STEP, seed: 3, members: JOINT_MEMBERS })!.models.toBytes();
    expect(Buffer.compare(fit(), fit())).toBe(0);
  });

  it('refuse damaged bytes, members that are not known and damaged state', () => {
    const { models } = fitted();
    const bytes = models.toBytes();
    expect(() => loadJointModels(bytes.subarray(0, bytes.length - 8), JOINT_MEMBERS)).toThrow(Error);
    expect(() => loadJointModels(bytes, JOINT_MEMBERS.slice(1))).toThrow(expect.objectContaining({ code: 'ML_KIND' }));
    const options = { features: FEATURES, cadenceMs: STEP };
    for (const state of [null, {}, { version: 1, rows: 1, time: 0 }])
      expect(() => restoreJointWatch(models, options, state)).toThrow(
        expect.objectContaining({ code: 'STATE_INVALID' }),
      );
  });

  it('need a history', () => {
    const options = { cadenceMs: STEP, seed: 1, members: JOINT_MEMBERS };
    expect(fitJointModels([], options)).toBeNull();
    expect(fitJointModels([history('a', 1, 20)], options)).toBeNull();
  });

  it('take a shift for the usual course when told to', () => {
    const { models, scales } = fitted();
    const options = { features: FEATURES, cadenceMs: STEP, own: { scale: scales[0]!, rows: 1500, calibrated: true } };
    const watch = createJointWatch(models, options);
    const { values } = machine(51, 1200);
    for (let r = 300; r < 1200; r++) values[r * 5 + 2] = values[r * 5 + 2]! + 30;
    const p: number[] = [];
    for (let r = 0; r < 1200; r++) {
      p.push(watch.take(r * STEP, values.subarray(r * 5, r * 5 + 5)).p);
      watch.learn(r > 300 && r <= 1000 ? 0.05 : 1);
      if (r === 1000) watch.adopt();
    }
    const mean = (from: number, to: number): number => p.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    expect(mean(900, 1000)).toBeLessThan(0.001);
    expect(mean(1100, 1200)).toBeGreaterThan(0.1);
  });
});
