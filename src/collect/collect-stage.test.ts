import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Entity } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { SampleBatch } from '../model/series.ts';
import { topics } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import type { CollectOptions } from './collect-options.ts';
import { createCollectStage } from './collect-stage.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function createStage(options: Partial<CollectOptions> = {}) {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const seen: SampleBatch[] = [];
  const events: Event[] = [];
  const entities: Entity[] = [];
  await bus.subscribe(topics.samples, 'test', async (batch) => void seen.push(...batch.map(({ value }) => value)));
  await bus.subscribe(topics.events, 'test', async (batch) => void events.push(...batch.map(({ value }) => value)));
  const stage = createCollectStage({
    bus,
    clock: systemClock,
    log: silentLog,
    metrics,
    options: {
      host: { enabled: false, intervalMs: 1000 },
      scrape: [],
      limits: { lineBytes: 1000, aheadMs: 60_000, behindMs: 60_000, bodyBytes: 100_000, seriesPerSource: 50 },
      entityRules: [],
      ...options,
    },
    onEntities: async (more) => void entities.push(...more),
  });
  ends.push(async () => {
    await stage.stop();
    await bus.stop();
  });
  const push = (body: string, format: 'exposition' | 'openmetrics' | 'json_lines' = 'exposition') =>
    stage.ingest(Buffer.from(body), format);
  return { stage, seen, events, entities, metrics, push };
}

describe('pushed samples', () => {
  it('are committed when ingest resolves, in batches by entity', async () => {
    const { push, seen } = await createStage();
    const result = await push(
      'a{entity="host/x"} 1\na{entity="host/y"} 2\nb{entity="host/x"} 3\nc{namespace="shop",pod="cart-0"} 4\nd 5\n',
    );
    expect(result).toEqual({ samples: 5, series: 5, dropped: {} });
    expect(seen.map(({ entity, values, source }) => `${source} ${entity} ${values.join()}`).sort()).toEqual([
      'push host/x 1,3',
      'push host/y 2',
      'push pod/shop/cart-0 4',
      'push service/push 5',
    ]);
  });

  it('refuses the whole body for one line that is not valid, names it, and takes it when mended', async () => {
    const { push, seen, stage, metrics } = await createStage();
    await expect(push('good 1\nthis is not a sample\n')).rejects.toMatchObject({
      code: 'EXPOSITION_INVALID',
      status: 400,
      values: { line: 2, detail: 'value' },
    });
    expect(seen).toEqual([]);
    expect(stage.sources()[0]).toMatchObject({
      drops: { malformed: 2 },
      lastError: { phrase: { values: { line: 2 } } },
    });
    expect((await metrics.expose()).text).toMatch(/vigia_collect_dropped_samples_total\{.*malformed.*\} 2/);
    expect(await push('good 1\nthis_is 2\n')).toMatchObject({ samples: 2 });
    expect(stage.sources()[0]).toMatchObject({ name: 'push', state: 'up', lastError: null, samples: 2 });
  });

  it('drops what is over a limit or out of time, counts it, and keeps the rest', async () => {
    const { push, stage } = await createStage();
    const now = Date.now();
    const flood = Array.from({ length: 60 }, (_, i) => `f{id="${i}"} 1\n`).join('');
    const result = await push(
      `a 1 ${now + 120_000}\nb 1 ${now - 120_000}\nc 1\nc 1\nd{x="${'y'.repeat(2000)}"} 1\n${flood}`,
    );
    expect(result.dropped).toEqual({ too_far_ahead: 1, too_old: 1, duplicate: 1, line_too_long: 1, series_limit: 13 });
    expect(result.samples).toBe(48);
    expect(stage.sources()[0]!.drops).toEqual(result.dropped);
    await expect(push('x'.repeat(100_001))).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
  });

  it('may be JSON lines', async () => {
    const { push, seen } = await createStage();
    const time = Date.now() - 1000;
    const lines = [
      {
        name: 'queue depth',
        labels: { 'any name': 'ñ' },
        entity: 'service/orders',
        time,
        value: 4,
        type: 'gauge',
        unit: 'items',
      },
      { name: 'requests_total', entity: 'service/orders', time: new Date(time).toISOString(), value: 'NaN' },
      { name: 'plain', value: 1e300, other: [1, 2] },
    ];
    expect(await push(`${lines.map((line) => JSON.stringify(line)).join('\r\n')}\n\n`, 'json_lines')).toMatchObject({
      samples: 3,
    });
    const orders = seen.find(({ entity }) => entity === 'service/orders')!;
    expect(orders.series[0]).toMatchObject({
      key: 'queue depth{any name="ñ",entity="service/orders"}',
      type: 'gauge',
      unit: 'items',
    });
    expect([...orders.times]).toEqual([time, time]);
    expect([...orders.values]).toEqual([4, NaN]);
  });

  it.each([
    ['{"name": "a"', 'json'],
    ['[1]', 'json_shape'],
    ['null', 'json_shape'],
    ['{"value": 1}', 'json_shape'],
    ['{"name": "", "value": 1}', 'json_shape'],
    ['{"name": "a", "value": 1, "type": "blah"}', 'json_shape'],
    ['{"name": "a", "value": 1, "labels": ["x"]}', 'json_shape'],
    ['{"name": "a", "value": 1, "labels": {"x": 1}}', 'json_shape'],
    ['{"name": "a", "value": 1, "entity": 5}', 'json_shape'],
    ['{"name": "a"}', 'value'],
    ['{"name": "a", "value": "7"}', 'value'],
    ['{"name": "a", "value": null}', 'value'],
    ['{"name": "a", "value": 1, "time": "yesterday"}', 'timestamp'],
    ['{"name": "a", "value": 1, "time": "2026-01-01T00:00:00"}', 'timestamp'],
    ['{"name": "a", "value": 1, "time": 1e300}', 'timestamp'],
  ])('JSON that is no sample refuses the body: %s', async (line, detail) => {
    const { push } = await createStage();
    await expect(push(`{"name": "a", "value": 1}\n${line}\n`, 'json_lines')).rejects.toMatchObject({
      code: 'EXPOSITION_INVALID',
      values: { line: 2, detail },
    });
  });

  it('JSON of hostile shape is refused or dropped, never more', async () => {
    const { stage, push } = await createStage();
    const bad = Buffer.concat([
      Buffer.from('{"name":"a","value":1,"labels":{"x":"'),
      Buffer.from([0xff]),
      Buffer.from('"}}\n{"name":"b","value":1}\n'),
    ]);
    expect(await stage.ingest(bad, 'json_lines')).toMatchObject({ samples: 1, dropped: { invalid_utf8: 1 } });
    expect(
      await push(`{"name":"${'n'.repeat(2000)}","value":1}\n{"name":"b","value":1}\n`, 'json_lines'),
    ).toMatchObject({ dropped: { line_too_long: 1 } });
    expect(
      await push('{"name":"p","value":1,"labels":{"__proto__":"x","constructor":"y"}}\n', 'json_lines'),
    ).toMatchObject({ samples: 1 });
    await expect(push('['.repeat(900), 'json_lines')).rejects.toMatchObject({ code: 'EXPOSITION_INVALID' });
  });

  it('are one series whichever way they come', async () => {
    const { push, seen } = await createStage();
    await push('# TYPE a gauge\na{entity="host/x"} 1\n');
    await push('{"name":"a","entity":"host/x","value":2}\n', 'json_lines');
    expect(seen[1]!.series[0]).toBe(seen[0]!.series[0]);
  });

  it('belong to entities by the rules of the owner first', async () => {
    const { push, seen } = await createStage({
      entityRules: [
        { match: { __name__: 'shop_*', tenant: '*' }, kind: 'tenant', name: '{tenant}/{app}', fleet: 'fleet-{tenant}' },
      ],
    });
    await push(
      'shop_orders{tenant="t1",app="web",job="j"} 1\nshop_orders{tenant="t1",job="j"} 2\nother{tenant="t1",job="j"} 3\n',
    );
    expect(seen.map(({ entity, fleet, values }) => `${entity} ${fleet} ${values.join()}`).sort()).toEqual([
      'service/j default 2,3',
      'tenant/t1/web fleet-t1 1',
    ]);
  });
});

