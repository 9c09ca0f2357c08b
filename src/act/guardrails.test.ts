import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ActionDefinition } from '../model/action-definition.ts';
import { ACTION_MODES } from '../model/action.ts';
import { phrase } from '../model/phrase.ts';
import type { RunSurvey } from '../store/store.ts';
import { createText } from '../text/text.ts';
import { ceilingOf, decide, type GuardrailFacts, GUARDRAILS, modeOf } from './guardrails.ts';
import { DEFAULT_LIMITS, type Surroundings } from './limits.ts';

const NOW = 1_800_000_000_000;
const action: ActionDefinition = {
  id: 'clean',
  title: { en: 'Clean', es: 'Limpiar' },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'command',
  args: {},
  mode: 'auto',
  disruption: 'low',
  leastSure: 0.5,
  settleMs: 1000,
  cooldownMs: 60_000,
  timeoutMs: 1000,
  approvalMs: 1000,
  prior: { resolved: 1, failed: 1 },
  opposes: ['fill'],
};
const survey: RunSurvey = {
  busy: [],
  lastHere: null,
  lastOfAction: null,
  lastOfFleet: null,
  spent: 0,
  harmful: null,
  failures: 0,
};
const surroundings: Surroundings = { affected: ['host/a'], wholes: [], near: [] };
const base: GuardrailFacts = {
  now: NOW,
  action,
  entity: 'host/a',
  incident: 'incident_1',
  settings: { killSwitch: false, modes: {} },
  mode: 'auto',
  purpose: 'help',
  lastSeen: NOW,
  executorKnown: true,
  argsProblem: null,
  unmet: null,
  open: true,
  maintenance: null,
  verdicts: [],
  chance: 0.5,
  standingMs: 30_000,
  limits: { ...DEFAULT_LIMITS, actionCooldownMs: 60_000, fleetCooldownMs: 60_000, steadyMs: 30_000 },
  survey,
  surroundings,
};
/** Facts with some changed; the survey and the surroundings in part. */
type Change = Omit<Partial<GuardrailFacts>, 'survey' | 'surroundings'> & {
  readonly survey?: Partial<RunSurvey>;
  readonly surroundings?: Partial<Surroundings>;
};
const changed = (all: GuardrailFacts, change: Change): GuardrailFacts => {
  const taken = [...all.survey.busy, ...(change.survey?.busy ?? [])];
  const survey = { ...all.survey, ...change.survey, busy: taken };
  return { ...all, ...change, survey, surroundings: { ...all.surroundings, ...change.surroundings } };
};
const facts = (...changes: readonly Change[]): GuardrailFacts => changes.reduce(changed, base);
const busy = (entity: string, id: string, running = false) => ({
  busy: [{ run: `run_${entity}`, action: id, entity, incident: 'incident_2', running }],
});

/** What makes each guardrail object, in the order of precedence. */
const TRIGGERS: readonly (readonly [name: string, key: string, change: Change])[] = [
  ['kill switch', 'kill_switch', { settings: { killSwitch: true, modes: {} } }],
  ['mode', 'observe', { mode: 'observe' }],
  ['entity kind', 'kind', { action: { ...action, match: { ...action.match, entityKinds: ['pod'] } } }],
  ['executor', 'executor', { executorKnown: false }],
  ['arguments', 'placeholderMissing', { argsProblem: phrase('act.placeholderMissing', { placeholder: '{labels.x}' }) }],
  ['incident open', 'over', { open: false }],
  ['target there', 'gone', { lastSeen: NOW - 86_400_001 }],
  ['preconditions', 'needs', { unmet: 'load < 3' }],
  ['maintenance', 'maintenance', { maintenance: 'new disks' }],
  ['circuit breaker', 'breaker_harm', { survey: { harmful: 'run_1' } }],
  ['no repetition', 'again_ineffective', { verdicts: ['ineffective'] }],
  ['sure enough', 'unsure', { chance: 0.49 }],
  ['opposite action', 'opposed', { survey: busy('host/a', 'fill') }],
  ['one at a time', 'alone', { survey: busy('host/a', 'other', true) }],
  ['target cooldown', 'cooldown', { survey: { lastHere: NOW - 1 } }],
  ['action cooldown', 'action_cooldown', { survey: { lastOfAction: NOW - 1 } }],
  ['fleet cooldown', 'fleet_cooldown', { survey: { lastOfFleet: NOW - 1 } }],
  [
    'blast radius',
    'blast',
    {
      survey: busy('host/b', 'other'),
      surroundings: { wholes: [{ whole: 'service/s', parts: ['host/a', 'host/b', 'host/c'] }] },
    },
  ],
  ['neighbours', 'near', { survey: busy('host/n', 'other'), surroundings: { near: ['host/n'] } }],
  ['budget of disruption', 'budget', { survey: { spent: 30 } }],
  ['wanted long enough', 'fleeting', { standingMs: 29_999 }],
];
const objections = ({ said }: ReturnType<typeof decide>): string[] =>
  said.filter(({ key }) => !key.startsWith('act.ok_') && !key.startsWith('act.mind_')).map(({ key }) => key);
