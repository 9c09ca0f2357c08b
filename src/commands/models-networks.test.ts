import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openApi } from '../api/check-api.ts';
import { HOUR, inhabit, type Life, openLife } from '../learn/predictors/check-life.ts';
import { FAILURE_MODEL, type FailureModelDetail, type HorizonFigures } from '../model/failure-model.ts';
import type { Model } from '../model/failure.ts';
import { generatedFleet } from '../predict/hazard/check-fleet.ts';
import { createHazardFactory } from '../predict/hazard/hazard-factory.ts';
import { createText } from '../text/text.ts';
import { runProgram } from './program.ts';

const START = 1_780_000_000_000 - (1_780_000_000_000 % HOUR);
const MODEL = 'model_networks';

let life: Life;
let api: ReturnType<typeof openApi>;
let folder: string;

const judged = (seconds: number): HorizonFigures => ({
  seconds,
  rows: 100,
  positives: 10,
  baseRate: 0.1,
  averagePrecision: null,
  brierSkill: null,
  expectedOverObserved: null,
  reliability: [],
  threshold: 0.7,
  precision: 0.8,
  recall: 0.5,
});

/** A champion with networks, as if it had been trained here. */
beforeAll(async () => {
  life = await openLife(START);
  folder = await mkdtemp(join(tmpdir(), 'networks-'));
  const factory = createHazardFactory();
  const { fleet } = generatedFleet({ entities: 12, seed: 4 });
  const horizons = [5, 10, 20];
  const outcome = await factory.fit(fleet, { horizons, unitMs: null, asked: 'others', seed: 1, budgetMs: 5000 });
  if (!outcome.ready) throw new Error(outcome.missing.key);
  const { predictor } = outcome;
  const detail: FailureModelDetail = {
    factory: factory.kind,
    parent: null,
    columns: [...fleet.columns],
    cadenceMs: 60_000,
    judgedTo: START,
    rows: 1000,
    entities: 12,
    failures: 10,
    horizons: horizons.map(judged),
    bins: fleet.columns.map(() => []),
  };
  const model: Model = {
    id: MODEL,
    kind: FAILURE_MODEL,
    version: '1',
    scope: 'host',
    state: 'champion',
    trainedFrom: START - HOUR,
    trainedTo: START,
    metrics: { 'page threshold 20': 0.7 },
    reason: 'first',
    createdAt: START,
    detail,
  };
  await life.store.models.upsert(model, predictor.toBytes());
  api = openApi(life.store, { deps: { models: inhabit(life, factory).desk, clock: life.clock } });
  await api.api.start();
}, 300_000);
afterAll(async () => {
  await api.api.stop();
  await life.store.close();
  await rm(folder, { recursive: true });
});

async function vigia(...argv: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram([...argv, '--url', api.api.url()], '1.2.3', {
    environment: {},
    folder,
    words: createText()('en'),
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const modelsHere = async (): Promise<readonly Model[]> =>
  (await life.store.models.list({ limit: 100, cursor: null, kind: FAILURE_MODEL })).items;

it('networks go out and come back as a challenger that pages for nothing before it was judged', async () => {
  expect(await vigia('models', 'export-tfjs', MODEL, 'out')).toMatchObject({ code: 0, err: '' });
  const back = await vigia('models', 'import-tfjs', MODEL, 'out');
  expect(back).toMatchObject({ code: 0, err: '' });
  expect(back.out).toMatch(/^challenger .*imported by/);
  const models = await modelsHere();
  expect(models.map(({ state }) => state).sort()).toEqual(['challenger', 'champion']);
  const entered = models.find(({ state }) => state === 'challenger')!;
  expect(entered).toMatchObject({ scope: 'host', metrics: {}, detail: { parent: MODEL } });
  expect(entered.detail!.horizons.map(({ threshold }) => threshold)).toEqual([null, null, null]);
  // The same networks make the same artefact.
  expect(await life.store.models.artefact(entered.id)).toEqual(await life.store.models.artefact(MODEL));
  const verbs = (await life.store.audit.list({ limit: 10, cursor: null })).items.map(({ verb }) => verb);
  expect(verbs).toContain('model_import');
});

it('one network alone, where the model has more, enters nothing', async () => {
  const before = (await modelsHere()).length;
  const one = await vigia('models', 'import-tfjs', MODEL, 'out/lstm-1');
  expect(one).toMatchObject({ code: 2, out: '' });
  expect(one.err).toMatch(/networks, 1 were given/);
  expect(await modelsHere()).toHaveLength(before);
});

it('a folder that is damaged, or is not there, is said in one line', async () => {
  const file = join(folder, 'out', 'lstm-1', 'model.json');
  await writeFile(file, (await readFile(file, 'utf8')).slice(0, 100));
  const damaged = await vigia('models', 'import-tfjs', MODEL, 'out');
  expect(damaged).toMatchObject({ code: 2, out: '' });
  expect(damaged.err.trim().split('\n')).toHaveLength(1);
  expect(await vigia('models', 'import-tfjs', MODEL, 'nowhere')).toMatchObject({ code: 2, out: '' });
  expect(await vigia('models', 'import-tfjs', 'model_of_nobody', 'out/lstm-2')).toMatchObject({ code: 2, out: '' });
});
