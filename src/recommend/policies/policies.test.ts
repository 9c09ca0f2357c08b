import { describe, expect, test } from 'vitest';
import { banditFactory } from './bandit-policy.ts';
import { checkLearning, checkPolicy, contextOf, historyOf, optionOf } from './check-policy.ts';
import { plannerFactory } from './planner-policy.ts';
import { thompsonShares, withFloor } from './shares.ts';
import { tallyFactory } from './tally-policy.ts';

for (const factory of [tallyFactory, banditFactory, plannerFactory]) checkPolicy(factory);
for (const factory of [banditFactory, plannerFactory]) checkLearning(factory);

describe('exploring', () => {
  const options = ['a', 'b', 'c'].map((action) => optionOf(action));

  test('is as likely as it is that another is the best, and stops when that is settled', () => {
    const unknown = { a: 1, b: 1, harm: 0 };
    const even = thompsonShares(options, [unknown, unknown, unknown]);
    for (const share of even) expect(Math.abs(share - 1 / 3)).toBeLessThan(0.06);
    const [good, bad] = [
      { a: 80, b: 20, harm: 0 },
      { a: 20, b: 80, harm: 0 },
    ];
    expect(thompsonShares(options, [good, bad, bad])).toEqual([1, 0, 0]);
    expect(thompsonShares(options, [good, bad, unknown])[2]).toBeGreaterThan(0.1);
  });

  test('keeps judgeable what is allowed and may be the best, and nothing else', () => {
    const some = [...options.slice(0, 2), optionOf('c', { allowed: false }), optionOf('hopeless')];
    const floored = withFloor(some, [1, 0, 0, 0], { uniform: 0.1, plausible: [0.9, 0.1, 0.1, 0] });
    expect(floored[0]).toBeCloseTo(0.95, 12);
    expect(floored.slice(1)).toEqual([0.05, 0, 0]);
  });

  test('is dearer where an action disturbs or harms', () => {
    const same = { a: 5, b: 5, harm: 0 };
    const rough = [options[0]!, optionOf('b', { disruption: 'high' })];
    const [gentle = 0, harsh = 0] = thompsonShares(rough, [same, same]);
    expect(gentle).toBeGreaterThan(0.9);
    expect(harsh).toBeLessThan(0.1);
    const [fine = 0] = thompsonShares(options.slice(0, 2), [same, { ...same, harm: 0.4 }]);
    expect(fine).toBeGreaterThan(0.9);
  });
});

test('a plan tries first what leaves the least to the end, not what is likeliest to help at once', async () => {
  // `scale` helps more often than `restart`, but disturbs so much that trying `restart` first costs less.
  const episodes = historyOf(120).map(({ incident, steps }) => ({
    incident,
    steps: steps.map((step) => Object.assign({}, step, step.action === 'scale' ? { disruption: 'high' as const } : {})),
  }));
  const planner = await plannerFactory.fit(episodes, { seed: 3, exploration: 0 });
  const options = [optionOf('restart'), optionOf('scale', { disruption: 'high' })];
  const context = contextOf({ drivers: ['requests', 'memory_bytes'], anomalyKinds: ['level_shift', 'trend'] });
  const values = planner!.decide({ context, options, explore: false }).map(({ value }) => value);
  expect(values.every((value) => value < 0)).toBe(true);
});
