import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMetrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import * as given from './check-api.ts';
import { change, entity, frame, host, NOW, openApi, openStore } from './check-api.ts';
import type { ApiDeps } from './deps.ts';
import type { Problem } from './contract/views.ts';
import { foldEntityName } from './create-api.ts';

let store: Store;
let api: ReturnType<typeof openApi>;
const folder = mkdtempSync(join(tmpdir(), 'vigia-api-'));

beforeAll(async () => {
  store = await openStore();
  await store.entities.upsert([
    entity('host/web-1'),
    entity('host/web-2', { lastSeen: NOW - 3_600_000 }),
    entity('pod/shop/cart-0'),
    entity('service/orders'),
  ]);
  await store.anomalies.upsert([given.anomaly()]);
  await store.predictions.upsert([given.prediction()]);
  await store.incidents.upsert([given.incident()]);
  const frames = Array.from({ length: 120 }, (_, i) => frame('host/web-1', NOW - 600_000 + i * 5_000, [i, Number.NaN]));
  await store.frames.append(frames);
  await store.events.append([
    {
      id: 'event_1',
      time: NOW - 120_000,
      entity: 'host/web-1',
      fleet: 'default',
      name: 'deploy',
      source: 'test',
      severity: 'info',
      text: '',
      labels: {},
    },
  ]);
  api = openApi(store);
});

