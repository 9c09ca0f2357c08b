import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from './bus/memory-bus.ts';
import { parseConfig } from './config/load-config.ts';
import { FAILURE_MODEL } from './model/failure-model.ts';
import type { Failure, Model } from './model/failure.ts';
import type { RollupFrame } from './model/frame.ts';
import { internLayout } from './model/layout.ts';
import { ALL_STAGES } from './model/stage.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { randomIds } from './runtime/ids.ts';
import { silentLog } from './runtime/log.ts';
import { createMetrics } from './runtime/metrics.ts';
import { allDuties } from './store/duties.ts';
import { createStore } from './store/create-store.ts';
import { openMemoryDatabase } from './store/memory-database.ts';
import type { Store } from './store/store.ts';
import { createPredicting, learningOptions, type Predicting } from './predicting.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is judged, the last quarter, is of two days. */
const END = Date.UTC(2026, 5, 1, 6);
const START = END - 60 * HOUR;
const HOSTS = 10;
/** Frames are this far apart, so that days take seconds. */
const ROW = 5 * MINUTE;
const layout = internLayout(
  ['wear', 'load'].map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);

/** Hours from one failure to the next, in no order that the time since the last one could tell. */
const APART = [5, 9, 6, 11, 4, 8, 12, 5, 7];

/** Every host fails about every 7 hours; wear grows for the last 90 minutes before it. */
function failuresOf(host: number): number[] {
  const times: number[] = [];
  let time = START + (host + 1) * 50 * MINUTE;
  for (let k = host; time < END + DAY; time += APART[k++ % APART.length]! * HOUR + host * 7 * MINUTE) times.push(time);
  return times;
}

function frame(host: number, time: number): RollupFrame {
  const next = failuresOf(host).find((failure) => failure > time) ?? Infinity;
  const wear = Math.max(0, 1 - (next - time) / (90 * MINUTE)) * 10 + Math.sin(time / 7919 + host);
  const mean = Float32Array.of(wear, 50 + Math.sin(time / HOUR));
  return { entity: `host/${host}`, time, stepMs: MINUTE, layout, mean, low: mean, high: mean };
}

let store: Store;
let now = END;
const clock: Clock = { ...systemClock, now: () => now };
const loaded = parseConfig('predict: { horizons: [1h, 3h], window: 60h, trainingTime: 10s, shadow: 0s }\n', {
  file: 'vigia.yaml',
  environment: {},
  folder: '.',
});

async function play(from: number, to: number): Promise<void> {
  for (let host = 0; host < HOSTS; host++) {
    const frames: RollupFrame[] = [];
    for (let time = Math.ceil(from / ROW) * ROW; time < to; time += ROW) frames.push(frame(host, time));
    await store.frames.appendRollups('minute', frames);
    const failed = failuresOf(host).filter((time) => time >= from && time < to);
    await store.failures.upsert(
      failed.map((start): Failure => ({
        id: `f ${host} ${start}`,
        entity: `host/${host}`,
        kind: 'worn',
        start,
        end: start,
        source: 'test',
        note: '',
      })),
    );
  }
  now = to + 5 * MINUTE;
}

let predicting: Predicting;
beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  await store.entities.upsert(
    Array.from({ length: HOSTS }, (_, host) => ({
      id: `host/${host}`,
      kind: 'host',
      name: String(host),
      fleet: 'default',
      labels: {},
      firstSeen: START,
      lastSeen: END,
    })),
  );
  if (!loaded.ok) throw new Error('configuration');
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock, log: silentLog, metrics, deadLetters: async () => undefined });
  const alone = { stages: ALL_STAGES, duties: allDuties(store) };
  predicting = createPredicting({
    ...alone,
    config: loaded.config,
    bus,
    store,
    clock,
    ids: randomIds,
    log: silentLog,
    metrics,
  });
  await bus.start();
  await store.frames.append(
    Array.from({ length: HOSTS }, (_, host) => {
      const { mean } = frame(host, END - MINUTE);
      return {
        entity: `host/${host}`,
        fleet: 'default',
        time: END - MINUTE,
        stepMs: 5000,
        layout,
        values: mean,
        derived: mean,
        closedAt: END,
      };
    }),
  );
});
afterAll(() => store.close());

