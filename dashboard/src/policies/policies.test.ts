import { expect, test } from 'vitest';
import type { PolicyEvaluation } from '../../../src/model/policy.ts';
import { createTranslator } from '../../../src/text/text.ts';
import { withinReach } from '../actions/ladder-steps.ts';
import { pageWords } from '../text/page-words.ts';
import { faultsOf, policyName } from './policy-name.ts';
import { savedReach } from './saved-reach.ts';

const es = pageWords(createTranslator('es'), 'es');

const evaluation = (low: number, high: number, faults: string[] = []): PolicyEvaluation => ({
  minutes: { value: 10, low: 8, high: 12 },
  reference: 10,
  saved: { value: (low + high) / 2, low, high },
  incidents: 200,
  effectiveSize: 80,
  clippedShare: 0,
  verdict: 'undecided',
  faults,
});

test('policies are named by what they do; one from a package by its own name', () => {
  expect(policyName(es, 'fitted-q')).toBe('Planea varios pasos (Q ajustada)');
  expect(policyName(es, 'acme-policy')).toBe('acme-policy');
});

test('a refusal to judge says why; a fault that is not known is left out', () => {
  expect(faultsOf(es, { evaluation: evaluation(-1, 1, ['support', 'new-fault']) })).toEqual([
    'Elegiría lo que nunca se ha probado.',
  ]);
  expect(faultsOf(es, { evaluation: null })).toEqual([]);
});

test('bars of several policies share one scale, with nothing saved in its middle', () => {
  expect(savedReach([{ evaluation: evaluation(-2, 7) }, { evaluation: evaluation(-9, 1) }, { evaluation: null }])).toBe(
    9,
  );
  expect(savedReach([])).toBe(1);
});

test('a level may be taken up to the limit', () => {
  expect(withinReach('approve', 'approve')).toBe(true);
  expect(withinReach('auto', 'approve')).toBe(false);
});
