/** A harmful action in `auto`: how often it runs before it is demoted, and whether breaker, ladder and audit show it. */
import { createActStage } from '../src/act/act-stage.ts';
import { createMemoryBus } from '../src/bus/memory-bus.ts';
import type { ActionDefinition } from '../src/model/action-definition.ts';
import type { Executor } from '../src/model/executor.ts';
import type { FrameLayout } from '../src/model/frame.ts';
import type { Incident } from '../src/model/incident.ts';
import { phrase } from '../src/model/phrase.ts';
import type { Prediction } from '../src/model/prediction.ts';
import { topics } from '../src/model/topics.ts';
import { type Clock, systemClock } from '../src/runtime/clock.ts';
import { randomIds } from '../src/runtime/ids.ts';
import { silentLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';
import { createStore } from '../src/store/create-store.ts';
import { openMemoryDatabase } from '../src/store/memory-database.ts';
import { report } from './report.ts';

const STEP = 1000;
const SETTLE = 20_000;
const INCIDENTS = 10;
const LIMIT = 64;
const DISK = 'filesystem_used_bytes';

let now = 1_800_000_000_000;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
const metrics = createMetrics();
const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
let ran = 0;
const executor: Executor = {
  kind: 'harmful',
  plan: () => ['fill the disk'],
  execute: async () => {
    ran++;
    return { status: 'succeeded', exitCode: 0, output: '', error: null };
  },
};
const harmful: ActionDefinition = {
  id: 'fill',
  title: { en: 'fill', es: 'llenar' },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'harmful',
  args: {},
  mode: 'auto',
  disruption: 'low',
  settleMs: SETTLE,
  cooldownMs: 0,
  timeoutMs: 1000,
  approvalMs: 60_000,
  prior: { resolved: 9, failed: 1 },
};
const stage = createActStage({
  bus,
  store,
  clock,
  ids: randomIds,
  log: silentLog,
  metrics,
  actions: [harmful],
  executors: [executor],
  settings: () => ({ killSwitch: false, modes: {} }),
  stepMs: STEP,
  tickMs: 3_600_000,
});
await stage.start();

const limit = { side: 'above', value: LIMIT } as const;
const feature = { name: DISK, metric: DISK, labels: {}, kind: 'level', unit: 'bytes', limit } as const;
const layout: FrameLayout = { id: 'layout_harm', features: [feature] };

async function frames(entity: string, from: number, to: number, value: (time: number) => number): Promise<void> {
  const list = [];
  for (let time = from; time < to; time += STEP) {
    const values = Float32Array.of(value(time));
    const derived = new Float32Array(0);
    list.push({ entity, fleet: 'default', time, stepMs: STEP, layout, values, derived, closedAt: time });
  }
  await store.frames.append(list);
}

/** A disk that fills; the action makes it fill at once. */
async function trouble(i: number): Promise<Incident> {
  const entity = `host/h${i}`;
  const known = { fleet: 'default', labels: {}, firstSeen: now, lastSeen: now };
  await store.entities.upsert([{ id: entity, kind: 'host', name: `h${i}`, ...known }]);
  const prediction: Prediction = {
    id: `prediction_${i}`,
    entity,
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
    expectedAt: now + 60_000,
    earliest: null,
    latest: null,
    current: 30,
    limit: LIMIT,
    slope: 0.01,
    drivers: [],
    reason: phrase('x'),
    model: { kind: 'trend', version: '1' },
  };
  await store.predictions.upsert([prediction]);
  const incident: Incident = {
    id: `incident_${i}`,
    fleet: 'default',
    state: 'open',
    severity: 'critical',
    title: phrase('x'),
    openedAt: now,
    updatedAt: now,
    resolvedAt: null,
    reopened: 0,
    root: entity,
    rootReason: phrase('x'),
    entities: [entity],
    anomalyKinds: [],
    features: [DISK],
    anomalies: [],
    predictions: [prediction.id],
    pagedAt: null,
    timeline: [],
  };
  await store.incidents.upsert([incident]);
  await frames(entity, now - 30_000, now, (time) => 30 + (time - now) / 100_000);
  return incident;
}

for (let i = 0; i < INCIDENTS; i++) {
  const incident = await trouble(i);
  const ranked = {
    action: 'fill',
    title: harmful.title,
    entity: incident.root,
    rank: 1,
    probability: 0.9,
    low: 0.8,
    high: 1,
    tried: 0,
    resolved: 0,
    propensity: 1,
    mode: 'auto' as const,
    blocked: null,
    disruption: 'low' as const,
    reasons: [],
  };
  const policy = { kind: 'planted', version: '1' };
  const value = {
    id: `recommendation_${i}`,
    incident: incident.id,
    fleet: 'default',
    time: now,
    actions: [ranked],
    policy,
    reason: phrase('x'),
  };
  await bus.publish(topics.recommendations, [{ key: 'default', value }], { durable: true });
  await stage.idle();
  await frames(incident.root, now, now + SETTLE + 10 * STEP, () => 63.9);
  now += SETTLE + 10 * STEP;
  await stage.tick();
  // A person resets the breaker each time, so that only the ladder keeps the action from running again.
  const { breaker } = await stage.automation();
  if (i === 0 && !breaker.open) throw new Error('the breaker did not open');
  if (breaker.open) await stage.resetBreaker('ana');
  now += 60_000;
}
const { items } = await store.audit.list({ limit: 1000, cursor: null });
const [rung] = await stage.ladder();
const shown = ['breaker.open', 'automation.fall'].filter((verb) => items.some((entry) => entry.verb === verb));
report([
  {
    name: 'planted-harm',
    value: shown.length === 2 && rung?.level === 'suggest' ? ran : Number.NaN,
    unit: 'runs',
    bound: 1,
    better: 'lower',
    note: `over ${INCIDENTS} incidents, the breaker reset after each; audit shows ${shown.join(', ')}; level now ${rung?.level}`,
  },
]);
await stage.stop();
await bus.stop(100);
await store.close();
