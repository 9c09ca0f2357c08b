import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ActStage, createActStage } from '../src/act/act-stage.ts';
import { createCommandExecutor } from '../src/act/executors/command-executor.ts';
import type { Bus } from '../src/bus/bus.ts';
import { createMemoryBus } from '../src/bus/memory-bus.ts';
import { type CorrelateStage, createCorrelateStage } from '../src/correlate/correlate-stage.ts';
import type { ActionDefinition } from '../src/model/action-definition.ts';
import type { Recommendation, Run } from '../src/model/action.ts';
import type { FrameLayout } from '../src/model/frame.ts';
import type { Incident } from '../src/model/incident.ts';
import { phrase } from '../src/model/phrase.ts';
import type { Prediction } from '../src/model/prediction.ts';
import type { Service } from '../src/model/service.ts';
import { topics } from '../src/model/topics.ts';
import { createRecommendStage } from '../src/recommend/recommend-stage.ts';
import { type Clock, systemClock } from '../src/runtime/clock.ts';
import { randomIds } from '../src/runtime/ids.ts';
import { silentLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';
import { createStore } from '../src/store/create-store.ts';
import { openMemoryDatabase } from '../src/store/memory-database.ts';
import type { Store } from '../src/store/store.ts';

const STEP = 1000;
const SETTLE = 8000;
const HOST = 'host/story';
const folder = mkdtempSync(join(tmpdir(), 'vigia-story-'));
const junk = join(folder, 'junk');
const DISK = `filesystem_used_bytes{mountpoint="${folder}"}`;
const LIMIT = 64 * 1024;

let now = 1_800_000_000_000;
const clock: Clock = { ...systemClock, now: () => now };
let store: Store;
let bus: Bus;
let correlate: CorrelateStage;
let recommend: Service;
let act: ActStage;

const action = (id: string, argv: readonly string[]): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], anomalyKinds: [], features: ['filesystem_used_bytes*'], predictions: true },
  executor: 'command',
  args: { argv },
  mode: 'suggest',
  disruption: 'low',
  settleMs: SETTLE,
  cooldownMs: 1000,
  timeoutMs: 10_000,
  approvalMs: 300_000,
  prior: { resolved: 1, failed: 1 },
});
const actions = [
  action('do-nothing', ['true']),
  action('free-space', ['rm', '-rf', '{feature.labels.mountpoint}/junk']),
];

beforeAll(async () => {
  mkdirSync(junk);
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  const metrics = createMetrics();
  const common = { store, clock, log: silentLog, metrics };
  bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  correlate = createCorrelateStage({
    ...common,
    bus,
    alertBudget: () => ({ pages: { count: 2, windowMs: 86_400_000 }, warnings: { count: 20, windowMs: 86_400_000 } }),
    tickMs: 3_600_000,
  });
  recommend = createRecommendStage({
    ...common,
    bus,
    catalogue: actions,
    modeOf: ({ mode }) => mode,
    stopped: () => false,
  });
  act = createActStage({
    ...common,
    bus,
    ids: randomIds,
    actions,
    executors: [createCommandExecutor({ clock: systemClock, secret: () => null, environment: process.env })],
    settings: () => ({ killSwitch: false, modes: {} }),
    stepMs: STEP,
    tickMs: 3_600_000,
  });
  for (const stage of [correlate, recommend, act]) await stage.start();
});

