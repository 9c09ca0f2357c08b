import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { TrainingHistory } from '../../model/trainer.ts';
import { fitJointModels, type FittedJointModels, loadJointModels } from './joint-models.ts';
import { createJointWatch, restoreJointWatch } from './joint-watch.ts';
import { JOINT_MEMBERS } from './members.ts';

const STEP = 60_000;
const FEATURES = ['workers', 'latency', 'cpu', 'queue', 'memory'];
const N = FEATURES.length;
/** A batch of four hours every eight. */
const HALF = 240;
const batch = (row: number): boolean => Math.floor(row / HALF) % 2 === 1;

/** A service that is calm by day and wild while a batch runs; sizes differ by entity. `flips` is false for one without batches. */
function rowsOf(seed: number, rows: number, { size = 1, flips = true } = {}): Float32Array {
  const random = createRandom(seed);
  const values = new Float32Array(rows * N);
  for (let r = 0; r < rows; r++) {
    const busy = flips && batch(r);
    const [at, wild] = busy ? [12, 20] : [2, 1];
    const row = [
      at + 0.1 * random.normal(),
      size * (busy ? 80 : 20) + 0.5 * size * wild * random.normal(),
      size * (busy ? 0.8 : 0.2) + 0.005 * size * wild * random.normal(),
      (busy ? 300 : 40) + wild * random.normal(),
      size * (4e9 + 2e7 * random.normal()),
    ];
    values.set(row, r * N);
  }
  return values;
}

const history = (name: string, values: Float32Array): TrainingHistory => ({
  entity: `service/${name}`,
  features: FEATURES,
  cadenceMs: STEP,
  stretches: [{ times: Float64Array.from({ length: values.length / N }, (_, i) => i * STEP), values }],
});

const fit = (regimes: boolean, flips = true): FittedJointModels =>
  fitJointModels(
    [1, 2, 3].map((n) => history(`${n}`, rowsOf(n, 2880, { size: n, flips }))),
    { cadenceMs: STEP, seed: 1, members: JOINT_MEMBERS, regimes },
  )!;

let kept: Readonly<Record<'with' | 'without', FittedJointModels>> | null = null;
/** Fitted once: nothing here changes them. */
const fitted = () => (kept ??= { with: fit(true), without: fit(false) });

const START = 4 * HALF;
/** p-values over 960 rows of the second entity that were not learnt, beginning as a calm time does; `from` on something is odd. */
function watched({ models, scales, within }: FittedJointModels, odd: (row: Float32Array, r: number) => void) {
  const values = rowsOf(77, START + 960, { size: 2 });
  const own = { scale: scales[1]!, within: within[1], rows: 2000 };
  const watch = createJointWatch(models, { features: FEATURES, cadenceMs: STEP, own });
  return Array.from({ length: START + 960 }, (_, r) => {
    const row = values.subarray(r * N, (r + 1) * N);
    odd(row, r - START);
    const score = watch.take(r * STEP, row);
    watch.learn(score.p <= 0.01 ? 0.05 : 1);
    return score.p;
  }).slice(START);
}

const fault = (row: Float32Array, r: number): void => {
  // Eight deviations of a calm time: a fifth of what a batch does every day.
  if (r >= 100 && r < 130) row[1] = row[1]! + 8;
};

describe('operating regimes of joint members', () => {
  it('are found where they are, and how each entity is scaled in them', () => {
    const { models, within } = fitted().with;
    expect(models.within?.regimes.count).toBe(2);
    // The calm time of the third entity: its latency is 60 and moves by 1.5.
    const calm = [0, 1].find((k) => within[2]!.centre[k * N + 1]! < 100)!;
    expect(within[2]!.centre[calm * N + 1]).toBeCloseTo(60, 0);
    expect(within[2]!.deviation[calm * N + 1]).toBeGreaterThan(1.4);
    expect(within[2]!.deviation[calm * N + 1]).toBeLessThan(2.5);
  });

  it('let a fault of a calm time be seen that is nothing beside the busy one', () => {
    const least = (p: readonly number[]): number => Math.min(...p.slice(100, 145));
    expect(least(watched(fitted().with, fault))).toBeLessThan(1e-5);
    expect(least(watched(fitted().without, fault))).toBeGreaterThan(1e-3);
  });

  it('raise no false alarms, neither within a regime nor between them', () => {
    const quiet = watched(fitted().with, () => undefined);
    expect(quiet.filter((p) => p <= 0.01).length).toBeLessThan(0.03 * quiet.length);
    expect(Math.min(...quiet)).toBeGreaterThan(1e-5);
  });

  it('judge a new sibling at once, in either regime', () => {
    const { models } = fitted().with;
    const values = rowsOf(91, 720, { size: 2 });
    const watch = createJointWatch(models, { features: FEATURES, cadenceMs: STEP });
    const p = Array.from({ length: 720 }, (_, r) => {
      const score = watch.take(r * STEP, values.subarray(r * N, (r + 1) * N));
      watch.learn(score.p <= 0.01 ? 0.05 : 1);
      return score.p;
    });
    expect(p.filter((one) => one <= 0.01).length).toBeLessThan(36);
  });

  it('come back with the models and the state, to the bit', () => {
    const { models, scales, within } = fitted().with;
    const loaded = loadJointModels(models.toBytes(), JOINT_MEMBERS);
    const options = { features: FEATURES, cadenceMs: STEP, own: { scale: scales[0]!, within: within[0], rows: 2000 } };
    const values = rowsOf(41, 600);
    const row = (r: number): Float32Array => values.subarray(r * N, (r + 1) * N);
    const first = createJointWatch(models, options);
    for (let r = 0; r < 300; r++) {
      first.take(r * STEP, row(r));
      first.learn(1);
    }
    const second = restoreJointWatch(loaded, options, JSON.parse(JSON.stringify(first.toJSON())));
    for (let r = 300; r < 600; r++) {
      expect(second.take(r * STEP, row(r)).surprise).toBe(first.take(r * STEP, row(r)).surprise);
      first.learn(1);
      second.learn(1);
    }
    // New entities are scaled by what is loaded.
    const [a, b] = [models, loaded].map((one) => createJointWatch(one, { features: FEATURES, cadenceMs: STEP }));
    for (let r = 0; r < 50; r++) expect(b!.take(r * STEP, row(r)).surprise).toBe(a!.take(r * STEP, row(r)).surprise);
  });

  it('change nothing where there are none, to the bit', () => {
    const [on, off] = [fit(true, false), fit(false, false)];
    expect(on.models.within).toBeNull();
    expect(Buffer.compare(on.models.toBytes(), off.models.toBytes())).toBe(0);
    expect(on.scales).toEqual(off.scales);
  });

  it('are no feature that changes every few rows', () => {
    const values = rowsOf(5, 2880);
    const random = createRandom(8);
    // The same two levels, drawn anew in each row.
    const rows = Array.from({ length: 2880 }, (_, r) => values.slice(r * N, (r + 1) * N));
    const mixed = new Float32Array(values.length);
    rows.toSorted(() => random.next() - 0.5).forEach((row, r) => mixed.set(row, r * N));
    const found = fitJointModels([history('mixed', mixed)], { cadenceMs: STEP, seed: 1, members: [JOINT_MEMBERS[0]!] });
    expect(found?.models.within).toBeNull();
  });
});