const keyOf = (key: string): string => (key === 'placeholderMissing' ? `act.${key}` : `act.no_${key}`);

test('with nothing in the way all agree', () => {
  const { said, blocked } = decide(facts());
  expect(blocked).toBeNull();
  expect(said).toHaveLength(GUARDRAILS.length);
  expect(said.every(({ key }) => key.startsWith('act.ok_'))).toBe(true);
});

test('there is a case for each guardrail, in the order in which they are asked', () => {
  expect(TRIGGERS.map(([name]) => name)).toEqual(GUARDRAILS.map(({ name }) => name));
});

test('the guide has them in the same order, and binds the same', () => {
  const guide = readFileSync(new URL('../../docs/guide/actions.md', import.meta.url), 'utf8');
  const table = guide.slice(guide.indexOf('| guardrail |'));
  const rows = [...table.matchAll(/^\| \d+ ([a-z ]+?) \| .* \| ([^|]+?) \|$/gm)].map(([, name, binds]) => [
    name,
    binds,
  ]);
  const words = { 'person help rollback': 'everybody', 'person help': 'persons and Vigía', help: 'Vigía' };
  expect(rows).toEqual(GUARDRAILS.map(({ name, binds }) => [name, words[binds.join(' ') as keyof typeof words]]));
});

test.each(TRIGGERS)('%s alone blocks with %s', (_, key, change) => {
  const decision = decide(facts(change));
  expect(decision.blocked?.key).toBe(keyOf(key));
  expect(objections(decision)).toEqual([keyOf(key)]);
});

describe('of each two that object', () => {
  const pairs = TRIGGERS.flatMap((first, i) => TRIGGERS.slice(i + 1).map((second) => [first, second] as const));
  test.each(pairs.map(([first, second]) => [first[0], second[0], first, second] as const))(
    '%s is said before %s, and both are written down',
    (_, __, first, second) => {
      // In either order of the changes: which wins is the guardrails' to say, not the test's.
      for (const both of [
        [first[2], second[2]],
        [second[2], first[2]],
      ]) {
        const decision = decide(facts(...both));
        expect(decision.blocked?.key).toBe(keyOf(first[1]));
        expect(objections(decision)).toEqual(expect.arrayContaining([keyOf(first[1]), keyOf(second[1])]));
      }
    },
  );
});

const FOR_ALL = ['kill switch', 'mode', 'entity kind', 'executor', 'arguments', 'one at a time'];

test.each(TRIGGERS)('whom %s binds: %s', (name, key, change) => {
  const blocked = (purpose: GuardrailFacts['purpose']): string | undefined =>
    decide(facts(change, { purpose })).blocked?.key;
  const binds = (yes: boolean): string | undefined => (yes ? keyOf(key) : undefined);
  expect(blocked('person')).toBe(binds([...FOR_ALL, 'target cooldown'].includes(name)));
  expect(blocked('rollback')).toBe(binds(FOR_ALL.includes(name)));
});