const models = async (): Promise<readonly Model[]> =>
  (await store.models.list({ limit: 10, cursor: null, kind: FAILURE_MODEL })).items;

it('horizons may stand in any order, and twice', () => {
  const text = 'predict: { horizons: [3h, 30m, 180m, 1h] }\n';
  const mixed = parseConfig(text, { file: 'vigia.yaml', environment: {}, folder: '.' });
  expect(mixed.ok && learningOptions(mixed.config).horizons).toEqual([1800, 3600, 10_800]);
});

describe('failure prediction from the store to a page', () => {
  it('says what is missing when nothing has failed', async () => {
    await store.frames.appendRollups('minute', [frame(0, START)]);
    await predicting.training.round();
    expect(await predicting.models.learning()).toMatchObject([
      { scope: 'host', state: 'missing', missing: { key: expect.stringContaining('hazard.') as string } },
    ]);
    expect(await models()).toEqual([]);
  });

  it('learns, earns its state on later time, pages before failures, and is rolled back', async () => {
    await play(START, END);
    await predicting.models.train('host');
    await predicting.training.round();
    const [trained] = await models();
    expect(trained).toMatchObject({
      state: 'challenger',
      scope: 'host',
      reason: 'demand',
      detail: {
        columns: ['load', 'wear'],
        parent: null,
        search: { chosen: { maxLeaves: expect.any(Number) as number } },
      },
    });
    const [learning] = await predicting.models.learning();
    expect(learning).toMatchObject({ state: 'trained', tried: trained!.detail!.search!.trainings, budgetMs: 10_000 });
    const [hour] = trained!.detail!.horizons;
    expect(hour!.averagePrecision!.value).toBeGreaterThan(3 * hour!.baseRate);
    expect(trained!.trainedTo).toBeLessThan(END - 12 * HOUR);

    await predicting.training.round();
    expect((await models())[0]).toMatchObject({
      state: 'champion',
      reason: expect.stringContaining('better than the base rate') as string,
    });

    // A quarter of an hour before a failure of host/0, which nothing has seen yet.
    const next = failuresOf(0).find((time) => time > END + HOUR)!;
    await play(END, next - 30 * MINUTE);
    await predicting.watch.look();
    const { items } = await store.predictions.list({ limit: 20, cursor: null, entity: 'host/0' });
    expect(items).toMatchObject([
      { kind: 'failure', state: 'open', model: { kind: FAILURE_MODEL, version: trained!.version } },
    ]);
    expect(items[0]!.drivers[0]?.feature).toBe('wear');
    expect(items[0]!.horizons[0]!.probability).toBeGreaterThan(0.5);
    expect(await store.forecasts.read(trained!.id, { from: END + 1, to: now }, 10)).toHaveLength(1);

    await play(next - 30 * MINUTE, next + 10 * MINUTE);
    await predicting.watch.look();
    expect(await store.predictions.get(items[0]!.id)).toMatchObject({
      state: 'happened',
      closedAt: next,
      reason: { key: 'predict.failed' },
    });

    const bytes = await predicting.models.exportModel(trained!.id);
    const id = await predicting.models.importModel(bytes, 'ana');
    expect(await store.models.get(id)).toMatchObject({ state: 'challenger', reason: 'imported by ana' });
    await expect(predicting.models.importModel(bytes.subarray(0, bytes.length >> 1), 'ana')).rejects.toMatchObject({
      code: 'BODY_INVALID',
    });

    await predicting.models.rollback('host', 'ana');
    expect((await store.models.get(trained!.id))?.state).toBe('retired');
    const verbs = (await store.audit.list({ limit: 20, cursor: null })).items.map(
      ({ verb, actor }) => `${verb} ${actor}`,
    );
    expect(verbs).toContain('model_champion vigia');
    expect(verbs).toContain('model_retired ana');
  }, 600_000);
});
