import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Run, Verdict } from '../model/action.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import { internLayout } from '../model/layout.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import type { GuardView } from './rank-actions.ts';
import { createRecommendStage, type RecommendDeps } from './recommend-stage.ts';
import { similarCases } from './similar-cases.ts';

const T0 = 1_800_000_000_000;
const clock: Clock = { ...systemClock, now: () => T0 };
let store: Store;
let bus: Bus;

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  const metrics = createMetrics();
  bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
}, 120_000);
afterAll(async () => {
  await bus.stop(100);
  await store.close();
});

const action = (id: string, over: Partial<ActionDefinition> = {}): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'command',
  args: {},
  mode: 'auto',
  disruption: 'low',
  settleMs: 1000,
  cooldownMs: 1000,
  timeoutMs: 1000,
  approvalMs: 1000,
  prior: { resolved: 1, failed: 1 },
  ...over,
});

const incidentOf = (id: string): Incident => ({
  id,
  fleet: 'default',
  state: 'open',
  severity: 'warning',
  title: phrase('x'),
  openedAt: T0 - 60_000,
  updatedAt: T0,
  resolvedAt: null,
  reopened: 0,
  root: 'host/a',
  rootReason: phrase('x'),
  entities: ['host/a'],
  anomalyKinds: ['trend'],
  features: ['used_bytes{disk="a"}'],
  anomalies: [],
  predictions: [],
  pagedAt: null,
  timeline: [],
});

const FREE: GuardView = { mode: 'auto', help: null, person: null };
const CATALOGUE = [
  action('clean'),
  action('restart'),
  action('barred'),
  action('for-pods', { match: { entityKinds: ['pod'], anomalyKinds: [], features: [], predictions: true } }),
];

async function recommended(perDay: number, ids: readonly string[]) {
  const stage = createRecommendStage({
    bus,
    store,
    clock,
    log: silentLog,
    metrics: createMetrics(),
    catalogue: CATALOGUE,
    modeOf: ({ mode }) => mode,
    stopped: () => false,
    guard: async (id) => (id === 'barred' ? { ...FREE, help: phrase('act.no_breaker_harm', { run: 'r' }) } : FREE),
    explorationsPerDay: () => perDay,
  });
  await stage.start();
  for (const id of ids) {
    const value = incidentOf(id);
    await store.incidents.upsert([value]);
    await bus.publish(topics.incidents, [{ key: 'default', value }], { durable: true });
  }
  await stage.stop();
  return Promise.all(ids.map((id) => store.recommendations.forIncident(id)));
}

test('what is tried first is drawn from the logged shares, only among what is allowed, within the budget', async () => {
  const ids = Array.from({ length: 24 }, (_, i) => `free_${i}`);
  const made = await recommended(3, ids);
  const decisions = await Promise.all(made.map((one) => store.decisions.get(one!.id)));
  for (const [i, decision] of decisions.entries()) {
    const shares = new Map(decision!.options.map(({ action: id, share }) => [id, share]));
    expect(shares.get('barred')).toBe(0);
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(decision!.context).toMatchObject({ entityKind: 'host', drivers: ['used_bytes'], ageSeconds: 60, tried: [] });
    expect(shares.get(decision!.chosen!)).toBeGreaterThan(0);
    const first = made[i]!.actions.find(({ action: id }) => id === decision!.chosen)!;
    expect(first.propensity).toBe(shares.get(decision!.chosen!));
  }
  const explored = decisions.filter((decision) => decision!.explored).length;
  expect(explored).toBe(3);
  expect(decisions.at(-1)!.options.map(({ share }) => share)).toContain(1);
});

test('without a budget the best is taken for sure, and what else there is has its reason', async () => {
  const [made] = await recommended(0, ['sure']);
  // People may do what keeps Vigía from doing it by itself; it is said what that is.
  const waits = new Map(made!.actions.map(({ action: id, blocked, waits: why }) => [id, { blocked, why }]));
  expect(waits.get('barred')).toEqual({ blocked: null, why: phrase('act.no_breaker_harm', { run: 'r' }) });
  expect(waits.get('clean')).toEqual({ blocked: null, why: undefined });
  expect(made!.explores).toBe(false);
  expect(made!.actions[0]).toMatchObject({ action: 'clean', propensity: 1, disruptionMinutes: 0.5 });
  expect(made!.considered).toEqual([
    expect.objectContaining({ action: 'for-pods', why: phrase('recommend.otherKind', { kinds: 'pod' }) }),
  ]);
});

test('the past cases that speak for an action are told with their outcomes, the most alike first', async () => {
  const past = async (id: string, verdict: Verdict | null, incident: string | null = `incident of ${id}`) => {
    const run: Run = {
      id,
      incident,
      recommendation: null,
      fleet: 'default',
      action: 'clean',
      entity: 'host/b',
      dryRun: false,
      state: 'succeeded',
      plan: [],
      decision: [],
      requestedBy: 'vigia',
      requestedAt: T0 - 10_000,
      expiresAt: null,
      decidedBy: 'vigia',
      decidedAt: T0 - 10_000,
      startedAt: T0 - 10_000,
      endedAt: T0 - 9000,
      exitCode: 0,
      output: '',
      error: null,
    };
    await store.runs.insert(run);
    if (verdict === null) return;
    const { action: acted, entity, fleet } = run;
    const told = { run: id, incident, fleet, action: acted, entity, verdict, decidedAt: T0 - 1000 };
    await store.outcomes.insert({ ...told, id: `outcome of ${id}`, evidence: [], reason: phrase('x') });
  };
  await past('like', 'resolved');
  await past('less', 'ineffective');
  await past('least', 'harmful');
  await past('unjudged', null);
  await past('for nothing', 'resolved', null);
  const alike = new Map([
    [
      'clean',
      [
        { id: 'less', similarity: 0.4 },
        { id: 'like', similarity: 0.9 },
        { id: 'unjudged', similarity: 0.8 },
      ],
    ],
    [
      'restart',
      [
        { id: 'least', similarity: 0.1 },
        { id: 'forgotten', similarity: 0.7 },
        { id: 'for nothing', similarity: 0.6 },
      ],
    ],
  ]);
  const told = await similarCases(store, alike, 5);
  expect(told.map(({ run, verdict, similarity }) => [run, verdict, similarity])).toEqual([
    ['like', 'resolved', 0.9],
    ['less', 'ineffective', 0.4],
  ]);
  expect(told[0]).toMatchObject({ incident: 'incident of like', entity: 'host/b', action: 'clean', time: T0 - 1000 });
  expect(await similarCases(store, alike, 10)).toHaveLength(3);
});

