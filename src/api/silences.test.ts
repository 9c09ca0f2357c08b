import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Edge } from '../model/topology.ts';
import type { Store } from '../store/store.ts';
import { anomaly, change, entity, host, NOW, openApi, openStore } from './check-api.ts';
import type { SilenceDetail } from './contract/views.ts';

const MINUTE = 60_000;
let store: Store;
let api: ReturnType<typeof openApi>;

const edge = (from: string, kind: Edge['kind'], to: string): Edge => ({
  from,
  to,
  kind,
  source: 'labels',
  firstSeen: NOW,
  lastSeen: NOW,
});

beforeAll(async () => {
  store = await openStore();
  await store.entities.upsert([entity('host/n1'), entity('pod/shop/cart-0')]);
  await store.edges.upsert([
    edge('pod/shop/cart-0', 'runs_on', 'host/n1'),
    edge('pod/shop/cart-0', 'part_of', 'service/cart'),
    edge('service/web', 'calls', 'service/cart'),
    edge('service/cart', 'calls', 'service/web'),
    edge('service/web', 'calls', 'service/web'),
  ]);
  api = openApi(store);
});
afterAll(async () => {
  await api.app.close();
  await store.close();
});

const send = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, payload?: object, headers = {}) =>
  api.app.inject({
    method,
    url: `/api/v1${url}`,
    headers: { ...(method === 'GET' ? host : change), ...headers },
    ...(payload === undefined ? {} : { payload }),
  });
const make = async (payload: object): Promise<SilenceDetail> => (await send('POST', '/silences', payload)).json();

describe('silences', () => {
  test('are made, read, changed and ended, and each is in the audit log', async () => {
    const made = await make({ match: { entity: 'host/a*' }, forSeconds: 600, why: 'noisy' });
    expect(made).toMatchObject({
      kind: 'silence',
      state: 'active',
      from: NOW,
      to: NOW + 600_000,
      by: 'local',
      overlaps: [],
    });
    expect((await send('GET', `/silences/${made.id}`)).json()).toEqual(made);
    const longer = (await send('PUT', `/silences/${made.id}`, { to: NOW + 900_000 })).json();
    expect(longer).toMatchObject({ to: NOW + 900_000, why: 'noisy', match: { entity: 'host/a*' } });
    const ended = (await send('DELETE', `/silences/${made.id}`)).json();
    expect(ended).toMatchObject({ state: 'over', to: NOW, endedBy: 'local' });
    expect((await send('DELETE', `/silences/${made.id}`)).json()).toEqual(ended);
    const { items } = await store.audit.list({ limit: 10, cursor: null });
    expect(
      items
        .filter(({ target }) => target === made.id)
        .map(({ verb }) => verb)
        .sort(),
    ).toEqual(['silence', 'silence-change', 'silence-end']);
  });

  test('that are over cannot be changed', async () => {
    const made = await make({ match: { entity: 'host/b' }, forSeconds: 600, why: 'x' });
    await send('DELETE', `/silences/${made.id}`);
    const response = await send('PUT', `/silences/${made.id}`, { forSeconds: 60 });
    expect([response.statusCode, response.json().code]).toEqual([409, 'SILENCE_OVER']);
  });

  test('may overlap, and say with which', async () => {
    const wide = await make({ match: { entity: 'host/*' }, forSeconds: 600, why: 'racks move', kind: 'maintenance' });
    const narrow = await make({ match: { entity: 'host/c', anomaly: 'spike' }, forSeconds: 60, why: 'x' });
    const other = await make({ match: { kind: 'pod' }, from: NOW + 900_000, forSeconds: 60, why: 'later' });
    expect(narrow.overlaps).toEqual([wide.id]);
    expect(other).toMatchObject({ state: 'scheduled', overlaps: [] });
    const list = async (query: string): Promise<string[]> =>
      (await send('GET', `/silences${query}`)).json().items.map(({ id }: { id: string }) => id);
    expect(await list('?state=scheduled')).toEqual([other.id]);
    expect((await list('?state=active')).toSorted()).toEqual([wide.id, narrow.id].toSorted());
    expect(await list('?state=active&entity=host/d')).toEqual([wide.id]);
    const page = (await send('GET', '/silences?limit=1')).json();
    expect((await list(`?limit=1&cursor=${page.next}`)).length).toBe(1);
    for (const { id } of [wide, narrow, other]) await send('DELETE', `/silences/${id}`);
    expect(await list('?state=scheduled')).toEqual([]);
  });

  test('of what is below are listed for the entity, and overlap those of it', async () => {
    const made = await make({ match: { entity: 'host/n1', below: true }, forSeconds: 60, why: 'kernel' });
    const about = async (entity: string): Promise<number> =>
      (await send('GET', `/silences?state=active&entity=${entity}`)).json().items.length;
    expect([await about('pod/shop/cart-0'), await about('service/cart')]).toEqual([1, 0]);
    const pod = await make({ match: { entity: 'pod/shop/cart-0' }, forSeconds: 60, why: 'x' });
    expect(pod.overlaps).toEqual([made.id]);
    for (const { id } of [made, pod]) await send('DELETE', `/silences/${id}`);
  });

  test.each([
    ['nothing', { match: {} }, 400, 'SILENCE_EMPTY'],
    ['only what is below of nothing', { match: { below: true } }, 400, 'SILENCE_EMPTY'],
    ['a matcher spelled wrong', { match: { entity: 'host/a', anomly: 'spike' } }, 400, 'SILENCE_MATCH'],
    ['no end', { forSeconds: undefined }, 400, 'SILENCE_RANGE'],
    ['an end before the beginning', { from: NOW + MINUTE, to: NOW + 1, forSeconds: undefined }, 400, 'SILENCE_RANGE'],
    ['the past', { from: NOW - 2 * MINUTE, to: NOW - MINUTE, forSeconds: undefined }, 400, 'SILENCE_RANGE'],
    ['two years', { to: NOW + 731 * 86_400_000, forSeconds: undefined }, 400, 'SILENCE_RANGE'],
    ['no reason', { why: '' }, 400, 'BODY_INVALID'],
  ])('of %s are refused', async (_what, over, status, code) => {
    const response = await send('POST', '/silences', { match: { entity: 'x' }, forSeconds: 60, why: 'x', ...over });
    expect([response.statusCode, response.json().code]).toEqual([status, code]);
  });

  test('that nobody made are not found, and viewers may not make any', async () => {
    expect((await send('GET', '/silences/none')).statusCode).toBe(404);
    expect((await send('DELETE', '/silences/none')).statusCode).toBe(404);
    const viewers = openApi(store, {
      options: { tokens: [{ name: 'eve', role: 'viewer', token: 'vigia_viewer_token_0123456789' }] },
    });
    const response = await viewers.app.inject({
      method: 'POST',
      url: '/api/v1/silences',
      headers: { ...change, authorization: 'Bearer vigia_viewer_token_0123456789' },
      payload: { match: { entity: '*' }, forSeconds: 60, why: 'x' },
    });
    expect(response.statusCode).toBe(403);
    await viewers.app.close();
  });
});

