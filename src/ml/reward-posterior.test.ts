import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLinearPosterior, loadLinearPosterior } from './linear-posterior.ts';
import { createLogisticPosterior, fitLogisticPosterior, loadLogisticPosterior } from './logistic-posterior.ts';
import { createMatrix, matrixFromRows } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { createRandom } from './random.ts';
import type { RewardPosterior } from './reward-posterior.ts';

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Solves A·x = b by elimination with pivots: the reference that shares nothing with the code under test. */
function eliminate(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = a.map((row, i) => [...row, b[i]!]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    rows.sort((x, y) => (rows.indexOf(x) < k || rows.indexOf(y) < k ? 0 : Math.abs(y[k]!) - Math.abs(x[k]!)));
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let c = k; c <= n; c++) rows[i]![c]! -= factor * rows[k]![c]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

function normals(rows: number, columns: number, seed: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: rows * columns }, () => random.normal());
}

describe('createLinearPosterior', () => {
  const noise = 0.3;
  const deviation = 2;
  const priorMean = [0.5, -1, 0];
  const x = normals(40, 3, 1);
  const rewards = normals(40, 1, 2);
  const weights = Array.from({ length: 40 }, (_, row) => (row % 4 === 0 ? 2.5 : 1));

  /** The precision and the mean by the normal equations. */
  function exact(): { precision: number[][]; mean: number[] } {
    const precision = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 / deviation ** 2 : 0)));
    const moment = priorMean.map((m) => m / deviation ** 2);
    for (let row = 0; row < 40; row++) {
      for (let i = 0; i < 3; i++) {
        moment[i]! += (weights[row]! * x[row * 3 + i]! * rewards[row]!) / noise ** 2;
        for (let j = 0; j < 3; j++)
          precision[i]![j]! += (weights[row]! * x[row * 3 + i]! * x[row * 3 + j]!) / noise ** 2;
      }
    }
    return { precision, mean: eliminate(precision, moment) };
  }

  function learnt(order: readonly number[]): RewardPosterior {
    const posterior = createLinearPosterior({ features: 3, noise, priorDeviation: deviation, priorMean });
    for (const row of order) posterior.observe(x, rewards[row]!, { offset: row * 3, weight: weights[row]! });
    return posterior;
  }

  it('is the exact posterior, in whatever order rewards arrive', () => {
    const { precision, mean } = exact();
    const probe = Float64Array.of(0.3, -2, 1.1);
    const variance = eliminate(precision, [...probe]).reduce((sum, value, i) => sum + value * probe[i]!, 0);
    fc.assert(
      fc.property(fc.shuffledSubarray([...weights.keys()], { minLength: 40 }), (order) => {
        const posterior = learnt(order);
        for (let i = 0; i < 3; i++) expect(posterior.mean[i]).toBeCloseTo(mean[i]!, 9);
        expect(posterior.spread(probe, new Float64Array(3)) ** 2).toBeCloseTo(variance, 9);
      }),
      { numRuns: 20 },
    );
  });

  it('spreads scores as the weights spread: covariance of two rows', () => {
    const posterior = learnt([...weights.keys()]);
    const [a, b] = [Float64Array.of(1, 2, 0), Float64Array.of(-1, 0.5, 3)];
    const [left, right] = [new Float64Array(3), new Float64Array(3)];
    posterior.spread(a, left);
    posterior.spread(b, right);
    const covariance = eliminate(exact().precision, [...b]).reduce((sum, value, i) => sum + value * a[i]!, 0);
    expect(right.reduce((sum, value, i) => sum + value * left[i]!, 0)).toBeCloseTo(covariance, 10);
  });

  it('starts at the prior: another estimate as a feature with weight 1', () => {
    const posterior = createLinearPosterior({ features: 2, priorMean: [0, 1] });
    expect(posterior.expected(Float64Array.of(1, 0.7))).toBe(0.7);
    expect(posterior.spread(Float64Array.of(3, 4), new Float64Array(2))).toBe(5);
  });

  it('stays sound over a hundred thousand observations', () => {
    const posterior = createLinearPosterior({ features: 4 });
    const random = createRandom(5);
    const truth = [0.2, -0.1, 0.4, 0];
    const row = new Float64Array(4);
    for (let i = 0; i < 100_000; i++) {
      for (let c = 0; c < 4; c++) row[c] = random.normal();
      posterior.observe(row, truth.reduce((sum, w, c) => sum + w * row[c]!, 0) + 0.5 * random.normal());
    }
    truth.forEach((w, c) => expect(Math.abs(posterior.mean[c]! - w)).toBeLessThan(0.01));
    expect(posterior.spread(Float64Array.of(1, 0, 0, 0), row)).toBeCloseTo(0.5 / Math.sqrt(100_000), 4);
  });
});

