import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Event } from '../model/event.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Store } from '../store/store.ts';
import { entity, NOW, openApi, openStore } from './check-api.ts';
import { toldAlerts } from './webhooks/alerts.ts';
import { toldCloudEvents } from './webhooks/cloud-events.ts';
import { type JsonWebhook, toldByRules } from './webhooks/mapped-json.ts';

/** As Alertmanager 0.27 sends it. */
const ALERTMANAGER = {
  receiver: 'vigia',
  status: 'firing',
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'InstanceDown', instance: 'web-1:9100', job: 'node', severity: 'critical' },
      annotations: { description: 'web-1 has been down for 5 minutes.', summary: 'web-1 is down' },
      startsAt: '2026-11-22T11:50:00.123Z',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus:9090/graph?g0.expr=up+%3D%3D+0',
      fingerprint: '7a3f2b1c9d8e4f50',
    },
    {
      status: 'resolved',
      labels: { alertname: 'HighLatency', service: 'orders', instance: 'web-2:9100', severity: 'warning' },
      annotations: {},
      startsAt: '2026-11-22T11:00:00Z',
      endsAt: '2026-11-22T11:40:00Z',
      generatorURL: '',
      fingerprint: '0011223344556677',
    },
  ],
  groupLabels: { alertname: 'InstanceDown' },
  commonLabels: { job: 'node' },
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  version: '4',
  groupKey: '{}:{alertname="InstanceDown"}',
  truncatedAlerts: 0,
};

/** As the webhook contact point of Grafana 11 sends it. */
const GRAFANA = {
  receiver: 'vigia',
  status: 'firing',
  orgId: 1,
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'DatasourceError', grafana_folder: 'Shop', instance: 'db-1:9187' },
      annotations: { summary: 'query failed' },
      startsAt: '2026-11-22T12:55:00+01:00',
      endsAt: '0001-01-01T00:00:00Z',
      generatorURL: 'http://grafana:3000/alerting/grafana/abc/view',
      fingerprint: 'ff00ff00ff00ff00',
      silenceURL: 'http://grafana:3000/alerting/silence/new',
      dashboardURL: '',
      panelURL: '',
      values: { A: 12.5 },
      valueString: "[ var='A' labels={} value=12.5 ]",
    },
  ],
  groupLabels: {},
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://grafana:3000/',
  version: '1',
  groupKey: '{}/{}:{}',
  truncatedAlerts: 0,
  title: '[FIRING:1] DatasourceError',
  state: 'alerting',
  message: '**Firing**',
};

let store: Store;
let api: ReturnType<typeof openApi>;
let url: string;
beforeAll(async () => {
  store = await openStore();
  await store.entities.upsert([entity('host/web-1:9100', { fleet: 'shop' })]);
  api = openApi(store);
  await api.api.start();
  url = api.api.url();
});
afterAll(async () => {
  await api.api.stop();
  await store.close();
});

