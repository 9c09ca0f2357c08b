import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Bus, Subscription } from '../bus/bus.ts';
import { createRandom } from '../ml/random.ts';
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

const STEP = 5000;
const DAY = 86_400_000;
/** Fixed, so that hours of the day are the same in every run. */
const START = Date.UTC(2026, 4, 20, 9);
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

/** Frames of a host: calm, but for CPU from `from` to `to`. */
function frames(count: number, trouble: { from: number; to: number } = { from: 0, to: 0 }): Frame[] {
  const random = createRandom(1);
  return Array.from({ length: count }, (_, i) => {
    const time = START + i * STEP;
    const wild = i >= trouble.from && i < trouble.to ? 50 : 0;
    return {
      entity: 'host/web-1',
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

let now = 0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let store: Store;
let running: { bus: Bus; stage: DetectStage; heard: Anomaly[]; hearing: Subscription };
let muted = false;

beforeEach(async () => {
  now = START + 3_600_000;
  muted = false;
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
  const heard: Anomaly[] = [];
  const hearing = await bus.subscribe(topics.anomalies, 'test', async (batch) => {
    heard.push(...batch.map(({ value }) => value));
  });
  const stage = createDetectStage({
    bus,
    store,
    clock,
    log: silentLog,
    metrics,
    options: {
      stepMs: STEP,
      settingsOf: () => ({ warmUp: 60, minimumDurationMs: 30_000, mute: muted }),
      alertBudget: () => ({ pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } }),
    },
  });
  await stage.start();
  return { bus, stage, heard, hearing };
}

/** Stores and publishes frames as prepare does, and waits until they are worked on. */
async function feed(some: readonly Frame[]): Promise<void> {
  await store.frames.append(some);
  await running.bus.publish(
    topics.frames,
    some.map((frame) => ({ key: frame.entity, value: frame })),
    { durable: true },
  );
  // What is told goes over the bus too; on a busy machine that takes its time.
  await expect.poll(() => running.hearing.lag()).toBe(0);
}

/** It ended with that frame, or when the means of the last few values had followed. */
function expectEnd(anomaly: Anomaly | undefined, frame: number): void {
  const frames = ((anomaly?.end ?? 0) - START) / STEP;
  expect(frames).toBeGreaterThanOrEqual(frame);
  expect(frames).toBeLessThanOrEqual(frame + 10);
}

/** The process dies: nothing is saved, nothing said. */
async function crash(): Promise<void> {
  await running.bus.stop(0);
}

describe('detect', () => {
  it('tells and stores an anomaly when it opens and when it ends, with the band it left', async () => {
    await feed(frames(420, { from: 300, to: 330 }));
    expect(running.heard.map(({ end }) => end === null)).toContain(true);
    const last = running.heard.at(-1)!;
    expect(last).toMatchObject({ entity: 'host/web-1', start: START + 300 * STEP });
    expectEnd(last, 330);
    expect(last.contributions[0]).toMatchObject({ feature: 'cpu_user', detector: 'residual' });
    const stored = await store.anomalies.get(last.id);
    expect(stored).toEqual(last);
    const range = { from: START, to: START + 420 * STEP };
    const bands = await store.frames.rollups('expected', 'host/web-1', range, 1000);
    // Each band holds until the next, or a chart of steps would show it in slices.
    bands.slice(1).forEach((band, i) => expect(band.time - bands[i]!.time).toBeLessThanOrEqual(band.stepMs));
    expect(bands.length).toBeGreaterThan(100);
    expect(bands[0]?.low[0]).toBeLessThan(bands[0]?.high[0] ?? Number.NaN);
  });

  it('says how far it has learnt, and what is now', async () => {
    expect(running.stage.learning('host/web-1')).toBeNull();
    await feed(frames(34));
    expect(running.stage.learning('host/web-1')).toMatchObject({ ready: false, frames: 34, needed: 60 });
    await feed(frames(80));
    expect(running.stage.learning('host/web-1')).toMatchObject({ ready: true, readyAt: null });
    expect(running.stage.current('host/web-1')?.time).toBe(START + 79 * STEP);
    expect(running.stage.current('host/other')).toBeNull();
  });

  it('takes frames that come again for what they are', async () => {
    await feed(frames(330, { from: 300, to: 330 }));
    const heard = running.heard.length;
    await feed(frames(330, { from: 300, to: 330 }));
    expect(running.heard).toHaveLength(heard);
  });

  it('goes on after a clean stop as if nothing had been', async () => {
    const all = frames(420, { from: 300, to: 340 });
    await feed(all.slice(0, 320));
    const [opened] = running.heard;
    await running.stage.stop();
    await running.bus.stop(100);
    running = await begin();
    expect(running.heard).toEqual([]);
    await feed(all.slice(320));
    expect(new Set(running.heard.map(({ id }) => id))).toEqual(new Set([opened?.id]));
    expectEnd(running.heard.at(-1), 340);
  });

  it('finds after a crash what the store has, and makes the same anomaly of it', async () => {
    const all = frames(420, { from: 300, to: 340 });
    await feed(all.slice(0, 320));
    const [opened] = running.heard;
    await crash();
    // Stored by prepare, never seen by detect.
    await store.frames.append(all.slice(320, 330));
    running = await begin();
    await feed(all.slice(330));
    expect(new Set(running.heard.map(({ id }) => id))).toEqual(new Set([opened?.id]));
    expect((await store.anomalies.open(10)).length).toBe(0);
    expect(running.stage.learning('host/web-1')?.ready).toBe(true);
  });

  it('tells what it could not, as soon as the store is back', async () => {
    await running.stage.stop();
    await running.bus.stop(100);
    const whole = store;
    let away = true;
    const failing: Store['anomalies']['upsert'] = (some) =>
      away
        ? Promise.reject(Object.assign(new Error('the store is away'), { retryable: true }))
        : whole.anomalies.upsert(some);
    store = { ...whole, anomalies: { ...whole.anomalies, upsert: failing } };
    running = await begin();
    const all = frames(160, { from: 100, to: 130 });
    await feed(all.slice(0, 100));
    // Acknowledged by the one who publishes only when all of it is done.
    const feeding = feed(all.slice(100));
    await delay(300);
    expect(running.heard).toEqual([]);
    away = false;
    await feeding;
    const { items } = await store.anomalies.list({ limit: 10, cursor: null });
    expect(items).toHaveLength(1);
    expectEnd(items[0], 130);
    expect(running.heard.at(-1)).toEqual(items[0]);
  });

  it('closes what is open in the store and known to nobody', async () => {
    await feed(frames(330, { from: 300, to: 330 }));
    const orphan = { ...running.heard[0]!, id: 'anomaly_orphan', entity: 'host/gone' };
    await running.stage.stop();
    await running.bus.stop(100);
    await store.anomalies.upsert([orphan]);
    running = await begin();
    await expect.poll(() => running.heard.map(({ id }) => id)).toContain('anomaly_orphan');
    expect((await store.anomalies.get('anomaly_orphan'))?.end).not.toBeNull();
  });

  it('learns anew what it cannot read', async () => {
    await store.checkpoints.save([{ stage: 'detect', key: 'host/web-1', position: START, state: { version: 99 } }]);
    await running.stage.stop();
    await running.bus.stop(100);
    running = await begin();
    await feed(frames(10));
    expect(running.stage.learning('host/web-1')).toMatchObject({ ready: false, frames: 10 });
  });

  it('says when an entity has gone silent, and when it is back', async () => {
    const all = frames(200);
    await feed(all.slice(0, 100));
    now += 40_000;
    await expect.poll(() => running.heard.map(({ kind }) => kind)).toEqual(['missing']);
    await feed(all.slice(110));
    expect(running.heard).toHaveLength(2);
    expect(running.heard[1]?.end).toBe(all[110]?.time);
  });

  it('keeps to itself what is muted', async () => {
    muted = true;
    await feed(frames(330, { from: 300, to: 330 }));
    expect(running.heard).toEqual([]);
    expect((await store.anomalies.open(10)).length).toBe(0);
  });
});
