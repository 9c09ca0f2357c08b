import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { VigiaError } from '../../runtime/errors.ts';
import type { SamplePage } from '../sample-page.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from '../series-registry.ts';
import { readOtlpJson } from './otlp-json.ts';
import { OtlpMetricsReader } from './otlp-metrics.ts';
import { metricName, type MetricHead } from './otlp-names.ts';
import { OtlpSeries } from './otlp-series.ts';
import { toClassicBuckets } from './power-buckets.ts';
import { RemoteWriteReader } from './remote-write.ts';

const NOW = 1_760_000_000_000;
const LIMITS = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 86_400_000 };
const LEN = WireType.LengthDelimited;

const registry = (series = 1000): SeriesRegistry =>
  new SeriesRegistry({
    assign: (_, labels) => ({ entity: `host/${labels['instance'] ?? 'none'}`, fleet: 'default' }),
    limits: { ...DEFAULT_SERIES_LIMITS, series },
  });

/** Samples in the exposition's terms: `key value @ms`. */
const lines = (page: SamplePage): readonly string[] =>
  Array.from(
    { length: page.count },
    (_, i) => `${page.slots[i]!.series.key} ${page.values[i]} @${page.times[i]! - NOW}`,
  );

/** `read`, or the code of the error. */
const outcome = (reading: Promise<unknown>): Promise<string> =>
  reading.then(
    () => 'read',
    (error: unknown) => (error instanceof VigiaError ? error.code : String(error)),
  );

const message = (write: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
};

interface Sent {
  readonly labels: readonly (readonly [string, string])[];
  readonly samples?: readonly (readonly [value: number, time: number])[];
  readonly histogram?: (writer: BinaryWriter) => void;
}

const writeRequest = (
  sent: readonly Sent[],
  metadata: readonly (readonly [type: number, family: string, unit: string])[] = [],
): Uint8Array =>
  message((writer) => {
    for (const { labels, samples = [], histogram } of sent) {
      writer.tag(1, LEN).fork();
      for (const [name, value] of labels)
        writer.tag(1, LEN).fork().tag(1, LEN).string(name).tag(2, LEN).string(value).join();
      for (const [value, time] of samples) {
        writer.tag(2, LEN).fork().tag(1, WireType.Bit64).double(value).tag(2, WireType.Varint).int64(time).join();
      }
      if (histogram !== undefined) {
        writer.tag(4, LEN).fork();
        histogram(writer);
        writer.join();
      }
      writer.join();
    }
    for (const [type, family, unit] of metadata) {
      writer
        .tag(3, LEN)
        .fork()
        .tag(1, WireType.Varint)
        .uint32(type)
        .tag(2, LEN)
        .string(family)
        .tag(5, LEN)
        .string(unit)
        .join();
    }
  });

const UP: Sent['labels'] = [
  ['__name__', 'up'],
  ['instance', 'web-1'],
];