afterAll(async () => {
  await api.app.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = async (url: string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'GET', url, headers: { ...host, ...headers } });
const post = async (url: string, payload: object | string, headers: Record<string, string> = {}) =>
  api.app.inject({ method: 'POST', url, payload, headers: { ...change, ...headers } });

describe('health', () => {
  test('is ready when data is accepted and the store answers', async () => {
    expect((await get('/readyz')).statusCode).toBe(200);
    expect((await get('/healthz', { host: 'whatever' })).json()).toEqual({ status: 'ok' });
    const starting = openApi(store, { deps: { ready: () => false } });
    expect((await starting.app.inject({ url: '/readyz', headers: host })).statusCode).toBe(503);
    await starting.app.close();
  });

  test('is counted in /metrics', async () => {
    await get('/api/v1/incidents/none');
    const { body, headers } = await get('/metrics');
    expect(headers['content-type']).toContain('text/plain');
    expect(body).toContain('vigia_api_refused_total{code="NOT_FOUND"}');
    expect(body).toMatch(
      /vigia_api_request_duration_seconds_count\{method="GET",route="\/api\/v1\/incidents\/:id",status="404"\} 1/,
    );
  });
});

describe('the overview', () => {
  test('answers the four questions', async () => {
    const overview = (await get('/api/v1/overview')).json();
    expect(overview.counts).toEqual({
      entities: 4,
      incidents: 1,
      critical: 0,
      warning: 1,
      info: 0,
      learning: 2,
      silent: 1,
    });
    expect(overview.incidents[0].id).toBe('incident_1');
    expect(overview.next[0].id).toBe('prediction_1');
    expect(overview.budget.warnings).toEqual({ limit: 20, used: 1 });
    expect(overview.entities[0]).toMatchObject({
      id: 'host/web-1',
      state: 'warning',
      openAnomalies: 1,
      lastFrame: NOW - 5_000,
      risk: { prediction: 'prediction_1', probability: 0.8, seconds: 21_600 },
    });
  });
});

describe('entities', () => {
  test('are listed by id in pages', async () => {
    const first = (await get('/api/v1/entities?limit=3')).json();
    expect(first.items.map(({ id }: { id: string }) => id)).toEqual(['host/web-1', 'host/web-2', 'pod/shop/cart-0']);
    const second = (await get(`/api/v1/entities?limit=3&cursor=${first.next}`)).json();
    expect(second).toMatchObject({ items: [{ id: 'service/orders' }], next: null });
    expect((await get('/api/v1/entities?kind=host&search=WEB-2')).json().items).toHaveLength(1);
  });

  test.each(['host/web-1', 'pod/shop/cart-0', 'pod/shop%2Fcart-0'])('%s is found by its address', async (path) => {
    expect((await get(`/api/v1/entities/${path}`)).json().id).toBe(decodeURIComponent(path));
  });

  test('that are unknown are not found, in the language of the reader', async () => {
    const response = await get('/api/v1/entities/host/none', { 'accept-language': 'es-AR' });
    expect(response.statusCode).toBe(404);
    expect(response.headers['content-type']).toContain('application/problem+json');
    expect(response.headers['content-language']).toBe('es');
    expect(response.json()).toEqual({
      type: 'urn:vigia:problem:NOT_FOUND',
      title: 'No encontrado',
      status: 404,
      detail: 'No existe la entidad «host/none».',
      code: 'NOT_FOUND',
      values: { what: 'entity', id: 'host/none' },
    });
  });

  test('have features', async () => {
    const { items } = (await get('/api/v1/entities/host/web-1/features')).json();
    expect(items[0]).toMatchObject({ name: 'a', value: 119, expected: null, score: 0, unit: 'bytes' });
    expect((await get('/api/v1/entities/service/orders/features')).json()).toEqual({ items: [], next: null });
    expect((await get('/api/v1/entities/host/none/features')).statusCode).toBe(404);
  });

  test('have charts', async () => {
    const range = `from=${NOW - 600_000}&to=${NOW}`;
    const chart = (await get(`/api/v1/entities/host/web-1/chart?${range}&features=a&points=61`)).json();
    expect(chart).toMatchObject({ entity: 'host/web-1', tier: 'step', stepMs: 10_000 });
    expect(chart.features[0].high.at(-1)).toBe(119);
    expect(chart.features[0].mean[0]).toBe(0.5);
    for (const wrong of ['points=1', 'points=2001', `from=${NOW}&to=${NOW}`, 'from=x', `from=0&to=${NOW}`]) {
      expect((await get(`/api/v1/entities/host/web-1/chart?${wrong}`)).json()).toMatchObject({ code: 'BODY_INVALID' });
    }
  });

  test.each([
    ['/api/v1/entities/pod/a/b/chart?x=a/b', '/api/v1/entities/pod/a%2Fb/chart?x=a/b'],
    ['/api/v1/entities/host/a', '/api/v1/entities/host/a'],
    ['/api/v1/entities/host/features', '/api/v1/entities/host/features'],
    ['/api/v1/entities?search=a/b/features', '/api/v1/entities?search=a/b/features'],
    ['/api/v1/incidents/a/b', '/api/v1/incidents/a/b'],
  ])('%s is read as %s', (url, folded) => {
    expect(foldEntityName(url)).toBe(folded);
  });
});

describe('incidents', () => {
  test('come with their evidence', async () => {
    const detail = (await get('/api/v1/incidents/incident_1')).json();
    expect(detail.anomalies[0].id).toBe('anomaly_1');
    expect(detail.predictions[0].id).toBe('prediction_1');
    expect(detail.events[0].name).toBe('deploy');
    expect(detail.recommendation).toBeNull();
  });

  test('are listed, as are anomalies and predictions', async () => {
    expect((await get('/api/v1/incidents?state=open')).json().items).toHaveLength(1);
    expect((await get('/api/v1/incidents?state=resolved')).json()).toEqual({ items: [], next: null });
    expect((await get('/api/v1/anomalies?entity=host/web-1&open=true&atLeast=warning')).json().items).toHaveLength(1);
    expect((await get(`/api/v1/anomalies?from=${NOW}`)).json().items).toHaveLength(1);
    expect((await get('/api/v1/anomalies?to=1000')).json().items).toHaveLength(0);
    expect((await get('/api/v1/predictions?state=open')).json().items).toHaveLength(1);
    expect((await get('/api/v1/anomalies/anomaly_1')).json().kind).toBe('spike');
  });
});

describe('a request that is wrong', () => {
  test.each([
    ['/api/v1/incidents?limit=0', 'limit: must be >= 1'],
    ['/api/v1/incidents?limit=1001', 'limit: must be <= 1000'],
    ['/api/v1/incidents?state=wrong', 'state: must be equal to one of the allowed values'],
    ['/api/v1/anomalies?entity=nokind', 'entity: must match pattern'],
    ['/api/v1/samples', 'entity: must have required property'],
  ])('%s says what is wrong', async (url, detail) => {
    const response = await get(url);
    expect(response.statusCode).toBe(400);
    expect(response.json<Problem>()).toMatchObject({ code: 'BODY_INVALID' });
    expect(response.json<Problem>().detail).toContain(detail);
  });

  test.each([
    '/api/v1/incidents?cursor=forged',
    '/api/v1/entities?cursor=forged',
    '/api/v1/samples?entity=host/a&cursor=forged',
  ])('%s has a cursor that nobody gave out', async (url) => {
    expect((await get(url)).json()).toMatchObject({ code: 'CURSOR_INVALID', status: 400 });
  });

  test('for what is not there', async () => {
    expect((await get('/api/v1/nothing')).json()).toMatchObject({ code: 'NOT_FOUND', status: 404 });
    expect((await get('/%zz')).statusCode).toBe(400);
    expect((await post('/api/v1/runs', '{', { 'content-type': 'application/json' })).statusCode).toBe(400);
  });
});

describe('a foreign page', () => {
  const foreign = { ...host, origin: 'http://attacker.example', 'sec-fetch-site': 'cross-site' };

  test('cannot send samples, as a form or otherwise', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/json']) {
      const response = await api.app.inject({
        method: 'POST',
        url: '/api/v1/samples',
        payload: 'a 1\n',
        headers: { ...foreign, 'content-type': type },
      });
      expect(response.json()).toMatchObject({ code: 'API_ORIGIN_REFUSED', status: 403 });
    }
    expect(api.ingested).toEqual([]);
  });

  test('cannot read, even where its name has been rebound to this machine', async () => {
    expect((await get('/api/v1/overview', foreign)).json()).toMatchObject({ code: 'API_ORIGIN_REFUSED' });
    for (const url of ['/api/v1/overview', '/', '/metrics']) {
      const rebound = await get(url, { host: 'attacker.example:8440' });
      expect(rebound.json()).toMatchObject({ code: 'API_HOST_REFUSED', status: 421 });
    }
  });

  test('is told nothing that lets it read the answer', async () => {
    const preflight = await api.app.inject({
      method: 'OPTIONS',
      url: '/api/v1/runs',
      headers: { ...foreign, 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    expect((await get('/api/v1/overview')).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    });
  });
});

describe('logs', () => {
  test('are handed on with where they came from, and what became of them is listed', async () => {
    const sent = await api.app.inject({
      method: 'POST',
      url: '/api/v1/logs?entity=service/shop&source=shop',
      payload: gzipSync('one\ntwo'),
      headers: { ...host, 'content-type': 'text/plain', 'content-encoding': 'gzip' },
    });
    expect(sent.statusCode).toBe(204);
    expect(api.ingested.splice(0)).toEqual([{ body: 'one\ntwo', format: 'logs/shop' }]);
    const line = {
      entity: 'service/shop',
      fleet: 'default',
      level: 'error',
      attributes: {},
      source: 'logs/shop',
    } as const;
    await store.logs.examples([{ ...line, id: 'line_1', time: 5, template: 'abc', text: 'Disk full' }]);
    await store.logs.patterns([{ id: 'abc', text: 'Disk full', level: 'error', firstSeen: 5, lastSeen: 5 }]);
    expect((await get('/api/v1/logs?search=disk&atLeast=warn&template=abc')).json()).toMatchObject({
      items: [{ id: 'line_1', text: 'Disk full' }],
      next: null,
    });
    expect((await get('/api/v1/logs?atLeast=fatal')).json().items).toEqual([]);
    expect((await get('/api/v1/logs/patterns')).json().items).toMatchObject([{ id: 'abc' }]);
    expect((await get('/api/v1/logs?atLeast=loud')).statusCode).toBe(400);
  });

  test('sessions that ran in another order are listed with what was expected', async () => {
    const session = { entity: 'service/shop', fleet: 'default', start: 5, end: 9, templates: ['abc'], model: 'm1' };
    const odd = { ...session, position: 1, expected: [{ template: 'def', probability: 0.9 }], sampled: false };
    await store.logs.keepSequences([
      { ...odd, id: 'sequence_odd', pValue: 0.004 },
      { ...odd, id: 'sequence_usual', pValue: 0.4, sampled: true },
    ]);
    const found = (await get('/api/v1/logs/sequences?entity=service/shop&atMost=0.01&from=0&to=10')).json();
    expect(found).toMatchObject({
      items: [{ id: 'sequence_odd', expected: [{ template: 'def', probability: 0.9 }] }],
      next: null,
    });
    expect((await get('/api/v1/logs/sequences?sampled=true')).json().items).toMatchObject([{ id: 'sequence_usual' }]);
    expect((await get('/api/v1/logs/sequences?atMost=2')).statusCode).toBe(400);
  });

  test('measurements with their trace are listed, by entity, metric and time', async () => {
    const one = { entity: 'service/shop', labels: { method: 'get' }, value: 0.5, span: null, attributes: {} };
    await store.exemplars.keep([
      { ...one, id: 'exemplar_1', metric: 'rpc_seconds', time: 5, trace: 'abc' },
      { ...one, id: 'exemplar_2', metric: 'rpc_seconds', time: 9, trace: 'def' },
      { ...one, id: 'exemplar_3', metric: 'jobs', time: 7, trace: null, attributes: { job: '7' } },
    ]);
    await store.exemplars.keep([{ ...one, id: 'exemplar_2', metric: 'rpc_seconds', time: 8, trace: 'old' }]);
    const ids = async (query: string) =>
      (await get(`/api/v1/exemplars${query}`)).json<{ items: { id: string }[] }>().items.map(({ id }) => id);
    expect(await ids('?entity=service/shop')).toEqual(['exemplar_2', 'exemplar_3', 'exemplar_1']);
    expect(await ids('?metric=rpc_seconds&from=6&to=10')).toEqual(['exemplar_2']);
    expect(await ids('?entity=service/other')).toEqual([]);
    expect((await get('/api/v1/exemplars?limit=1')).json().items[0]).toMatchObject({ trace: 'def', value: 0.5 });
  });
});

describe('samples', () => {
  test('are taken from senders, in each format', async () => {
    const send = async (payload: string | Buffer, headers: Record<string, string> = {}): Promise<number> =>
      (await api.app.inject({ method: 'POST', url: '/api/v1/samples', payload, headers: { ...host, ...headers } }))
        .statusCode;
    expect(await send('up 1\n')).toBe(204);
    expect(await send('up 2\n', { 'content-type': 'application/x-www-form-urlencoded' })).toBe(204);
    expect(await send('up 3\n# EOF\n', { 'content-type': 'application/openmetrics-text; version=1.0.0' })).toBe(204);
    expect(await send('{"name": "up", "value": 4}\n', { 'content-type': 'text/plain' })).toBe(204);
    expect(await send('{"up.time", job="a"} 5\n', { 'content-type': 'text/plain' })).toBe(204);
    expect(await send(gzipSync('up 6\n'), { 'content-encoding': 'gzip' })).toBe(204);
    expect(api.ingested.splice(0).map(({ format, body }) => [format, body.trim().slice(0, 10)])).toEqual([
      ['exposition', 'up 1'],
      ['exposition', 'up 2'],
      ['openmetrics', 'up 3\n# EOF'],
      ['json_lines', '{"name": "'],
      ['exposition', '{"up.time"'],
      ['exposition', 'up 6'],
    ]);
  });

  test.each([
    ['malformed', 'malformed', {}, 'EXPOSITION_INVALID', 400],
    ['large', 'x'.repeat(10_001), {}, 'BODY_TOO_LARGE', 413],
    ['large once unpacked', gzipSync('x'.repeat(1_000_000)), { 'content-encoding': 'gzip' }, 'BODY_TOO_LARGE', 413],
    ['not gzip', 'up 1', { 'content-encoding': 'gzip' }, 'BODY_INVALID', 400],
    ['packed otherwise', 'up 1', { 'content-encoding': 'br' }, 'BODY_INVALID', 400],
  ])('that are %s are refused', async (...[, payload, headers, code, status]) => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/samples',
      payload,
      headers: { ...change, ...(headers as Record<string, string>) },
    });
    expect(response.json<Problem>()).toMatchObject({ code, status });
    expect(api.ingested).toEqual([]);
  });

  test('are listed in pages that neither miss nor repeat one', async () => {
    const series = Array.from({ length: 3 }, (_, i) => ({
      key: `m${i}`,
      name: `m${i}`,
      labels: {},
      type: 'gauge' as const,
      unit: '',
      entity: 'host/listed',
    }));
    const times = [1, 1, 1, 2, 2, 2, 3, 3, 3].map((second) => NOW - 60_000 + second * 1_000);
    await store.samples.append([
      {
        entity: 'host/listed',
        fleet: 'default',
        source: 'push',
        receivedAt: NOW,
        series: times.map((_, i) => series[i % 3]!),
        times: Float64Array.from(times),
        values: Float64Array.from(times, (_, i) => (i === 4 ? Number.NaN : i)),
      },
    ]);
    for (const limit of [1, 2, 4, 9, 10]) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const page = (await get(`/api/v1/samples?entity=host/listed&limit=${limit}${cursor}`)).json();
        expect(page.items.length).toBeLessThanOrEqual(limit);
        for (const { series: key, time, value } of page.items) seen.push(`${key} ${time} ${value}`);
        cursor = page.next === null ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');
      expect(new Set(seen).size).toBe(9);
      expect(seen).toHaveLength(9);
    }
  });
});