describe('what is far from normal', () => {
  const STEP = 1000;
  const layout = internLayout(
    ['open_files', 'requests'].map((name) => ({
      name,
      metric: name,
      labels: {},
      kind: 'level' as const,
      unit: '',
      limit: null,
    })),
  );
  const replicas = ['replica/a', 'replica/b', 'replica/c'];

  /** Calm for two minutes, then more requests everywhere for half a minute, and one replica whose files run out. */
  async function frames(leaking: string): Promise<void> {
    for (const entity of replicas) {
      await store.entities.upsert([
        { id: entity, kind: 'replica', name: entity, fleet: 'default', labels: {}, firstSeen: T0, lastSeen: T0 },
      ]);
      await store.frames.append(
        Array.from({ length: 150 }, (_, i) => {
          const trouble = i >= 120;
          const values = Float32Array.of(
            trouble && entity === leaking ? 200 : 20 + (i % 3),
            trouble ? 90 : 10 + (i % 4),
          );
          const time = T0 - (150 - i) * STEP;
          return {
            entity,
            fleet: 'default',
            time,
            stepMs: STEP,
            layout,
            values,
            derived: new Float32Array(10),
            closedAt: time,
          };
        }),
      );
    }
    const seen = { kind: 'part_of', source: 'config', firstSeen: T0, lastSeen: T0 } as const;
    await store.edges.upsert(replicas.map((from) => ({ from, to: 'service/orders', ...seen })));
  }

  test('is known of every entity, and decides where an action is carried out', async () => {
    await frames('replica/b');
    const event = { id: 'e1', fleet: 'default', source: 'ci', severity: 'info', text: '', labels: {} } as const;
    await store.events.append([
      { ...event, time: T0 - 40_000, entity: 'replica/c', name: 'deploy' },
      { ...event, id: 'e2', time: T0 - 50 * 60_000, entity: 'replica/c', name: 'reboot' },
    ]);
    const match = { entityKinds: ['replica'], anomalyKinds: [], predictions: true };
    const deps: RecommendDeps = {
      bus,
      store,
      clock,
      log: silentLog,
      metrics: createMetrics(),
      catalogue: [
        action('restart', { leastSure: 0.6, match: { ...match, features: ['open_files'] } }),
        action('roll-back', { leastSure: 0.6, match: { ...match, features: ['event_deploy'] } }),
        action('scale', { leastSure: 0.5, match: { ...match, features: ['requests'] } }),
      ],
      modeOf: ({ mode }) => mode,
      stopped: () => false,
      stepMs: STEP,
    };
    const stage = createRecommendStage(deps);
    await stage.start();
    const value: Incident = {
      ...incidentOf('far'),
      openedAt: T0 - 25_000,
      root: 'replica/a',
      entities: replicas,
      features: ['requests'],
    };
    await store.incidents.upsert([value]);
    await bus.publish(topics.incidents, [{ key: 'default', value }], { durable: true });
    await stage.stop();
    const made = await store.recommendations.forIncident('far');
    const { options } = (await store.decisions.get(made!.id))!;
    const by = new Map(options.map((option) => [option.action, option]));
    expect(by.get('restart')).toMatchObject({
      entity: 'replica/b',
      evidence: ['open_files up alone', 'requests up shared'],
    });
    expect(by.get('roll-back')).toMatchObject({
      entity: 'replica/c',
      evidence: ['deploy event', 'requests up shared'],
    });
    expect(by.get('scale')?.evidence).toContain('requests up shared');
    // Even odds are not enough where at least 60 % are asked for; each action says for itself what is enough.
    const blocked = new Map(made!.actions.map((one) => [one.action, one.blocked]));
    expect(blocked.get('restart')).toMatchObject({ key: 'act.no_unsure', values: { probability: 0.5, least: 0.6 } });
    expect(blocked.get('roll-back')?.key).toBe('act.no_unsure');
    expect(blocked.get('scale')).toBe(null);

    // What happened before an action that has helped since, at this replica or at another one of its service, is no news.
    const told = { incident: 'far', fleet: 'default', action: 'roll-back', evidence: [], reason: phrase('x') };
    await store.outcomes.insert({
      ...told,
      id: 'outcome_1',
      run: 'run_1',
      entity: 'replica/b',
      verdict: 'resolved',
      decidedAt: T0 - 30_000,
    });
    const again = createRecommendStage(deps);
    await again.start();
    await bus.publish(topics.incidents, [{ key: 'default', value: { ...value, updatedAt: T0 + 1 } }], {
      durable: true,
    });
    await again.stop();
    const newest = (await store.recommendations.forIncident('far'))!;
    expect(newest.actions.map((one) => one.action)).not.toContain('roll-back');
  });
});
