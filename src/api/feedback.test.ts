import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Anomaly } from '../model/anomaly.ts';
import { phrase } from '../model/phrase.ts';
import { systemClock } from '../runtime/clock.ts';
import { createStore } from '../store/create-store.ts';
import type { Database } from '../store/database.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import * as given from './check-api.ts';
import { change, entity, host, NOW, openApi } from './check-api.ts';

const DAY = 86_400_000;
const OPERATORS = {
  tokens: ['ana', 'eva'].map((name) => ({ name, role: 'operator' as const, token: `token-of-${name}` })),
};

let database: Database;
let store: Store;
let api: ReturnType<typeof openApi>;

beforeAll(async () => {
  database = await openMemoryDatabase();
  store = await createStore(database, { clock: { ...systemClock, now: () => NOW }, place: 'memory' });
});
afterAll(() => store.close());

beforeEach(async () => {
  await sql`truncate anomalies, incidents, predictions, alerts, feedback, audit`.execute(database.sql);
  await store.entities.upsert([entity('host/web-1', { labels: { service: 'shop' } }), entity('host/web-2')]);
  api = openApi(store, { options: OPERATORS });
});
afterEach(() => api.app.close());

const as = (who: string) => ({ ...change, authorization: `Bearer token-of-${who}` });
const post = async (url: string, payload: object, who = 'ana') =>
  api.app.inject({ method: 'POST', url: `/api/v1${url}`, payload, headers: as(who) });
const get = async (url: string) => api.app.inject({ url: `/api/v1${url}`, headers: { ...host, ...as('ana') } });
const undo = async (id: string, who = 'ana', language = 'en') =>
  api.app.inject({
    method: 'DELETE',
    url: `/api/v1/feedback/${id}`,
    headers: { ...as(who), 'accept-language': language },
  });

const anomaly = (id: string, p: number, over: Partial<Anomaly> & { feature?: string } = {}): Anomaly => {
  const { feature = 'cpu', ...rest } = over;
  const one = { feature, share: 1, value: 9, expected: 1, low: 0, high: 2, unit: '', detector: 'residual' };
  return given.anomaly({ id, pValue: p, contributions: [one], end: NOW - 1000, ...rest });
};

/** An incident of these anomalies that alerted some days ago. */
async function alerted(id: string, daysAgo: number, ...anomalies: Anomaly[]): Promise<void> {
  const openedAt = NOW - daysAgo * DAY;
  await store.anomalies.upsert(anomalies.map((one) => Object.assign(one, { start: openedAt, end: openedAt + 1000 })));
  await store.incidents.upsert([
    given.incident({
      id,
      openedAt,
      resolvedAt: openedAt + 1000,
      state: 'resolved',
      pagedAt: openedAt,
      anomalies: anomalies.map((one) => one.id),
      predictions: [],
    }),
  ]);
  const line = { incident: id, line: 'warnings', pot: 'fleet', count: 1000, windowMs: DAY, time: openedAt } as const;
  await store.alerts.reserve(line);
}

const falseAlarm = (targetId: string, over: object = {}) => ({
  target: 'anomaly',
  targetId,
  verdict: 'false_alarm',
  ...over,
});