test('a body far too large gets its answer over a real connection', async () => {
  const live = openApi(store);
  await live.api.start();
  const url = `${live.api.url()}/api/v1/samples`;
  for (const size of [10_001, 39_000]) {
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(size) });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'BODY_TOO_LARGE', values: { limit: 10_000 } });
  }
  const endless = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  const refused = await fetch(url, { method: 'POST', body: endless, duplex: 'half' }).then(
    ({ status }) => status,
    () => 'cut off',
  );
  expect([413, 'cut off']).toContain(refused);
  expect((await fetch(url, { method: 'POST', body: 'up 1' })).status).toBe(204);
  await live.api.stop();
});

test('a stop lets a request in work finish, and takes no more', async () => {
  let finish: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const body = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const ingest: ApiDeps['ingest'] = () => {
    arrived();
    return new Promise((resolve) => {
      finish = () => resolve({ samples: 1, dropped: {} });
    });
  };
  const slow = openApi(store, { deps: { ingest } });
  await slow.api.start();
  const url = `${slow.api.url()}/api/v1/samples`;
  const answer = fetch(url, { method: 'POST', body: 'up 1' });
  await body;
  const stopped = slow.api.stop();
  finish();
  expect((await answer).status).toBe(204);
  await stopped;
  await expect(fetch(url)).rejects.toThrow('fetch failed');
});

