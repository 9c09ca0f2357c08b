import { describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Failure } from '../model/failure.ts';
import type { Prediction } from '../model/prediction.ts';
import { topics } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import { createLearnStage } from './learn-stage.ts';

const prediction = (state: Prediction['state']): Prediction => ({
  id: `prediction_${state}`,
  entity: 'host/a',
  fleet: 'default',
  kind: 'capacity',
  feature: 'disk_used_bytes',
  unit: 'bytes',
  madeAt: 5000,
  openedAt: 1000,
  closedAt: state === 'open' ? null : 5000,
  state,
  severity: 'warning',
  horizons: [{ seconds: 900, probability: 1 }],
  expectedAt: null,
  earliest: null,
  latest: null,
  current: 1,
  limit: 1,
  slope: 1,
  drivers: [],
  reason: { key: 'predict.reached', values: {} },
  model: { kind: 'capacity', version: '1' },
});

describe('learn', () => {
  it('puts what came true on record, once, and tidies the store by itself', async () => {
    const metrics = createMetrics();
    const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
    const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
    const learn = createLearnStage({ bus, store, clock: systemClock, log: silentLog, metrics, tidyEveryMs: 20 });
    await bus.start();
    await learn.start();
    const states = ['open', 'cleared', 'happened', 'happened'] as const;
    await bus.publish(
      topics.predictions,
      states.map((state) => ({ key: 'default', value: prediction(state) })),
      { durable: true },
    );
    const { items } = await store.failures.list({ limit: 10, cursor: null });
    expect(items).toMatchObject([
      { entity: 'host/a', kind: 'exhausted', note: 'disk_used_bytes', start: 5000 },
    ] satisfies Partial<Failure>[]);
    await expect.poll(async () => (await metrics.expose()).text).toMatch(/^vigia_store_budget_bytes \d{6,}/m);
    await learn.stop();
    await bus.stop();
    await store.close();
  });
});
