import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Outcome } from '../model/action.ts';
import type { AlertBudget } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { LANGUAGES } from '../text/language.ts';
import { createText } from '../text/text.ts';
import { type CorrelateStage, createCorrelateStage } from './correlate-stage.ts';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const DISK = 'filesystem_used_bytes{mountpoint="/data"}';

let now = T0;
const clock: Clock = { ...systemClock, now: () => now };
let store: Store;
let budget: AlertBudget;
let running: { bus: Bus; stage: CorrelateStage; heard: Incident[] };

beforeEach(async () => {
  now = T0;
  budget = { pages: { count: 2, windowMs: 86_400_000 }, warnings: { count: 20, windowMs: 86_400_000 } };
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  running = await start();
});
afterEach(async () => {
  await end();
  await store.close();
});

async function start() {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const heard: Incident[] = [];
  await bus.subscribe(topics.incidents, 'test', async (batch) => {
    heard.push(...batch.map(({ value }) => value));
  });
  const stage = createCorrelateStage({
    bus,
    store,
    clock,
    log: silentLog,
    metrics,
    alertBudget: () => budget,
    tickMs: 3_600_000,
  });
  await stage.start();
  return { bus, stage, heard };
}

async function end(): Promise<void> {
  await running.stage.stop();
  await running.bus.stop(100);
}

async function restart(): Promise<void> {
  await end();
  running = await start();
}

const anomaly = (id: string, over: Partial<Anomaly> = {}): Anomaly => ({
  id,
  entity: 'host/a',
  fleet: 'default',
  start: now,
  end: null,
  openedAt: now,
  kind: 'spike',
  severity: 'warning',
  severityReason: phrase('x'),
  score: 0.9,
  pValue: 1e-5,
  frames: 3,
  contributions: [
    { feature: 'cpu_busy_ratio', share: 1, value: 1, expected: 0, low: 0, high: 0.5, unit: '', detector: 'seasonal' },
  ],
  provisional: false,
  heldBack: null,
  updatedAt: now,
  ...over,
});

/** Stores and publishes, as detect does, and waits until it is dealt with. */
async function say(...values: readonly Anomaly[]): Promise<void> {
  await store.anomalies.upsert(values);
  const messages = values.map((value) => ({ key: value.fleet, value }));
  await running.bus.publish(topics.anomalies, messages, { durable: true });
}

const stored = async (): Promise<readonly Incident[]> =>
  (await store.incidents.list({ limit: 100, cursor: null })).items;

test('anomaly and prediction of one disk become one stored and published incident', async () => {
  const contribution = { ...anomaly('').contributions[0]!, feature: DISK };
  await say(anomaly('anomaly_1', { kind: 'trend', contributions: [contribution] }));
  now += 30 * MINUTE;
  const prediction: Prediction = {
    id: 'prediction_1',
    entity: 'host/a',
    fleet: 'default',
    kind: 'capacity',
    feature: DISK,
    unit: 'bytes',
    madeAt: now,
    openedAt: now,
    closedAt: null,
    state: 'open',
    severity: 'critical',
    horizons: [{ seconds: 3600, probability: 0.9 }],
    expectedAt: now + MINUTE,
    earliest: null,
    latest: null,
    current: 30,
    limit: 64,
    slope: 1,
    drivers: [],
    reason: phrase('x'),
    model: { kind: 'trend', version: '1' },
  };
  await running.bus.publish(topics.predictions, [{ key: 'default', value: prediction }], { durable: true });
  const [incident, ...more] = await stored();
  expect(more).toEqual([]);
  expect(incident).toMatchObject({
    severity: 'critical',
    pagedAt: now,
    anomalies: ['anomaly_1'],
    predictions: ['prediction_1'],
  });
  await expect.poll(() => running.heard.at(-1)).toEqual(incident);
});

test('the budget counts what was stored, also after a restart, and may be changed while it runs', async () => {
  const critical = (i: number) =>
    say(anomaly(`anomaly_${i}`, { entity: `host/${i}`, severity: 'critical', start: now, contributions: [] }));
  await critical(1);
  now += 2 * MINUTE;
  await critical(2);
  await restart();
  now += 2 * MINUTE;
  await critical(3);
  const severities = async () => (await stored()).map(({ severity }) => severity).toReversed();
  expect(await severities()).toEqual(['critical', 'critical', 'warning']);
  budget = { ...budget, pages: { ...budget.pages, count: 3 } };
  now += 2 * MINUTE;
  await critical(4);
  expect(await severities()).toEqual(['critical', 'critical', 'warning', 'critical']);
  expect(await store.incidents.pagedSince(T0)).toEqual({ pages: 3, warnings: 1 });
});

test('a restart goes on with what is open, says it again once, and alerts nothing twice', async () => {
  const first = anomaly('anomaly_1', { severity: 'critical' });
  await say(first);
  const before = await stored();
  await restart();
  await say(first);
  expect(await stored()).toEqual(before);
  await expect.poll(() => running.heard).toEqual(before);
  now += MINUTE;
  await say({ ...first, end: now, updatedAt: now });
  now += 10 * MINUTE;
  await running.stage.tick();
  expect(await stored()).toMatchObject([{ state: 'resolved', resolvedAt: now, pagedAt: T0 }]);
});

test('a sign whose incident was forgotten is found again in the store', async () => {
  const first = anomaly('anomaly_1');
  const second = anomaly('anomaly_2', { contributions: [] });
  await say(first, second);
  now += MINUTE;
  await say({ ...first, end: now, updatedAt: now }, { ...second, end: now, updatedAt: now });
  now += 10 * MINUTE;
  await running.stage.tick();
  now += 120 * MINUTE;
  await running.stage.tick();
  await restart();
  await say({ ...second, updatedAt: now });
  expect((await stored()).map(({ reopened, state }) => `${state} ${reopened}`)).toEqual(['open 1']);
});

test('the outcome of a run becomes part of the story, before and after the end of the incident', async () => {
  const first = anomaly('anomaly_1');
  await say(first);
  const [incident] = await stored();
  const outcome = (id: string): Outcome => ({
    id,
    run: `run_${id}`,
    incident: incident!.id,
    fleet: 'default',
    action: 'clean',
    entity: 'host/a',
    verdict: 'ineffective',
    decidedAt: now,
    evidence: [],
    reason: phrase('act.outcome_ineffective'),
  });
  const tell = (value: Outcome) => running.bus.publish(topics.outcomes, [{ key: 'default', value }], { durable: true });
  await tell(outcome('outcome_1'));
  await tell(outcome('outcome_1'));
  now += MINUTE;
  await say({ ...first, end: now, updatedAt: now });
  now += 10 * MINUTE;
  await running.stage.tick();
  now += 120 * MINUTE;
  await running.stage.tick();
  await tell(outcome('outcome_2'));
  const [after] = await stored();
  expect(after!.state).toBe('resolved');
  expect(after!.timeline.flatMap(({ type, ref }) => (type === 'outcome' ? [ref] : []))).toEqual([
    'outcome_1',
    'outcome_2',
  ]);
});

test('every word it says is in both catalogues', async () => {
  await say(anomaly('anomaly_1', { severity: 'critical' }), anomaly('anomaly_2', { entity: 'host/b' }));
  const [incident] = await stored();
  const text = createText();
  for (const language of LANGUAGES) {
    const { title, rootReason, timeline } = incident!;
    const said = [title, rootReason, ...timeline.map((entry) => entry.text)].map((words) =>
      text(language).phrase(words),
    );
    expect(said.filter((words) => words.includes('correlate.') || words.includes('{{'))).toEqual([]);
  }
});