describe('remote write', () => {
  let reader: RemoteWriteReader;
  let series: SeriesRegistry;
  beforeEach(() => {
    series = registry();
    reader = new RemoteWriteReader(series, LIMITS);
  });

  it('reads samples of series, and knows a series again by its bytes', async () => {
    const first = await reader.read(
      writeRequest([
        {
          labels: UP,
          samples: [
            [1, NOW],
            [0, NOW + 5],
          ],
        },
      ]),
      NOW,
    );
    const second = await reader.read(writeRequest([{ labels: UP, samples: [[1, NOW + 10]] }]), NOW);
    expect(lines(first)).toEqual(['up{instance="web-1"} 1 @0', 'up{instance="web-1"} 0 @5']);
    expect(lines(second)).toEqual(['up{instance="web-1"} 1 @10']);
    expect(second.slots[0]).toBe(first.slots[0]);
  });

  it('takes types from metadata, also when they come after the series', async () => {
    const labels: Sent['labels'] = [
      ['__name__', 'http_requests'],
      ['instance', 'web-1'],
    ];
    const before = await reader.read(writeRequest([{ labels, samples: [[1, NOW]] }]), NOW);
    expect(before.slots[0]!.series.type).toBe('unknown');
    await reader.read(writeRequest([], [[1, 'http_requests', '']]), NOW);
    const after = await reader.read(writeRequest([{ labels, samples: [[2, NOW + 5]] }]), NOW);
    expect(after.slots[0]!.series.type).toBe('counter');
  });

  it('leaves the mark of an end out, and keeps an ordinary NaN', async () => {
    const stale = writeRequest([{ labels: UP, samples: [[Number.NaN, NOW]] }]);
    const bytes = Buffer.from(stale);
    const at = bytes.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0xf8, 0x7f]));
    bytes.writeBigUInt64LE(0x7ff0000000000002n, at);
    expect((await reader.read(bytes, NOW)).count).toBe(0);
    expect(lines(await reader.read(stale, NOW))).toEqual(['up{instance="web-1"} NaN @0']);
  });

  it('counts what it drops: no name, too old, over the limit of series', async () => {
    reader = new RemoteWriteReader(registry(1), LIMITS);
    const old = NOW - 2 * LIMITS.behindMs;
    const page = await reader.read(
      writeRequest([
        { labels: [['instance', 'web-1']], samples: [[1, NOW]] },
        {
          labels: UP,
          samples: [
            [1, old],
            [1, NOW],
          ],
        },
        { labels: [['__name__', 'down']], samples: [[1, NOW]] },
      ]),
      NOW,
    );
    expect(page.count).toBe(1);
    expect(Object.fromEntries(page.drops)).toEqual({ malformed: 1, too_old: 1, series_limit: 1 });
  });

  it('makes classic buckets of a native histogram', async () => {
    const page = await reader.read(
      writeRequest([
        {
          labels: [
            ['__name__', 'latency_seconds'],
            ['instance', 'web-1'],
          ],
          histogram: (writer) => {
            writer
              .tag(1, WireType.Varint)
              .uint64(9)
              .tag(3, WireType.Bit64)
              .double(12.5)
              .tag(4, WireType.Varint)
              .sint32(0);
            writer.tag(6, WireType.Varint).uint64(1);
            // Buckets (1,2], (2,4] and (8,16] with 3, 4 and 1.
            writer.tag(11, LEN).fork().tag(1, WireType.Varint).sint32(1).tag(2, WireType.Varint).uint32(2).join();
            writer.tag(11, LEN).fork().tag(1, WireType.Varint).sint32(1).tag(2, WireType.Varint).uint32(1).join();
            writer.tag(12, LEN).fork().sint64(3).sint64(1).sint64(-3).join();
            writer.tag(15, WireType.Varint).int64(NOW);
          },
        },
      ]),
      NOW,
    );
    const name = 'latency_seconds';
    expect(lines(page)).toEqual([
      `${name}_bucket{instance="web-1",le="1"} 1 @0`,
      `${name}_bucket{instance="web-1",le="2"} 4 @0`,
      `${name}_bucket{instance="web-1",le="4"} 8 @0`,
      `${name}_bucket{instance="web-1",le="16"} 9 @0`,
      `${name}_bucket{instance="web-1",le="+Inf"} 9 @0`,
      `${name}_count{instance="web-1"} 9 @0`,
      `${name}_sum{instance="web-1"} 12.5 @0`,
    ]);
    expect(page.slots.every((slot) => slot.series.type === 'histogram')).toBe(true);
  });

  it('refuses what is no such message with a code, whatever the bytes', async () => {
    const good = Buffer.from(writeRequest([{ labels: UP, samples: [[1, NOW]] }], [[1, 'a', 's']]));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(good.length - 1).map((length) => good.subarray(0, length)),
          fc.tuple(fc.nat(good.length - 1), fc.nat(255)).map(([at, byte]) => {
            const changed = Buffer.from(good);
            changed[at] = byte;
            return changed;
          }),
        ),
        async (bytes) => {
          expect(await outcome(reader.read(bytes, NOW))).toMatch(/^(read|BODY_INVALID)$/);
        },
      ),
    );
  });
});

