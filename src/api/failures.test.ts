import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { change, host, NOW, openApi, openStore } from './check-api.ts';

let store: Store;
let api: ReturnType<typeof openApi>;
beforeAll(async () => {
  store = await openStore();
  api = openApi(store);
});
afterAll(async () => {
  await api.app.close();
  await store.close();
});

const send = (method: 'POST' | 'PUT' | 'DELETE', url: string, payload?: object) =>
  api.app.inject({ method, url, headers: change, ...(payload !== undefined && { payload }) });
const get = async (url: string) => (await api.app.inject({ url, headers: host })).json();

test('a failure is recorded, corrected, withdrawn, and all of it is in the audit log', async () => {
  const said = { entity: 'host/web-1', kind: 'outage', start: NOW - 60_000 };
  const made = await send('POST', '/api/v1/failures', said);
  expect(made.statusCode).toBe(201);
  const { id } = made.json();
  const corrected = await send('PUT', `/api/v1/failures/${id}`, { kind: 'crash', end: NOW });
  expect(corrected.json()).toMatchObject({ ...said, kind: 'crash', end: NOW, correction: { withdrawn: false } });
  // What a definition finds later does not overwrite a person's word.
  await store.failures.upsert([{ ...said, id, end: null, source: 'definition/down', note: '' }]);
  expect(await get(`/api/v1/failures/${id}`)).toMatchObject({ kind: 'crash', end: NOW });
  const gone = await send('DELETE', `/api/v1/failures/${id}`);
  expect(gone.json()).toMatchObject({ id, correction: { withdrawn: true } });
  expect((await get('/api/v1/failures')).items).toEqual([]);
  expect((await get('/api/v1/failures?withdrawn=true')).items).toHaveLength(1);
  const verbs = (await store.audit.list({ limit: 10, cursor: null })).items.map(({ verb }) => verb);
  expect(verbs.toSorted()).toEqual(['failure', 'failure_correct', 'failure_withdraw']);
});

test('what is not there can be neither corrected nor withdrawn', async () => {
  for (const answer of [
    await send('PUT', '/api/v1/failures/none', { kind: 'x' }),
    await send('DELETE', '/api/v1/failures/none'),
  ]) {
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: 'NOT_FOUND' });
  }
});

test('an end before its start is refused', async () => {
  const answer = await send('POST', '/api/v1/failures', { entity: 'host/a', kind: 'x', start: NOW, end: NOW - 1 });
  expect(answer.statusCode).toBe(400);
});

test('a change without the header of a tool or page is refused', async () => {
  const answer = await api.app.inject({ method: 'DELETE', url: '/api/v1/failures/x', headers: host });
  expect(answer.statusCode).toBe(403);
});

test('models: what is not there, and what is not one', async () => {
  for (const what of ['', '/report']) expect((await get(`/api/v1/models/none${what}`)).code).toBe('NOT_FOUND');
  expect(await get('/api/v1/models')).toEqual({ items: [], next: null });
  expect(await get('/api/v1/models/learning')).toEqual({ items: [] });
  expect(await get('/api/v1/predictions/cone?entity=host/a')).toEqual({ model: null, horizons: [], points: [] });
  const body = { method: 'POST', url: '/api/v1/models', headers: change, payload: { no: 'model' } } as const;
  expect((await api.app.inject(body)).statusCode).toBe(400);
});
