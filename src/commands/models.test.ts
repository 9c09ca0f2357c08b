import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { change, host, openApi } from '../api/check-api.ts';
import {
  DAY,
  HOUR,
  inhabit,
  levelPredictor,
  type Life,
  modelsOf,
  openLife,
  play,
  rewritten,
  wearing,
} from '../learn/predictors/check-life.ts';
import type { Model } from '../model/failure.ts';
import { createText } from '../text/text.ts';
import { runProgram } from './program.ts';

const START = 1_780_000_000_000 - (1_780_000_000_000 % HOUR);
const hosts = wearing('host', 12, START);

let life: Life;
let here: ReturnType<typeof inhabit>;
let api: ReturnType<typeof openApi>;
let url: string;
let first: Model;
let folder: string;
let second: string;

/** Two models: one that was trained and came into force, and one after it, put in force by a person. */
beforeAll(async () => {
  life = await openLife(START);
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  await life.store.entities.upsert(
    Array.from({ length: 12 }, (_, e) => {
      const name = String(e);
      return { id: `host/${e}`, kind: 'host', name, fleet: 'default', labels: {}, firstSeen: START, lastSeen: START };
    }),
  );
  const disk = { id: 'disk/0', kind: 'disk', name: '0', fleet: 'default', labels: {} };
  await life.store.entities.upsert([{ ...disk, firstSeen: START, lastSeen: START }]);
  await play(life, { ...wearing('disk', 1, START), failuresOf: () => [] }, START, START + DAY);
  await play(life, hosts, START, START + DAY);
  here = inhabit(life, await levelPredictor());
  api = openApi(life.store, { deps: { models: here.desk, clock: life.clock } });
  await api.api.start();
  url = api.api.url();
  await here.desk.train('host');
  await here.training.round();
  life.set(life.now() + HOUR);
  await here.training.round();
  first = (await modelsOf(life, 'host'))[0]!;
  const after = (model: Model): Model => ({ ...model, detail: { ...model.detail!, parent: first.id } });
  const bytes = rewritten(await here.desk.exportModel(first.id), after);
  const imported = await api.app.inject({
    method: 'POST',
    url: '/api/v1/models',
    headers: { ...change, 'content-type': 'application/octet-stream' },
    payload: Buffer.from(bytes),
  });
  second = imported.json<Model>().id;
}, 120_000);
afterAll(async () => {
  await api.api.stop();
  await life.store.close();
  await rm(folder, { recursive: true });
});

