import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Alerting, createAlerting } from './alerting.ts';
import type { Bus } from './bus/bus.ts';
import { createMemoryBus } from './bus/memory-bus.ts';
import { loadConfig } from './config/load-config.ts';
import type { Config } from './config/schema.ts';
import { createCorrelateStage } from './correlate/correlate-stage.ts';
import { createDetectStage, type DetectStage } from './detect/detect-stage.ts';
import { createRandom } from './ml/random.ts';
import type { Anomaly } from './model/anomaly.ts';
import type { Frame } from './model/frame.ts';
import { internLayout } from './model/layout.ts';
import type { Service } from './model/service.ts';
import { ALL_STAGES } from './model/stage.ts';
import { topics } from './model/topics.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { silentLog } from './runtime/log.ts';
import { createMetrics } from './runtime/metrics.ts';
import { inOrder } from './runtime/start-stop.ts';
import { allDuties } from './store/duties.ts';
import { createStore } from './store/create-store.ts';
import { openMemoryDatabase } from './store/memory-database.ts';
import type { Store } from './store/store.ts';

const STEP = 5000;
const START = 1_800_000_000_000;
let now = START;
const clock: Clock = { ...systemClock, now: () => now };

const layout = internLayout(
  ['cpu_user', 'memory_used_bytes'].map((name) => ({
    name,
    metric: name,
    labels: {},
    kind: 'level' as const,
    unit: '',
    limit: null,
  })),
);

let config: Config;
let store: Store;
let serial = 0;
let running: { readonly bus: Bus; readonly detect: DetectStage; readonly alerting: Alerting; readonly all: Service };

beforeEach(async () => {
  now = START;
  const loaded = loadConfig(null, {});
  if (!loaded.ok) throw new Error('the defaults are no configuration');
  ({ config } = loaded);
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  running = await begin();
});
afterEach(async () => {
  await end();
  await store.close();
});

async function begin() {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const alertBudget = () => config.alertBudget;
  const alone = { stages: ALL_STAGES, duties: allDuties(store), shared: false };
  const deps = { bus, store, clock, log: silentLog, metrics, config, alertBudget, ...alone };
  const ids = { next: (prefix: string) => `${prefix}_${++serial}` };
  const alerting = createAlerting({
    ...deps,
    ids,
    grouping: {},
    topology: () => null,
    topologyOptions: { rules: [], forgetMs: 86_400_000 },
    detect: () => detect,
  });
  const { thresholds, review, potsOf } = alerting;
  const settingsOf = () => ({ warmUp: 60, minimumDurationMs: 30_000, mute: false });
  const detect: DetectStage = createDetectStage({
    ...deps,
    options: { stepMs: STEP, alertBudget, thresholds, review, settingsOf },
  });
  const correlate = createCorrelateStage({ ...deps, potsOf });
  const all = inOrder('test', [correlate, ...alerting.services, detect], silentLog);
  await all.start();
  return { bus, detect, alerting, all };
}

async function end(): Promise<void> {
  await running.all.stop();
  await running.bus.stop(100);
}

const random = createRandom(1);
let at = 0;
/** The next frames of a host, calm or with its CPU in trouble, taken in by detect and what follows it. */
async function pass(frames: number, wild = 0): Promise<void> {
  const some: Frame[] = Array.from({ length: frames }, () => {
    const time = START + at++ * STEP;
    const values = Float32Array.of(10 + random.normal() + wild, 4000 + 20 * random.normal());
    const derived = new Float32Array(0);
    return { entity: 'host/a', fleet: 'default', time, stepMs: STEP, layout, values, derived, closedAt: time + STEP };
  });
  now = some.at(-1)!.closedAt;
  const messages = some.map((value) => ({ key: value.entity, value }));
  await running.bus.publish(topics.frames, messages, { durable: true });
}

const anomalies = async (): Promise<readonly Anomaly[]> =>
  (await store.anomalies.list({ limit: 100, cursor: null })).items.toReversed();
const alerts = async (): Promise<number> => (await store.alerts.since(0, 100)).length;

test('a false alarm is in force at once and after a restart, and undo ends it', async () => {
  at = 0;
  await pass(1500);
  await pass(100, 60);
  const [first] = await anomalies();
  expect(first).toMatchObject({ severity: 'warning', end: null, heldBack: null });
  await expect.poll(alerts).toBe(1);

  const { feedback } = running.alerting;
  const request = {
    target: 'anomaly',
    targetId: first!.id,
    verdict: 'false_alarm',
    note: '',
    reach: 'entity',
  } as const;
  const preview = await feedback.preview(request, 'ana');
  expect(preview).toMatchObject({ alike: 1, removed: 1, lost: 0 });
  const { feedback: said } = await feedback.give(request, 'ana');
  expect(await store.anomalies.get(first!.id)).toMatchObject({
    severity: 'info',
    heldBack: { key: 'feedback.quieter', values: { by: 'ana' } },
  });

  await feedback.undo(said.id, 'ana');
  expect(await store.anomalies.get(first!.id)).toMatchObject({ severity: 'warning', heldBack: null });
  await feedback.give(request, 'ana');
  await end();
  running = await begin();
  await pass(5, 60);
  await running.detect.retell(() => true);
  expect(await store.anomalies.get(first!.id)).toMatchObject({ severity: 'info', end: null });
  expect(await alerts()).toBe(1);
});