describe('the topology', () => {
  test('is listed in pages, and by entity', async () => {
    const first = (await send('GET', '/topology?limit=3')).json();
    const second = (await send('GET', `/topology?limit=3&cursor=${first.next}`)).json();
    expect([first.items.length, second.items.length, second.next]).toEqual([3, 2, null]);
    const ofCart = (await send('GET', '/topology?entity=service/cart&kind=calls')).json().items;
    expect(ofCart.map(({ from, to }: Edge) => `${from} ${to}`)).toEqual([
      'service/cart service/web',
      'service/web service/cart',
    ]);
  });

  test('gives neighbours, cycles and loops or not', async () => {
    const near = async (id: string, distance: number) =>
      (await send('GET', `/entities/${id}/neighbours?distance=${distance}`)).json().items;
    expect(await near('pod/shop/cart-0', 1)).toEqual([
      { entity: 'host/n1', distance: 1, relation: 'depends_on' },
      { entity: 'service/cart', distance: 1, relation: 'used_by' },
    ]);
    expect(await near('service/web', 2)).toEqual([
      { entity: 'service/cart', distance: 1, relation: 'depends_on' },
      { entity: 'pod/shop/cart-0', distance: 2, relation: 'depends_on' },
    ]);
    expect((await send('GET', '/entities/host/none/neighbours')).statusCode).toBe(404);
    await store.entities.upsert([entity('host/alone')]);
    expect(await near('host/alone', 2)).toEqual([]);
  });
});

test('anomalies of a range are all that overlap it', async () => {
  await store.anomalies.upsert([
    anomaly({ id: 'long', start: NOW - 10 * MINUTE, end: NOW - 2 * MINUTE }),
    anomaly({ id: 'going-on', start: NOW - 20 * MINUTE, end: null }),
    anomaly({ id: 'over', start: NOW - 20 * MINUTE, end: NOW - 5 * MINUTE }),
    anomaly({ id: 'later', start: NOW - MINUTE, end: null }),
  ]);
  const range = `from=${NOW - 5 * MINUTE}&to=${NOW - MINUTE}`;
  const { items } = (await send('GET', `/anomalies?${range}`)).json();
  expect(items.map(({ id }: { id: string }) => id)).toEqual(['long', 'going-on']);
});
