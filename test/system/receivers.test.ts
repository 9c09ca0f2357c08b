import { join } from 'node:path';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as BinaryLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonMetricExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as BinaryMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPrometheus, type Prometheus, PROMETHEUS_MISSING, startPrometheus } from './prometheus.ts';
import { cleanUp, type RunningVigia, startVigia, temporaryFolder } from './vigia.ts';

interface Listed {
  readonly items: readonly { readonly series: string; readonly time: number; readonly value: number | null }[];
  readonly next: string | null;
}

let vigia: RunningVigia;
beforeAll(async () => {
  vigia = await startVigia({ config: { collect: { host: { enabled: false } }, step: '1s' } });
});
afterAll(async () => {
  await vigia.stop();
  cleanUp();
});

/** All samples of an entity, page by page. */
async function samplesOf(entity: string): Promise<Listed['items']> {
  const items: Listed['items'][number][] = [];
  let cursor = '';
  do {
    const page = await vigia.get<Listed>(`/api/v1/samples?entity=${encodeURIComponent(entity)}&limit=1000${cursor}`);
    items.push(...page.items);
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  return items;
}

describe('Prometheus itself, by remote write', () => {
  let prometheus: Prometheus | null = null;
  beforeAll(async () => {
    const program = findPrometheus();
    if (program === null) return;
    prometheus = await startPrometheus(program, join(temporaryFolder(), 'prometheus'), {
      global: { scrape_interval: '1s' },
      remote_write: [
        {
          url: `${vigia.url}/api/v1/write`,
          queue_config: { batch_send_deadline: '500ms' },
          metadata_config: { send: true, send_interval: '1s' },
        },
      ],
      scrape_configs: [{ job_name: 'vigia', static_configs: [{ targets: [new URL(vigia.url).host] }] }],
    });
  });
  afterAll(() => prometheus?.stop());

  beforeEach((context) => {
    if (prometheus === null) context.skip(PROMETHEUS_MISSING);
  });

  it('has every sample that it scraped stored, with its time and value', async () => {
    const own = `host/${new URL(vigia.url).host}`;
    const said = (source: string | undefined, time: number, value: number | null) => `${source} ${time} ${value}`;
    const stored = async (): Promise<ReadonlySet<string>> => {
      const named = (await samplesOf(own)).filter(({ series }) => series.startsWith('vigia_collect_series{'));
      return new Set(named.map(({ series, time, value }) => said(/source="([^"]*)"/.exec(series)?.[1], time, value)));
    };
    await expect.poll(async () => (await stored()).size, { timeout: 60_000, interval: 500 }).toBeGreaterThan(3);
    // As it scraped them: a range at one moment is not put on a grid.
    const { result } = await prometheus!.ask<{
      result: readonly { readonly metric: { readonly source: string }; readonly values: readonly [number, string][] }[];
    }>('query', { query: 'vigia_collect_series[10m]' });
    const scraped = result.flatMap(({ metric, values }) =>
      values.map(([time, value]) => said(metric.source, Math.round(time * 1000), Number(value))),
    );
    expect(scraped.length).toBeGreaterThan(3);
    const missing = async (): Promise<readonly string[]> => {
      const there = await stored();
      return scraped.filter((sample) => !there.has(sample));
    };
    await expect.poll(missing, { timeout: 60_000, interval: 500 }).toEqual([]);
  });

  it('sees no sample of its own fail', async () => {
    const page = await (await fetch(`${prometheus!.url}/metrics`)).text();
    const count = (name: string) => Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, 'm').exec(page)?.[1] ?? Number.NaN);
    expect(count('prometheus_remote_storage_samples_total')).toBeGreaterThan(0);
    expect(count('prometheus_remote_storage_samples_failed_total')).toBe(0);
  });
});

describe("OpenTelemetry's SDK", () => {
  const resource = (name: string) => resourceFromAttributes({ 'service.name': name, 'service.instance.id': 'one' });

  it.each([
    ['protobuf, cumulative', BinaryMetricExporter, AggregationTemporalityPreference.CUMULATIVE],
    ['JSON, differences', JsonMetricExporter, AggregationTemporalityPreference.DELTA],
  ] as const)('sends metrics as %s', async (name, Exporter, temporalityPreference) => {
    const service = `metrics-${name.slice(0, 4).toLowerCase()}`;
    const exporter = new Exporter({ url: `${vigia.url}/v1/metrics`, temporalityPreference });
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
    const provider = new MeterProvider({
      resource: resource(service),
      readers: [reader],
      views: [{ instrumentName: 'wait', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
    });
    const meter = provider.getMeter('test');
    const counter = meter.createCounter('orders', { unit: '{order}' });
    const histogram = meter.createHistogram('wait', { unit: 'ms' });
    const gauge = meter.createUpDownCounter('queue.length');
    for (let round = 0; round < 2; round += 1) {
      counter.add(3, { 'http.route': '/buy' });
      for (const value of [1, 2, 4, 100]) histogram.record(value);
      gauge.add(2);
      await provider.forceFlush();
    }
    await provider.shutdown();
    const last = new Map((await samplesOf(`service/${service}`)).map(({ series, value }) => [series, value]));
    const ofSeries = (prefix: string) => [...last].find(([series]) => series.startsWith(prefix))?.[1];
    expect(ofSeries('orders_total{')).toBe(6);
    expect(ofSeries('wait_milliseconds_count{')).toBe(8);
    expect(ofSeries('wait_milliseconds_sum{')).toBe(214);
    expect(ofSeries('queue_length{')).toBe(4);
    expect([...last].filter(([series]) => series.startsWith('wait_milliseconds_bucket')).length).toBeGreaterThan(3);
  });

  it.each([
    ['protobuf', BinaryLogExporter],
    ['JSON', JsonLogExporter],
  ] as const)('sends logs as %s', async (name, Exporter) => {
    const service = `logs-${name.toLowerCase()}`;
    const processor = new SimpleLogRecordProcessor({ exporter: new Exporter({ url: `${vigia.url}/v1/logs` }) });
    const provider = new LoggerProvider({ resource: resource(service), processors: [processor] });
    const logger = provider.getLogger('test');
    logger.emit({
      severityNumber: SeverityNumber.ERROR,
      body: 'could not reach the ledger',
      attributes: { attempt: 3 },
    });
    await provider.forceFlush();
    await provider.shutdown();
    const entity = encodeURIComponent(`service/${service}`);
    const listed = () => vigia.get<{ items: { text: string; level: string }[] }>(`/api/v1/logs?entity=${entity}`);
    await expect.poll(async () => (await listed()).items.length, { timeout: 30_000, interval: 200 }).toBe(1);
    expect((await listed()).items[0]).toMatchObject({ text: 'could not reach the ledger', level: 'error' });
  });
});