afterAll(async () => {
  for (const stage of [act, recommend, correlate]) await stage.stop();
  await bus.stop(100);
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const used = (): number =>
  existsSync(junk) ? readdirSync(junk).reduce((sum, name) => sum + statSync(join(junk, name)).size, 0) : 0;

const layout: FrameLayout = {
  id: 'layout_story',
  features: [
    {
      name: DISK,
      metric: 'filesystem_used_bytes',
      labels: { mountpoint: folder },
      kind: 'level',
      unit: 'bytes',
      limit: null,
    },
  ],
};

/** Lets time go by: what writes goes on while its folder is there, and every second a frame says what the disk holds. */
async function pass(seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    if (existsSync(junk)) writeFileSync(join(junk, String(now)), Buffer.alloc(700));
    const values = Float32Array.of(used());
    const frame = { entity: HOST, fleet: 'default', time: now, stepMs: STEP, layout, values, closedAt: now + STEP };
    await store.frames.append([{ ...frame, derived: new Float32Array(0) }]);
    now += STEP;
  }
}

async function predict(): Promise<void> {
  const prediction: Prediction = {
    id: 'prediction_story',
    entity: HOST,
    fleet: 'default',
    kind: 'capacity',
    feature: DISK,
    unit: 'bytes',
    madeAt: now,
    openedAt: now,
    closedAt: null,
    state: 'open',
    severity: 'critical',
    horizons: [{ seconds: 3600, probability: 0.95 }],
    expectedAt: now + 60_000,
    earliest: null,
    latest: null,
    current: used(),
    limit: LIMIT,
    slope: 700,
    drivers: [],
    reason: phrase('predict.capacity'),
    model: { kind: 'capacity', version: '1' },
  };
  await store.predictions.upsert([prediction]);
  await bus.publish(topics.predictions, [{ key: 'default', value: prediction }], { durable: true });
}

const incidentNow = async (): Promise<Incident> => (await store.incidents.open(10))[0]!;
const recommended = async (incident: Incident): Promise<Recommendation> =>
  (await store.recommendations.forIncident(incident.id))!;

/** What a person does on the page: look, ask, approve; then wait until it has settled. */
async function carryOut(incident: Incident, id: string): Promise<Run> {
  const wish = { action: id, entity: HOST, incident: incident.id, by: 'ana' };
  expect((await act.request({ ...wish, dryRun: true })).state).toBe('dry_run');
  const asked = await act.request({ ...wish, dryRun: false });
  await act.approve(asked.id, 'ana');
  await act.idle();
  await pass(SETTLE / STEP + 2);
  await act.tick();
  return (await store.runs.get(asked.id))!;
}

test('a disk fills, a person has something done, and Vigía says what it brought and learns from it', async () => {
  await store.entities.upsert([
    { id: HOST, kind: 'host', name: 'story', fleet: 'default', labels: {}, firstSeen: now, lastSeen: now },
  ]);
  await pass(20);
  await predict();
  const incident = await incidentNow();
  expect(incident).toMatchObject({ severity: 'critical', root: HOST, features: [DISK] });
  await expect.poll(() => recommended(incident)).toMatchObject({ actions: [{ rank: 1 }, { rank: 2 }] });

  const verdictOf = async (run: Run) => (await store.outcomes.forRun(run.id))?.verdict;
  const nothing = await carryOut(incident, 'do-nothing');
  expect(nothing).toMatchObject({ state: 'succeeded', exitCode: 0, plan: ['true'] });
  expect(await verdictOf(nothing)).toBe('ineffective');
  expect(used()).toBeGreaterThan(20_000);

  await expect
    .poll(async () => (await recommended(incident)).actions.map(({ action: id }) => id))
    .toEqual(['free-space', 'do-nothing']);

  const freed = await carryOut(incident, 'free-space');
  expect(freed).toMatchObject({ state: 'succeeded', plan: [`rm -rf ${junk}`] });
  expect(used()).toBe(0);
  expect(await verdictOf(freed)).toBe('resolved');

  const story = async () =>
    (await store.incidents.get(incident.id))!.timeline.map(({ type, text }) => `${type} ${text.key}`);
  await expect
    .poll(story)
    .toEqual(['prediction correlate.sign_capacity', 'outcome act.outcome_ineffective', 'outcome act.outcome_resolved']);
  await expect
    .poll(async () => (await recommended(incident)).actions[0])
    .toMatchObject({ action: 'free-space', tried: 1, resolved: 1 });
});
