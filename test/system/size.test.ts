import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLagMeter } from '../../src/bus/lag-meter.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { createDetectStage } from '../../src/detect/detect-stage.ts';
import { createRandom } from '../../src/ml/random.ts';
import type { Frame } from '../../src/model/frame.ts';
import { internLayout } from '../../src/model/layout.ts';
import type { SampleBatch, Series } from '../../src/model/series.ts';
import { topics } from '../../src/model/topics.ts';
import { PrepareCore } from '../../src/prepare/prepare-core.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { createStore } from '../../src/store/create-store.ts';
import { type Database, rowsOf } from '../../src/store/database.ts';
import { openMemoryDatabase } from '../../src/store/memory-database.ts';
import type { Store } from '../../src/store/store.ts';
import { createText } from '../../src/text/text.ts';
import { runProgram } from '../../src/commands/program.ts';
import { estimateSize, liveBytes, rowBytes, type SizeQuestion } from '../../src/commands/size-estimate.ts';

const STEP = 15_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Math.floor(Date.now() / HOUR) * HOUR - 4 * HOUR;
const FEATURES = 30;

const random = createRandom(7);
const numbers = (length = FEATURES): Float32Array => Float32Array.from({ length }, (_, i) => 100 + i + random.normal());
const seriesOf = (entity: string): Series[] =>
  Array.from({ length: FEATURES }, (_, i) => ({
    key: `feature_${i}{host="${entity}",zone="eu-west-1a"}`,
    name: `feature_${i}`,
    labels: { host: entity, zone: 'eu-west-1a' },
    type: 'gauge',
    unit: '',
    entity,
  }));
const layout = internLayout(
  seriesOf('').map(({ name }) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);
const frameOf = (entity: string, time: number): Frame => ({
  entity,
  fleet: 'default',
  time,
  stepMs: STEP,
  layout,
  values: numbers(),
  derived: new Float32Array(0),
  closedAt: time + STEP,
});
const batchOf = (entity: string, series: readonly Series[], time: number): SampleBatch => ({
  entity,
  fleet: 'default',
  source: 'push',
  receivedAt: time,
  series,
  times: new Float64Array(series.length).fill(time),
  values: Float64Array.from(numbers(series.length)),
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const reachable = (): number => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

/** The promise of `vigia size`. */
const isWithin = (estimated: number, measured: number): boolean => Math.abs(estimated / measured - 1) <= 0.3;

describe('memory', () => {
  it('of collect and prepare, by series and entity', () => {
    const core = new PrepareCore({ stepMs: STEP, latenessMs: 500, featuresPerEntity: 100, limits: [] });
    const entities = Array.from({ length: 200 }, (_, i) => `host/prepared-${i}`);
    const before = reachable();
    const all = new Map(entities.map((entity) => [entity, seriesOf(entity)]));
    for (const entity of entities) core.admit(entity, { layout: null, newest: Number.NEGATIVE_INFINITY });
    for (let step = 0; step < 8; step++) {
      const time = START + step * STEP;
      for (const [entity, series] of all) core.ingest(batchOf(entity, series, time), time, time);
      core.outbox.frames.splice(0);
      core.outbox.rollups.splice(0);
    }
    expect(isWithin(liveBytes(FEATURES).prepare, (reachable() - before) / entities.length)).toBe(true);
    expect(core.knows(entities[0]!)).toBe(true);
  });

  it('of detect, by feature and entity', async () => {
    const metrics = createMetrics();
    const meter = createLagMeter(
      createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined }),
    );
    const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
    const { frames, checkpoints } = store;
    const stage = createDetectStage({
      bus: meter.bus,
      // A database within this process would be measured with it, so nothing is written.
      store: {
        ...store,
        checkpoints: { ...checkpoints, save: async () => undefined },
        frames: {
          append: async () => undefined,
          appendRollups: async () => undefined,
          replay: (...question) => frames.replay(...question),
          rollups: (...question) => frames.rollups(...question),
          columns: (question) => frames.columns(question),
          many: (question) => frames.many(question),
          newest: () => frames.newest(),
          layout: (entity) => frames.layout(entity),
        },
      },
      clock: systemClock,
      log: silentLog,
      metrics,
      options: {
        stepMs: STEP,
        settingsOf: () => ({ warmUp: 60, minimumDurationMs: 30_000, mute: false }),
        alertBudget: () => ({ pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } }),
      },
    });
    await stage.start();
    const entities = Array.from({ length: 40 }, (_, i) => `host/watched-${i}`);
    const before = reachable();
    for (let step = 0; step < 100; step++) {
      await meter.bus.publish(
        topics.frames,
        entities.map((entity) => ({ key: entity, value: frameOf(entity, START + step * STEP) })),
        { durable: true },
      );
      while ((meter.lags().get('detect') ?? 0) > 0) await delay(2);
    }
    expect(isWithin(liveBytes(FEATURES).detect, (reachable() - before) / entities.length)).toBe(true);
    await stage.stop();
    await meter.bus.stop(100);
    await store.close();
  });
});

