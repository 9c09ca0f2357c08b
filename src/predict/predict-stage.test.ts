import { expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Prediction } from '../model/prediction.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import { createPredictStage } from './predict-stage.ts';

const NOW = 1_780_000_000_000;
const STEP = 5000;

const open: Prediction = {
  id: 'prediction_1',
  entity: 'host/gone',
  fleet: 'default',
  kind: 'capacity',
  feature: 'disk_used_bytes',
  unit: 'bytes',
  madeAt: NOW,
  openedAt: NOW,
  closedAt: null,
  state: 'open',
  severity: 'warning',
  horizons: [{ seconds: 86_400, probability: 0.7 }],
  expectedAt: NOW + 3_600_000,
  earliest: NOW + 1_800_000,
  latest: NOW + 7_200_000,
  current: 5,
  limit: 10,
  slope: 0.001,
  drivers: [],
  reason: { key: 'predict.fills', values: {} },
  model: { kind: 'capacity', version: '1' },
};

it('what was said before a restart of something that never comes again is closed, as not heard of and not as passed', async () => {
  let now = NOW;
  // Waits of seconds take no time.
  const clock: Clock = { ...systemClock, now: () => now, sleep: (_ms, signal) => systemClock.sleep(1, signal) };
  const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  const metrics = createMetrics();
  const deps = { store, clock, log: silentLog, metrics };
  const bus = createMemoryBus({ ...deps, clock: systemClock, deadLetters: async () => undefined });
  await store.predictions.upsert([open]);
  const stage = createPredictStage({ ...deps, bus, options: { stepMs: STEP, horizons: [86_400] } });
  await bus.start();
  await stage.start();
  now = NOW + 60_000;
  await systemClock.sleep(50);
  expect((await store.predictions.get(open.id))?.state).toBe('open');
  now = NOW + 3_600_000;
  await expect
    .poll(() => store.predictions.get(open.id))
    .toMatchObject({ state: 'cleared', closedAt: now, reason: { key: 'predict.gone', values: { silent: 3600 } } });
  await stage.stop();
  await bus.stop();
  await store.close();
});
