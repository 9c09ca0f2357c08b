import { expect, test } from 'vitest';
import { createText } from '../text/text.ts';
import { actionDefinitions, ruledMode } from './action-definitions.ts';
import { parseConfig } from './load-config.ts';
import { describeMistakes } from './mistake.ts';
import type { SettingSubject } from './settings-for.ts';

const TEXT = `
act: { mode: approve, leastSure: 0.6 }
actions:
  - { id: restart, title: { en: Restart, es: Reiniciar }, executor: command, args: { argv: [ls] }, mode: auto }
  - { id: drain, title: { en: Drain, es: Vaciar }, executor: command, args: { argv: [ls] }, leastSure: 0.8 }
overrides:
  - { match: { action: drain }, set: { act: { mode: observe } } }
  - { match: { kind: pod }, set: { act: { mode: approve } } }
  - { match: { service: payments, action: restart }, set: { act: { mode: observe } } }
  - { match: { entity: host/db-*, action: restart }, set: { act: { mode: suggest } } }
  - { match: { kind: host }, set: { act: { cooldown: 1h } } }
`;
const loaded = parseConfig(TEXT, { file: 'vigia.yaml', environment: {}, folder: '/nowhere' });
if (!loaded.ok) throw new Error(describeMistakes(loaded.mistakes, createText()('en')));
const { config } = loaded;

test.each<[string, SettingSubject, string | null]>([
  ['a kind of entity', { action: 'restart', entity: 'pod/shop/cart-0', kind: 'pod' }, 'approve'],
  ['a service, of one action', { action: 'restart', entity: 'pod/pay-0', kind: 'pod', service: 'payments' }, 'observe'],
  [
    'a service, not of another action',
    { action: 'drain', entity: 'pod/pay-0', kind: 'pod', service: 'payments' },
    'approve',
  ],
  ['an entity by a pattern', { action: 'restart', entity: 'host/db-1', kind: 'host' }, 'suggest'],
  [
    'nothing where no rule about a target speaks of modes',
    { action: 'restart', entity: 'host/web-1', kind: 'host' },
    null,
  ],
])('a rule sets the mode of %s', (_, subject, mode) => {
  expect(ruledMode(config, subject)).toBe(mode);
});

test('an action has its own mode, else that of the rule that names it, else that of all', () => {
  expect(actionDefinitions(config).map(({ id, mode }) => [id, mode])).toEqual([
    ['restart', 'auto'],
    ['drain', 'observe'],
  ]);
});

test('an action says for itself how likely it has to be to help, else what holds for all', () => {
  expect(actionDefinitions(config).map(({ id, leastSure }) => [id, leastSure])).toEqual([
    ['restart', 0.6],
    ['drain', 0.8],
  ]);
});
