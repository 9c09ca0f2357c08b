import { describe, expect, it } from 'vitest';
import { createLinearPosterior } from './linear-posterior.ts';
import { createMatrix } from './matrix.ts';
import { type DecisionLog, type Estimator, evaluateOffPolicy } from './off-policy.ts';
import { createRandom } from './random.ts';
import { createThompsonSampling } from './thompson-sampling.ts';

const ESTIMATORS = ['ips', 'self-normalised', 'doubly-robust'] as const;
const INCIDENTS = 200;
const LOGS = 1000;

/** Four kinds of incident, three actions: chance of success, the policy that made the log, the policy to judge. */
const CHANCE = [
  [0.2, 0.5, 0.7],
  [0.6, 0.3, 0.4],
  [0.1, 0.9, 0.5],
  [0.5, 0.5, 0.2],
] as const;
const LOGGED = [
  [0.5, 0.4, 0.1],
  [0.2, 0.4, 0.4],
  [0.6, 0.2, 0.2],
  [0.34, 0.33, 0.33],
] as const;
const TARGET = [
  [0.1, 0.2, 0.7],
  [0.8, 0.1, 0.1],
  [0.05, 0.9, 0.05],
  [0.6, 0.3, 0.1],
] as const;
const TRUTH = CHANCE.flatMap((row, kind) => row.map((p, action) => (p * TARGET[kind]![action]!) / 4)).reduce(
  (sum, x) => sum + x,
);

type Policy = readonly (readonly number[])[];