describe('events', () => {
  test('are taken one or many, and a repeat is ignored', async () => {
    const one = { entity: 'service/orders', name: 'deploy', time: NOW - 1_000, text: 'v2' };
    for (const body of [one, [one, { ...one, name: 'restart' }], { items: [one] }]) {
      expect((await post('/api/v1/events', body)).statusCode).toBe(204);
    }
    const { items } = (await get('/api/v1/events?entity=service/orders')).json();
    expect(items.map(({ name }: { name: string }) => name).sort()).toEqual(['deploy', 'restart']);
    expect(items[0]).toMatchObject({ fleet: 'default', source: 'push', severity: 'info' });
    expect((await post('/api/v1/events', { name: 'x' })).json()).toMatchObject({ code: 'BODY_INVALID' });
  });
});

describe('runs', () => {
  test('are asked for and approved once', async () => {
    const asked = await post('/api/v1/runs', { action: 'clean', entity: 'host/web-1', incident: 'incident_1' });
    expect(asked.statusCode).toBe(201);
    const { id, state } = asked.json();
    expect(state).toBe('awaiting_approval');
    expect((await get('/api/v1/overview')).json().waiting).toHaveLength(1);
    expect((await post(`/api/v1/runs/${id}/approve`, {})).json()).toMatchObject({
      state: 'running',
      decidedBy: 'local',
    });
    const again = await post(`/api/v1/runs/${id}/reject`, { note: 'late' }, { 'accept-language': 'es' });
    expect(again.json()).toMatchObject({ code: 'RUN_STATE', status: 409 });
    expect(again.json<Problem>().detail).toBe('La ejecución está en marcha; ahora no se puede rechazar.');
  });

  test('may be dry, and need a known action and exact types', async () => {
    expect((await post('/api/v1/runs', { action: 'clean', entity: 'host/web-1', dryRun: true })).json().state).toBe(
      'dry_run',
    );
    const unknown = await post('/api/v1/runs', { action: 'none', entity: 'host/web-1' });
    expect(unknown.json()).toMatchObject({ code: 'ACTION_UNKNOWN', status: 404 });
    const coerced = await post('/api/v1/runs', { action: 'clean', entity: 'host/web-1', dryRun: 'true' });
    expect(coerced.json()).toMatchObject({ code: 'BODY_INVALID' });
  });

  test('need the header', async () => {
    const response = await api.app.inject({
      method: 'POST',
      url: '/api/v1/runs',
      payload: { action: 'clean', entity: 'host/web-1' },
      headers: host,
    });
    expect(response.json()).toMatchObject({ code: 'API_HEADER_MISSING', status: 403 });
  });
});

