import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Frame } from '../model/frame.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createPrepareStage } from './prepare-stage.ts';

const STEP = 1000;
const START = Date.UTC(2026, 4, 20, 9);
const ENTITY = 'host/web-1';
const LAYOUT_FIRST = ['load1', 'requests_total'];

const series = (name: string, type: Series['type']): Series => ({
  key: name,
  name,
  labels: {},
  type,
  unit: '',
  entity: ENTITY,
});
const load = series('load1', 'gauge');
const requests = series('requests_total', 'counter');

/** One batch a second, as a scrape brings them: a gauge that counts seconds, and a counter that grows by 10 a second. */
function batches(from: number, to: number): SampleBatch[] {
  return Array.from({ length: to - from }, (_, i) => {
    const second = from + i;
    const time = START + second * STEP;
    return {
      entity: ENTITY,
      fleet: 'default',
      source: 'push',
      receivedAt: time,
      series: [load, requests],
      times: Float64Array.of(time, time),
      values: Float64Array.of(second, 10 * second),
    };
  });
}

/** Steps are closed by the clock too: it stands still, or a machine that is busy would close some of them. */
let now = 0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let store: Store;
let running: { bus: Bus; stage: Service; heard: Frame[]; metrics: Metrics };

beforeEach(async () => {
  now = START + 600_000;
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  running = await begin();
});
afterEach(async () => {
  await running.stage.stop();
  await running.bus.stop(100);
  await store.close();
});

async function begin() {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const heard: Frame[] = [];
  await bus.subscribe(topics.frames, 'test', async (batch) => {
    heard.push(...batch.map(({ value }) => value));
  });
  const rules = { stepMs: STEP, latenessMs: 2000, featuresPerEntity: 100, limits: [] };
  const stage = createPrepareStage({ bus, store, clock, log: silentLog, metrics, rules });
  await stage.start();
  return { bus, stage, heard, metrics };
}

const publish = (some: readonly SampleBatch[]): Promise<void> =>
  running.bus.publish(
    topics.samples,
    some.map((batch) => ({ key: batch.entity, value: batch })),
    { durable: true },
  );

const restart = async (): Promise<void> => {
  await running.bus.stop(0);
  running = await begin();
};

const seconds = (frames: readonly Frame[]): number[] => frames.map(({ time }) => (time - START) / STEP);
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe('prepare', () => {
  it('has committed samples when a durable publisher hears of it', async () => {
    await publish(batches(0, 20));
    const { values } = await store.samples.read(ENTITY, { from: START, to: START + 60_000 }, 1000);
    expect(values).toHaveLength(40);
  });

  it('keeps samples while the clock is set back, makes no frame twice, and goes on when the old time is reached', async () => {
    await publish(batches(0, 20));
    await expect.poll(() => seconds(running.heard)).toEqual(upTo(17));
    // The clock goes back by ten seconds: the same stretch of time comes again, half a second off.
    const later = (batch: SampleBatch): SampleBatch => ({ ...batch, times: batch.times.map((time) => time + 500) });
    await publish(batches(10, 20).map(later));
    await publish(batches(20, 30));
    await expect.poll(() => seconds(running.heard)).toEqual(upTo(27));
    const { values } = await store.samples.read(ENTITY, { from: START, to: START + 60_000 }, 1000);
    expect(values).toHaveLength(2 * 40);
  });

  it('publishes frames that are stored, with rates and means', async () => {
    await publish(batches(0, 20));
    await expect.poll(() => seconds(running.heard)).toEqual(upTo(17));
    const { layout, values } = running.heard[10]!;
    expect(layout.features.map(({ name }) => name)).toEqual(LAYOUT_FIRST);
    expect([...values]).toEqual([10, 10]);
    const stored = await store.frames.replay(ENTITY, { from: START, to: START + 60_000 }, 100);
    expect(stored.map(({ values: some }) => some)).toEqual(running.heard.map(({ values: some }) => some));
  });

  it('closes the last steps by the clock', async () => {
    await publish(batches(0, 5));
    now += 10_000;
    await expect.poll(() => seconds(running.heard)).toEqual(upTo(5));
  });

  it('makes no second frame of samples that come twice', async () => {
    await publish(batches(0, 20));
    await publish(batches(0, 20));
    await publish(batches(20, 30));
    await expect.poll(() => seconds(running.heard)).toEqual(upTo(27));
    expect((await running.metrics.expose()).text).toContain(
      'vigia_prepare_samples_left_out_total{reason="repeated"} 40',
    );
  });

  it('goes on after the process has died: every step has one frame, rates have no gap', async () => {
    await publish(batches(0, 20));
    await restart();
    await publish(batches(20, 30));
    await expect.poll(() => seconds(running.heard).at(-1)).toBe(26);
    const stored = await store.frames.replay(ENTITY, { from: START, to: START + 60_000 }, 100);
    expect(seconds(stored)).toEqual(upTo(27));
    expect(new Set(seconds(running.heard)).size).toBe(running.heard.length);
    expect(running.heard.every(({ time }) => time >= START + 17 * STEP)).toBe(true);
    expect(stored.slice(1).every((frame) => frame.values[1] === 10)).toBe(true);
  });

  it('keeps the places of features over a restart', async () => {
    await publish(batches(0, 20));
    await restart();
    const late = series('alpha', 'gauge');
    const [batch] = batches(20, 21);
    await publish([{ ...batch!, series: [late], times: batch!.times.slice(0, 1), values: Float64Array.of(1) }]);
    await publish(batches(21, 30));
    await expect
      .poll(() => running.heard.at(-1)?.layout.features.map(({ name }) => name))
      .toEqual([...LAYOUT_FIRST, 'alpha']);
  });

  it('finishes the minute that a restart cut in two', async () => {
    await publish(batches(0, 40));
    await restart();
    await publish(batches(40, 70));
    const [minute] = await store.frames.rollups('minute', ENTITY, { from: START, to: START + 60_000 }, 10);
    expect([minute?.low[0], minute?.mean[0], minute?.high[0]]).toEqual([0, 29.5, 59]);
  });
});
