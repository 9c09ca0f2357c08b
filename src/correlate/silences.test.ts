import { afterEach, beforeEach, expect, test } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Silence } from '../model/silence.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { LANGUAGES } from '../text/language.ts';
import { createText } from '../text/text.ts';
import { type CorrelateDeps, createCorrelateStage } from './correlate-stage.ts';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

let now = T0;
const clock: Clock = { ...systemClock, now: () => now };
let store: Store;
let running: Awaited<ReturnType<typeof start>>;

async function start(over: Partial<CorrelateDeps> = {}) {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const line = { count: 10, windowMs: DAY };
  const stage = createCorrelateStage({
    bus,
    store,
    clock,
    log: silentLog,
    metrics,
    alertBudget: () => ({ pages: line, warnings: line }),
    tickMs: 3_600_000,
    ...over,
  });
  await stage.start();
  return { bus, stage };
}

async function end(): Promise<void> {
  await running.stage.stop();
  await running.bus.stop(100);
}

async function restart(over: Partial<CorrelateDeps> = {}): Promise<void> {
  await end();
  running = await start(over);
}

beforeEach(async () => {
  now = T0;
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  running = await start();
});
afterEach(async () => {
  await end();
  await store.close();
});

const silence = (over: Partial<Silence> = {}): Silence => ({
  id: 'silence_1',
  kind: 'silence',
  match: { entity: 'host/a' },
  from: now,
  to: now + 30 * MINUTE,
  why: 'noisy',
  by: 'ana',
  createdAt: now,
  updatedAt: now,
  endedBy: null,
  event: null,
  ...over,
});

const anomaly = (id: string, over: Partial<Anomaly> = {}): Anomaly => ({
  id,
  entity: 'host/a',
  fleet: 'default',
  start: now,
  end: null,
  openedAt: now,
  kind: 'spike',
  severity: 'critical',
  severityReason: phrase('x'),
  score: 0.9,
  pValue: 1e-5,
  frames: 3,
  contributions: [],
  provisional: false,
  heldBack: null,
  updatedAt: now,
  ...over,
});

async function say(...values: readonly Anomaly[]): Promise<void> {
  await store.anomalies.upsert(values);
  const messages = values.map((value) => ({ key: value.fleet, value }));
  await running.bus.publish(topics.anomalies, messages, { durable: true });
}

async function tellEvent(over: Partial<Event> = {}): Promise<void> {
  const event: Event = {
    id: 'event_1',
    time: now,
    entity: 'service/cart',
    fleet: 'default',
    name: 'deploy',
    source: 'ci',
    severity: 'info',
    text: 'v2',
    labels: {},
    ...over,
  };
  await running.bus.publish(topics.events, [{ key: event.entity, value: event }], { durable: true });
}

async function later(ms: number): Promise<void> {
  now += ms;
  await running.stage.tick();
}

const incidents = async (): Promise<readonly Incident[]> =>
  (await store.incidents.list({ limit: 100, cursor: null })).items;
const keys = ({ timeline }: Incident): string[] => timeline.map(({ text }) => text.key);