test('everything that a guardrail may say has a text in both languages', () => {
  const text = createText();
  for (const purpose of ['person', 'help', 'rollback'] as const) {
    for (const [, , change] of TRIGGERS) {
      for (const said of decide(facts(change, { purpose })).said) {
        for (const language of ['en', 'es'] as const) expect(text(language).phrase(said)).not.toMatch(/act\.|\{\{/);
      }
    }
  }
});

test.each([
  ['observe', 'act.no_observe', 'act.no_observe'],
  ['suggest', 'allowed', 'act.no_suggest'],
  ['approve', 'allowed', 'allowed'],
  ['auto', 'allowed', 'allowed'],
] as const)('in mode %s a person is %s and Vigía itself %s', (mode, person, itself) => {
  const blocked = (change: Change): string => decide(facts({ mode }, change)).blocked?.key ?? 'allowed';
  expect(blocked({ purpose: 'person' })).toBe(person);
  expect(blocked({ purpose: 'help' })).toBe(itself);
});

test.each([
  [{}, null, 'auto'],
  [{ clean: 'suggest' }, null, 'suggest'],
  [{}, 'observe', 'observe'],
  [{ clean: 'auto' }, 'approve', 'approve'],
  [{ clean: 'observe' }, 'auto', 'observe'],
] as const)('with %o set and %s ruled for the target the mode is %s', (modes, ruled, mode) => {
  expect(modeOf(action, { killSwitch: false, modes }, ruled)).toBe(mode);
});

test('what is of high risk is never done without an approval, whoever says so', () => {
  const risky: ActionDefinition = { ...action, risk: 'high', upTo: 'auto' };
  const settings = (modes: Readonly<Record<string, 'auto' | 'suggest' | 'observe'>>) => ({ killSwitch: false, modes });
  expect(modeOf(risky, settings({}))).toBe('approve');
  expect(modeOf(risky, settings({ clean: 'auto' }))).toBe('approve');
  expect(modeOf(risky, settings({ clean: 'auto' }), 'auto')).toBe('approve');
  expect(ceilingOf(risky, settings({}))).toBe('approve');
  expect(ceilingOf(risky, settings({ clean: 'auto' }), 'auto')).toBe('approve');
  // What is more careful than that stays so.
  expect(modeOf(risky, settings({ clean: 'observe' }))).toBe('observe');
  expect(ceilingOf({ ...risky, mode: 'suggest', upTo: 'approve' }, settings({}))).toBe('approve');
  expect(modeOf({ ...risky, risk: 'low' }, settings({}))).toBe('auto');
});

test.each([
  ['a cooldown ends', { survey: { lastHere: NOW - 60_000 } }, undefined],
  ['a start in the future counts as one of now', { survey: { lastHere: NOW + 3_600_000 } }, 'act.no_cooldown_clock'],
  ['of clocks that differ a little nothing is said', { survey: { lastHere: NOW + 50_000 } }, 'act.no_cooldown'],
  ['harm outweighs', { verdicts: ['ineffective', 'harmful'] }, 'act.no_again_harmful'],
  ['what cannot be told waits', { verdicts: ['inconclusive'], survey: { lastHere: NOW - 119_999 } }, 'act.no_backoff'],
  ['and may then be tried', { verdicts: ['inconclusive'], survey: { lastHere: NOW - 120_000 } }, undefined],
  [
    'the pause doubles',
    { verdicts: ['inconclusive', 'inconclusive'], survey: { lastHere: NOW - 239_999 } },
    'act.no_backoff',
  ],
  ['until it is enough', { verdicts: ['inconclusive', 'inconclusive', 'inconclusive'] }, 'act.no_again_inconclusive'],
  ['what has helped waits', { verdicts: ['resolved'], survey: { lastHere: NOW - 119_999 } }, 'act.no_relapse'],
  ['and may then be done again', { verdicts: ['resolved'], survey: { lastHere: NOW - 120_000 } }, undefined],
  ['until somebody has to look', { verdicts: ['resolved', 'resolved', 'resolved'] }, 'act.no_again_resolved'],
  ['one replica may always be touched', { surroundings: { wholes: [{ whole: 's/s', parts: ['host/a'] }] } }, undefined],
  [
    'a third of six are two',
    {
      survey: busy('host/b', 'other'),
      surroundings: {
        wholes: [{ whole: 's/s', parts: ['host/a', 'host/b', 'host/c', 'host/d', 'host/e', 'host/f'] }],
      },
    },
    undefined,
  ],
  [
    'what disrupts nothing needs no budget',
    { action: { ...action, disruption: 'none' }, survey: { spent: 100 } },
    undefined,
  ],
  ['a run of failures opens the breaker', { survey: { failures: 5 } }, 'act.no_breaker_failures'],
  ['fewer do not', { survey: { failures: 4 } }, undefined],
  ['who is asked first may be asked about anything', { mode: 'approve', chance: 0.1 }, undefined],
  ['where nobody has said how likely it is, that does not object', { chance: null }, undefined],
] as [string, Change, string | undefined][])('%s', (_, change, key) => {
  expect(decide(facts(change)).blocked?.key).toBe(key);
});

test('the kill switch and a running action stop everything, whatever else holds', () => {
  const any = fc.record({
    purpose: fc.constantFrom('person', 'help', 'rollback' as const),
    lastHere: fc.option(fc.integer({ min: 0, max: NOW * 2 })),
    running: fc.boolean(),
    mode: fc.constantFrom(...ACTION_MODES),
    killSwitch: fc.boolean(),
  });
  fc.assert(
    fc.property(any, ({ mode, killSwitch, purpose, lastHere, running }) => {
      const decision = decide(
        facts({
          mode,
          purpose,
          settings: { killSwitch, modes: {} },
          survey: { lastHere, ...(running && busy('host/a', 'x', true)) },
        }),
      );
      expect(decision.blocked === null && (killSwitch || running || mode === 'observe')).toBe(false);
    }),
  );
});
