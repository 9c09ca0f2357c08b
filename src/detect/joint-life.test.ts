import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Bus, Subscription } from '../bus/bus.ts';
import { ModelTraining } from '../learn/model-training.ts';
import { createRandom, type Random } from '../ml/random.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createDetectStage, type DetectStage } from './detect-stage.ts';
import { LIVE_MEMBERS } from './live-members.ts';
import { fitJoint } from './fit-joint.ts';
import { JOINT_ARTEFACT, loadJointArtefact } from './joint-artefact.ts';
import { createJointTrainer } from './joint-trainer.ts';

const STEP = 15_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NAMES = ['requests', 'cpu_user', 'latency', 'bytes_sent', 'threads', 'queue'] as const;
/** How each feature follows the load. */
const GAINS = [100, 0.5, 0.02, 4000, 10, 3] as const;
const NOISE = [4, 0.02, 0.001, 150, 0.5, 0.15] as const;

const layout = internLayout(
  NAMES.map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);
/** Fixed, so that hours of the day are the same in every run. */
const START = Date.UTC(2026, 4, 20, 6);

/** Instances of one service: everything follows the load, each at its own size. */
class Pod {
  readonly #random: Random;
  readonly #size: number;
  readonly entity: string;
  #load = 0;

  constructor(name: string, seed: number) {
    this.entity = `pod/${name}`;
    this.#random = createRandom(seed);
    this.#size = 1 + 0.2 * seed;
  }

  /** `broken` lets the threads no longer follow the load, within what they have always been. */
  frames(from: number, count: number, broken = false): Frame[] {
    return Array.from({ length: count }, (_, i) => {
      const random = this.#random;
      this.#load = 0.9 * this.#load + 0.25 * random.normal();
      const load = 3 + this.#load;
      const values = GAINS.map((gain, f) => {
        const follows = broken && f >= 3 && f <= 4 ? load + (load > 3 ? -1 : 1) : load;
        return this.#size * (gain * follows + NOISE[f]! * random.normal());
      });
      const time = START + (from + i) * STEP;
      return {
        entity: this.entity,
        fleet: 'default',
        time,
        stepMs: STEP,
        layout,
        values: Float32Array.from(values),
        derived: new Float32Array(0),
        closedAt: time + STEP,
      };
    });
  }
}

let now = 0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let metrics = createMetrics();
const joint = {
  kind: JOINT_ARTEFACT,
  load: (id: string, bytes: Uint8Array) => loadJointArtefact(id, bytes, LIVE_MEMBERS),
};
let store: Store;
let bus: Bus;
let stage: DetectStage;
let heard: Anomaly[];
let hearing: Subscription;

beforeEach(async () => {
  now = START + 20 * HOUR;
  metrics = createMetrics();
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  heard = [];
  hearing = await bus.subscribe(topics.anomalies, 'test', async (batch) => {
    heard.push(...batch.map(({ value }) => value));
  });
  const options = {
    stepMs: STEP,
    settingsOf: () => ({ warmUp: 120, minimumDurationMs: 30_000, mute: false }),
    alertBudget: () => ({ pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } }),
    joint,
  };
  stage = createDetectStage({ clock, log: silentLog, metrics, bus, store, options });
  await stage.start();
});
afterEach(async () => {
  await stage.stop();
  await bus.stop(100);
  await store.close();
});

async function feed(frames: readonly Frame[]): Promise<void> {
  await store.frames.append(frames);
  await bus.publish(
    topics.frames,
    frames.map((frame) => ({ key: frame.entity, value: frame })),
    { durable: true },
  );
  const last = frames.at(-1)!;
  await expect.poll(() => stage.current(last.entity)?.time).toBe(last.time);
  await expect.poll(() => hearing.lag()).toBe(0);
}

/** Trains, and waits until the stage has the model. */
async function served(): Promise<void> {
  expect(await train()).toBe(1);
  now += 2000;
  await expect.poll(async () => (await metrics.expose()).text).toMatch(/^vigia_detect_models 1$/m);
}

const training = (trained: () => void = () => undefined) =>
  new ModelTraining({
    clock,
    log: silentLog,
    metrics,
    store,
    trainer: createJointTrainer({
      stepMs: STEP,
      members: [],
      place: { run: (request) => fitJoint(request), close: async () => undefined },
    }),
    options: { stepMs: STEP, windowMs: 14 * DAY, retrainMs: DAY, stepsMs: 2 * DAY, own: () => false },
    onTrained: trained,
  });
const train = () => training(() => stage.modelsChanged()).round(new AbortController().signal);
const models = async () => (await store.models.list({ limit: 10, cursor: null })).items;

describe('joint models', () => {
  it('are trained as soon as there is enough history, and judge a new sibling within a minute', async () => {
    const [a, b] = [new Pod('a', 1), new Pod('b', 2)];
    await feed([...a.frames(0, 120), ...b.frames(0, 120)]);
    expect(await train()).toBe(0);
    await feed([...a.frames(120, 240), ...b.frames(120, 240)]);
    await served();
    expect(await models()).toMatchObject([
      { kind: 'joint', scope: 'pod', state: 'champion', reason: 'first', metrics: { entities: 2, features: 6 } },
    ]);
    expect(await train()).toBe(0);
    const late = new Pod('c', 3);
    await feed(late.frames(400, 4));
    expect(stage.learning('pod/c')).toMatchObject({ ready: true, frames: 4, needed: 120 });
  });

  it('find a relation that broke while every feature is inside its own band, and say who agrees', async () => {
    const [a, b] = [new Pod('a', 1), new Pod('b', 2)];
    // Ten hours: a shorter history calibrates little, and its models are believed little.
    await feed([...a.frames(0, 2400), ...b.frames(0, 2400)]);
    await served();
    await feed(a.frames(2400, 200));
    expect(heard).toEqual([]);
    await feed(a.frames(2600, 40, true));
    const found = heard[0]!;
    expect(found).toMatchObject({ entity: 'pod/a', kind: 'relation_broken', end: null });
    expect(found.kindReason?.key).toBe('detect.kindRelationBroken');
    expect(['bytes_sent', 'threads']).toContain(found.contributions[0]?.feature);
    expect(found.contributions.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(found.members?.map(({ detector }) => detector).toSorted()).toEqual(
      ['autoencoder', 'forest', 'pca', 'relation', 'svm'].toSorted(),
    );
    expect(found.members?.find(({ detector }) => detector === 'relation')?.agrees).toBe(true);
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1);
    await feed(a.frames(2640, 200));
    const ended = heard.findLast(({ id }) => id === found.id);
    expect(ended?.ending?.by).toBe('calm');
    expect(await store.anomalies.get(found.id)).toEqual(ended);
  });
});