describe('a false alarm', () => {
  beforeEach(async () => {
    for (let i = 0; i < 6; i++) await alerted(`like_${i}`, i + 1, anomaly(`like_${i}_a`, 1e-6));
    await alerted('strong', 7, anomaly('strong_a', 1e-20));
    await alerted('mixed', 8, anomaly('mixed_a', 1e-6), anomaly('mixed_b', 1e-6, { feature: 'memory' }));
    await alerted('other', 9, anomaly('other_a', 1e-6, { feature: 'memory' }));
    await alerted('elsewhere', 10, anomaly('elsewhere_a', 1e-6, { entity: 'host/web-2' }));
  });

  test('is previewed: what would have been removed, what stays and why, and nothing is changed', async () => {
    expect((await post('/feedback', { ...falseAlarm('like_5'), target: 'incident', verdict: 'real' })).statusCode).toBe(
      201,
    );
    const preview = await post('/feedback/preview', falseAlarm('like_0_a'));
    expect(preview.statusCode).toBe(200);
    expect(preview.json()).toMatchObject({
      summary: { key: 'feedback.previewRemoves', values: { removed: 6, alike: 8, lost: 1 } },
      rule: {
        effect: 'quieter',
        level: 'entity',
        alike: [{ where: 'host/web-1', kind: 'spike', drivers: { cpu: 1 } }],
      },
      since: NOW - 30 * DAY,
      complete: true,
      alerts: {
        removed: [
          { incident: 'like_5', confirmed: true, why: null },
          { incident: 'like_0', confirmed: false },
          {},
          {},
          {},
          {},
        ],
        kept: [
          { incident: 'strong', why: phrase('feedback.staysStronger', { entity: 'host/web-1' }) },
          { incident: 'mixed', why: phrase('feedback.staysOther', { entity: 'host/web-1' }) },
        ],
      },
    });
    expect((await get('/feedback?standing=true')).json().items).toHaveLength(1);
    const wider = (await post('/feedback/preview', falseAlarm('like_0_a', { reach: 'kind' }))).json();
    expect(wider).toMatchObject({ alike: 9, removed: 7, lost: 1 });
  });

  test('is given, listed with its rule, audited, and undone once', async () => {
    const said = await post('/feedback', falseAlarm('like_0_a', { note: 'backup', seconds: 3600 }));
    expect(said.statusCode).toBe(201);
    const { id, rule } = said.json();
    expect(rule).toMatchObject({ effect: 'quieter', until: NOW + 3_600_000 });
    expect((await get(`/feedback/${id}`)).json()).toMatchObject({ by: 'ana', note: 'backup', anomalies: ['like_0_a'] });
    const undone = await undo(id, 'eva');
    expect(undone.json()).toMatchObject({ id, undone: { by: 'eva', time: NOW } });
    const again = await undo(id, 'ana', 'es');
    expect([again.statusCode, again.json().code]).toEqual([409, 'FEEDBACK_UNDONE']);
    expect(again.json().detail).toContain('Ya la había retirado eva');
    expect((await get('/feedback?standing=true')).json().items).toEqual([]);
    const { items } = await store.audit.list({ limit: 10, cursor: null });
    expect(items.map(({ verb, actor }) => `${actor} ${verb}`)).toEqual(
      expect.arrayContaining(['ana feedback', 'eva feedback_undo']),
    );
  });

  test('reaches a whole service when labels name one', async () => {
    const { rule } = (await post('/feedback', falseAlarm('like_0_a', { reach: 'service' }))).json();
    expect(rule).toMatchObject({ level: 'service', alike: [{ where: 'shop' }] });
    const none = await post('/feedback', falseAlarm('elsewhere_a', { reach: 'service' }));
    expect([none.statusCode, none.json().code]).toEqual([400, 'BODY_INVALID']);
  });
});

describe('said twice', () => {
  beforeEach(async () => {
    await alerted('one', 1, anomaly('one_a', 1e-6));
  });

  test('the same is the same', async () => {
    const [first, second] = [
      await post('/feedback', falseAlarm('one_a')),
      await post('/feedback', falseAlarm('one_a'), 'eva'),
    ];
    expect([first.statusCode, second.statusCode]).toEqual([201, 200]);
    expect(second.json().id).toBe(first.json().id);
  });

  test('the opposite by another person is a conflict that names who said what', async () => {
    const { id } = (await post('/feedback', falseAlarm('one_a', { verdict: 'real' }))).json();
    const refused = await post('/feedback', falseAlarm('one_a'), 'eva');
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'FEEDBACK_CONFLICT']);
    expect(refused.json().detail).toContain('ana has said something else of it: real');
    expect((await post('/feedback/preview', falseAlarm('one_a'), 'eva')).statusCode).toBe(409);
    const whole = await post('/feedback', { ...falseAlarm('one'), target: 'incident' }, 'eva');
    expect(whole.json().code).toBe('FEEDBACK_CONFLICT');
    await undo(id, 'eva');
    expect((await post('/feedback', falseAlarm('one_a'), 'eva')).statusCode).toBe(201);
  });

  test('the opposite by the same person takes its place', async () => {
    const first = (await post('/feedback', falseAlarm('one_a'))).json();
    const second = await post('/feedback', falseAlarm('one_a', { verdict: 'real' }));
    expect(second.statusCode).toBe(201);
    expect((await get(`/feedback/${first.id}`)).json().undone).toEqual({ by: 'ana', time: NOW });
    expect((await get('/feedback?standing=true&targetId=one_a')).json().items).toMatchObject([{ verdict: 'real' }]);
  });

  test('useful and not useful may stand side by side', async () => {
    await store.predictions.upsert([given.prediction()]);
    for (const verdict of ['useful', 'not_useful'])
      expect((await post('/feedback', { target: 'prediction', targetId: 'prediction_1', verdict })).statusCode).toBe(
        201,
      );
  });
});