test('a silenced incident is kept but takes no page, and pages when the silence is over and it is not', async () => {
  await store.silences.insert(silence());
  await say(anomaly('a1'), anomaly('a2', { entity: 'host/b', kind: 'dip' }));
  const [b, a] = (await incidents()).toSorted((x, y) => (x.root < y.root ? 1 : -1));
  expect(a).toMatchObject({ root: 'host/a', severity: 'info', pagedAt: null, silencedBy: ['silence_1'] });
  expect(keys(a!)).toContain('correlate.silenced_silence');
  expect(b).toMatchObject({ root: 'host/b', severity: 'critical', pagedAt: T0 });
  expect(await store.incidents.pagedSince(T0)).toEqual({ pages: 1, warnings: 0 });
  await later(20 * MINUTE);
  expect(await store.incidents.get(a!.id)).toMatchObject({ pagedAt: null });
  await later(11 * MINUTE);
  const after = await store.incidents.get(a!.id);
  expect(after).toMatchObject({ severity: 'critical', pagedAt: now, silencedBy: [] });
  expect(keys(after!)).toContain('correlate.silenceOver');
  const text = createText();
  for (const language of LANGUAGES) {
    for (const entry of after!.timeline) expect(text(language).phrase(entry.text)).not.toMatch(/correlate\.|\{\{/);
  }
});

test('what is over before the silence is, pages never', async () => {
  await store.silences.insert(silence());
  await say(anomaly('a1'));
  now += 5 * MINUTE;
  await say(anomaly('a1', { start: T0, end: now }));
  await later(10 * MINUTE);
  await later(30 * MINUTE);
  expect(await incidents()).toMatchObject([{ state: 'resolved', severity: 'info', pagedAt: null }]);
});

test('a silence is in force after a restart, ends early, and two that overlap are one until the last is over', async () => {
  await store.silences.insert(silence());
  await store.silences.insert(silence({ id: 'silence_2', match: { kind: 'host', anomaly: 'spike' }, to: now + DAY }));
  await restart();
  await say(anomaly('a1'));
  const [first] = await incidents();
  expect(first).toMatchObject({ pagedAt: null, silencedBy: ['silence_1', 'silence_2'] });
  await restart();
  await later(5000);
  expect(await store.silences.replace(silence({ to: now, updatedAt: now, endedBy: 'bob' }), T0)).toBe(true);
  await later(5000);
  expect(await store.incidents.get(first!.id)).toMatchObject({ pagedAt: null, silencedBy: ['silence_2'] });
  const two = (await store.silences.get('silence_2'))!;
  await store.silences.replace({ ...two, to: now, updatedAt: now }, two.updatedAt);
  await later(5000);
  expect(await store.incidents.get(first!.id)).toMatchObject({ pagedAt: now, silencedBy: [] });
});

test('one sign that is not silenced is enough', async () => {
  await store.silences.insert(silence({ match: { anomaly: 'spike' } }));
  await say(anomaly('a1'));
  expect(await incidents()).toMatchObject([{ severity: 'info', silencedBy: ['silence_1'] }]);
  await say(anomaly('a2', { kind: 'dip', severity: 'warning' }));
  expect(await incidents()).toMatchObject([{ severity: 'warning', pagedAt: T0, silencedBy: ['silence_1'] }]);
});

test('a machine under maintenance silences what runs on it, when it says so', async () => {
  await store.edges.upsert([
    { from: 'pod/shop/cart-0', to: 'host/a', kind: 'runs_on', source: 'labels', firstSeen: T0, lastSeen: T0 },
  ]);
  await later(15_000);
  await store.silences.insert(silence({ kind: 'maintenance', match: { entity: 'host/a', below: true } }));
  await later(2000);
  await say(anomaly('a1', { entity: 'pod/shop/cart-0' }));
  const [incident] = await incidents();
  expect(incident).toMatchObject({ pagedAt: null, silencedBy: ['silence_1'] });
  expect(keys(incident!)).toContain('correlate.silenced_maintenance');
});

test('a deploy opens a window by itself where the configuration says so, once, and it is in the audit log', async () => {
  await tellEvent();
  expect((await store.silences.list({ limit: 10, cursor: null })).items).toEqual([]);
  await restart({ deployGrace: { events: ['deploy*'], durationMs: 10 * MINUTE } });
  await tellEvent({ id: 'event_2', time: now - 11 * MINUTE });
  await tellEvent({ id: 'event_3' });
  await tellEvent({ id: 'event_3' });
  const { items } = await store.silences.list({ limit: 10, cursor: null });
  expect(items).toMatchObject([
    {
      kind: 'maintenance',
      match: { entity: 'service/cart', below: true },
      from: T0,
      to: T0 + 10 * MINUTE,
      why: 'deploy: v2',
      by: 'ci',
      event: 'event_3',
    },
  ]);
  await say(anomaly('a1', { entity: 'service/cart' }));
  expect(await incidents()).toMatchObject([{ pagedAt: null, silencedBy: [items[0]!.id] }]);
  const audit = await store.audit.list({ limit: 10, cursor: null });
  expect(audit.items).toMatchObject([{ actor: 'vigia', verb: 'silence', target: items[0]!.id }]);
});

test('the configuration says what depends on what; what it no longer says is gone after a restart', async () => {
  const entity = (id: string) => ({
    id,
    kind: id.slice(0, id.indexOf('/')),
    name: id.slice(id.indexOf('/') + 1),
    fleet: 'default',
    labels: {},
    firstSeen: T0,
    lastSeen: T0,
  });
  await store.entities.upsert(['pod/shop/cart-0', 'pod/shop/cart-1', 'pod/other/x'].map(entity));
  const rules = [
    { from: 'pod/shop/*', to: 'service/cart', kind: 'part_of' as const },
    { from: 'service/web', to: 'service/cart', kind: 'calls' as const },
  ];
  const edges = async (): Promise<string[]> =>
    (await store.edges.list({ limit: 100, cursor: null })).items.map(({ from, to }) => `${from} ${to}`);
  await restart({ topology: { rules, forgetMs: DAY } });
  expect(await edges()).toEqual([
    'pod/shop/cart-0 service/cart',
    'pod/shop/cart-1 service/cart',
    'service/web service/cart',
  ]);
  await store.entities.upsert([entity('pod/shop/cart-2')]);
  await later(2 * MINUTE);
  expect(await edges()).toContain('pod/shop/cart-2 service/cart');
  await say(anomaly('a1', { entity: 'pod/shop/cart-2' }), anomaly('a2', { entity: 'service/web', kind: 'dip' }));
  expect(await incidents()).toMatchObject([{ root: 'pod/shop/cart-2', entities: ['pod/shop/cart-2', 'service/web'] }]);
  await later(2 * DAY);
  expect(await edges()).toHaveLength(4);
  await restart({ topology: { rules: rules.slice(1), forgetMs: DAY } });
  expect(await edges()).toEqual(['service/web service/cart']);
});

test('what was stored but not yet grouped when the process died is grouped after the restart', async () => {
  await store.anomalies.upsert([anomaly('a1')]);
  await restart();
  expect(await incidents()).toMatchObject([{ anomalies: ['a1'], severity: 'critical', pagedAt: T0 }]);
  await restart();
  expect(await incidents()).toHaveLength(1);
});
