import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import fc from 'fast-check';
import type { SampleBatch } from '../../model/series.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { DEFAULT_SERIES_LIMITS } from '../series-registry.ts';
import { parseStatsd } from './statsd-line.ts';
import { StatsdSource } from './statsd-source.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function open(series = 100) {
  const batches: SampleBatch[] = [];
  let now = Date.now();
  const source = new StatsdSource(
    { host: '127.0.0.1', port: 0, flushMs: 1000, labels: { env: 'prod' } },
    {
      clock: { ...systemClock, now: () => now },
      log: silentLog,
      metrics: createMetrics(),
      assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
      limits: { lineBytes: 1000, aheadMs: 1000, behindMs: 1000 },
      seriesLimits: { ...DEFAULT_SERIES_LIMITS, series },
      publish: async (more) => void batches.push(...more),
    },
  );
  await source.start();
  const client = createSocket('udp4');
  ends.push(async () => {
    client.close();
    await source.stop();
  });
  const send = (packet: string): void => client.send(packet, source.port, '127.0.0.1');
  return { source, batches, send, pass: (ms: number) => (now += ms) };
}

/** Waits until the source has taken a line, by a gauge that comes behind it. */
async function settled({ source, batches, send }: Awaited<ReturnType<typeof open>>): Promise<void> {
  send('settled:1|g');
  await vi.waitFor(
    async () => {
      await source.flush();
      expect(batches.flatMap(({ series }) => series.map(({ name }) => name))).toContain('settled');
    },
    { timeout: 30_000, interval: 10 },
  );
}

const latest = (batches: readonly SampleBatch[]): Record<string, number> =>
  Object.fromEntries(batches.flatMap(({ series, values }) => series.map(({ key }, i) => [key, values[i]!])));

describe('StatsD', () => {
  it('counts, gauges and sets, with sampling and tags', async () => {
    const opened = await open();
    opened.send(
      'orders:1|c|#service:shop,canary\norders:2|c|@0.5|#service:shop,canary\nqueue:5|g\nqueue:-2|g\nqueue:+4|g',
    );
    opened.send('users:ana|s\nusers:bo|s\nusers:ana|s\n');
    await settled(opened);
    expect(latest(opened.batches)).toMatchObject({
      'orders{canary="true",env="prod",service="shop"}': 5,
      'queue{env="prod"}': 7,
    });
    const users = opened.batches.flatMap(({ series, values }) =>
      series.flatMap(({ name }, i) => (name === 'users' ? [values[i]] : [])),
    );
    expect(Math.max(...users.map(Number))).toBe(2);
    const batch = opened.batches.find(({ series }) => series[0]?.name === 'orders');
    expect([batch?.entity, batch?.series[0]?.type, batch?.source]).toEqual(['service/shop', 'counter', 'statsd']);
  });

  it('gives count, sum and quantiles of timers, and no quantile of an interval without values', async () => {
    const opened = await open();
    const values = Array.from({ length: 100 }, (_, i) => i + 1).join(':');
    opened.send(`took:${values}|ms|@0.5|#host:web-1`);
    await settled(opened);
    expect(latest(opened.batches)).toMatchObject({
      'took_count{env="prod",host="web-1"}': 200,
      'took_sum{env="prod",host="web-1"}': 10_100,
      'took{env="prod",host="web-1",quantile="0.5"}': 50,
      'took{env="prod",host="web-1",quantile="0.99"}': 99,
    });
    opened.batches.length = 0;
    await opened.source.flush();
    expect(Object.keys(latest(opened.batches)).filter((key) => key.startsWith('took'))).toEqual([
      'took_count{env="prod",host="web-1"}',
      'took_sum{env="prod",host="web-1"}',
    ]);
    opened.pass(3_600_000);
    opened.batches.length = 0;
    await opened.source.flush();
    expect(opened.batches).toEqual([]);
  });

  it('refuses what makes no sense, and is bounded', async () => {
    const opened = await open(10);
    opened.send('no\n:1|c\nx:|c\nx:1|zz\nx:1|c|@7\nx:one|c\nx:1e999|g\n_e{1,2}:ab|cd\n');
    await settled(opened);
    expect(opened.source.view()).toMatchObject({ state: 'up', drops: { malformed: 8 } });
    opened.send(Array.from({ length: 50 }, (_, i) => `flood.${i}:1|c`).join('\n'));
    opened.batches.length = 0;
    await vi.waitFor(
      async () => {
        await opened.source.flush();
        expect(opened.source.view().drops['series_limit']).toBeGreaterThanOrEqual(40);
      },
      { timeout: 30_000, interval: 10 },
    );
    expect(opened.source.view().series).toBeLessThanOrEqual(10);
  });

  it('reads any text without harm', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        const parsed = parseStatsd(line);
        expect(parsed === null || (parsed.rate > 0 && parsed.rate <= 1 && parsed.name !== '')).toBe(true);
      }),
    );
  });
});