const send = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}, to = url) =>
  fetch(`${to}/api/v1/webhooks/${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
const listed = async (): Promise<readonly Event[]> => (await store.events.list({ cursor: null, limit: 1000 })).items;

describe('webhooks', () => {
  test('of Alertmanager become events of the entities that the labels mean, once', async () => {
    for (let time = 0; time < 3; time++) {
      expect((await send('alertmanager', JSON.stringify(ALERTMANAGER))).status).toBe(204);
    }
    const events = (await listed()).filter(({ source }) => source === 'alertmanager');
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      entity: 'host/web-1:9100',
      fleet: 'shop',
      time: Date.parse('2026-11-22T11:50:00.123Z'),
      name: 'alert',
      severity: 'critical',
      text: 'web-1 is down',
      labels: { alertname: 'InstanceDown', job: 'node', status: 'firing' },
    });
    expect(events[1]).toMatchObject({
      time: Date.parse('2026-11-22T11:40:00Z'),
      severity: 'info',
      text: 'HighLatency',
      labels: { status: 'resolved' },
    });
  });

  test('of Grafana do as well, packed or not', async () => {
    const packed = gzipSync(JSON.stringify(GRAFANA));
    expect((await send('grafana', packed, { 'content-encoding': 'gzip' })).status).toBe(204);
    expect((await send('grafana', JSON.stringify(GRAFANA))).status).toBe(204);
    const events = (await listed()).filter(({ source }) => source === 'grafana');
    expect(events).toMatchObject([
      { entity: 'host/db-1:9187', severity: 'warning', text: 'query failed', time: NOW - 300_000 },
    ]);
  });

  test('take CloudEvents in all three modes', async () => {
    const event = {
      specversion: '1.0',
      id: 'a-1',
      source: '/ci/shop',
      type: 'org.example.deploy',
      time: '2026-11-22T11:59:00Z',
      datacontenttype: 'application/json',
      region: 'eu',
      data: { instance: 'web-9:1', version: '1.2.3', message: 'deployed', nested: { left: 'out' } },
    };
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect((await send('cloudevents', JSON.stringify(event), structured)).status).toBe(204);
    const batch = JSON.stringify([{ ...event }, { ...event, id: 'a-2' }]);
    expect((await send('cloudevents', batch, { 'content-type': 'application/cloudevents-batch+json' })).status).toBe(
      204,
    );
    const binary = {
      'ce-specversion': '1.0',
      'ce-id': 'b-1',
      'ce-source': '/ci/shop',
      'ce-type': 'org.example.restart',
      'ce-subject': 'caf%C3%A9',
    };
    expect((await send('cloudevents?entity=service/orders', '{"severity":"critical"}', binary)).status).toBe(204);
    const events = (await listed()).filter(({ source }) => source === 'cloudevents');
    expect(events).toHaveLength(3);
    expect(events.find(({ name }) => name === 'org.example.restart')).toMatchObject({
      entity: 'service/orders',
      severity: 'critical',
      text: 'café',
      time: NOW,
    });
    expect(events.find(({ name }) => name === 'org.example.deploy')).toMatchObject({
      entity: 'host/web-9:1',
      text: 'deployed',
      time: Date.parse(event.time),
      labels: { instance: 'web-9:1', version: '1.2.3', region: 'eu', source: '/ci/shop' },
    });
  });

  test.each([
    ['alertmanager', 'not json', {}],
    ['alertmanager', '{}', {}],
    ['alertmanager', '{"alerts": [7]}', {}],
    ['grafana', '{"alerts": [{"status": "odd"}]}', {}],
    ['cloudevents', '{}', {}],
    ['cloudevents', '{"specversion": "1.0", "id": "1"}', { 'content-type': 'application/cloudevents+json' }],
    ['cloudevents', '{}', { 'content-type': 'application/cloudevents-batch+json' }],
    ['cloudevents', '[1]', { 'content-type': 'application/cloudevents-batch+json' }],
  ])('of %s that make no sense are refused: %s', async (path, body, headers: Record<string, string>) => {
    const answer = await send(path, body, headers);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, 'BODY_INVALID']);
  });

  test('that are too large, or come from a page, are refused', async () => {
    expect((await send('alertmanager', ' '.repeat(3_000_000))).status).toBe(413);
    expect((await send('alertmanager', '{"alerts": []}', { origin: 'https://evil.example' })).status).toBe(403);
  });

  describe('of any form, by rules', () => {
    let other: ReturnType<typeof openApi>;
    const webhooks: JsonWebhook[] = [
      {
        name: 'ci',
        each: 'builds',
        rules: [
          { when: { 'job.status': 'skipped' }, event: 'ignored', entity: '{nothing.here}', labels: {} },
          {
            when: { kind: 'deploy*' },
            event: 'deploy',
            id: '{id}',
            time: '{finished}',
            severity: '{job.level}',
            text: '{service} {tags.0}',
            entity: 'service/{service}',
            labels: { version: '{tags.0}', missing: '{no.such}' },
          },
          { when: { kind: 'config' }, event: 'config_change', labels: { instance: '{host}' } },
        ],
      },
      { name: 'one', rules: [{ when: {}, event: '{what}', labels: {} }] },
    ];
    beforeEach(async () => {
      other = openApi(store, { options: { webhooks } });
      await other.api.start();
      return () => other.api.stop();
    });
    const tell = (name: string, body: unknown) => send(`json/${name}`, JSON.stringify(body), {}, other.api.url());

    test('becomes events once, however often it is sent', async () => {
      const builds = [
        {
          kind: 'deploy-prod',
          id: 7,
          finished: (NOW - 5000) / 1000,
          service: 'orders',
          tags: ['2.1'],
          job: { level: 'warn' },
        },
        { kind: 'config', host: 'web-7' },
        { kind: 'else' },
        { kind: 'deploy', job: { status: 'skipped' } },
        'nonsense',
      ];
      for (let time = 0; time < 2; time++) expect((await tell('ci', { builds })).status).toBe(204);
      const events = (await listed()).filter(({ source }) => source === 'ci');
      expect(events.map(({ name, entity }) => `${entity} ${name}`).sort()).toEqual([
        'host/web-7 config_change',
        'service/orders deploy',
      ]);
      expect(events.find(({ name }) => name === 'deploy')).toMatchObject({
        time: NOW - 5000,
        severity: 'warning',
        text: 'orders 2.1',
        labels: { version: '2.1' },
      });
      expect((await tell('one?entity=service/billing', { what: 'migration' })).status).toBe(204);
      expect((await listed()).some(({ entity, name }) => entity === 'service/billing' && name === 'migration')).toBe(
        true,
      );
    });

    test('is refused when it is none, has no list, or nobody has written rules for it', async () => {
      const codes = [];
      for (const answer of [
        await tell('ci', { builds: 1 }),
        await send('json/ci', '{', {}, other.api.url()),
        await tell('unknown', {}),
      ]) {
        codes.push([answer.status, ((await answer.json()) as { code: string }).code]);
      }
      expect(codes).toEqual([
        [400, 'BODY_INVALID'],
        [400, 'BODY_INVALID'],
        [404, 'NOT_FOUND'],
      ]);
    });
  });

  describe('a flood', () => {
    let other: ReturnType<typeof openApi>;
    let published = 0;
    beforeEach(async () => {
      other = openApi(store, { deps: { publishEvents: async (events) => void (published += events.length) } });
      await other.api.start();
      return () => other.api.stop();
    });

    test('is told to come later, and what fits is taken', async () => {
      const [alert] = ALERTMANAGER.alerts;
      const small = { status: 'firing', labels: { alertname: alert?.labels.alertname }, startsAt: alert?.startsAt };
      const body = JSON.stringify({ alerts: Array.from({ length: 4_000 }, () => small) });
      const answers = [];
      for (let time = 0; time < 4; time++) answers.push(await send('alertmanager', body, {}, other.api.url()));
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 429, 429]);
      expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(published).toBe(8_000);
    });
  });

  test('never throw anything but a refusal', () => {
    const alert = fc.record({
      status: fc.constantFrom('firing', 'resolved'),
      labels: fc.anything(),
      startsAt: fc.anything(),
    });
    const body = fc.oneof(fc.anything(), fc.record({ alerts: fc.array(fc.oneof(alert, fc.anything())) }));
    const harmless = (work: () => unknown): boolean => {
      try {
        return work() !== undefined;
      } catch (error) {
        return error instanceof VigiaError && error.code === 'BODY_INVALID';
      }
    };
    fc.assert(
      fc.property(body, fc.json(), (value, text) => {
        expect(harmless(() => toldAlerts(value, 'alertmanager', NOW))).toBe(true);
        const rules = [{ when: { a: '*' }, event: '{a}{0}', entity: text, time: '{b.0}', labels: { [text]: '{a.b}' } }];
        expect(harmless(() => toldByRules(value, { name: 'any', rules }, NOW))).toBe(true);
        expect(harmless(() => toldByRules(value, { name: 'any', each: 'alerts', rules }, NOW))).toBe(true);
        for (const type of ['application/cloudevents+json', 'application/cloudevents-batch+json', 'text/plain']) {
          expect(harmless(() => toldCloudEvents({ 'content-type': type, 'ce-id': text }, Buffer.from(text), NOW))).toBe(
            true,
          );
        }
      }),
    );
  });
});