describe('OTLP', () => {
  const NANOS = `${NOW}000000`;
  const attributes = (pairs: Readonly<Record<string, string>>) =>
    Object.entries(pairs).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const body = (...metrics: readonly object[]): Buffer =>
    Buffer.from(
      JSON.stringify({
        resourceMetrics: [
          {
            resource: {
              attributes: attributes({ 'service.name': 'orders', 'host.name': 'web-1', 'process.pid': '17' }),
            },
            scopeMetrics: [{ metrics }],
          },
        ],
      }),
    );
  const point = { timeUnixNano: NANOS, attributes: attributes({ 'http.route': '/buy' }) };
  let series: OtlpSeries;
  beforeEach(() => {
    series = new OtlpSeries(registry(), LIMITS);
  });
  const labels = 'host="web-1",http_route="/buy",service="orders"';

  it('names metrics as Prometheus does, and keeps of the resource what says who it is', async () => {
    const page = await readOtlpJson(
      series,
      body(
        { name: 'http.server.active_requests', unit: '{request}', gauge: { dataPoints: [{ ...point, asInt: '3' }] } },
        {
          name: 'process.cpu.time',
          unit: 's',
          sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ ...point, asDouble: 1.5 }] },
        },
      ),
      NOW,
    );
    expect(lines(page)).toEqual([
      `http_server_active_requests{${labels}} 3 @0`,
      `process_cpu_time_seconds_total{${labels}} 1.5 @0`,
    ]);
    expect(page.slots.map((slot) => [slot.series.type, slot.series.unit])).toEqual([
      ['gauge', ''],
      ['counter', 'seconds'],
    ]);
  });

  it('sums differences up, each report once', async () => {
    const send = (time: number, asInt: string) =>
      readOtlpJson(
        series,
        body({
          name: 'hits',
          sum: {
            aggregationTemporality: 'AGGREGATION_TEMPORALITY_DELTA',
            isMonotonic: true,
            dataPoints: [{ ...point, timeUnixNano: `${time}000000`, asInt }],
          },
        }),
        NOW,
      );
    const totals: number[] = [];
    for (const [time, value] of [
      [NOW, '5'],
      [NOW + 10, '7'],
      [NOW + 10, '7'],
      [NOW + 20, '1'],
    ] as const) {
      totals.push((await send(time, value)).values[0]!);
    }
    expect(totals).toEqual([5, 12, 12, 13]);
  });

  it('makes cumulative buckets of histograms, and drops one whose counts and bounds disagree', async () => {
    const histogram = { count: '6', sum: 9, explicitBounds: [1, 5], bucketCounts: ['1', '2', '3'] };
    const page = await readOtlpJson(
      series,
      body({
        name: 'latency',
        unit: 'ms',
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            { ...point, ...histogram },
            { ...point, ...histogram, bucketCounts: ['1'] },
          ],
        },
      }),
      NOW,
    );
    expect(lines(page).map((line) => line.replace(labels, ''))).toEqual([
      'latency_milliseconds_bucket{host="web-1",http_route="/buy",le="1",service="orders"} 1 @0',
      'latency_milliseconds_bucket{host="web-1",http_route="/buy",le="5",service="orders"} 3 @0',
      'latency_milliseconds_bucket{host="web-1",http_route="/buy",le="+Inf",service="orders"} 6 @0',
      'latency_milliseconds_count{} 6 @0',
      'latency_milliseconds_sum{} 9 @0',
    ]);
    expect(page.drops.get('malformed')).toBe(1);
  });

  it('leaves a point without a value out', async () => {
    const page = await readOtlpJson(series, body({ name: 'a', gauge: { dataPoints: [{ ...point, flags: 1 }] } }), NOW);
    expect(page.count).toBe(0);
  });

  it('refuses bytes that are no such message with a code', async () => {
    const reader = new OtlpMetricsReader(series);
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await outcome(reader.read(bytes, NOW))).toMatch(/^(read|BODY_INVALID)$/);
        expect(await outcome(readOtlpJson(series, bytes, NOW))).toMatch(/^(read|BODY_INVALID)$/);
      }),
    );
  });

  it.each<[Partial<MetricHead>, string]>([
    [{ name: 'http.server.duration', unit: 'ms' }, 'http_server_duration_milliseconds'],
    [{ name: 'system.memory.usage', unit: 'By' }, 'system_memory_usage_bytes'],
    [{ name: 'system.cpu.utilization', unit: '1' }, 'system_cpu_utilization_ratio'],
    [{ name: 'disk.io', unit: 'By/s' }, 'disk_io_bytes_per_second'],
    [{ name: 'requests', unit: '{request}', kind: 'sum', monotonic: true }, 'requests_total'],
    [{ name: 'requests_total', unit: '1', kind: 'sum', monotonic: true }, 'requests_total'],
    [{ name: '2xx', unit: '' }, '_2xx'],
  ])('calls %o %s', (head, name) => {
    expect(metricName({ name: '', unit: '', kind: 'gauge', monotonic: false, delta: false, ...head })).toBe(name);
  });
});

describe('buckets with powers as bounds', () => {
  it('keep every count and never fall, whatever the resolution', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2, max: 8 }),
        fc.integer({ min: -60, max: 60 }),
        fc.array(fc.nat(50), { maxLength: 100 }),
        fc.nat(10),
        // oxlint-disable-next-line eslint/max-params -- what fast-check hands over
        (schema, offset, counts, below) => {
          const classic = toClassicBuckets({ schema, offset, counts }, below);
          const total = counts.reduce((sum, count) => sum + count, below);
          expect(classic.at(-1)?.count ?? below).toBe(total);
          for (let i = 1; i < classic.length; i += 1) {
            expect(classic[i]!.le).toBeGreaterThan(classic[i - 1]!.le);
            expect(classic[i]!.count).toBeGreaterThanOrEqual(classic[i - 1]!.count);
          }
        },
      ),
    );
  });

  it('end where numbers end', () => {
    expect(toClassicBuckets({ schema: -3, offset: -200, counts: [1] }, 2)).toEqual([]);
    expect(toClassicBuckets({ schema: -3, offset: 200, counts: [1] }, 2)).toEqual([]);
  });

  it('hold a value in the bucket that it was counted in', () => {
    // At schema 3 bucket 8 is (2, 2·2^(1/8)]; at two bounds a doubling that is (2, 2·√2].
    expect(toClassicBuckets({ schema: 3, offset: 8, counts: [5] }, 0)).toEqual([
      { le: 2, count: 0 },
      { le: 2 ** 1.5, count: 5 },
    ]);
  });
});