describe('settings', () => {
  test('are changed all at once, and audited', async () => {
    const before = (await get('/api/v1/settings')).json();
    const put = async (payload: object) =>
      api.app.inject({ method: 'PUT', url: '/api/v1/settings', payload, headers: change });
    const after = { ...before, killSwitch: true, modes: { clean: 'observe' } };
    expect((await put(after)).json()).toEqual(after);
    expect((await get('/api/v1/actions')).json().items[0]).toMatchObject({ id: 'clean', mode: 'observe' });
    expect((await put({ ...before, modes: { none: 'auto' } })).json()).toMatchObject({ code: 'ACTION_UNKNOWN' });
    expect((await put({ killSwitch: false })).json()).toMatchObject({ code: 'BODY_INVALID' });
    const { items } = (await get('/api/v1/audit?limit=1')).json();
    expect(items[0]).toMatchObject({
      verb: 'settings',
      detail: { killSwitch: 'false → true', 'modes.clean': '– → observe' },
    });
    await put(before);
  });
});

test('what people say is kept', async () => {
  const said = { target: 'anomaly', targetId: 'anomaly_1', verdict: 'false_alarm' };
  expect((await post('/api/v1/feedback', said)).json()).toMatchObject({ ...said, by: 'local', time: NOW, note: '' });
  expect((await get('/api/v1/feedback?targetId=anomaly_1')).json().items).toHaveLength(1);
  const failure = { entity: 'host/web-1', kind: 'outage', start: NOW - 1_000 };
  expect((await post('/api/v1/failures', failure)).json()).toMatchObject({ ...failure, end: null, source: 'local' });
  expect((await get('/api/v1/failures?entity=host/web-1')).json().items).toHaveLength(1);
});

