import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Anomaly } from '../model/anomaly.ts';
import { phrase } from '../model/phrase.ts';
import type { Store } from '../store/store.ts';
import { anomaly, host, incident, NOW, openApi, openStore } from './check-api.ts';
import type { SimilarAnomaly } from './contract/views.ts';

const HOUR = 3_600_000;
let store: Store;
let api: ReturnType<typeof openApi>;

/** An anomaly so many hours ago, driven by these shares. */
const ago = (hours: number, drivers: Record<string, number>, over: Partial<Anomaly> = {}): Anomaly =>
  anomaly({
    id: `ago_${hours}`,
    start: NOW - hours * HOUR,
    end: NOW - hours * HOUR + 60_000,
    kind: 'level_shift',
    ending: { by: 'calm', reason: phrase('detect.endCalm') },
    contributions: Object.entries(drivers).map(([feature, share]) => ({
      feature,
      share,
      value: 1,
      expected: 0,
      low: 0,
      high: 0,
      unit: '',
      detector: 'residual',
    })),
    ...over,
  });

beforeAll(async () => {
  store = await openStore();
  await store.anomalies.upsert([
    ago(1, { cpu: 0.7, load: 0.3 }),
    ago(5, { cpu: 0.68, load: 0.32 }),
    ago(6, { cpu: 0.7, load: 0.3 }, { entity: 'host/web-2' }),
    ago(7, { cpu: 0.7, load: 0.3 }, { kind: 'trend' }),
    ago(8, { disk: 1 }),
    ago(9, { cpu: 0.7, load: 0.3 }, { entity: 'pod/shop/cart-0' }),
    ago(10, { cpu: 0.7, load: 0.3 }, { end: null, ending: null }),
  ]);
  await store.incidents.upsert([incident({ id: 'incident_5', entities: ['host/web-1'], anomalies: ['ago_5'] })]);
  await store.incidents.upsert([incident({ id: 'incident_6', entities: ['host/web-2'], anomalies: ['ago_6'] })]);
  await store.outcomes.insert({
    id: 'outcome_6',
    run: 'run_6',
    incident: 'incident_6',
    fleet: 'default',
    action: 'restart',
    entity: 'host/web-2',
    verdict: 'resolved',
    decidedAt: NOW,
    evidence: [],
    reason: phrase('act.outcomeResolved'),
  });
  await store.feedback.insert({
    id: 'feedback_5',
    target: 'incident',
    targetId: 'incident_5',
    verdict: 'real',
    note: '',
    by: 'ana',
    time: NOW,
  });
  api = openApi(store);
});

afterAll(async () => {
  await api.app.close();
  await store.close();
});

const get = async (url: string) => api.app.inject({ method: 'GET', url, headers: host });

test('the most similar earlier anomalies of the same kind of entity, best first, with how they ended', async () => {
  const answer = await get('/api/v1/anomalies/ago_1/similar');
  const { items } = answer.json<{ items: SimilarAnomaly[] }>();
  expect(items.map((one) => one.anomaly.id)).toEqual(['ago_5', 'ago_6', 'ago_7']);
  expect(items[0]).toMatchObject({ incident: 'incident_5', verdict: 'real', outcome: null });
  expect(items[0]?.anomaly.ending?.by).toBe('calm');
  expect(items[0]!.similarity).toBeGreaterThan(0.99);
  expect(items[1]).toMatchObject({
    incident: 'incident_6',
    verdict: null,
    outcome: { action: 'restart', verdict: 'resolved' },
  });
  expect(items[2]).toMatchObject({ incident: null, verdict: null, outcome: null });
});

test('nothing is similar to the first one, and of an unknown one nothing is said', async () => {
  expect((await get('/api/v1/anomalies/ago_8/similar')).json()).toEqual({ items: [] });
  expect((await get('/api/v1/anomalies/nowhere/similar')).statusCode).toBe(404);
});
