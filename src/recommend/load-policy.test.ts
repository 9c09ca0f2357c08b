import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { PolicyFactory } from '../model/policy.ts';
import { loadPolicies } from './load-policy.ts';
import { checkPolicy, contextOf, historyOf, optionOf } from './policies/check-policy.ts';

const root = resolve(import.meta.dirname, '../..');
const fixtures = join(root, 'test/fixtures');
const [factory] = await loadPolicies([{ package: './example-policy' }], fixtures);

/** It knows no prior, so that what nobody tried has even odds whatever the catalogue says. */
checkPolicy(withPriors(factory!));

function withPriors(given: PolicyFactory): PolicyFactory {
  const over = (policy: ReturnType<PolicyFactory['load']>): ReturnType<PolicyFactory['load']> => ({
    ...policy,
    decide: (question) =>
      policy.decide(question).map((opinion, i) => {
        const { action, prior } = question.options[i]!;
        const probability = action === 'new' ? prior.resolved / (prior.resolved + prior.failed) : opinion.probability;
        return Object.assign({}, opinion, { probability });
      }),
  });
  return {
    kind: given.kind,
    fit: async (episodes, options) => {
      const policy = await given.fit(episodes, options);
      return policy === null ? null : over(policy);
    },
    load: (bytes) => over(given.load(bytes)),
  };
}

test('a policy from a package is loaded by name and decides', async () => {
  const policy = await factory!.fit(historyOf(3), { seed: 1, exploration: 0 });
  const said = policy!.decide({ context: contextOf(), options: [optionOf('restart'), optionOf('x')], explore: false });
  expect(said.map(({ share }) => share).toSorted((a, b) => a - b)).toEqual([0, 1]);
});

test('the guide shows this very one', () => {
  const guide = readFileSync(join(root, 'docs/guide/policies.md'), 'utf8');
  const shown = /```js\n(.*?)\n```/s.exec(guide)?.[1];
  expect(shown).toBe(readFileSync(join(fixtures, 'example-policy/index.js'), 'utf8').trimEnd());
});

test.each([
  ['./nowhere', /Cannot find module/],
  ['./example-executor', /no export `policyFactory`/],
])('what cannot be used is named: %s', async (name, reason) => {
  const loading = loadPolicies([{ package: name }], fixtures);
  await expect(loading).rejects.toMatchObject({ code: 'EXTENSION_INVALID', values: { name } });
  await expect(loading).rejects.toThrow(reason);
});
