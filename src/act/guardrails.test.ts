import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ActionDefinition } from '../model/action-definition.ts';
import { ACTION_MODES } from '../model/action.ts';
import { phrase } from '../model/phrase.ts';
import { decide, type GuardrailFacts } from './guardrails.ts';

const NOW = 1_800_000_000_000;
const action: ActionDefinition = {
  id: 'clean',
  title: { en: 'Clean', es: 'Limpiar' },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'command',
  args: {},
  mode: 'suggest',
  disruption: 'low',
  settleMs: 1000,
  cooldownMs: 60_000,
  timeoutMs: 1000,
  approvalMs: 1000,
  prior: { resolved: 1, failed: 1 },
};
const facts = (over: Partial<GuardrailFacts> = {}): GuardrailFacts => ({
  now: NOW,
  action,
  entity: 'host/a',
  settings: { killSwitch: false, modes: {} },
  automatic: false,
  executorKnown: true,
  argsProblem: null,
  lastStart: null,
  running: null,
  verdicts: [],
  ...over,
});
const blocked = (over: Partial<GuardrailFacts>): string => decide(facts(over)).blocked?.key ?? 'allowed';

test('says what every guardrail found, whatever it found', () => {
  const allowed = decide(facts());
  expect(allowed.blocked).toBeNull();
  expect(allowed.said.every(({ key }) => key.startsWith('act.ok_'))).toBe(true);
  const refused = decide(facts({ settings: { killSwitch: true, modes: { clean: 'observe' } }, running: 'run_1' }));
  expect(refused.said).toHaveLength(allowed.said.length);
  expect(refused.said.filter(({ key }) => key.startsWith('act.no_'))).toHaveLength(3);
  expect(refused.blocked?.key).toBe('act.no_kill_switch');
});

test.each([
  ['allowed', {}],
  ['act.no_kill_switch', { settings: { killSwitch: true, modes: {} } }],
  ['act.no_kind', { entity: 'pod/a' }],
  ['act.no_executor', { executorKnown: false }],
  ['act.placeholderMissing', { argsProblem: phrase('act.placeholderMissing', { placeholder: '{labels.x}' }) }],
  ['act.no_cooldown', { lastStart: NOW - 59_999 }],
  ['allowed', { lastStart: NOW - 60_000 }],
  ['act.no_cooldown', { lastStart: NOW + 3_600_000 }],
  ['act.no_alone', { running: 'run_1' }],
  ['allowed', { verdicts: ['ineffective', 'harmful'] }],
  [
    'act.no_again_harmful',
    {
      automatic: true,
      settings: { killSwitch: false, modes: { clean: 'auto' } },
      verdicts: ['ineffective', 'harmful'],
    },
  ],
  [
    'act.no_again_inconclusive',
    { automatic: true, settings: { killSwitch: false, modes: { clean: 'auto' } }, verdicts: ['inconclusive'] },
  ],
  ['allowed', { automatic: true, settings: { killSwitch: false, modes: { clean: 'auto' } }, verdicts: ['resolved'] }],
] as [string, Partial<GuardrailFacts>][])('%s for %o', (expected, over) => {
  expect(blocked(over)).toBe(expected);
});

test.each([
  ['observe', 'act.no_observe', 'act.no_observe'],
  ['suggest', 'allowed', 'act.no_suggest'],
  ['approve', 'allowed', 'allowed'],
  ['auto', 'allowed', 'allowed'],
] as const)('in mode %s a person is %s and Vigía itself %s', (mode, person, itself) => {
  const settings = { killSwitch: false, modes: { clean: mode } };
  expect(blocked({ settings })).toBe(person);
  expect(blocked({ settings, automatic: true })).toBe(itself);
});

test('the kill switch and a running action stop everything, whatever else holds', () => {
  const any = fc.record({
    automatic: fc.boolean(),
    lastStart: fc.option(fc.integer({ min: 0, max: NOW * 2 })),
    running: fc.option(fc.constant('run_1')),
    mode: fc.constantFrom(...ACTION_MODES),
    killSwitch: fc.boolean(),
  });
  fc.assert(
    fc.property(any, ({ mode, killSwitch, ...rest }) => {
      const decision = decide(facts({ ...rest, settings: { killSwitch, modes: { clean: mode } } }));
      expect(decision.blocked === null && (killSwitch || rest.running !== null || mode === 'observe')).toBe(false);
    }),
  );
});
