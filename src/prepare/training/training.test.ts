import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../bus/memory-bus.ts';
import { createRandom } from '../../ml/random.ts';
import type { Frame } from '../../model/frame.ts';
import type { Model } from '../../model/failure.ts';
import { canonicalKey, type Labels } from '../../model/labels.ts';
import type { MetricType, SampleBatch, Series } from '../../model/series.ts';
import { topics } from '../../model/topics.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { DerivedFeatures } from '../derived-features.ts';
import { PrepareCore } from '../prepare-core.ts';
import { createPrepareStage } from '../prepare-stage.ts';
import { createFilterStep } from '../steps/filter-step.ts';
import { createPreparation } from '../steps/preparation.ts';
import { unitStep } from '../steps/unit-step.ts';
import { chooseFeatures, type EntityRows } from './choose-features.ts';
import { chooseForKind } from './feature-chooser.ts';
import { TrainingSets } from './training-sets.ts';

const NOW = Date.UTC(2026, 4, 20, 12);
const PATIENCE = 120_000;
const quickly = async (): Promise<void> => undefined;

/** Rows of one entity: a wave, the same wave in other units, nearly the same, noise, a constant, something rare. */
function rows(seed: number, length = 300): EntityRows {
  const random = createRandom(seed);
  const of = (at: (i: number) => number): Float32Array => Float32Array.from({ length }, (_, i) => at(i));
  const wave = of((i) => Math.sin((i + 17 * seed) / 20) + 0.01 * random.next());
  return {
    features: ['wave', 'wave_ms', 'wave_about', 'noise', 'constant', 'rare', 'trend'],
    values: [
      wave,
      wave.map((value) => 1000 * value),
      wave.map((value) => value + 0.05 * random.next()),
      of(() => random.next()),
      of(() => 42),
      of((i) => (i % 40 === 0 ? i : Number.NaN)),
      of((i) => i + random.next()),
    ],
  };
}

