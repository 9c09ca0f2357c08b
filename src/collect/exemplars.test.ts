import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { Histogram, type OpenMetricsContentType, Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { KnownExemplars } from './exemplars.ts';
import { ExpositionParser } from './exposition.ts';
import { readOtlpJson } from './receivers/otlp-json.ts';
import { OtlpMetricsReader } from './receivers/otlp-metrics.ts';
import { OtlpSeries } from './receivers/otlp-series.ts';
import { RemoteWriteReader } from './receivers/remote-write.ts';
import type { SamplePage } from './sample-page.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from './series-registry.ts';

const NOW = 1_760_000_000_000;
const LIMITS = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 86_400_000 };
const LEN = WireType.LengthDelimited;
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

const registry = (): SeriesRegistry =>
  new SeriesRegistry({ assign: () => ({ entity: 'service/shop', fleet: 'default' }), limits: DEFAULT_SERIES_LIMITS });

const seen = (...pages: readonly SamplePage[]) => {
  const known = new KnownExemplars();
  for (const page of pages) known.see(page);
  return known.due(100).exemplars;
};

const text = (lines: string, parser = new ExpositionParser(registry(), LIMITS)): Promise<SamplePage> =>
  parser.parse(Buffer.from(`${lines}\n# EOF\n`), true, NOW);