/** A log of incidents with one to three decisions each; their luck is shared, so they are far from independent. */
function simulateLog(seed: number, policy: Policy, target: Policy): Required<DecisionLog> {
  const random = createRandom(seed);
  const log = { rewards: [], propensities: [], targets: [], incidents: [], predicted: [], baseline: [] } as {
    [Key in keyof DecisionLog]-?: number[];
  };
  for (let incident = 0; incident < INCIDENTS; incident++) {
    const kind = random.int(4);
    const luck = random.next();
    for (let decision = random.int(3); decision >= 0; decision--) {
      const uniform = random.next();
      const [first = 0, second = 0] = policy[kind]!;
      const action = uniform < first ? 0 : uniform < first + second ? 1 : 2;
      log.rewards.push(luck < CHANCE[kind]![action] ? 1 : 0);
      log.propensities.push(policy[kind]![action]!);
      log.targets.push(target[kind]![action]!);
      log.incidents.push(incident);
      // A model that is only half right.
      const model = CHANCE[kind]!.map((p) => 0.2 + p / 2);
      log.predicted.push(model[action]!);
      log.baseline.push(model.reduce((sum, q, a) => sum + q * target[kind]![a]!, 0));
    }
  }
  return log;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Median width of the interval of somebody who could try the policy itself for as many incidents. */
function oracleWidth(): number {
  const widths = Array.from({ length: 200 }, (_, i) => {
    const { bootstrap } = evaluateOffPolicy(simulateLog(90_000 + i, TARGET, TARGET), {
      estimator: 'ips',
      samples: 400,
      seed: i,
    });
    return bootstrap.high - bootstrap.low;
  });
  return median(widths);
}

describe('evaluateOffPolicy', () => {
  it.each(ESTIMATORS)('%s: intervals hold the truth in at least 93.5 percent of 1,000 logs', (estimator) => {
    const held = { bootstrap: 0, bernstein: 0 };
    const widths: { bootstrap: number[]; bernstein: number[] } = { bootstrap: [], bernstein: [] };
    let mean = 0;
    for (let log = 0; log < LOGS; log++) {
      const estimate = evaluateOffPolicy(simulateLog(log, LOGGED, TARGET), {
        estimator,
        samples: 400,
        clip: 10,
        seed: log,
      });
      mean += estimate.value / LOGS;
      for (const method of ['bootstrap', 'bernstein'] as const) {
        const { low, high } = estimate[method];
        if (low <= TRUTH && TRUTH <= high) held[method] += 1 / LOGS;
        widths[method].push(high - low);
      }
    }
    const [bootstrap, bernstein] = [median(widths.bootstrap), median(widths.bernstein)];
    const shares = `bootstrap ${held.bootstrap.toFixed(3)}, Bernstein ${held.bernstein.toFixed(3)}`;
    const sizes = `bootstrap ${bootstrap.toFixed(3)}, Bernstein ${bernstein.toFixed(3)}, oracle ${oracleWidth().toFixed(3)}`;
    process.stdout.write(`${estimator}: truth held ${shares}; median width ${sizes}\n`);
    expect(held.bootstrap).toBeGreaterThanOrEqual(0.935);
    expect(held.bernstein).toBeGreaterThanOrEqual(0.935);
    expect(Math.abs(mean - TRUTH)).toBeLessThan(0.01);
    expect(bootstrap).toBeLessThan(bernstein);
    // No better than having tried it; not hopeless either.
    expect(bootstrap).toBeLessThan(4 * oracleWidth());
  });

  it('judges a policy from the log of a bandit that kept to the floor', () => {
    const posteriors = [0, 1, 2].map(() => createLinearPosterior({ features: 1 }));
    const bandit = createThompsonSampling({ actions: 3, posteriors, seed: 4, uniformShare: 0.3 });
    const one = createMatrix(Float64Array.of(1), 1, 1);
    const random = createRandom(8);
    const chances = [0.2, 0.5, 0.8];
    const log = { rewards: [] as number[], propensities: [] as number[], targets: [] as number[] };
    for (let i = 0; i < 3000; i++) {
      const { action, propensity } = bandit.choose(one);
      const reward = random.next() < chances[action]! ? 1 : 0;
      log.rewards.push(reward);
      log.propensities.push(propensity);
      log.targets.push(action === 0 ? 1 : 0);
    }
    const estimate = evaluateOffPolicy(log, { estimator: 'self-normalised', seed: 1 });
    expect(estimate.bootstrap.low).toBeLessThan(0.2);
    expect(estimate.bootstrap.high).toBeGreaterThan(0.2);
    expect(estimate.verdict).toBe('worse');
    expect(estimate.faults).toEqual([]);
  });

  it('follows the definitions on a log done by hand', () => {
    const log = {
      rewards: [1, 0, 1, 0.5],
      propensities: [0.5, 0.25, 0.5, 1],
      targets: [1, 0.5, 0, 0.5],
      predicted: [0.6, 0.2, 0.5, 0.5],
      baseline: [0.6, 0.3, 0.4, 0.5],
    };
    const value = (estimator: Estimator, clip = 100): number =>
      evaluateOffPolicy(log, { estimator, clip, seed: 1 }).value;
    // Weights 2, 2, 0, 0.5.
    expect(value('ips')).toBeCloseTo((2 + 0 + 0 + 0.25) / 4, 12);
    expect(value('self-normalised')).toBeCloseTo(2.25 / 4.5, 12);
    expect(value('doubly-robust')).toBeCloseTo((0.6 + 2 * 0.4 + 0.3 - 2 * 0.2 + 0.4 + 0.5) / 4, 12);
    // Weights 1.5, 1.5, 0, 0.5.
    expect(value('ips', 1.5)).toBeCloseTo(1.75 / 4, 12);
    const clipped = evaluateOffPolicy(log, { estimator: 'ips', clip: 1.5, seed: 1 });
    expect(clipped).toMatchObject({ clippedDecisions: 2, decisions: 4, incidents: 4, meanWeight: 1.125 });
    expect(clipped.clippedShare).toBeCloseTo(1 / 4.5, 12);
    expect(clipped.effectiveSize).toBeCloseTo(3.5 ** 2 / (2 * 2.25 + 0.25), 12);
  });

  it('has the interval of Maurer and Pontil for the plain estimator', () => {
    const log = simulateLog(5, LOGGED, TARGET);
    const single = { rewards: log.rewards, propensities: log.propensities, targets: log.targets };
    const { value, bernstein } = evaluateOffPolicy(single, { estimator: 'ips', clip: 2, range: [0, 1], seed: 1 });
    const n = log.rewards.length;
    const terms = Array.from({ length: n }, (_, i) => {
      return Math.min(2, log.targets[i]! / log.propensities[i]!) * log.rewards[i]!;
    });
    const variance = terms.reduce((sum, x) => sum + (x - value) ** 2, 0) / (n - 1);
    const term = Math.log(4 / 0.05);
    const half = Math.sqrt((2 * variance * term) / n) + (7 * 2 * term) / (3 * (n - 1));
    expect(bernstein.high).toBeCloseTo(Math.min(1, value + half), 9);
    expect(bernstein.low).toBeCloseTo(Math.max(0, value - half), 9);
  });

  it('refuses a verdict where the log cannot bear one', () => {
    const log = simulateLog(6, LOGGED, TARGET);
    const few = { rewards: [1, 1, 0, 1], propensities: [1, 1, 1, 1], targets: [1, 1, 1, 1] };
    const options = { estimator: 'self-normalised', seed: 1 } as const;
    expect(evaluateOffPolicy(few, options)).toMatchObject({ verdict: 'refused', faults: ['effective-size'] });
    expect(evaluateOffPolicy(log, { ...options, clip: 1 })).toMatchObject({ verdict: 'refused', faults: ['clipped'] });
    // What the policy would do with half of its decisions was never tried.
    const narrow = { ...log, targets: Array.from(log.propensities, (p) => p / 2) };
    expect(evaluateOffPolicy(narrow, options)).toMatchObject({ verdict: 'refused', faults: ['support'] });
    const nothing = { ...log, targets: new Float64Array(log.rewards.length) };
    const none = evaluateOffPolicy(nothing, options);
    expect(none).toMatchObject({ verdict: 'refused', effectiveSize: 0, bootstrap: { low: 0, high: 1 } });
    expect(Number.isFinite(none.value)).toBe(true);
  });

  it('compares with a reference', () => {
    const log = simulateLog(7, LOGGED, TARGET);
    const verdict = (reference?: number) =>
      evaluateOffPolicy(log, { estimator: 'doubly-robust', seed: 1, ...(reference !== undefined && { reference }) })
        .verdict;
    expect([verdict(), verdict(0.1), verdict(TRUTH), verdict(0.95)]).toEqual([
      'better',
      'better',
      'undecided',
      'worse',
    ]);
  });

  it('gives the same for the same seed and leaves the log alone', () => {
    const log = simulateLog(8, LOGGED, TARGET);
    const before = structuredClone(log);
    const run = () => evaluateOffPolicy(log, { estimator: 'ips', seed: 2 });
    expect(run()).toEqual(run());
    expect(log).toEqual(before);
  });

  it.each<[string, Partial<DecisionLog>, string]>([
    ['no decisions', { rewards: [], propensities: [], targets: [] }, 'ML_EMPTY'],
    ['a missing propensity', { propensities: [0.5] }, 'ML_SHAPE'],
    ['a propensity of zero', { propensities: [0.5, 0] }, 'ML_VALUE'],
    ['a probability above one', { targets: [0.5, 1.5] }, 'ML_VALUE'],
    ['a reward out of range', { rewards: [0, 2] }, 'ML_VALUE'],
    ['a reward that is missing', { rewards: [0, Number.NaN] }, 'ML_VALUE'],
    ['no model', {}, 'ML_SHAPE'],
  ])('refuses %s', (_, part, code) => {
    const log = { rewards: [0, 1], propensities: [0.5, 0.5], targets: [0.5, 0.5], ...part };
    expect(() => evaluateOffPolicy(log, { estimator: 'doubly-robust', seed: 1 })).toThrow(
      expect.objectContaining({ code }),
    );
  });

  it('answers a single decision and equal rewards by finite numbers', () => {
    for (const count of [1, 2, 40]) {
      const log = {
        rewards: Array(count).fill(1),
        propensities: Array(count).fill(0.5),
        targets: Array(count).fill(0.5),
      };
      for (const estimator of ['ips', 'self-normalised'] as const) {
        const { bootstrap, bernstein, value } = evaluateOffPolicy(log, { estimator, seed: 1 });
        for (const x of [value, ...Object.values(bootstrap), ...Object.values(bernstein)]) {
          expect(x >= 0 && x <= 1).toBe(true);
        }
      }
    }
  });
});
