import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Anomaly } from '../model/anomaly.ts';
import type { Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { phrase } from '../model/phrase.ts';
import type { ModelTrainer, TrainingHistory } from '../model/trainer.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { ModelTraining, type TrainingOptions } from './model-training.ts';

const STEP = 5000;
const CADENCE = 15_000;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 4, 20, 9);
const layout = internLayout(
  ['a', 'b'].map((name) => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null })),
);

let store: Store;
let now = START;
const clock: Clock = { ...systemClock, now: () => now };
const metrics = createMetrics();
beforeEach(async () => {
  now = START;
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterEach(() => store.close());

/** Frames of so many minutes, whose first value is the minute; time goes on with them. */
async function frames(entity: string, from: number, to: number): Promise<void> {
  const some: Frame[] = [];
  for (let time = START + from * 60_000; time < START + to * 60_000; time += STEP) {
    const values = Float32Array.of((time - START) / 60_000, 1);
    some.push({ entity, fleet: 'default', time, stepMs: STEP, layout, values, derived: values, closedAt: time + STEP });
  }
  // As collect does, which sees an entity before it has frames.
  const firstSeen = START + from * 60_000;
  await store.entities.upsert([
    { id: entity, kind: 'pod', name: entity.slice(4), fleet: 'default', labels: {}, firstSeen, lastSeen: firstSeen },
  ]);
  await store.frames.append(some);
  now = Math.max(now, START + to * 60_000);
}

/** A trainer whose model is what it was given. */
function keepingTrainer(over: Partial<ModelTrainer> = {}): ModelTrainer & { readonly given: TrainingHistory[][] } {
  const given: TrainingHistory[][] = [];
  return {
    given,
    kind: 'kept',
    cadenceMs: CADENCE,
    leastRows: 240,
    mostRows: 100_000,
    close: async () => undefined,
    train: async (histories) => {
      given.push([...histories]);
      return { bytes: Uint8Array.of(given.length), metrics: { rows: rowsOf(histories[0]!).length }, refused: null };
    },
    ...over,
  };
}

/** The minutes that were handed over, one a row. */
const rowsOf = ({ features, stretches }: TrainingHistory): number[] =>
  stretches.flatMap(({ values }) => [...values].filter((_, i) => i % features.length === 0));

function trainingWith(trainer: ModelTrainer, over: Partial<TrainingOptions> = {}): () => Promise<number> {
  const options = { stepMs: STEP, windowMs: 14 * DAY, retrainMs: DAY, stepsMs: 2 * DAY, own: () => false, ...over };
  const training = new ModelTraining({
    store,
    clock,
    log: silentLog,
    metrics,
    trainer,
    options,
    onTrained: () => undefined,
  });
  return () => training.round(new AbortController().signal);
}

const models = async () => (await store.models.list({ limit: 20, cursor: null })).items;

const anomaly = (id: string, minutes: readonly [number, number | null], over: Partial<Anomaly> = {}): Anomaly => ({
  id,
  entity: 'pod/a',
  fleet: 'default',
  start: START + minutes[0] * 60_000,
  end: minutes[1] === null ? null : START + minutes[1] * 60_000,
  openedAt: START,
  kind: 'level_shift',
  severity: 'warning',
  severityReason: phrase('detect.warningLasting'),
  score: 1,
  pValue: 1e-9,
  frames: 9,
  contributions: [],
  provisional: false,
  heldBack: null,
  updatedAt: START,
  ...over,
});

describe('training', () => {
  it('begins when there is enough, comes again when history has doubled, and then at its time', async () => {
    const trainer = keepingTrainer();
    const round = trainingWith(trainer);
    await frames('pod/a', 0, 59);
    expect(await round()).toBe(0);
    await frames('pod/a', 59, 61);
    expect(await round()).toBe(1);
    await frames('pod/a', 61, 110);
    expect(await round()).toBe(0);
    await frames('pod/a', 110, 125);
    expect(await round()).toBe(1);
    expect(await round()).toBe(0);
    now += DAY;
    expect(await round()).toBe(1);
    expect((await models()).map(({ scope, state, reason }) => `${scope} ${state} ${reason}`)).toEqual([
      'pod champion schedule',
      'pod retired schedule',
      'pod retired first',
    ]);
  });

  it('hands over means over the cadence, in stretches without gaps', async () => {
    const trainer = keepingTrainer();
    await frames('pod/a', 0, 40);
    await frames('pod/a', 50, 90);
    expect(await trainingWith(trainer)()).toBe(1);
    const [history] = trainer.given[0]!;
    expect(history?.stretches).toHaveLength(2);
    const { times, values } = history!.stretches[0]!;
    expect(times[1]! - times[0]!).toBe(CADENCE);
    // Minutes 0, 1/12 and 2/12.
    expect(values[0]).toBeCloseTo(1 / 12, 5);
    expect(history?.features).toEqual(['a', 'b']);
  });

  it('leaves out what was abnormal, unless it became the normal or a person said so', async () => {
    await frames('pod/a', 0, 180);
    await store.anomalies.upsert([
      anomaly('bad', [20, 30]),
      anomaly('adopted', [40, 50], { ending: { by: 'adopted', reason: phrase('detect.endAdopted') } }),
      anomaly('false', [60, 70]),
      anomaly('mild', [80, 82], { severity: 'info' }),
      anomaly('open', [150, null]),
      anomaly('other', [100, 110], { entity: 'pod/b' }),
    ]);
    await store.feedback.insert({
      id: 'word',
      target: 'anomaly',
      targetId: 'false',
      verdict: 'false_alarm',
      note: '',
      by: 'ana',
      time: now,
    });
    await store.failures.upsert([
      {
        id: 'f',
        entity: 'pod/a',
        kind: 'down',
        start: START + 120 * 60_000,
        end: START + 125 * 60_000,
        source: '',
        note: '',
      },
    ]);
    const trainer = keepingTrainer();
    await trainingWith(trainer)();
    const minutes = new Set(rowsOf(trainer.given[0]![0]!).map(Math.floor));
    for (const gone of [20, 29, 80, 81, 120, 124, 150, 179]) expect(minutes.has(gone), `minute ${gone}`).toBe(false);
    for (const kept of [10, 45, 65, 105, 130, 145]) expect(minutes.has(kept), `minute ${kept}`).toBe(true);
  });

  it('reaches back in minutes where steps are gone or too many', async () => {
    await frames('pod/a', 600, 700);
    const minute = Array.from({ length: 600 }, (_, i) => {
      const values = Float32Array.of(i, 1);
      return {
        entity: 'pod/a',
        time: START + i * 60_000,
        stepMs: 60_000,
        layout,
        mean: values,
        low: values,
        high: values,
      };
    });
    await store.frames.appendRollups('minute', minute);
    await store.entities.upsert([
      { id: 'pod/a', kind: 'pod', name: 'a', fleet: 'default', labels: {}, firstSeen: START, lastSeen: now },
    ]);
    const trainer = keepingTrainer();
    await trainingWith(trainer, { stepsMs: 100 * 60_000 })();
    const minutes = rowsOf(trainer.given[0]![0]!);
    expect(Math.min(...minutes)).toBeLessThan(5);
    expect(Math.max(...minutes)).toBeGreaterThan(699);
    expect(minutes).toEqual(minutes.toSorted((x, y) => x - y));
  });

  it('gives an entity that the owner marked a model of its own', async () => {
    await frames('pod/a', 0, 70);
    await frames('pod/b', 0, 70);
    const trainer = keepingTrainer();
    expect(await trainingWith(trainer, { own: (entity) => entity === 'pod/b' })()).toBe(2);
    expect((await models()).map(({ scope }) => scope).toSorted()).toEqual(['pod', 'pod/b']);
    expect(trainer.given.map((histories) => histories.map(({ entity }) => entity))).toEqual([
      ['pod/a', 'pod/b'],
      ['pod/b'],
    ]);
  });

  it('that fails or is refused leaves the champion in force', async () => {
    await frames('pod/a', 0, 70);
    await trainingWith(keepingTrainer())();
    const [champion] = await models();
    now += DAY;
    const failing = keepingTrainer({ train: () => Promise.reject(new Error('out of memory')) });
    const round = trainingWith(failing);
    expect(await round()).toBe(0);
    expect(await round()).toBe(0);
    const refused = { bytes: Uint8Array.of(9), metrics: {}, refused: 'alarms all the time' };
    expect(await trainingWith(keepingTrainer({ train: async () => refused }))()).toBe(0);
    const all = await models();
    expect(all.filter(({ state }) => state === 'champion').map(({ id }) => id)).toEqual([champion?.id]);
    expect(all.map(({ reason }) => reason)).toContain('refused: alarms all the time');
    expect((await metrics.expose()).text).toMatch(/vigia_learn_trainings_total\{kind="kept",outcome="failed"\} 1/);
  });

  it('keeps the bytes of the last few models only', async () => {
    await frames('pod/a', 0, 70);
    const round = trainingWith(keepingTrainer(), { stepsMs: 30 * DAY });
    for (let i = 0; i < 5; i++) {
      expect(await round()).toBe(1);
      now += DAY;
    }
    const sizes = await Promise.all((await models()).map(async ({ id }) => (await store.models.artefact(id))?.length));
    expect(sizes).toEqual([1, 1, 1, 0, 0]);
  });
});