describe('refused is', () => {
  test.each([
    ['anomaly', 'la anomalía'],
    ['incident', 'la incidencia'],
    ['prediction', 'la predicción'],
    ['recommendation', 'la recomendación'],
  ])('an unknown %s', async (target, said) => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/feedback',
      payload: { target, targetId: 'none', verdict: 'real' },
      headers: { ...as('ana'), 'accept-language': 'es' },
    });
    expect([response.statusCode, response.json().code]).toEqual([404, 'NOT_FOUND']);
    expect(response.json().detail).toContain(said);
  });

  test('what makes no sense', async () => {
    const missed = (over: object) => ({
      target: 'entity',
      targetId: 'host/web-1',
      verdict: 'missed',
      missed: { from: NOW - 1000, to: NOW, ...over },
    });
    for (const body of [
      { target: 'entity', targetId: 'host/web-1', verdict: 'false_alarm' },
      { target: 'entity', targetId: 'host/web-1', verdict: 'missed' },
      { target: 'anomaly', targetId: 'x', verdict: 'wrong' },
      missed({ to: NOW - 2000 }),
      missed({ from: 0 }),
      missed({ from: NOW + 1000, to: NOW + 2000 }),
    ])
      expect((await post('/feedback', body)).json().code).toBe('BODY_INVALID');
    expect((await post('/feedback', { ...missed({}), targetId: 'host/none' })).statusCode).toBe(404);
    expect((await undo('none')).statusCode).toBe(404);
  });
});

describe('missed', () => {
  const missed = (over: object = {}) => ({
    target: 'entity',
    targetId: 'host/web-1',
    verdict: 'missed',
    missed: { from: NOW - 3_600_000, to: NOW, ...over },
  });

  test('what was only shown makes its like louder', async () => {
    const shown = { severity: 'info', entity: 'host/web-1', start: NOW - 1_800_000, end: NOW - 900_000 } as const;
    await store.anomalies.upsert([
      anomaly('shown', 1e-5, shown),
      anomaly('weak', 0.001, { ...shown, start: NOW - DAY, end: NOW - DAY + 1 }),
    ]);
    const preview = (await post('/feedback/preview', missed())).json();
    expect(preview).toMatchObject({ summary: { key: 'feedback.previewAdds' }, added: 1, rule: { effect: 'louder' } });
    const { id, missed: label, anomalies } = (await post('/feedback', missed())).json();
    expect([label, anomalies]).toEqual([{ from: NOW - 3_600_000, to: NOW, kind: null, features: [] }, ['shown']]);
    expect((await get('/feedback?verdict=missed')).json().items).toMatchObject([{ id }]);
  });

  test('what nobody saw is kept as a label', async () => {
    const preview = (await post('/feedback/preview', missed({ kind: 'dip', features: ['cpu'] }))).json();
    expect(preview).toMatchObject({ summary: { key: 'feedback.previewLabel' }, rule: null });
    const said = (await post('/feedback', missed({ kind: 'dip', features: ['cpu'] }))).json();
    expect(said).toMatchObject({ missed: { kind: 'dip', features: ['cpu'] }, rule: null, anomalies: [] });
  });

  test('what was alerted was not missed', async () => {
    await store.anomalies.upsert([anomaly('alert', 1e-9, { start: NOW - 60_000, end: NOW - 1000 })]);
    const refused = await post('/feedback', missed());
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'FEEDBACK_FOUND']);
    expect(refused.json().detail).toContain('anomaly alert');
  });
});

describe('an expected change', () => {
  test('that is open becomes the new normal, and that cannot be taken back', async () => {
    await store.anomalies.upsert([anomaly('open', 1e-9, { end: null })]);
    const body = { target: 'anomaly', targetId: 'open', verdict: 'expected' };
    expect((await post('/feedback/preview', body)).json()).toMatchObject({
      summary: { key: 'feedback.previewAdopts', values: { count: 1 } },
      adopts: ['open'],
      rule: null,
    });
    const { id, adopted } = (await post('/feedback', body)).json();
    expect(adopted).toEqual(['open']);
    const refused = await undo(id);
    expect([refused.statusCode, refused.json().code]).toEqual([409, 'FEEDBACK_LEARNT']);
  });

  test('that is over is expected the next time', async () => {
    await store.anomalies.upsert([anomaly('over', 1e-9)]);
    const said = (await post('/feedback', { target: 'anomaly', targetId: 'over', verdict: 'expected' })).json();
    expect(said).toMatchObject({ adopted: null, rule: { effect: 'quieter' } });
  });
});

test('how alerting stands is told', async () => {
  expect((await get('/alerting')).json()).toEqual({ pots: [], thresholds: [], noise: { since: NOW, items: [] } });
});