describe('the logistic posterior', () => {
  const truth = [-0.5, 1.2, -0.8];
  const random = createRandom(9);
  const rows = Array.from({ length: 600 }, () => [1, random.normal(), random.normal()]);
  const matrix = matrixFromRows(rows);
  const target = Float64Array.from(rows, (row) =>
    random.next() < logistic(row.reduce((sum, value, i) => sum + value * truth[i]!, 0)) ? 1 : 0,
  );

  it('stands at the mode: the slope of the log posterior is zero, the precision is its curvature', () => {
    const posterior = fitLogisticPosterior({ matrix, target }, { priorDeviation: 3 });
    const precision = [0, 1, 2].map((i) => [0, 1, 2].map((j) => (i === j ? 1 / 9 : 0)));
    const slope = [...posterior.mean].map((w) => -w / 9);
    rows.forEach((row, r) => {
      const p = logistic(row.reduce((sum, value, i) => sum + value * posterior.mean[i]!, 0));
      row.forEach((value, i) => {
        slope[i]! += (target[r]! - p) * value;
        row.forEach((other, j) => (precision[i]![j]! += p * (1 - p) * value * other));
      });
    });
    for (const value of slope) expect(Math.abs(value)).toBeLessThan(1e-5);
    const probe = Float64Array.of(1, 0.5, -1);
    const variance = eliminate(precision, [...probe]).reduce((sum, value, i) => sum + value * probe[i]!, 0);
    expect(posterior.spread(probe, new Float64Array(3)) ** 2).toBeCloseTo(variance, 8);
    truth.forEach((w, i) => expect(Math.abs(posterior.mean[i]! - w)).toBeLessThan(0.3));
  });

  it('makes of one observation what the batch makes of it, fractions and weights too', () => {
    for (const [reward, weight] of [
      [1, 1],
      [0, 1],
      [0.3, 1],
      [1, 40],
    ] as const) {
      const one = createMatrix(Float64Array.of(1, -2, 3), 1, 3);
      const batch = fitLogisticPosterior({ matrix: one, target: [reward], weights: [weight] }, { priorDeviation: 2 });
      const online = createLogisticPosterior({ features: 3, priorDeviation: 2 });
      online.observe(one.data, reward, { weight });
      for (let i = 0; i < 3; i++) expect(online.mean[i]).toBeCloseTo(batch.mean[i]!, 6);
      const out = new Float64Array(3);
      expect(online.spread(one.data, out)).toBeCloseTo(batch.spread(one.data, new Float64Array(3)), 6);
    }
  });

  it('learns online nearly what the batch learns', () => {
    const batch = fitLogisticPosterior({ matrix, target });
    const online = createLogisticPosterior({ features: 3 });
    for (let row = 0; row < matrix.rows; row++) online.observe(matrix.data, target[row]!, { offset: row * 3 });
    for (let i = 0; i < 3; i++) expect(Math.abs(online.mean[i]! - batch.mean[i]!)).toBeLessThan(0.05);
    const probe = Float64Array.of(1, 1, 1);
    expect(Math.abs(online.expected(probe) - batch.expected(probe))).toBeLessThan(0.01);
  });

  it('expects the mean of σ over the posterior', () => {
    const posterior = createLogisticPosterior({ features: 1, priorMean: [1.5], priorDeviation: 1.2 });
    const draws = normals(200_000, 1, 3);
    const mean = draws.reduce((sum, z) => sum + logistic(1.5 + 1.2 * z), 0) / draws.length;
    expect(Math.abs(posterior.expected(Float64Array.of(1)) - mean)).toBeLessThan(0.01);
  });

  it('stays finite after a thousand equal answers on separable rows', () => {
    const posterior = createLogisticPosterior({ features: 2 });
    for (let i = 0; i < 1000; i++) posterior.observe(Float64Array.of(100, 1), 1);
    expect(posterior.mean.every(Number.isFinite)).toBe(true);
    expect(posterior.expected(Float64Array.of(100, 1))).toBeGreaterThan(0.9);
  });

  it('refuses rewards outside [0, 1]', () => {
    const posterior = createLogisticPosterior({ features: 1 });
    const bad = expect.objectContaining({ code: 'ML_VALUE' });
    for (const reward of [-0.1, 1.1, Number.NaN]) {
      expect(() => posterior.observe(Float64Array.of(1), reward)).toThrow(bad);
      expect(() => fitLogisticPosterior({ matrix, target: target.map(() => reward) })).toThrow(bad);
    }
  });
});

describe.each([
  ['linear', () => createLinearPosterior({ features: 2 }), loadLinearPosterior],
  ['logistic', () => createLogisticPosterior({ features: 2 }), loadLogisticPosterior],
] as const)('every posterior: %s', (_, create, load) => {
  const rows = normals(50, 2, 4);
  const learnt = (): RewardPosterior => {
    const posterior = create();
    for (let row = 0; row < 50; row++) posterior.observe(rows, row % 3 === 0 ? 1 : 0, { offset: row * 2 });
    return posterior;
  };

  it('comes back from bytes exactly and learns on alike', () => {
    const [first, second] = [learnt(), load(learnt().toBytes())];
    expect(second.count).toBe(50);
    first.observe(rows, 1);
    second.observe(rows, 1);
    expect(second.toBytes()).toEqual(first.toBytes());
  });

  it('refuses damaged bytes', () => {
    const bytes = learnt().toBytes();
    for (let index = 0; index < bytes.length; index += 7) {
      const damaged = bytes.slice();
      damaged[index]! ^= 0x41;
      expect(() => load(damaged)).toThrow(MlError);
      expect(() => load(bytes.subarray(0, index))).toThrow(MlError);
    }
  });

  it('a clone learns apart', () => {
    const posterior = learnt();
    const before = posterior.toBytes();
    posterior.clone().observe(rows, 1);
    expect(posterior.toBytes()).toEqual(before);
  });

  it('refuses by code what it cannot learn from, and is unchanged after', () => {
    const posterior = learnt();
    const before = posterior.toBytes();
    const cases: [Float64Array, number, string][] = [
      [Float64Array.of(Number.NaN, 1), 1, 'ML_VALUE'],
      [Float64Array.of(Infinity, 1), 1, 'ML_VALUE'],
      [Float64Array.of(1e200, 1), 1, 'ML_VALUE'],
      [Float64Array.of(1), 1, 'ML_SHAPE'],
      [Float64Array.of(1, 1), Infinity, 'ML_VALUE'],
    ];
    for (const [row, reward, code] of cases) {
      expect(() => posterior.observe(row, reward)).toThrow(expect.objectContaining({ code }));
    }
    expect(() => posterior.observe(rows, 1, { weight: 0 })).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
    expect(posterior.toBytes()).toEqual(before);
  });
});