test.each(['series', 'models', 'dead-letters', 'recommendations', 'outcomes', 'runs', 'sources'])(
  '%s are a list',
  async (path) => {
    expect((await get(`/api/v1/${path}`)).json()).toMatchObject({ items: expect.any(Array), next: null });
  },
);

test('the status says how Vigía is doing', async () => {
  expect((await get('/api/v1/status')).json()).toMatchObject({
    ready: true,
    stages: [{ name: 'detect', lag: 0 }],
    store: { kind: 'pglite', bytes: 1_000 },
  });
});

test('the interface describes itself', async () => {
  const document = (await get('/api/v1/openapi.json')).json();
  expect(document.openapi).toBe('3.1.0');
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/api/v1/overview', '/api/v1/entities/{kind}/{name}/chart', '/api/v1/samples', '/readyz']),
  );
  const list = document.paths['/api/v1/incidents'].get;
  expect(list.parameters.map(({ name }: { name: string }) => name)).toEqual(['limit', 'cursor', 'entity', 'state']);
  expect(list.responses['200'].content['application/json'].schema.properties.items.type).toBe('array');
});

describe('tokens', () => {
  const tokens = [
    { name: 'eyes', role: 'viewer', token: 'token-of-a-viewer' },
    { name: 'ana', role: 'operator', token: 'token-of-an-operator' },
  ] as const;
  const bearer = (token: string) => ({ ...host, authorization: `Bearer ${token}` });

  test('say who did what, and what they may do', async () => {
    const metrics = createMetrics();
    const guarded = openApi(store, { options: { tokens }, deps: { metrics } });
    const ask = async (method: 'GET' | 'POST', url: string, headers: Record<string, string>) =>
      guarded.app.inject({
        method,
        url,
        headers,
        ...(method === 'POST' ? { payload: { action: 'clean', entity: 'host/web-1' } } : {}),
      });
    expect((await ask('GET', '/api/v1/overview', host)).statusCode).toBe(401);
    expect((await ask('GET', '/metrics', host)).statusCode).toBe(401);
    expect((await ask('POST', '/api/v1/samples', host)).statusCode).toBe(401);
    expect((await ask('GET', '/readyz', host)).statusCode).toBe(200);
    expect((await ask('GET', '/api/v1/overview', bearer(tokens[0].token))).statusCode).toBe(200);
    expect((await ask('POST', '/api/v1/runs', bearer(tokens[0].token))).json()).toMatchObject({
      code: 'API_FORBIDDEN',
    });
    expect((await ask('POST', '/api/v1/runs', bearer(tokens[1].token))).json()).toMatchObject({ requestedBy: 'ana' });
    const put = { method: 'PUT' as const, url: '/api/v1/settings', headers: bearer(tokens[1].token), payload: {} };
    expect((await guarded.app.inject(put)).json()).toMatchObject({ code: 'API_FORBIDDEN', values: { role: 'admin' } });
    expect((await metrics.expose()).text).not.toContain('token-of');
    await guarded.app.close();
  });
});

