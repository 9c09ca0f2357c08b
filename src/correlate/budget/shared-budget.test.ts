import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bus } from '../../bus/bus.ts';
import { createMemoryBus } from '../../bus/memory-bus.ts';
import { type AlertBudget, type AlertPots, fleetPots } from '../../model/alert.ts';
import type { Anomaly } from '../../model/anomaly.ts';
import { phrase } from '../../model/phrase.ts';
import { topics } from '../../model/topics.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { type CorrelateStage, createCorrelateStage } from '../correlate-stage.ts';

const T0 = 1_800_000_000_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let now = T0;
const clock: Clock = { ...systemClock, now: () => now };
let store: Store;
let budget: AlertBudget;
/** Two processes, each with fleets of its own, on one store. */
let processes: { readonly bus: Bus; readonly stage: CorrelateStage }[];

const potsOf = ({ entity }: { readonly entity: string }): AlertPots =>
  entity.startsWith('pod/')
    ? { ...fleetPots(budget), pages: { pot: 'kind=pod', count: 1, windowMs: DAY } }
    : fleetPots(budget);

async function start() {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const deps = { bus, store, clock, log: silentLog, metrics, tickMs: HOUR };
  const stage = createCorrelateStage({ ...deps, alertBudget: () => budget, potsOf });
  await stage.start();
  return { bus, stage };
}

beforeEach(async () => {
  now = T0;
  budget = { pages: { count: 2, windowMs: DAY }, warnings: { count: 2, windowMs: DAY } };
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  processes = [await start(), await start()];
});
afterEach(async () => {
  for (const { bus, stage } of processes) {
    await stage.stop();
    await bus.stop(100);
  }
  await store.close();
});

let serial = 0;
const anomaly = (severity: Anomaly['severity'], entity: string): Anomaly => ({
  id: `anomaly_${++serial}`,
  entity,
  fleet: entity,
  start: now,
  end: null,
  openedAt: now,
  kind: 'spike',
  severity,
  severityReason: phrase('x'),
  score: 0.9,
  pValue: 1e-5,
  frames: 3,
  contributions: [],
  provisional: false,
  heldBack: null,
  updatedAt: now,
});

async function say(process: number, value: Anomaly): Promise<Anomaly> {
  await store.anomalies.upsert([value]);
  await processes[process % 2]!.bus.publish(topics.anomalies, [{ key: value.fleet, value }], { durable: true });
  return value;
}

const count = async (severity: string): Promise<number> =>
  (await store.incidents.list({ limit: 100, cursor: null })).items.filter((one) => one.severity === severity).length;

test('processes that ask at once share one ceiling, in any rolling day', async () => {
  await Promise.all(Array.from({ length: 8 }, (_, i) => say(i, anomaly('critical', `host/${i}`))));
  expect([await count('critical'), await count('warning'), await count('info')]).toEqual([2, 2, 4]);
  now += 23 * HOUR;
  await say(0, anomaly('critical', 'host/late'));
  expect(await count('critical')).toBe(2);
  now += HOUR;
  await say(1, anomaly('critical', 'host/next-day'));
  expect(await count('critical')).toBe(3);
});

test('warnings that turn critical keep their place among the warnings', async () => {
  const [first, second] = [await say(0, anomaly('warning', 'host/1')), await say(1, anomaly('warning', 'host/2'))];
  now += 60_000;
  for (const one of [first, second]) await say(0, { ...one, severity: 'critical', updatedAt: now });
  await say(1, anomaly('warning', 'host/3'));
  expect(await store.incidents.pagedSince(T0)).toEqual({ pages: 2, warnings: 2 });
  expect(await count('info')).toBe(1);
});

test('what an override gives a budget of its own takes nothing from the rest', async () => {
  for (let i = 0; i < 3; i++) await say(i, anomaly('critical', `pod/shop/${i}`));
  for (let i = 0; i < 3; i++) await say(i, anomaly('critical', `host/${i}`));
  const paged = (await store.alerts.since(T0 - 1, 100)).filter(({ line }) => line === 'pages').map(({ pot }) => pot);
  expect(paged.toSorted()).toEqual(['fleet', 'fleet', 'kind=pod']);
});

test('a smaller or larger budget counts at once', async () => {
  budget = { ...budget, pages: { count: 0, windowMs: DAY } };
  await say(0, anomaly('critical', 'host/1'));
  expect(await count('critical')).toBe(0);
  budget = { ...budget, pages: { count: 1, windowMs: DAY } };
  await say(1, anomaly('critical', 'host/2'));
  expect(await count('critical')).toBe(1);
});
