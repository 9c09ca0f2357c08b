import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import { createRandom } from '../ml/random.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { topics } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createDetectStage, type DetectStage } from './detect-stage.ts';
import { unpacked } from './packed-state.ts';

const STEP = 5000;
/** Fixed, so that numbers are the same in every run; in the middle of a minute, where hand-overs find rows in hand. */
const START = Date.UTC(2026, 0, 15, 10, 0, 25);
const ENTITIES = 6;
const FRAMES = 144;
const CHUNK = 6;
const PATIENCE = 120_000;
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

/** Frame `i` of every entity; each has its trouble at another time. */
function framesAt(i: number): Frame[] {
  return Array.from({ length: ENTITIES }, (_, e) => {
    const random = createRandom(1000 * e + i);
    const time = START + i * STEP;
    const from = 60 + 9 * e;
    const wild = i >= from && i < from + 12 ? 50 : 0;
    return {
      entity: `host/web-${e}`,
      fleet: 'default',
      time,
      stepMs: STEP,
      layout,
      values: Float32Array.of(10 + random.normal() + wild, 4000 + 20 * random.normal()),
      derived: new Float32Array(0),
      closedAt: time + STEP,
    };
  });
}

const budget = (count: number) => ({ pot: 'fleet', count, windowMs: 86_400_000 });
const options = {
  stepMs: STEP,
  alertBudget: () => ({ pages: budget(2), warnings: budget(20) }),
  population: () => ENTITIES,
  settingsOf: () => ({ warmUp: 40, minimumDurationMs: 20_000, mute: false }),
};

const openBus = (): Bus =>
  createMemoryBus({
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
    deadLetters: async () => undefined,
  });

async function join(bus: Bus, store: Store): Promise<DetectStage> {
  const stage = createDetectStage({
    bus,
    store,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
    options,
  });
  await stage.start();
  return stage;
}

/** Frames go to the store and then to whoever has their entities; resolves when they have all been scored. */
async function pass(bus: Bus, store: Store, range: { readonly from: number; readonly to: number }): Promise<void> {
  for (let i = range.from; i < range.to; i += CHUNK) {
    const frames = Array.from({ length: Math.min(CHUNK, range.to - i) }, (_, k) => framesAt(i + k)).flat();
    await store.frames.append(frames);
    const messages = frames.map((value) => ({ key: value.entity, value }));
    await bus.publish(topics.frames, messages, { durable: i + CHUNK >= range.to });
  }
}

/** What each entity has come to, and what was found of it, as text: equal means equal to the last bit. */
async function outcome(store: Store) {
  const states: Record<string, string> = {};
  for await (const { key, position, state } of store.checkpoints.loadAll('detect')) {
    states[key] = JSON.stringify([position, unpacked(state)]);
  }
  const { items } = await store.anomalies.list({ limit: 1000, cursor: null });
  return { states, anomalies: items.map((one) => JSON.stringify(one)).sort() };
}

const entities = Array.from({ length: ENTITIES }, (_, e) => `host/web-${e}`);
const watchedBy = (members: readonly DetectStage[]): string[] =>
  members.flatMap((one) => [...one.everybody()].map(([entity]) => entity)).sort();

describe('members of the group of detect', () => {
  const stores: Store[] = [];
  let single: Awaited<ReturnType<typeof outcome>>;
  const openStore = async (): Promise<Store> => {
    const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
    stores.push(store);
    return store;
  };
  beforeAll(async () => {
    const [store, bus] = [await openStore(), openBus()];
    const stage = await join(bus, store);
    await pass(bus, store, { from: 0, to: FRAMES });
    await stage.stop();
    await bus.stop(1000);
    single = await outcome(store);
  }, PATIENCE);
  afterAll(async () => {
    for (const store of stores) await store.close();
  });

  it(
    'bring every entity to the same state, to the last bit, whoever scores it and however often that changes',
    async () => {
      const [store, bus] = [await openStore(), openBus()];
      const first = await join(bus, store);
      const others: DetectStage[] = [];
      // Members come and go while frames are under way.
      const publishing = pass(bus, store, { from: 0, to: FRAMES });
      others.push(await join(bus, store));
      others.push(await join(bus, store));
      await first.stop();
      await publishing;
      expect(watchedBy([first])).toEqual([]);
      expect(watchedBy(others)).toEqual(entities);
      for (const one of others) await one.stop();
      await bus.stop(1000);
      expect(single.anomalies.length).toBeGreaterThanOrEqual(ENTITIES);
      expect(await outcome(store)).toEqual(single);
    },
    PATIENCE,
  );

  it(
    'who dies leaves its entities to others, which go on from checkpoints and stored frames to the same state',
    async () => {
      const [store, before] = [await openStore(), openBus()];
      const dead = await join(before, store);
      await pass(before, store, { from: 0, to: FRAMES / 2 });
      // As with SIGKILL: it hands nothing over, and does not know yet that it has lost its partitions.
      await before.stop(0);
      const bus = openBus();
      const heirs = [await join(bus, store), await join(bus, store)];
      await pass(bus, store, { from: FRAMES / 2 - 3, to: FRAMES });
      expect(watchedBy(heirs)).toEqual(entities);
      for (const one of heirs) await one.stop();
      await bus.stop(1000);
      // What it would still write is older than what others have written since.
      await dead.stop();
      expect((await outcome(store)).states).toEqual(single.states);
    },
    PATIENCE,
  );
});
