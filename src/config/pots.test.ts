import { expect, test } from 'vitest';
import type { AlertBudget } from '../model/alert.ts';
import { parseConfig } from './load-config.ts';
import { allPots, potsFor } from './settings-for.ts';

const DAY = 86_400_000;
const fleet: AlertBudget = { pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } };

function configOf(text: string) {
  const loaded = parseConfig(text, { file: 'vigia.yaml', environment: {}, folder: '/' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.mistakes));
  return loaded.config;
}

const config = configOf(`
overrides:
  - match: { kind: pod }
    set: { alertBudget: { pages: 1 per week } }
  - match: { service: "pay*" }
    set: { alertBudget: { pages: 5 per day, warnings: 1 per hour } }
  - match: { anomaly: variance }
    set: { alertBudget: { warnings: 0 per day } }
  - match: { kind: pod }
    set: { detect: { warmUp: 50 } }
`);

test('what no override matches takes from the fleet, with the counts in force', () => {
  expect(potsFor(config, fleet, { entity: 'host/a', kind: 'host' })).toEqual({
    pages: { pot: 'fleet', count: 2, windowMs: DAY },
    warnings: { pot: 'fleet', count: 20, windowMs: DAY },
  });
});

test('what one matches has a pot of its own; a line that is left out stays with the fleet, and later ones win', () => {
  const pod = { entity: 'pod/shop/a', kind: 'pod' };
  expect(potsFor(config, fleet, pod)).toMatchObject({
    pages: { pot: 'kind=pod', count: 1, windowMs: 7 * DAY },
    warnings: { pot: 'fleet' },
  });
  expect(potsFor(config, fleet, { ...pod, service: 'payments' })).toMatchObject({
    pages: { pot: 'service=pay*', count: 5 },
    warnings: { pot: 'service=pay*', count: 1, windowMs: DAY / 24 },
  });
  expect(potsFor(config, fleet, { ...pod, anomaly: 'variance' })).toMatchObject({
    pages: { pot: 'kind=pod' },
    warnings: { pot: 'anomaly=variance', count: 0 },
  });
});

test('all pots are named once, the fleet first', () => {
  expect(allPots(config, fleet).map(({ line, pot }) => `${line} ${pot.pot}`)).toEqual([
    'pages fleet',
    'warnings fleet',
    'pages kind=pod',
    'pages service=pay*',
    'warnings service=pay*',
    'warnings anomaly=variance',
  ]);
});

test('an empty budget in an override is a mistake', () => {
  const text = 'overrides: [{ match: { kind: pod }, set: { alertBudget: {} } }]';
  expect(parseConfig(text, { file: 'vigia.yaml', environment: {}, folder: '/' }).ok).toBe(false);
});
