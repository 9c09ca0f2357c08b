import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Model } from '../model/failure.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { FleetModels } from './fleet-models.ts';
import type { JointSource } from './joint-part.ts';

const NOW = 1_790_000_000_000;
let store: Store;
let passed = 0;
const clock: Clock = { ...systemClock, monotonic: () => passed };
beforeEach(async () => {
  passed = 0;
  store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
});
afterEach(() => store.close());

const model = (id: string, age: number, over: Partial<Model> = {}): Model => ({
  id,
  kind: 'joint',
  version: id,
  scope: 'pod',
  state: 'champion',
  trainedFrom: NOW,
  trainedTo: NOW,
  metrics: {},
  reason: 'schedule',
  createdAt: NOW - age,
  ...over,
});
const GOOD = Uint8Array.of(1);
const DAMAGED = Uint8Array.of(0);

function modelsOf(metrics = createMetrics()) {
  const load = (id: string, bytes: Uint8Array): JointSource => {
    if (bytes[0] === 0) throw new Error('damaged');
    return {
      id,
      watch: () => {
        throw new Error('nothing is watched here');
      },
    };
  };
  return new FleetModels({ store, clock, log: silentLog, metrics, kind: 'joint', load });
}

it('an entity has the model of its own, else that of its kind, else none', async () => {
  await store.models.upsert(model('kind', 1), GOOD);
  await store.models.upsert(model('own', 1, { scope: 'pod/a' }), GOOD);
  await store.models.upsert(model('foreign', 0, { kind: 'hazard' }), GOOD);
  const models = modelsOf();
  expect(models.of('pod/a')).toBeNull();
  await models.refresh();
  expect([models.of('pod/a')?.id, models.of('pod/b')?.id, models.of('host/a')]).toEqual(['own', 'kind', null]);
});

it('a damaged artefact is told of once, and the one before serves', async () => {
  const metrics = createMetrics();
  await store.models.upsert(model('old', 9, { state: 'retired' }), GOOD);
  await store.models.upsert(model('refused', 5, { state: 'retired', reason: 'refused: no' }), GOOD);
  await store.models.upsert(model('gone', 4, { state: 'retired' }), new Uint8Array(0));
  await store.models.upsert(model('new', 1), DAMAGED);
  const models = modelsOf(metrics);
  await models.refresh();
  await models.refresh();
  expect(models.of('pod/a')?.id).toBe('old');
  expect((await metrics.expose()).text).toMatch(/^vigia_detect_models_damaged_total 1$/m);
});

it('the registry is asked every minute, or at once after a training', async () => {
  const models = modelsOf();
  await models.poll();
  await store.models.upsert(model('one', 1), GOOD);
  passed += 59_000;
  await models.poll();
  expect(models.of('pod/a')).toBeNull();
  passed += 1000;
  await models.poll();
  expect(models.of('pod/a')?.id).toBe('one');
  await store.models.upsert(model('one', 1, { state: 'retired' }), null);
  await store.models.upsert(model('two', 0), GOOD);
  models.expire();
  await models.poll();
  expect(models.of('pod/a')?.id).toBe('two');
});