describe('the stage', () => {
  it('reads this machine at once, tells of its entity, and ends', async () => {
    const { stage, seen, entities } = await createStage({ host: { enabled: true, intervalMs: 1000 } });
    expect(stage.sources()[0]).toMatchObject({ name: 'host', kind: 'host', state: 'idle' });
    await stage.start();
    await expect.poll(() => seen.length).toBeGreaterThan(0);
    await expect.poll(() => entities.length).toBe(1);
    expect(entities[0]).toMatchObject({ id: `host/${hostname()}`, kind: 'host', name: hostname(), fleet: 'default' });
    expect(stage.sources()[0]).toMatchObject({ state: 'up', lastError: null });
    await stage.stop();
    await stage.stop();
  });

  it('tells of new entities once, and of the last ones when it ends', async () => {
    const { stage, push, entities } = await createStage();
    await stage.start();
    await push('a{entity="host/x"} 1\n');
    await push('a{entity="host/x"} 2\n');
    await push('a{service="orders",region="eu",path="/"} 1\n');
    await stage.stop();
    expect(entities.map(({ id }) => id).sort()).toEqual(['host/x', 'service/orders']);
    expect(entities.find(({ kind }) => kind === 'service')!.labels).toEqual({ service: 'orders', region: 'eu' });
  });

  it('publishes events', async () => {
    const { stage, events } = await createStage();
    const event: Event = {
      id: 'e1', time: 1, entity: 'host/x', fleet: 'default', name: 'deploy', source: 'push', severity: 'info', text: '', labels: {},
    }; // prettier-ignore
    await stage.publishEvent(event);
    expect(events).toEqual([event]);
  });
});