async function vigia(...argv: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runProgram([...argv, '--url', url], '1.2.3', {
    environment: {},
    folder,
    words: createText()('en'),
    print: (text) => out.push(text),
    complain: (text) => err.push(text),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const post = (path: string, payload?: object) =>
  api.app.inject({ method: 'POST', url: `/api/v1${path}`, headers: change, ...(payload && { payload }) });
const get = async <T>(path: string): Promise<T> =>
  (await api.app.inject({ url: `/api/v1${path}`, headers: host })).json<T>();
const states = async (): Promise<Model['state'][]> =>
  Promise.all([first.id, second].map(async (id) => (await get<Model>(`/models/${id}`)).state));

it('a model with checks is told of in full', async () => {
  const from = life.now() - (life.now() % HOUR);
  await play(life, hosts, from, from + 2 * HOUR);
  await here.watch.look();
  await here.training.round();
  const report = await get<object>(`/models/${first.id}/report`);
  expect(report).toMatchObject({
    model: first.id,
    horizons: [{ seconds: 1800 }, { seconds: 3600 }, { seconds: 21_600 }],
    versus: { rival: null, verdict: 'better' },
    drift: [{ model: first.id, measures: [{ of: 'features' }, { of: 'scores' }, { of: 'calibration' }] }],
    cost: { artefactBytes: expect.any(Number) as number, millisecondsAnEntity: expect.any(Number) as number },
    learning: { scope: 'host', state: 'trained' },
  });
  expect(await get(`/models/${second}/report`)).toMatchObject({ versus: { rival: first.id }, drift: [] });
  const cone = await get<{ points: { probabilities: number[] }[] }>(
    `/predictions/cone?entity=host/3&from=${from}&to=${life.now()}`,
  );
  expect(cone).toMatchObject({ model: first.id, horizons: [1800, 3600, 21_600] });
  expect(cone.points.at(-1)!.probabilities).toHaveLength(3);
});

it('is rolled back by the API: the one before serves again', async () => {
  expect(await states()).toEqual(['champion', 'challenger']);
  expect((await post(`/models/${second}/promote`)).json()).toMatchObject({ id: second, state: 'champion' });
  expect(await states()).toEqual(['retired', 'champion']);
  expect((await post('/models/rollback', { scope: 'host' })).statusCode).toBe(204);
  expect(await states()).toEqual(['champion', 'retired']);
});

it('is rolled back by the command line, until none is in force, which is said', async () => {
  const forward = await vigia('models', 'promote', second);
  expect(forward).toMatchObject({ code: 0, err: '' });
  expect(forward.out).toMatch(new RegExp(`^champion .*${second}`));
  const back = await vigia('models', 'rollback', 'host');
  expect(back).toMatchObject({ code: 0, err: '' });
  expect(back.out).toMatch(new RegExp(`champion .*${first.id}`));
  expect(await states()).toEqual(['champion', 'retired']);
  expect((await vigia('models', 'rollback', 'host')).code).toBe(0);
  expect(await states()).toEqual(['retired', 'retired']);
  const none = await vigia('models', 'rollback', 'host');
  expect(none).toMatchObject({ code: 2, out: '' });
  expect(none.err).toContain('no model of that kind of entity is in force');
  const spanish = await api.app.inject({
    method: 'POST',
    url: '/api/v1/models/rollback',
    headers: { ...change, 'accept-language': 'es' },
    payload: { scope: 'host' },
  });
  expect(spanish.json()).toMatchObject({ status: 409, code: 'MODEL_STATE' });
  expect(spanish.json<{ detail: string }>().detail).toContain('no hay ningún modelo de ese tipo de entidad en uso');
  const verbs = (await life.store.audit.list({ limit: 100, cursor: null })).items.map(({ verb }) => verb);
  expect(verbs.filter((verb) => verb === 'model_champion').length).toBeGreaterThanOrEqual(5);
});

it('is listed, shown, asked for, and goes out and comes back as a challenger by the command line', async () => {
  const listed = await vigia('models');
  expect(listed).toMatchObject({ code: 0, err: '' });
  expect(listed.out).toContain(first.id);
  expect(listed.out).toMatch(
    /^disk: no model yet\. Only 0 failures are on record in the time that is learnt from; at least 5 are needed/m,
  );
  const shown = await vigia('models', 'show', first.id);
  expect(JSON.parse(shown.out)).toMatchObject({
    id: first.id,
    kind: 'failure',
    scope: 'host',
    trainedTo: first.trainedTo,
  });
  expect(await vigia('models', 'train', 'host')).toMatchObject({ code: 0, err: '' });
  expect(await vigia('models', 'export', first.id, 'host.model')).toMatchObject({ code: 0, err: '' });
  const back = await vigia('models', 'import', 'host.model');
  expect(back).toMatchObject({ code: 0, err: '' });
  expect(back.out).toMatch(/^challenger .*imported by/);
  const id = /model_\S+/.exec(back.out)![0];
  expect(await life.store.models.artefact(id)).toEqual(await life.store.models.artefact(first.id));
});

it('where no server answers, that is said with what to do', async () => {
  const err: string[] = [];
  const code = await runProgram(['models', '--url', 'http://127.0.0.1:9'], '1.2.3', {
    environment: {},
    folder,
    words: createText()('en'),
    print: (text) => err.push(text),
    complain: (text) => err.push(text),
  });
  expect(code).toBe(2);
  expect(err.join('\n')).toMatch(/^no Vigía answers at http:\/\/127\.0\.0\.1:9 \(.*\); start it, or name/);
});

it.each<[string, readonly string[], RegExp]>([
  ['a kind that nobody is of', ['train', 'hots'], /no kind of entity "hots"/],
  ['a model that is not there', ['show', 'model_none'], /no model "model_none"/],
  ['an export of nothing', ['export', 'model_none', 'none.model'], /no model "model_none"/],
  ['a file that is not there', ['import', 'nowhere.model'], /nowhere\.model/],
  ['a file that was cut off', ['import', 'half.model'], /not valid/],
  ['a file of something else', ['import', 'other.model'], /not a failure model/],
  ['no verb that there is', ['forget', 'host'], /list/],
])('%s ends with exit code 2 and one line', async (_, given, message) => {
  await vigia('models', 'export', first.id, 'host.model');
  const whole = await readFile(join(folder, 'host.model'));
  await writeFile(join(folder, 'half.model'), whole.subarray(0, whole.length - 20));
  await writeFile(join(folder, 'other.model'), '{"format":"other"}\n{}');
  const before = (await modelsOf(life, 'host')).length;
  const { code, out, err } = await vigia('models', ...given);
  expect(err).toMatch(message);
  expect([code, out, err.trim().split('\n').length]).toEqual([2, '', 1]);
  expect(await modelsOf(life, 'host')).toHaveLength(before);
  expect(await readdir(folder)).not.toContain('none.model');
});
