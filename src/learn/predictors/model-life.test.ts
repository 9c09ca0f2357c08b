import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../../model/failure.ts';
import type { FailurePredictorFactory } from '../../model/predictor.ts';
import {
  DAY,
  HOUR,
  inhabit,
  levelPredictor,
  type Life,
  MINUTE,
  modelsOf,
  openLife,
  play,
  rewritten,
  wearing,
} from './check-life.ts';

const START = 1_780_000_000_000 - (1_780_000_000_000 % HOUR);
const hosts = wearing('host', 12, START);

let level: FailurePredictorFactory;
let life: Life;
let here: ReturnType<typeof inhabit>;
let exported: Uint8Array;

/** Plays on, and lets every model in service say something each second hour. */
async function watched(hours: number): Promise<void> {
  const from = life.now() - 2 * MINUTE;
  for (let time = from; time < from + hours * HOUR; time += 2 * HOUR) {
    await play(life, hosts, time, time + 2 * HOUR);
    await here.watch.look();
  }
}

/** Two hours more, of which nothing was said yet. */
async function news(): Promise<void> {
  const from = life.now() - (life.now() % HOUR);
  await play(life, hosts, from, from + 2 * HOUR);
}

const state = async (id: string): Promise<Model['state'] | undefined> => (await life.store.models.get(id))?.state;
/** Its scores are no longer those that it was judged by. */
const asIs = (model: Model): Model => ({ ...model, detail: { ...model.detail!, scoreBins: [] } });
/** Says the same of everything. */
const blind = (model: { rates: number[][] }): object => ({ ...model, rates: model.rates.map(() => [0.1, 0.2, 0.98]) });
/** Says half of it. */
const dull = (model: { rates: number[][] }): object => ({
  ...model,
  rates: model.rates.map((rates) => rates.map((rate, h) => (rate + [0.1, 0.2, 0.98][h]!) / 2)),
});
/** Says the contrary. */
const wrong = (model: { rates: number[][] }): object => ({
  ...model,
  rates: model.rates.map((rates, i) => (i > 5 ? rates.map((rate) => rate / 1000) : [0.9, 0.95, 0.99])),
});
const open = async () => (await life.store.predictions.open(100)).filter(({ kind }) => kind === 'failure');
/** What a model said of late. */
const said = (id: string) => life.store.forecasts.read(id, { from: life.now() - HOUR, to: life.now() }, 9);
const audited = async (): Promise<string[]> =>
  (await life.store.audit.list({ limit: 1000, cursor: null })).items.map(
    ({ verb, actor, target, detail }) => `${target} ${verb} by ${actor}: ${String(detail['why'])}`,
  );

beforeAll(async () => {
  level = await levelPredictor();
});

beforeEach(async () => {
  life = await openLife(START);
  await life.store.entities.upsert(
    Array.from({ length: 12 }, (_, e) => {
      const name = String(e);
      return { id: `host/${e}`, kind: 'host', name, fleet: 'default', labels: {}, firstSeen: START, lastSeen: START };
    }),
  );
  await play(life, hosts, START, START + DAY);
  here = inhabit(life, level);
  return () => life.store.close();
}, 240_000);

/** Trains the first model and lets it come into force. */
async function champion(): Promise<Model> {
  await here.desk.train('host');
  await here.training.round();
  const [first] = await modelsOf(life, 'host');
  expect(first).toMatchObject({ state: 'challenger', reason: 'demand' });
  exported = await here.desk.exportModel(first!.id);
  life.set(life.now() + HOUR);
  await here.training.round();
  expect(await state(first!.id)).toBe('champion');
  return first!;
}