describe('disk', () => {
  let database: Database;
  let store: Store;
  beforeAll(async () => {
    database = await openMemoryDatabase();
    store = await createStore(database, { clock: systemClock, place: 'memory' });
  });
  afterAll(() => store.close());
  const bytesOf = async (table: string): Promise<number> => {
    const [found] = await rowsOf(
      database.sql,
      sql<{ bytes: number }>`select sum(pg_total_relation_size(inhrelid))::int8 as bytes from pg_inherits
        where inhparent = ${table}::regclass`,
    );
    return found!.bytes;
  };

  it('of samples, frames and minutes, by row', async () => {
    const entities = Array.from({ length: 10 }, (_, i) => `host/stored-${i}`);
    const times = Array.from({ length: HOUR / STEP }, (_, i) => START + i * STEP);
    for (const entity of entities) {
      const series = seriesOf(entity);
      await store.samples.append(times.map((time) => batchOf(entity, series, time)));
      await store.frames.append(times.map((time) => frameOf(entity, time)));
      const minutes = Array.from({ length: 60 }, (_, i) => START + i * 60_000);
      await store.frames.appendRollups(
        'minute',
        minutes.map((time) => ({
          entity,
          time,
          stepMs: 60_000,
          layout,
          mean: numbers(),
          low: numbers(),
          high: numbers(),
        })),
      );
    }
    const row = rowBytes(FEATURES);
    const rows = entities.length * times.length;
    expect(isWithin(row.sample, (await bytesOf('samples')) / (rows * FEATURES))).toBe(true);
    expect(isWithin(row.step, (await bytesOf('frames_step')) / rows)).toBe(true);
    expect(isWithin(row.rollup, (await bytesOf('frames_minute')) / (entities.length * 60))).toBe(true);
  });
});

describe('what is asked', () => {
  const question: SizeQuestion = {
    series: 30_000,
    entities: 1000,
    stepSeconds: 15,
    models: 10,
    store: 'embedded',
    retention: { samples: 7 * DAY, steps: 2 * DAY, minutes: 60 * DAY, hours: 400 * DAY },
  };

  it('is near to what the whole program took: docs/benchmarks.md, pipeline', () => {
    expect(isWithin(estimateSize(question).memoryBytes, 639e6)).toBe(true);
  });

  it('grows with series, shrinks with a longer step, and TimescaleDB takes a fraction of the samples', () => {
    const answer = estimateSize(question);
    expect(estimateSize({ ...question, series: 60_000, entities: 2000 }).disk.samples).toBe(2 * answer.disk.samples);
    expect(estimateSize({ ...question, stepSeconds: 30 }).cores).toBe(answer.cores / 2);
    const timescale = estimateSize({ ...question, store: 'timescale' });
    expect(timescale.disk.samples).toBeLessThan(answer.disk.samples / 5);
    expect(timescale.partitions).toBe(12);
    expect(estimateSize({ ...question, series: 3e7, entities: 1e6, store: 'timescale' }).partitions).toBe(128);
  });
});

describe('vigia size', () => {
  const run = async (language: 'en' | 'es', ...command: string[]) => {
    const printed: string[] = [];
    const complained: string[] = [];
    const code = await runProgram(['size', ...command], '1.2.3', {
      environment: {},
      folder: '/',
      words: createText()(language),
      print: (text) => printed.push(text),
      complain: (text) => complained.push(text),
    });
    return { code, out: printed.join('\n'), err: complained.join('\n') };
  };

  it('says it in both languages, with nothing left unsaid', async () => {
    for (const language of ['en', 'es'] as const) {
      for (const store of ['embedded', 'postgres', 'timescale']) {
        const { code, out } = await run(language, '--series', '3e6', '--step', '15', '--store', store);
        expect(code).toBe(0);
        expect(out).not.toMatch(/\{\{|NaN|–|size\./);
        expect(out).toContain('TiB');
      }
    }
    expect((await run('en', '--series', '30000')).out).toContain('store.diskBudget');
  });

  it('refuses what cannot be reckoned with', async () => {
    expect(await run('en', '--series', 'many')).toMatchObject({
      code: 2,
      err: '--series many is not a number that can be reckoned with.',
    });
    expect(await run('en', '--series', '1', '--store', 'tape')).toMatchObject({ code: 2 });
    expect(await run('es', '--series', '5', '--entities', '0')).toMatchObject({ code: 2 });
    expect(await run('en')).toMatchObject({ code: 2 });
  });
});
