import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { anomaly, entity, host, incident, NOW, openApi, openStore } from './check-api.ts';

let store: Store;
let api: ReturnType<typeof openApi>;

beforeAll(async () => {
  store = await openStore();
  const seen = { lastSeen: NOW };
  await store.entities.upsert([entity('pod/cart-0', seen), entity('pod/cart-1', seen), entity('host/db', seen)]);
  // Each sign by itself is a notice; what they made together wakes people.
  await store.anomalies.upsert(
    ['pod/cart-0', 'pod/cart-1'].map((at) => anomaly({ id: `of_${at}`, entity: at, severity: 'info', end: null })),
  );
  await store.incidents.upsert([
    incident({ root: 'pod/cart-0', entities: ['pod/cart-0', 'pod/cart-1'], severity: 'critical', state: 'open' }),
  ]);
  api = openApi(store);
});
afterAll(async () => {
  await api.app.close();
  await store.close();
});

const get = async (path: string) => (await api.app.inject({ url: `/api/v1/${path}`, headers: host })).json();

test('where an open incident is suspected to have begun is as bad as the incident, on the map and on its page', async () => {
  const { items } = await get('entities');
  const states = Object.fromEntries(items.map(({ id, state }: { id: string; state: string }) => [id, state]));
  expect(states).toMatchObject({ 'pod/cart-0': 'critical', 'pod/cart-1': 'info' });
  const { entities } = await get('overview');
  expect(entities).toContainEqual(expect.objectContaining({ id: 'pod/cart-0', state: 'critical' }));
  expect(await get('entities/pod/cart-0')).toMatchObject({ state: 'critical' });
});