describe('the choice of features', () => {
  const entities = [rows(1), rows(2), rows(3)];
  const choose = (budget = 10, before: Parameters<typeof chooseFeatures>[1]['before'] = [], all = entities) =>
    chooseFeatures(all, { budget, now: NOW, before }, quickly);

  it('refuses what is constant, doubled, nearly the same, noise or rare, and says why', async () => {
    const verdicts = new Map((await choose()).map((verdict) => [verdict.feature, verdict]));
    const why = Object.fromEntries([...verdicts].map(([feature, { chosen, why }]) => [feature, chosen || why]));
    expect(why).toEqual({
      wave: true,
      wave_ms: 'duplicate',
      wave_about: 'collinear',
      noise: 'noise',
      constant: 'constant',
      rare: 'missing',
      trend: true,
    });
    expect(verdicts.get('wave_ms')?.of).toBe('wave');
  });

  it('keeps to the budget', async () => {
    const verdicts = await choose(1);
    expect(verdicts.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(verdicts.filter(({ why }) => why === 'budget')).toHaveLength(1);
  });

  it('stays as it was while the data says nearly the same, and remembers since when', async () => {
    const first = await choose();
    const before = first.map((verdict) => ({ ...verdict, since: NOW - 5 }));
    const later = await chooseFeatures([rows(4), rows(5)], { budget: 10, now: NOW + 5, before }, quickly);
    expect(later.map(({ feature, chosen }) => [feature, chosen])).toEqual(
      first.map(({ feature, chosen }) => [feature, chosen]),
    );
    expect(later.every(({ since }) => since === NOW - 5)).toBe(true);
  });

  it('gives its place to the twin that was chosen before', async () => {
    const before = [{ feature: 'wave_ms', chosen: true, why: null, of: null, value: 1, since: 0 }];
    const chosen = (await choose(10, before)).filter(({ chosen }) => chosen).map(({ feature }) => feature);
    expect(chosen).toContain('wave_ms');
    expect(chosen).not.toContain('wave');
  });

  it('holds for any numbers: one verdict a feature, never over budget, the same again', async () => {
    const numbers = fc.array(fc.float(), { minLength: 4, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(numbers, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 4 }),
        async (all, budget) => {
          const length = Math.min(...all.map((one) => one.length));
          const entity = {
            features: all.map((_, i) => `f${i}`),
            values: all.map((one) => Float32Array.from(one.slice(0, length))),
          };
          const once = await choose(budget, [], [entity]);
          expect(once.map(({ feature }) => feature)).toEqual(entity.features);
          expect(once.filter(({ chosen }) => chosen).length).toBeLessThanOrEqual(budget);
          expect(await choose(budget, [], [entity])).toEqual(once);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const entity = 'host/web-1';
const series = (name: string, labels: Labels = {}, type: MetricType = 'gauge', unit = ''): Series => ({
  key: canonicalKey(name, labels),
  name,
  labels,
  type,
  unit,
  entity,
});

const SERIES = [
  series('load'),
  series('wait_milliseconds', {}, 'gauge', 'milliseconds'),
  series('requests_total', {}, 'counter'),
  series('latency_seconds_bucket', { le: '0.1' }, 'histogram', 'seconds'),
  series('latency_seconds_bucket', { le: '+Inf' }, 'histogram', 'seconds'),
  series('go_threads'),
];

/** Samples of one step of a second; now and then some are missing, late or repeated. */
function batchAt(i: number, start: number): SampleBatch {
  const time = start + i * 1000 + 50;
  const present = SERIES.filter((_, s) => (i * 7 + s) % 11 !== 0);
  const valueOf = (one: Series): number => {
    if (one.name === 'requests_total') return i % 97 < 90 ? 3 * i : 3 * (i % 97);
    if (one.name.endsWith('_bucket')) return one.labels['le'] === '+Inf' ? 5 * i : 2 * i + Math.floor(i / 3);
    return 10 + Math.sin(i / 9) * 3 + one.name.length;
  };
  return {
    entity,
    fleet: 'default',
    source: 'push',
    receivedAt: time + 100,
    series: present,
    times: Float64Array.from(present, (_, s) => time + s),
    values: Float64Array.from(present, valueOf),
  };
}

const hex = (values: Float32Array): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

describe('training sets', async () => {
  const start = NOW - 900_000;
  /** It stands still: what closes a step are samples, however long the machine takes to bring them. */
  const clock: Clock = { ...systemClock, now: () => NOW, monotonic: () => 1 };
  const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  afterAll(() => store.close());
  const preparation = createPreparation([
    createFilterStep([{ name: 'runtime', action: 'drop', metric: 'go_*' }]),
    unitStep,
  ]);
  const rules = { stepMs: 1000, latenessMs: 500, featuresPerEntity: 50, limits: [], preparation };
  const STEPS = 400;

  it(
    'hold the frames that were live, bit for bit, whether they are read or made anew from samples',
    async () => {
      const bus = createMemoryBus({
        clock: systemClock,
        log: silentLog,
        metrics: createMetrics(),
        deadLetters: quickly,
      });
      const live: Frame[] = [];
      await bus.subscribe(topics.frames, 'test', async (batch) => void live.push(...batch.map(({ value }) => value)));
      const deps = { bus, store, clock, log: silentLog, metrics: createMetrics(), rules };
      const stage = createPrepareStage(deps);
      await stage.start();
      for (let i = 0; i < STEPS; i++) {
        const messages = [batchAt(i, start), ...(i % 50 === 7 ? [batchAt(i - 1, start)] : [])];
        const publish = messages.map((value) => ({ key: entity, value }));
        await bus.publish(topics.samples, publish, { durable: i % 20 === 19 || i === STEPS - 1 });
      }
      await stage.stop();
      await bus.stop(1000);
      const upTo = start + (STEPS - 3) * 1000;
      const lived = live
        .filter(({ time }) => time < upTo)
        .map(({ time, values, derived }) => [time, hex(values), hex(derived)]);
      expect(lived.length).toBeGreaterThan(STEPS - 10);

      // Read for training, with what follows from the values.
      const derived = new DerivedFeatures(rules.stepMs);
      const read = (await store.frames.replay(entity, { from: start, to: upTo }, STEPS)).map(({ time, values }) => [
        time,
        hex(values),
        hex(derived.update(values)),
      ]);
      expect(read).toEqual(lived);

      // Made anew of the stored samples, as after a restart or for a set that was lost.
      const core = new PrepareCore(rules);
      core.admit(entity, { layout: null, newest: Number.NEGATIVE_INFINITY });
      const samples = await store.samples.read(entity, { from: start, to: upTo + 10_000 }, 100_000);
      core.ingest(samples, upTo, upTo);
      const again = core.outbox.frames.filter(({ time }) => time < upTo);
      expect(again.map((frame) => [frame.time, frame.layout.id])).toEqual(
        live.filter(({ time }) => time < upTo).map((frame) => [frame.time, frame.layout.id]),
      );
      expect(again.map(({ time, values, derived: follows }) => [time, hex(values), hex(follows)])).toEqual(lived);
    },
    PATIENCE,
  );

  const model: Model = {
    id: 'model_1',
    kind: 'joint',
    version: '1',
    scope: 'host',
    state: 'champion',
    trainedFrom: start,
    trainedTo: start + 1,
    metrics: {},
    reason: 'first',
    createdAt: start,
  };
  const query = { entity, features: null, limit: 1000 } as const;
  const all = { from: start, to: start + STEPS * 1000 };

  it('leave a record of what a model was trained on: which rows, and the version of each step', async () => {
    const sets = new TrainingSets({ store, preparation, clock, enforce: false });
    const frames = sets.frames();
    await frames.layout(entity);
    const middle = start + 100_000;
    await frames.columns({ ...query, tier: 'step', range: { from: start, to: middle } });
    await frames.columns({ ...query, tier: 'step', range: { from: middle, to: all.to } });
    await sets.models(store.models).upsert(model, new Uint8Array(3));
    const lineage = await store.lineages.of('model_1');
    expect(lineage).toMatchObject({ scope: 'host', preparation: preparation.version, choice: null, entities: 1 });
    expect(lineage?.steps.map(({ name }) => name)).toEqual(['frames', 'filters', 'units']);
    expect(lineage?.reads).toMatchObject([{ entity, tier: 'step', from: start, to: all.to, rows: lineage!.rows }]);

    await frames.columns({ ...query, tier: 'step', range: { from: start, to: middle } });
    await frames.columns({ ...query, tier: 'step', range: { from: middle, to: all.to } });
    await sets.models(store.models).upsert({ ...model, id: 'model_2' }, new Uint8Array(3));
    expect((await store.lineages.of('model_2'))?.digest).toBe(lineage?.digest);

    await frames.columns({ ...query, tier: 'step', range: { from: start, to: middle } });
    await sets.models(store.models).upsert({ ...model, id: 'model_3' }, new Uint8Array(3));
    expect((await store.lineages.of('model_3'))?.digest).not.toBe(lineage?.digest);
  });

  it('hold the chosen features alone where the owner wants it', async () => {
    const later = { ...systemClock, now: () => all.to + 60_000 };
    const minutes = rows(1, 240);
    const layout = (await store.frames.layout(entity))!;
    const columns = (f: number): Float32Array => minutes.values[[0, 1, 3, 4, 6][f % 5]!]!;
    await store.frames.appendRollups(
      'minute',
      Array.from({ length: 240 }, (_, i) => {
        const mean = Float32Array.from(layout.features, (_feature, f) => columns(f)[i]!);
        const time = Math.floor((start - 7_200_000) / 60_000) * 60_000 + (i - 240) * 60_000;
        return { entity, time, stepMs: 60_000, layout, mean, low: mean, high: mean };
      }),
    );
    const options = { budget: 2, enforce: true };
    const choice = (await chooseForKind({ store, clock: later, options }, 'host', [entity]))!;
    await store.choices.save(choice);
    expect(choice.verdicts.filter(({ chosen }) => chosen).length).toBeLessThanOrEqual(2);
    expect(choice.profile.map(({ feature }) => feature)).toEqual(choice.verdicts.map(({ feature }) => feature));
    const sets = new TrainingSets({ store, preparation, clock, enforce: true });
    const chosen = choice.verdicts.filter((verdict) => verdict.chosen).map(({ feature }) => feature);
    const found = (await sets.frames().layout(entity))?.features.map(({ name }) => name).sort();
    expect(found).toEqual(chosen.sort());
    await sets.frames().columns({ ...query, tier: 'step', range: all });
    await sets.models(store.models).upsert({ ...model, id: 'model_4' }, new Uint8Array(3));
    expect((await store.lineages.of('model_4'))?.choice).toBe(choice.version);
  });
});
