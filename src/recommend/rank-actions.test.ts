import { describe, expect, it } from 'vitest';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Incident } from '../model/incident.ts';
import { rankActions, type RankingFacts, type Tally } from './rank-actions.ts';

const incident: Incident = {
  id: 'incident_1',
  fleet: 'default',
  state: 'open',
  severity: 'warning',
  title: { key: 'x', values: {} },
  openedAt: 0,
  updatedAt: 0,
  resolvedAt: null,
  reopened: 0,
  root: 'host/a',
  rootReason: { key: 'x', values: {} },
  entities: ['host/a'],
  anomalyKinds: ['trend'],
  features: ['filesystem_used_bytes{mountpoint="/data"}'],
  anomalies: ['anomaly_1'],
  predictions: [],
  pagedAt: null,
  timeline: [],
};

const action = (id: string, changes: Partial<ActionDefinition> = {}): ActionDefinition => ({
  id,
  title: { en: id, es: id },
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
  ...changes,
});

const facts = (catalogue: readonly ActionDefinition[], changes: Partial<RankingFacts> = {}): RankingFacts => ({
  now: 100_000,
  catalogue,
  tally: () => ({}),
  modeOf: ({ mode }) => mode,
  stopped: false,
  lastStart: () => null,
  triedHere: () => [],
  ...changes,
});

const tallies =
  (of: Readonly<Record<string, Tally>>) =>
  (id: string): Tally =>
    of[id] ?? {};

describe('ranking actions', () => {
  it('leaves out what does not fit the entity, the kind or the features', () => {
    const match = { entityKinds: [], anomalyKinds: [], features: [], predictions: true };
    const catalogue = [
      action('fits', { match: { ...match, features: ['filesystem_*'] } }),
      action('other-kind', { match: { ...match, entityKinds: ['pod'] } }),
      action('other-feature', { match: { ...match, features: ['cpu*'] } }),
      action('other-anomaly', { match: { ...match, anomalyKinds: ['missing'] } }),
    ];
    expect(rankActions(incident, facts(catalogue)).map((ranked) => ranked.action)).toEqual(['fits']);
  });

  it('puts what has helped before what has not, with an interval that narrows', () => {
    const catalogue = [action('unknown'), action('good'), action('bad')];
    const tally = tallies({ good: { resolved: 9, ineffective: 1 }, bad: { resolved: 1, ineffective: 9 } });
    const ranked = rankActions(incident, facts(catalogue, { tally }));
    expect(ranked.map((r) => r.action)).toEqual(['good', 'unknown', 'bad']);
    expect(ranked[0]).toMatchObject({ rank: 1, propensity: 1, tried: 10, resolved: 9 });
    expect(ranked[0]?.probability).toBeCloseTo(10 / 12, 12);
    const width = (id: string): number => {
      const found = ranked.find((r) => r.action === id);
      return (found?.high ?? 0) - (found?.low ?? 0);
    };
    expect(width('good')).toBeLessThan(width('unknown'));
    for (const { low, probability, high } of ranked) {
      expect(low).toBeLessThan(probability);
      expect(high).toBeGreaterThan(probability);
    }
  });

  it('counts harm for more than being of no use, and inconclusive for nothing', () => {
    const catalogue = [action('useless'), action('harmful'), action('unclear')];
    const tally = tallies({ useless: { ineffective: 2 }, harmful: { harmful: 2 }, unclear: { inconclusive: 50 } });
    const ranked = rankActions(incident, facts(catalogue, { tally }));
    expect(ranked.map((r) => r.action)).toEqual(['unclear', 'useless', 'harmful']);
    expect(ranked[0]).toMatchObject({ tried: 0, probability: 0.5 });
  });

  it('puts what failed on this very incident last, however good elsewhere', () => {
    const tally = tallies({ star: { resolved: 99 } });
    const triedHere = (id: string): readonly ['ineffective'] | readonly [] => (id === 'star' ? ['ineffective'] : []);
    const ranked = rankActions(incident, facts([action('star'), action('other')], { tally, triedHere }));
    expect(ranked.map((r) => r.action)).toEqual(['other', 'star']);
    expect(ranked[1]?.reasons.map(({ key }) => key)).toContain('recommend.failedHere');
  });

  it('prefers less disruption among equals', () => {
    const catalogue = [action('rough', { disruption: 'high' }), action('gentle', { disruption: 'none' })];
    expect(rankActions(incident, facts(catalogue)).map((r) => r.action)).toEqual(['gentle', 'rough']);
  });

  it.each([
    [{ stopped: true }, 'recommend.killSwitch'],
    [{ modeOf: () => 'observe' as const }, 'recommend.observeOnly'],
    [{ lastStart: () => 70_000 }, 'recommend.cooldown'],
    [{ lastStart: () => 30_000 }, undefined],
  ])('says why it may not run now: %o', (changes, key) => {
    expect(rankActions(incident, facts([action('a')], changes))[0]?.blocked?.key).toBe(key);
  });
});
