import { afterEach, describe, expect, it } from 'vitest';
import { startTraceReceiver, type TraceReceiver, wayTo } from '../../test/fixtures/trace-receiver.ts';
import type { Topic } from '../model/topics.ts';
import type { Service } from '../model/service.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { createOpenTelemetry } from '../runtime/open-telemetry.ts';
import type { Bus } from './bus.ts';
import { createMemoryBus } from './memory-bus.ts';
import { createTracedBus } from './traced-bus.ts';

type About = { readonly entity?: string };
const byEntity = (name: string): Topic<About> => ({ name, key: 'entity' });
const [samples, frames, anomalies] = ['samples', 'frames', 'anomalies'].map(byEntity) as [
  Topic<About>,
  Topic<About>,
  Topic<About>,
];

describe('traces of a message', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function open(options: { readonly ratio?: number; readonly queue?: number } = {}): Promise<{
    bus: Bus;
    receiver: TraceReceiver;
    metrics: Metrics;
    service: Service;
  }> {
    const receiver = await startTraceReceiver();
    ends.push(() => receiver.close());
    const metrics = createMetrics();
    const deps = { clock: systemClock, log: silentLog, metrics };
    const { endpoint } = receiver;
    const resource = { 'service.name': 'vigia', 'service.instance.id': 'one' };
    const about = { endpoint, resource, headers: { authorization: 'Bearer open' }, ratio: 1, queue: 4096, ...options };
    const { tracer, service } = createOpenTelemetry(about, deps);
    await service.start();
    ends.push(() => service.stop());
    const memory = createMemoryBus({ ...deps, deadLetters: async () => undefined, backoff: { firstMs: 1, maxMs: 2 } });
    const bus = createTracedBus(memory, { tracer, system: 'vigia' });
    ends.push(() => bus.stop(50));
    return { bus, receiver, metrics, service };
  }
  const eventually = (predicate: () => boolean): Promise<void> => expect.poll(predicate, { interval: 10 }).toBe(true);
  const total = async (metrics: Metrics, name: string): Promise<number> => {
    const { text } = await metrics.expose();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };

  it('lead from where it set out to everything that came of it, by entity and over a change of keys', async () => {
    const { bus, receiver, service } = await open();
    let done = 0;
    await bus.subscribe(samples, 'prepare', async (batch) => {
      // As stages do: one publication for all that was in hand, later than it was taken.
      await systemClock.sleep(1);
      await bus.publish(
        frames,
        batch.map(({ key }) => ({ key, value: { entity: key } })),
      );
    });
    await bus.subscribe(frames, 'detect', async (batch) => {
      for (const { key } of batch) await bus.publish(anomalies, [{ key: 'fleet', value: { entity: key } }]);
    });
    await bus.subscribe(anomalies, 'correlate', async (batch) => {
      done += batch.length;
    });
    const keys = Array.from({ length: 5 }, (_, n) => `host/${n}`);
    await bus.publish(
      samples,
      keys.map((key) => ({ key, value: {} })),
    );
    await eventually(() => done === keys.length);
    await service.stop();
    for (const key of keys) {
      const own = receiver.spans.filter(({ traceId }) =>
        receiver.spans.some(
          (span) => span.traceId === traceId && span.name === 'send samples' && span.attributes['vigia.key'] === key,
        ),
      );
      const way = wayTo('correlate process anomalies', own) ?? [];
      expect(way.map(({ name }) => name)).toEqual([
        'send samples',
        'prepare process samples',
        'send frames',
        'detect process frames',
        'send anomalies',
        'correlate process anomalies',
      ]);
      expect(way.map(({ attributes }) => attributes['vigia.key'])).toEqual([key, key, key, key, 'fleet', 'fleet']);
    }
    expect(receiver.headers['authorization']).toBe('Bearer open');
  });

  it('tell what went wrong, and tries that followed', async () => {
    const { bus, receiver, service } = await open();
    let tries = 0;
    await bus.subscribe(samples, 'prepare', async (batch) => {
      tries += 1;
      if (tries === 1) throw new Error('the store is away');
      return batch.map((message) => ({ message, reason: 'nonsense' }));
    });
    await bus.publish(samples, [{ key: 'host/a', value: {} }], { durable: true });
    await service.stop();
    const processed = receiver.spans.filter(({ name }) => name === 'prepare process samples');
    expect(processed.map(({ status }) => status?.message)).toEqual(['the store is away', 'nonsense']);
    expect(processed.map(({ attributes }) => attributes['vigia.attempt'])).toEqual([1, 2]);
    expect(new Set(receiver.spans.map(({ traceId }) => traceId)).size).toBe(1);
  });

  it('are told of a share of what sets out, and whoever comes later does as was decided there', async () => {
    const { bus, receiver, service } = await open({ ratio: 0.25 });
    let done = 0;
    await bus.subscribe(samples, 'prepare', async (batch) => {
      await bus.publish(
        frames,
        batch.map(({ key }) => ({ key, value: {} })),
      );
    });
    await bus.subscribe(frames, 'detect', async (batch) => {
      done += batch.length;
    });
    const sent = 1000;
    await bus.publish(
      samples,
      Array.from({ length: sent }, (_, n) => ({ key: `host/${n}`, value: {} })),
    );
    await eventually(() => done === sent);
    await service.stop();
    const count = (wanted: string): number => receiver.spans.filter(({ name }) => name === wanted).length;
    expect(count('send samples')).toBeGreaterThan(150);
    expect(count('send samples')).toBeLessThan(350);
    expect(count('detect process frames')).toBe(count('send samples'));
    expect(count('send frames')).toBe(count('send samples'));
  });

  it('hold nobody up when nobody takes them: what finds no room or is refused is counted and gone', async () => {
    const { bus, receiver, metrics } = await open({ queue: 50 });
    receiver.answer(null);
    let done = 0;
    await bus.subscribe(samples, 'prepare', async (batch) => {
      done += batch.length;
    });
    for (let n = 0; n < 1500; n += 1) await bus.publish(samples, [{ key: 'host/a', value: {} }], { durable: true });
    expect(done).toBe(1500);
    // Two spans each, of which one request and one queue may hold some.
    expect(await total(metrics, 'vigia_traces_spans_dropped_total')).toBeGreaterThan(3000 - 50 - 512);
    expect(await total(metrics, 'vigia_traces_spans_sent_total')).toBe(0);
  });

  it('count what a receiver refuses, and go on when it takes them again', async () => {
    const { bus, receiver, metrics } = await open();
    receiver.answer(400);
    await bus.publish(samples, [{ key: 'host/a', value: {} }]);
    await expect.poll(() => total(metrics, 'vigia_traces_spans_dropped_total')).toBe(1);
    receiver.answer(200);
    await bus.publish(samples, [{ key: 'host/b', value: {} }]);
    await expect.poll(() => total(metrics, 'vigia_traces_spans_sent_total')).toBe(1);
    expect(receiver.spans.map(({ attributes }) => attributes['vigia.key'])).toEqual(['host/b']);
  });
});