describe('the life of a model', () => {
  it('a challenger is only watched until its time in shadow is over', async () => {
    await here.desk.train('host');
    await here.training.round();
    const [first] = await modelsOf(life, 'host');
    await here.watch.look();
    expect((await life.store.predictions.list({ limit: 10, cursor: null })).items).toEqual([]);
    expect(await life.store.forecasts.read(first!.id, { from: life.now() - HOUR, to: life.now() }, 10)).not.toEqual([]);
    await here.training.round();
    expect(await state(first!.id)).toBe('challenger');
    life.set(life.now() + HOUR);
    await here.training.round();
    expect(await state(first!.id)).toBe('champion');
    const log = await audited();
    expect(log).toContainEqual(expect.stringMatching(`${first!.id} model_challenger by vigia: demand`));
    expect(log).toContainEqual(
      expect.stringMatching(`${first!.id} model_champion by vigia: better than the base rate`),
    );
  });

  it('an equal is never promoted, and a worse one is retired', async () => {
    const first = await champion();
    const twin = await here.desk.importModel(exported, 'ana');
    const blinded = await here.desk.importModel(rewritten(exported, asIs, blind), 'ana');
    await watched(24);
    await here.training.round();
    expect([await state(first.id), await state(twin), await state(blinded)]).toEqual([
      'champion',
      'challenger',
      'retired',
    ]);
    expect(await audited()).toContainEqual(expect.stringMatching(`${blinded} model_retired by vigia: worse than`));
    expect((await here.desk.report(twin)).versus).toMatchObject({ rival: first.id, verdict: 'open' });
  }, 120_000);

  it('is promoted only on what is newer than the training of both', async () => {
    const first = await champion();
    const weaker = await here.desk.importModel(rewritten(exported, asIs, dull), 'ana');
    await here.desk.promote(weaker, 'ana');
    const trainedTo = life.now() + 20 * HOUR;
    const better = await here.desk.importModel(
      rewritten(exported, (model) => ({ ...asIs(model), trainedTo })),
      'ana',
    );
    await watched(20);
    await here.training.round();
    expect(await state(better)).toBe('challenger');
    await watched(20);
    await here.training.round();
    expect(await state(better)).toBe('champion');
    expect(await state(weaker)).toBe('retired');
    expect(await state(first.id)).toBe('retired');
  }, 120_000);

  it('one that is worse than the base rate steps down, and the one before serves again', async () => {
    const first = await champion();
    const head = (model: Model): Model => ({ ...model, detail: { ...model.detail!, parent: first.id } });
    const worst = await here.desk.importModel(rewritten(exported, head, wrong), 'ana');
    await here.desk.promote(worst, 'ana');
    await here.training.round();
    expect(await state(worst)).toBe('champion');
    await watched(24);
    await here.training.round();
    expect([await state(worst), await state(first.id)]).toEqual(['retired', 'champion']);
    const log = await audited();
    expect(log).toContainEqual(expect.stringMatching(`${worst} model_champion by ana`));
    expect(log).toContainEqual(expect.stringMatching(`${worst} model_retired by vigia: worse than the base rate`));
    expect(log).toContainEqual(expect.stringMatching(`${first.id} model_champion by vigia: after`));
  }, 120_000);

  it('a damaged artefact is set aside and the one before serves in the same look, also after a restart', async () => {
    const first = await champion();
    const next = await here.desk.importModel(exported, 'ana');
    await here.desk.promote(next, 'ana');
    const model = await life.store.models.get(next);
    await life.store.models.upsert(model!, Buffer.from('{"rates":'));
    await expect(here.desk.exportTensorFlow(next)).rejects.toMatchObject({ code: 'MODEL_STATE' });
    await expect(here.desk.promote(next, 'ana')).rejects.toMatchObject({ code: 'MODEL_STATE' });
    here = inhabit(life, level);
    await news();
    await here.watch.look();
    expect([await state(next), await state(first.id)]).toEqual(['retired', 'champion']);
    expect(await audited()).toContainEqual(expect.stringMatching(`${next} model_retired by vigia: damaged`));
    expect(await said(first.id)).not.toEqual([]);
  });

  it.each([
    ['that says what is no probability', ['?', '?', '?']],
    ['that throws', null],
  ])('one %s is set aside too, be it in force or in shadow', async (_, rates) => {
    const first = await champion();
    const broken = (model: { rates: number[][] }): object => ({ ...model, rates: model.rates.map(() => rates) });
    const served = await here.desk.importModel(rewritten(exported, asIs, broken), 'ana');
    const watchedOnly = await here.desk.importModel(rewritten(exported, asIs, broken), 'ana');
    await here.desk.promote(served, 'ana');
    await news();
    await here.watch.look();
    expect([await state(served), await state(watchedOnly)]).toEqual(['retired', 'retired']);
    expect(await state(first.id)).toBe('champion');
    expect(await said(first.id)).not.toEqual([]);
    expect(await audited()).toContainEqual(expect.stringMatching(`${served} model_retired by vigia: damaged`));
  });

  it('what was said came true also where hundreds of others have failed since', async () => {
    await champion();
    for (let hours = 0; hours < 12 && (await open()).length === 0; hours += 2) await watched(2);
    const [told] = await open();
    const failed = (entity: string, after: number) => {
      const start = told!.openedAt + after;
      return { id: `${entity} ${after}`, entity, kind: 'worn', start, end: start, source: 'test', note: '' };
    };
    const others = Array.from({ length: 1200 }, (_, i) => failed('disk/9', 2 * MINUTE + i));
    await life.store.failures.upsert([failed(told!.entity, MINUTE), ...others]);
    life.set(Math.max(life.now(), told!.openedAt + 10 * MINUTE));
    await here.watch.look();
    const ended = await life.store.predictions.get(told!.id);
    expect(ended).toMatchObject({ state: 'happened', closedAt: told!.openedAt + MINUTE });
  });

  it('where no model is left, what is open is closed without an all-clear', async () => {
    const first = await champion();
    for (let hours = 0; hours < 12 && (await open()).length === 0; hours += 2) await watched(2);
    const before = await open();
    expect(before.length).toBeGreaterThan(0);
    await life.store.models.upsert((await life.store.models.get(first.id))!, Buffer.from('{'));
    here = inhabit(life, level);
    await here.watch.look();
    expect(await open()).toEqual([]);
    const closed = await life.store.predictions.get(before[0]!.id);
    expect(closed).toMatchObject({ state: 'cleared', reason: { key: 'predict.unwatched' } });
  });

  it('goes back to whoever was in force before, beside whomever it was trained', async () => {
    const first = await champion();
    const [second, third] = [
      await here.desk.importModel(exported, 'ana'),
      await here.desk.importModel(exported, 'ana'),
    ];
    const states = (): Promise<unknown[]> => Promise.all([first.id, second, third].map(state));
    for (const id of [second, third, first.id, third]) await here.desk.promote(id, 'ana');
    expect(await states()).toEqual(['retired', 'retired', 'champion']);
    await here.desk.rollback('host', 'ana');
    expect(await states()).toEqual(['champion', 'retired', 'retired']);
    await here.desk.rollback('host', 'ana');
    expect(await states()).toEqual(['retired', 'champion', 'retired']);
    await here.desk.rollback('host', 'ana');
    expect(await states()).toEqual(['retired', 'retired', 'retired']);
    await expect(here.desk.rollback('host', 'ana')).rejects.toMatchObject({ code: 'MODEL_STATE' });
  });

  it('passes over one whose artefact is gone', async () => {
    const first = await champion();
    const [second, third] = [
      await here.desk.importModel(exported, 'ana'),
      await here.desk.importModel(exported, 'ana'),
    ];
    for (const id of [second, third]) await here.desk.promote(id, 'ana');
    await life.store.models.upsert((await life.store.models.get(second))!, new Uint8Array(0));
    await here.desk.rollback('host', 'ana');
    expect(await Promise.all([first.id, second, third].map(state))).toEqual(['champion', 'retired', 'retired']);
  });

  it('pages that break the contract raise their threshold, or end, and one that never paged begins once there is evidence', async () => {
    const first = await champion();
    const [model] = await modelsOf(life, 'host');
    const thresholds = async (): Promise<(number | null)[]> =>
      (await life.store.models.get(first.id))!.detail!.horizons.map(({ threshold }) => threshold);
    // At half an hour everything pages, at an hour nothing does.
    const given = [0.001, null, model!.detail!.horizons[2]!.threshold];
    const horizons = model!.detail!.horizons.map((figures, h) => Object.assign({}, figures, { threshold: given[h]! }));
    await life.store.models.upsert({ ...model!, detail: { ...model!.detail!, horizons } }, null);
    for (let look = 0; look < 48; look++) {
      const time = life.now() - (life.now() % (10 * MINUTE));
      await play(life, hosts, time, time + 10 * MINUTE);
      await here.watch.look();
    }
    life.set(life.now() + HOUR);
    await here.training.round();
    const [soon, hour, late] = await thresholds();
    expect(soon === null || soon! > 0.001).toBe(true);
    expect(hour).toBeGreaterThan(0.1);
    expect(late).toEqual(given[2]);
    expect(await audited()).toContainEqual(expect.stringMatching(`${first.id} model_amend by vigia: pages: 1800 s`));
  });

  it('is rolled back by a person, and only where there is one', async () => {
    const first = await champion();
    await here.desk.rollback('host', 'ana');
    expect(await state(first.id)).toBe('retired');
    expect(await audited()).toContainEqual(expect.stringMatching(`${first.id} model_retired by ana: rolled back`));
    await expect(here.desk.rollback('host', 'ana')).rejects.toMatchObject({ code: 'MODEL_STATE' });
    await expect(here.desk.promote('model_none', 'ana')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('learns anew on schedule, once', async () => {
    const first = await champion();
    await here.training.round();
    expect(await modelsOf(life, 'host')).toHaveLength(1);
    const [model] = await modelsOf(life, 'host');
    await life.store.models.upsert({ ...model!, createdAt: model!.createdAt - 30 * DAY }, null);
    for (let round = 0; round < 2; round++) await here.training.round();
    const [newest, ...others] = await modelsOf(life, 'host');
    expect(newest).toMatchObject({ state: 'challenger', reason: 'schedule', detail: { parent: first.id } });
    expect(others).toHaveLength(1);
  });

  it('learns anew when other horizons are asked for, and what looks ahead otherwise is judged by its own', async () => {
    const first = await champion();
    const other = await here.desk.importModel(exported, 'ana');
    // What has come at the same moment stands in no order.
    life.set(life.now() + MINUTE);
    const horizons = [3600, 7200, 43_200];
    here = inhabit(life, level, { horizons });
    for (let round = 0; round < 2; round++) await here.training.round();
    const [newest, ...others] = await modelsOf(life, 'host');
    expect(others.map(({ id }) => id)).toEqual([other, first.id]);
    expect(newest).toMatchObject({ state: 'challenger', reason: 'horizons' });
    expect(newest!.detail!.horizons.map(({ seconds }) => seconds)).toEqual(horizons);
    expect((await here.desk.report(newest!.id)).versus).toMatchObject({ rival: null });
    await watched(24);
    await here.training.round();
    expect(await state(other)).toBe('challenger');
    const log = await audited();
    expect(log).toContainEqual(
      expect.stringMatching(`${newest!.id} model_champion by vigia: better than the base rate`),
    );
    expect(log).toContainEqual(expect.stringMatching(`${first.id} model_retired by vigia: replaced by`));
  }, 120_000);

  it('learns anew when its features drift, once', async () => {
    const first = await champion();
    await watched(2);
    life.set(life.now() + HOUR);
    await here.training.round();
    expect(await modelsOf(life, 'host')).toHaveLength(1);
    const from = life.now() - (life.now() % HOUR);
    const shifted = { ...hosts, valuesAt: (e: number, time: number) => hosts.valuesAt(e, time).map((x) => x + 40) };
    await play(life, shifted, from, from + DAY);
    await here.training.round();
    const [newest] = await modelsOf(life, 'host');
    expect(newest).toMatchObject({ state: 'challenger', reason: 'drift', detail: { parent: first.id } });
    const { drift } = await here.desk.report(first.id);
    expect(drift.at(-1)!.measures[0]).toMatchObject({ of: 'features', value: 1, drifted: true });
    expect(drift[0]!.measures[0]).toMatchObject({ of: 'features', drifted: false });
    life.set(life.now() + 2 * HOUR);
    await here.training.round();
    expect(await modelsOf(life, 'host')).toHaveLength(2);
  }, 120_000);

  it('a feature that goes or comes does not break it', async () => {
    const first = await champion();
    const from = life.now() - (life.now() % HOUR);
    const changed = {
      ...hosts,
      features: ['wear', 'heat'],
      valuesAt: (e: number, time: number) => [hosts.valuesAt(e, time)[0]!, 20],
    };
    await play(life, changed, from, from + 6 * HOUR);
    await here.watch.look();
    const said = await life.store.forecasts.read(first.id, { from, to: life.now() }, 9);
    expect(said.at(-1)!.entities).toHaveLength(12);
    expect(said.at(-1)!.probabilities.every((p) => Number.isFinite(p))).toBe(true);
    await here.desk.train('host');
    await here.training.round();
    expect((await modelsOf(life, 'host'))[0]!.detail!.columns.toSorted()).toEqual(['heat', 'wear']);
  });
});
