import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPrometheus, type Prometheus, PROMETHEUS_MISSING, startPrometheus } from './prometheus.ts';
import { cleanUp, eventually, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

const PROMTOOL = '/usr/bin/promtool';
const PATIENCE = 300_000;
const HOUR = 3_600_000;
const HOURS = 5;
const SCRAPE = 15_000;
const HOSTS = ['web-1:9100', 'web-2:9100'];

/** What two hosts said over some hours, as OpenMetrics with time stamps: a gauge, a counter, a histogram. */
function pastPage(now: number): string {
  const lines: string[] = [];
  const times: number[] = [];
  for (let time = now - HOURS * HOUR; time < now; time += SCRAPE) times.push(time);
  const series = (name: string, labels: string, value: (i: number, host: number) => number): void => {
    for (const [h, host] of HOSTS.entries())
      for (const [i, time] of times.entries())
        lines.push(`${name}{job="node",instance="${host}"${labels}} ${value(i, h)} ${time / 1000}`);
  };
  lines.push('# TYPE node_load1 gauge');
  series('node_load1', '', (i, h) => 2 + h + Math.sin(i / 40));
  lines.push('# TYPE orders counter');
  series('orders_total', '', (i) => 30 * i);
  lines.push('# TYPE wait_seconds histogram');
  series('wait_seconds_bucket', ',le="0.1"', (i) => 10 * i);
  series('wait_seconds_bucket', ',le="+Inf"', (i) => 20 * i);
  return `${lines.join('\n')}\n# EOF\n`;
}

interface Chart {
  readonly times: readonly number[];
  readonly features: readonly { readonly name: string; readonly mean: readonly (number | null)[] }[];
}

let prometheus: Prometheus | null = null;
let vigia: RunningVigia | null = null;
let now = 0;

const config = (url: string): object => ({
  collect: {
    host: { enabled: false },
    history: [{ name: 'shop', url, select: ['{job="node"}'], since: '5h', requestsPerSecond: 100, wait: '3m' }],
  },
  step: '5s',
});

describe('the history of a Prometheus server', () => {
  beforeAll(async () => {
    const program = findPrometheus();
    if (program === null || !existsSync(PROMTOOL)) return;
    now = Math.floor(Date.now() / SCRAPE) * SCRAPE;
    const folder = join(temporaryFolder(), 'prometheus');
    mkdirSync(folder, { recursive: true });
    const page = join(folder, 'past.om');
    writeFileSync(page, pastPage(now));
    const made = spawnSync(PROMTOOL, ['tsdb', 'create-blocks-from', 'openmetrics', page, join(folder, 'data')]);
    if (made.status !== 0) throw new Error(made.stderr.toString());
    prometheus = await startPrometheus(program, folder, { scrape_configs: [] });
    vigia = await startVigia({ config: config(prometheus.url), readyWithinMs: PATIENCE });
  }, PATIENCE);
  afterAll(async () => {
    await vigia?.stop();
    await prometheus?.stop();
    cleanUp();
  });
  beforeEach((context) => {
    if (prometheus === null) context.skip(PROMETHEUS_MISSING);
  });

  const chart = async (from: number, to: number): Promise<Chart> => {
    const names = ['node_load1{job="node"}', 'orders_total{job="node"}', 'wait_seconds{job="node",quantile="0.5"}'];
    const features = names.map((name) => `features=${encodeURIComponent(name)}`).join('&');
    return vigia!.get<Chart>(`/api/v1/entities/host/web-1%3A9100/chart?${features}&from=${from}&to=${to}&points=400`);
  };
  const meansOf = ({ features }: Chart, name: string): readonly number[] =>
    (features.find((feature) => feature.name.startsWith(name))?.mean ?? []).filter((value) => value !== null);

  it('is learnt from before the first live sample', async () => {
    const { items } = await vigia!.get<{ items: { id: string; state: string; learning: { ready: boolean } }[] }>(
      '/api/v1/entities',
    );
    expect(items.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(HOSTS.map((host) => `host/${host}`));
    expect(items.every(({ learning }) => learning.ready)).toBe(true);
  });

  it('is there as frames, near and far, with rates and quantiles as live ones have them', async () => {
    await eventually(
      'older minutes',
      PATIENCE,
      async () => meansOf(await chart(now - 5 * HOUR, now - 4 * HOUR), 'orders').length > 20,
    );
    for (const range of [
      [now - 0.5 * HOUR, now - 0.1 * HOUR],
      [now - 4.5 * HOUR, now - 4 * HOUR],
    ] as const) {
      const found = await chart(...range);
      expect(meansOf(found, 'orders_total').every((rate) => Math.abs(rate - 2) < 0.01)).toBe(true);
      expect(meansOf(found, 'wait_seconds').every((median) => Math.abs(median - 0.1) < 1e-6)).toBe(true);
      expect(meansOf(found, 'node_load1').every((load) => load >= 0.99 && load <= 3.01)).toBe(true);
      expect(meansOf(found, 'node_load1').length).toBeGreaterThan(10);
    }
  });

  it(
    'trains models on the first day, with what they were trained on on record',
    async () => {
      const model = await eventually('a model', PATIENCE, async () => {
        const { items } = await vigia!.get<{ items: { id: string; scope: string }[] }>('/api/v1/models');
        return items.find(({ scope }) => scope === 'host');
      });
      const lineage = await vigia!.get<{ rows: number; entities: number; steps: { name: string }[] }>(
        `/api/v1/models/${encodeURIComponent(model.id)}/lineage`,
      );
      expect(lineage.entities).toBe(2);
      expect(lineage.rows).toBeGreaterThan(200);
      expect(lineage.steps[0]?.name).toBe('frames');
    },
    PATIENCE,
  );

  it(
    'is read once: a restart asks for nothing',
    async () => {
      const asked = async (): Promise<number> => {
        const page = await (await fetch(`${prometheus!.url}/metrics`)).text();
        const counts = page.matchAll(
          /^prometheus_http_requests_total\{.*handler="\/api\/v1\/query(?:_range)?"\} (\S+)$/gm,
        );
        return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
      };
      const before = await asked();
      expect(before).toBeGreaterThan(0);
      const { folder } = vigia!;
      await vigia!.stop();
      vigia = await startVigia({ config: config(prometheus!.url), folder, readyWithinMs: PATIENCE });
      expect((await vigia.get<{ items: unknown[] }>('/api/v1/entities')).items).toHaveLength(2);
      expect(await asked()).toBe(before);
    },
    PATIENCE,
  );
});