describe('the address', () => {
  test('is not one that others reach, without tokens', async () => {
    const open = openApi(store, { options: { host: '0.0.0.0' } });
    await expect(open.api.start()).rejects.toMatchObject({ code: 'API_ADDRESS_UNSAFE' });
    await open.api.stop();
  });

  test('is not taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const second = openApi(store, { options: { port } });
    await expect(second.api.start()).rejects.toMatchObject({ code: 'PORT_TAKEN', values: { port } });
    await second.api.stop();
    server.close();
  });

  test('is one of this machine', async () => {
    const elsewhere = openApi(store, {
      options: { host: '192.0.2.1', tokens: [{ name: 'a', role: 'viewer', token: 'x' }] },
    });
    await expect(elsewhere.api.start()).rejects.toMatchObject({ code: 'API_ADDRESS_INVALID' });
    await elsewhere.api.stop();
  });
});

describe('the dashboard', () => {
  test('is served with its pages, safe and cached', async () => {
    mkdirSync(join(folder, 'assets'));
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Vigía</title>');
    writeFileSync(join(folder, 'assets/app-1a2b.js'), 'export {};\n');
    writeFileSync(join(folder, 'assets/app-1a2b.js.gz'), gzipSync('export {};\n'));
    const served = openApi(store, { options: { dashboardFolder: folder } });
    const page = async (url: string, headers: Record<string, string> = { accept: 'text/html' }) =>
      served.app.inject({ url, headers: { ...host, ...headers } });
    for (const url of ['/', '/incidents/incident_1', '/entities/pod/shop/cart-0?x=1']) {
      const response = await page(url);
      expect(response.statusCode).toBe(200);
      expect(response.body).toContain('<title>Vigía</title>');
      expect(response.headers).toMatchObject({
        'cache-control': 'no-cache',
        'content-security-policy': expect.stringContaining("script-src 'self'"),
      });
    }
    const script = await page('/assets/app-1a2b.js', { 'accept-encoding': 'gzip' });
    expect(script.headers).toMatchObject({
      'content-encoding': 'gzip',
      'cache-control': expect.stringContaining('immutable'),
      'content-type': expect.stringContaining('javascript'),
    });
    expect((await page('/assets/none.js')).statusCode).toBe(404);
    expect((await page('/../../etc/passwd')).body).not.toContain('root:');
    expect((await page('/api/v1/none')).json()).toMatchObject({ code: 'NOT_FOUND' });
    await served.app.close();
  });

  test('is not found where it was not built', async () => {
    expect((await get('/', { accept: 'text/html' })).statusCode).toBe(404);
  });
});

describe('the live stream', () => {
  test('tells what changed, and what was missed', async () => {
    const live = openApi(store);
    await live.api.start();
    const read = async (lastId?: string) => {
      const response = await fetch(`${live.api.url()}/api/v1/stream`, {
        headers: lastId === undefined ? {} : { 'last-event-id': lastId },
      });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      return {
        until: async (part: string): Promise<string> => {
          while (!text.includes(part)) {
            const { done, value } = await reader.read();
            if (done) return text;
            text += value;
          }
          return text;
        },
        end: () => reader.cancel(),
      };
    };
    const message = { type: 'anomaly', entity: 'host/web-1', severity: 'warning', time: NOW } as const;
    const first = await read();
    await first.until('retry');
    live.changes.publish({ ...message, id: 'a1' });
    live.changes.publish({ ...message, id: 'a2' });
    const seen = await first.until('"a2"');
    const [, firstId = ''] = /id: (\S+)\ndata: .*"a1"/.exec(seen) ?? [];
    await first.end();

    const second = await read(firstId);
    const replayed = await second.until('"a2"');
    expect(replayed).not.toContain('"a1"');
    const stranger = await read('another-process-7');
    expect(await stranger.until('reset')).toContain('event: reset');

    await live.api.stop();
    expect(await second.until('never')).toBe(replayed);
  });
});
