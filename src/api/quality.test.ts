import { afterAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import { sendLetterAgain } from '../bus/revive-letter.ts';
import type { EntityQuality } from '../model/data-quality.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import type { SampleBatch } from '../model/series.ts';
import { type DeadLetter, topics } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { change, host, NOW, openApi, openStore } from './check-api.ts';

const PATIENCE = 60_000;
const store = await openStore();
afterAll(() => store.close());

const quality = (entity: string): EntityQuality => ({
  entity,
  updatedAt: NOW,
  since: NOW - 60_000,
  lastSample: NOW - 1000,
  sources: ['push'],
  samples: 10,
  drops: { late: 1 },
  series: 2,
  newSeries: 0,
  worst: [],
  features: 2,
  gaps: 0,
  gapMs: 0,
  skewMs: 12,
  units: [],
});

describe('data quality', () => {
  const { app } = openApi(store);
  const get = async (url: string) => app.inject({ method: 'GET', url: `/api/v1/${url}`, headers: host });

  it('is listed by entity, and told with the features and what is usual in them', async () => {
    const layout = internLayout([
      { name: 'load', metric: 'load', labels: {}, kind: 'level', unit: '', limit: null },
      { name: 'idle', metric: 'idle', labels: {}, kind: 'level', unit: '', limit: null },
    ]);
    const minutes = Array.from({ length: 21 }, (_, i) => {
      const mean = Float32Array.of(i, Number.NaN);
      return { entity: 'host/q', time: NOW - (i + 1) * 60_000, stepMs: 60_000, layout, mean, low: mean, high: mean };
    });
    await store.frames.appendRollups('minute', minutes);
    await store.quality.save([quality('host/q'), quality('host/r')]);
    expect((await get('quality?search=host/q')).json()).toEqual({ items: [quality('host/q')], next: null });
    const detail = await get('quality/entity?entity=host/q');
    expect(detail.json()).toMatchObject({
      quality: quality('host/q'),
      choice: null,
      profile: [{ feature: 'load', median: 10, low: 1, high: 19, missing: 0 }],
    });
    expect((await get('quality/entity?entity=host/nobody')).statusCode).toBe(404);
    expect((await get('quality/features?kind=host')).statusCode).toBe(404);
    expect((await get('models/nothing/lineage')).statusCode).toBe(404);
  });
});

const samples: SampleBatch = {
  entity: 'host/a',
  fleet: 'default',
  source: 'push',
  receivedAt: NOW,
  series: [{ key: 'load', name: 'load', labels: {}, type: 'gauge', unit: '', entity: 'host/a' }],
  times: Float64Array.of(NOW),
  values: Float64Array.of(Number.POSITIVE_INFINITY),
};

describe('dead letters', () => {
  it(
    'are sent again after what was in the way is mended, once, whoever asks how often',
    async () => {
      const clock = { ...systemClock, now: () => NOW };
      const deps = { clock, log: silentLog, metrics: createMetrics(), backoff: { firstMs: 1, maxMs: 2 } };
      const bus = createMemoryBus({ ...deps, deadLetters: (letter) => store.deadLetters.append([letter]) });
      const taken: SampleBatch[] = [];
      let broken = true;
      await bus.subscribe(
        topics.samples,
        'prepare',
        async (batch) => {
          if (broken) throw new Error('a bug');
          taken.push(...batch.map(({ value }) => value));
        },
        { maxAttempts: 1 },
      );
      await bus.publish(topics.samples, [{ key: 'host/a', value: samples }]);
      const waiting = async () => (await store.deadLetters.list({ limit: 10, cursor: null, waiting: true })).items;
      await expect.poll(async () => (await waiting()).length, { timeout: PATIENCE }).toBe(1);
      const [letter] = await waiting();

      const { app } = openApi(store, { deps: { sendAgain: (one) => sendLetterAgain(bus, one) } });
      const replay = () =>
        app.inject({ method: 'POST', url: `/api/v1/dead-letters/${letter!.id}/replay`, headers: change, payload: {} });
      // Too early: it is refused again, and waits again.
      await replay();
      await expect.poll(async () => (await waiting()).length, { timeout: PATIENCE }).toBe(1);

      broken = false;
      const answers = await Promise.all([replay(), replay(), replay()]);
      expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
      await expect.poll(() => taken.length, { timeout: PATIENCE }).toBe(1);
      expect(taken[0]).toEqual(samples);
      expect(await waiting()).toEqual([]);
      const audited = (await store.audit.list({ limit: 100, cursor: null })).items;
      expect(audited.filter(({ verb }) => verb === 'dead_letter_replay')).toHaveLength(2);
      await bus.stop(100);
    },
    PATIENCE,
  );

  it('that hold less than the message did stay where they are', async () => {
    const bus = createMemoryBus({
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
      deadLetters: async () => undefined,
    });
    const { app } = openApi(store, { deps: { sendAgain: (one) => sendLetterAgain(bus, one) } });
    const dead = (id: string, over: Partial<DeadLetter>): DeadLetter => ({
      id,
      topic: 'samples',
      group: 'cut',
      key: 'host/a',
      reason: 'bad',
      attempts: 1,
      time: NOW,
      payload: JSON.stringify(samples).slice(0, 100),
      ...over,
    });
    await store.deadLetters.append([
      dead('cut', {}),
      dead('gone', { topic: 'nothing-like-it', payload: '{}' }),
      dead('no-event', { topic: 'events', payload: '{"id": 3}' }),
      dead('bytes', { topic: 'logs', payload: '{"base64": "AAAA"}' }),
    ]);
    const post = (url: string, payload: object) =>
      app.inject({ method: 'POST', url: `/api/v1/dead-letters/${url}`, headers: change, payload });
    const one = await post('cut/replay', {});
    expect(one.statusCode).toBe(409);
    expect(one.json()).toMatchObject({ code: 'LETTER_UNREADABLE' });
    expect((await post('nobody/replay', {})).statusCode).toBe(404);
    expect((await post('replay', { group: 'cut' })).json()).toEqual({ sent: 0, unreadable: 4 });
    const left = await store.deadLetters.list({ limit: 10, cursor: null, group: 'cut', waiting: true });
    expect(left.items).toHaveLength(4);
    await bus.stop(100);
  });

  it('bring frames back bit by bit', async () => {
    const bus = createMemoryBus({
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
      deadLetters: async () => undefined,
    });
    const frames: Frame[] = [];
    await bus.subscribe(topics.frames, 'test', async (batch) => void frames.push(...batch.map(({ value }) => value)));
    const layout = internLayout([{ name: 'a', metric: 'a', labels: {}, kind: 'level', unit: '', limit: null }]);
    const frame: Frame = {
      entity: 'host/a',
      fleet: 'default',
      time: NOW,
      stepMs: 1000,
      layout,
      values: Float32Array.of(0.1),
      derived: Float32Array.of(Number.NaN, 1, 2, 3, 4),
      closedAt: NOW,
    };
    const { createDeadLetter } = await import('../bus/dead-letter.ts');
    const source = { topic: 'frames', group: 'detect', time: NOW };
    await sendLetterAgain(bus, createDeadLetter(source, { key: 'host/a', value: frame, attempt: 1 }, 'bad'));
    await expect.poll(() => frames.length, { timeout: PATIENCE }).toBe(1);
    expect(frames[0]).toEqual(frame);
    expect(frames[0]?.layout).toBe(layout);
    await bus.stop(100);
  });
});