describe('exemplars', () => {
  test('of OpenMetrics, as clients of Prometheus write them', async () => {
    const page = await text(`# TYPE rpc_seconds histogram
rpc_seconds_bucket{method="get",le="0.1"} 8 # {} 0.054
rpc_seconds_bucket{method="get",le="1"} 11 # {trace_id="KOO5S4vxi0o"} 0.67 ${NOW / 1000 - 2}.5
rpc_seconds_bucket{method="get",le="+Inf"} 17 ${NOW / 1000} # {traceID="${TRACE}",spanID="${SPAN}",user="ana@example.org"} 9.8
rpc_seconds_count{method="get"} 17
rpc_seconds_sum{method="get"} 12.5`);
    expect(page.fault).toBeUndefined();
    expect(page.count).toBe(5);
    const told = { entity: 'service/shop', metric: 'rpc_seconds', labels: { method: 'get' } };
    expect(seen(page)).toMatchObject([
      { ...told, trace: 'KOO5S4vxi0o', span: null, value: 0.67, time: NOW - 1500, attributes: {} },
      { ...told, trace: TRACE, span: SPAN, value: 9.8, time: NOW, attributes: { user: '[e-mail]' } },
    ]);
  });

  test('of a real client of Prometheus', async () => {
    const client = new Registry<OpenMetricsContentType>();
    client.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const seconds = new Histogram<'path' | 'traceId' | 'spanId'>({
      name: 'http_request_seconds',
      help: 'Duration',
      labelNames: ['path'],
      buckets: [0.1, 1],
      enableExemplars: true,
      registers: [client],
    });
    seconds.observe({ labels: { path: '/cart' }, value: 0.4, exemplarLabels: { traceId: TRACE, spanId: SPAN } });
    seconds.observe({ labels: { path: '/cart' }, value: 7, exemplarLabels: { traceId: SPAN.repeat(2) } });
    const parser = new ExpositionParser(registry(), LIMITS);
    const page = await parser.parse(Buffer.from(await client.metrics()), true, Date.now());
    expect(page.fault).toBeUndefined();
    const told = { metric: 'http_request_seconds', labels: { path: '/cart' }, attributes: {} };
    expect(seen(page)).toMatchObject([
      { ...told, trace: TRACE, span: SPAN, value: 0.4 },
      { ...told, trace: SPAN.repeat(2), span: null, value: 7 },
    ]);
  });

  test('that are not valid do not harm the sample', async () => {
    const page = await text(`a_total 1 # {trace_id="x} 1
b_total 2 # {trace_id="abcdefgh"} much
c_total 3 # {trace_id="abcdefgh"} +Inf
d_total 4 # {trace_id="abcdefgh"} 1 1
e_total 5 # {trace_id="abcdefgh"} 1`);
    expect(page.fault).toBeUndefined();
    expect(page.count).toBe(5);
    expect(seen(page).map(({ metric }) => metric)).toEqual(['e']);
  });

  test('of remote write', async () => {
    const writer = new BinaryWriter();
    const label = (name: string, value: string): void =>
      void writer.tag(1, LEN).fork().tag(1, LEN).string(name).tag(2, LEN).string(value).join();
    writer.tag(1, LEN).fork();
    label('__name__', 'http_requests_total');
    label('job', 'shop');
    writer.tag(2, LEN).fork().tag(1, WireType.Bit64).double(7).tag(2, WireType.Varint).int64(NOW).join();
    writer.tag(3, LEN).fork();
    label('trace_id', TRACE);
    label('password', 'hunter2');
    writer
      .tag(2, WireType.Bit64)
      .double(0.25)
      .tag(3, WireType.Varint)
      .int64(NOW - 1000)
      .join()
      .join();
    const page = await new RemoteWriteReader(registry(), LIMITS).read(writer.finish(), NOW);
    expect(page.count).toBe(1);
    expect(seen(page)).toMatchObject([
      { metric: 'http_requests', trace: TRACE, value: 0.25, time: NOW - 1000, attributes: { password: '[secret]' } },
    ]);
  });

  test('of OTLP, as bytes and as JSON', async () => {
    const nanos = (ms: number): bigint => BigInt(ms) * 1_000_000n;
    const writer = new BinaryWriter();
    writer.tag(1, LEN).fork().tag(2, LEN).fork().tag(2, LEN).fork().tag(1, LEN).string('http.server.duration');
    writer.tag(9, LEN).fork().tag(2, WireType.Varint).uint32(2).tag(1, LEN).fork();
    writer.tag(3, WireType.Bit64).fixed64(nanos(NOW)).tag(4, WireType.Bit64).fixed64(2n);
    writer.tag(5, WireType.Bit64).double(3);
    writer
      .tag(8, LEN)
      .fork()
      .tag(2, WireType.Bit64)
      .fixed64(nanos(NOW - 500))
      .tag(3, WireType.Bit64)
      .double(2.5);
    writer.tag(4, LEN).bytes(Buffer.from(SPAN, 'hex')).tag(5, LEN).bytes(Buffer.from(TRACE, 'hex'));
    writer.tag(7, LEN).fork().tag(1, LEN).string('peer').tag(2, LEN).fork().tag(1, LEN).string('db').join().join();
    writer.join().join().join().join().join().join();
    const page = await new OtlpMetricsReader(new OtlpSeries(registry(), LIMITS)).read(writer.finish(), NOW);
    const exemplar = {
      timeUnixNano: String(nanos(NOW - 500)),
      asDouble: 2.5,
      traceId: TRACE,
      spanId: SPAN,
      filteredAttributes: [{ key: 'peer', value: { stringValue: 'db' } }],
    };
    const point = { timeUnixNano: String(nanos(NOW)), count: '2', sum: 3, exemplars: [exemplar] };
    const histogram = { aggregationTemporality: 2, dataPoints: [point] };
    const metrics = [{ name: 'http.server.duration', histogram }];
    const json = Buffer.from(JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
    const expected = [
      {
        metric: 'http_server_duration',
        trace: TRACE,
        span: SPAN,
        value: 2.5,
        time: NOW - 500,
        attributes: { peer: 'db' },
      },
    ];
    expect(seen(page)).toMatchObject(expected);
    expect(seen(await readOtlpJson(new OtlpSeries(registry(), LIMITS), json, NOW))).toMatchObject(expected);
  });

  test('one that a page shows again is one; of many only the last few of a stretch of time are kept', async () => {
    const parser = new ExpositionParser(registry(), LIMITS);
    const one = (at: number): Promise<SamplePage> =>
      text(`a_total ${at} ${(NOW + at) / 1000} # {trace_id="trace-${1000 + at}"} 1 ${(NOW + at) / 1000}`, parser);
    const same = (at: number): Promise<SamplePage> =>
      text(`a_total ${at} # {trace_id="${TRACE}"} 1 ${NOW / 1000}`, parser);
    expect(seen(await same(1), await same(2), await same(3))).toHaveLength(1);
    const many = seen(...(await Promise.all([1, 2, 3, 4, 5].map(one))));
    expect(many.map(({ trace }) => trace)).toEqual(['trace-1004', 'trace-1005', 'trace-1003']);
    const known = new KnownExemplars();
    known.see(await one(7));
    const { told } = known.due(10);
    known.see(await one(8));
    told();
    expect(known.due(10).exemplars.map(({ trace }) => trace)).toEqual(['trace-1008']);
  });
});
