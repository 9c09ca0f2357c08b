import { afterAll, describe, expect, it } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Frame } from '../model/frame.ts';
import { canonicalKey } from '../model/labels.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createPrepareStage } from './prepare-stage.ts';

const STEP = 1000;
const START = Date.UTC(2026, 4, 20, 9);
const ENTITIES = 6;
const STEPS = 150;
const PATIENCE = 120_000;
/** It stands still: what closes a step are samples, however long the machine takes to bring them. */
const clock: Clock = { ...systemClock, now: () => START + 600_000, monotonic: () => 1 };

const seriesOf = (entity: string, name: string, type: Series['type']): Series => {
  const labels = { entity };
  return { key: canonicalKey(name, labels), name, labels, type, unit: '', entity };
};

/** Two samples of every entity in step `i`: a level and a counter. */
function samplesAt(i: number): SampleBatch[] {
  return Array.from({ length: ENTITIES }, (_, e) => {
    const entity = `host/web-${e}`;
    const time = START + i * STEP + 100 * e;
    return {
      entity,
      fleet: 'default',
      source: 'test',
      receivedAt: time,
      series: [seriesOf(entity, 'load', 'gauge'), seriesOf(entity, 'requests_total', 'counter')],
      times: Float64Array.of(time, time),
      values: Float64Array.of(10 + Math.sin(i + e), 7 * i + e),
    };
  });
}

interface World {
  readonly store: Store;
  readonly bus: Bus;
  readonly heard: Frame[];
}

describe('members of the group of prepare', () => {
  const worlds: World[] = [];
  async function open(): Promise<World> {
    const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
    const metrics = createMetrics();
    const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
    const heard: Frame[] = [];
    await bus.subscribe(topics.frames, 'test', async (batch) => {
      heard.push(...batch.map(({ value }) => value));
    });
    const world = { store, bus, heard };
    worlds.push(world);
    return world;
  }
  afterAll(async () => {
    for (const { store } of worlds) await store.close();
  });
  async function join({ bus, store }: World): Promise<Service> {
    const rules = { stepMs: STEP, latenessMs: 500, featuresPerEntity: 50, limits: [] };
    const log = silentLog;
    const stage = createPrepareStage({ bus, store, clock, log, metrics: createMetrics(), rules });
    await stage.start();
    return stage;
  }
  async function pass({ bus }: World, from: number, to: number): Promise<void> {
    for (let i = from; i < to; i++) {
      const messages = samplesAt(i).map((value) => ({ key: value.entity, value }));
      await bus.publish(topics.samples, messages, { durable: i % 10 === 9 });
    }
  }
  /** Frames in the store but for the last steps, which nothing has closed. */
  async function stored({ store }: World): Promise<Record<string, unknown>> {
    const all: Record<string, unknown> = {};
    for (let e = 0; e < ENTITIES; e++) {
      const range = { from: START, to: START + (STEPS - 3) * STEP };
      const frames = await store.frames.replay(`host/web-${e}`, range, 1000);
      all[`host/web-${e}`] = frames.map(({ time, values }) => [time, [...values]]);
    }
    return all;
  }
  const told = ({ heard }: World): string[] =>
    [
      ...new Set(
        heard.filter(({ time }) => time < START + (STEPS - 3) * STEP).map((one) => `${one.entity} ${one.time}`),
      ),
    ].sort();

  it(
    'lose no step and make none twice while members come and go, and the frames are those of a single one',
    async () => {
      const [alone, together] = [await open(), await open()];
      const single = await join(alone);
      await pass(alone, 0, STEPS);
      await single.stop();

      const first = await join(together);
      const others: Service[] = [];
      const passing = pass(together, 0, STEPS);
      others.push(await join(together));
      others.push(await join(together));
      await first.stop();
      await passing;
      for (const one of others) await one.stop();
      for (const { bus } of [alone, together]) await bus.stop(1000);

      const frames = await stored(together);
      expect(frames).toEqual(await stored(alone));
      expect(Object.values(frames).map((one) => (one as unknown[]).length)).toEqual(
        Array.from({ length: ENTITIES }, () => STEPS - 3),
      );
      // What is stored was told, every step of every entity.
      expect(told(together)).toEqual(told(alone));
      expect(told(together)).toHaveLength(ENTITIES * (STEPS - 3));
    },
    PATIENCE,
  );
});
