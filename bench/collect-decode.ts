import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import SnappyJS from 'snappyjs';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../src/collect/entity-rules.ts';
import { SyslogFrames } from '../src/collect/logs/syslog-frames.ts';
import { parseSyslog } from '../src/collect/logs/syslog-message.ts';
import { OtlpMetricsReader } from '../src/collect/receivers/otlp-metrics.ts';
import { OtlpSeries } from '../src/collect/receivers/otlp-series.ts';
import { RemoteWriteReader } from '../src/collect/receivers/remote-write.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from '../src/collect/series-registry.ts';
import { parseStatsd, tagLabels } from '../src/collect/statsd/statsd-line.ts';
import type { Row } from './report.ts';

/** Items of each kind in a second of CPU, garbage collection included: senders that send the same series again and again. */
const SECONDS = 3;
const SERIES = 20_000;
const LEN = WireType.LengthDelimited;
const LIMITS = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 3_600_000 };

const registry = (): SeriesRegistry =>
  new SeriesRegistry({ assign: createEntityRules(DEFAULT_ENTITY_RULES, 'host/bench'), limits: DEFAULT_SERIES_LIMITS });

async function itemsPerSecond(work: (turn: number) => Promise<number> | number): Promise<number> {
  for (let turn = 0; turn < 5; turn += 1) await work(turn);
  const start = performance.now();
  const before = process.cpuUsage();
  let items = 0;
  for (let turn = 0; performance.now() - start < SECONDS * 1000; turn += 1) items += await work(turn);
  const { user, system } = process.cpuUsage(before);
  return items / ((user + system) / 1e6);
}

const labelsOf = (i: number): readonly (readonly [string, string])[] => [
  ['__name__', 'node_network_receive_bytes_total'],
  ['device', `eth${i % 10}`],
  ['instance', `host-${Math.floor(i / 10)}.example:9100`],
  ['job', 'node'],
];

/** A request of remote write, packed as it is sent. */
function remoteWriteBody(time: number): Buffer {
  const writer = new BinaryWriter();
  for (let i = 0; i < SERIES; i += 1) {
    writer.tag(1, LEN).fork();
    for (const [name, value] of labelsOf(i)) {
      writer.tag(1, LEN).fork().tag(1, LEN).string(name).tag(2, LEN).string(value).join();
    }
    writer
      .tag(2, LEN)
      .fork()
      .tag(1, WireType.Bit64)
      .double(i * 1.5)
      .tag(2, WireType.Varint)
      .int64(time)
      .join()
      .join();
  }
  return Buffer.from(SnappyJS.compress(writer.finish()));
}

/** A request of OTLP: one sum with a point for each series. */
function otlpBody(time: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, LEN).fork().tag(2, LEN).fork().tag(2, LEN).fork();
  writer.tag(1, LEN).string('http.server.requests').tag(7, LEN).fork();
  for (let i = 0; i < SERIES; i += 1) {
    writer.tag(1, LEN).fork();
    writer
      .tag(3, WireType.Bit64)
      .fixed64(BigInt(time) * 1_000_000n)
      .tag(4, WireType.Bit64)
      .double(i);
    for (const [key, value] of [
      ['http.route', `/orders/${i % 100}`],
      ['host.name', `host-${Math.floor(i / 100)}`],
    ] as const) {
      writer.tag(7, LEN).fork().tag(1, LEN).string(key).tag(2, LEN).fork().tag(1, LEN).string(value).join().join();
    }
    writer.join();
  }
  writer.tag(2, WireType.Varint).uint32(2).tag(3, WireType.Varint).bool(true);
  writer.join().join().join().join();
  return writer.finish();
}

const row = (name: string, value: number, bound: number, note: string): Row => ({
  name,
  value,
  unit: name === 'decode-syslog' ? 'lines/s' : 'samples/s',
  bound,
  better: 'higher',
  note,
});

/** Samples a second of remote write, snappy included. */
export async function remoteWriteSpeed(): Promise<number> {
  const now = Date.now();
  const remote = new RemoteWriteReader(registry(), LIMITS);
  const bodies = Array.from({ length: 10 }, (_, i) => remoteWriteBody(now + i * 1000));
  return itemsPerSecond(async (turn) => {
    const body = Buffer.from(SnappyJS.uncompress(bodies[turn % bodies.length]!));
    return (await remote.read(body, now)).count;
  });
}

/** Rows of what is received in other formats than exposition text. */
export async function decodeRows(): Promise<readonly Row[]> {
  const now = Date.now();
  const write = await remoteWriteSpeed();
  const otlp = new OtlpMetricsReader(new OtlpSeries(registry(), LIMITS));
  const requests = Array.from({ length: 10 }, (_, i) => otlpBody(now + i * 1000));
  const points = await itemsPerSecond(async (turn) => (await otlp.read(requests[turn % requests.length]!, now)).count);
  const line = '<34>1 2026-11-22T22:14:15.003Z web-1.example su 1024 ID47 - session opened for user root by (uid=0)';
  const lines = Buffer.from(`${Array.from({ length: 1000 }, () => line).join('\n')}\n`);
  const syslog = await itemsPerSecond(() => {
    let parsed = 0;
    for (const message of new SyslogFrames(65_536).take(lines)) if (parseSyslog(message, now) !== null) parsed += 1;
    return parsed;
  });
  const statsd = await itemsPerSecond((turn) => {
    let parsed = 0;
    for (let i = 0; i < 1000; i += 1) {
      const found = parseStatsd(`orders.checkout.time:${turn + i}|ms|@0.5|#service:orders,route:/buy${i % 10}`);
      if (found !== null && tagLabels('service:orders,route:/buy') !== null) parsed += 1;
    }
    return parsed;
  });
  return [
    row('decode-remote-write', write, 200_000, `snappy included; ${SERIES} series a body`),
    row('decode-otlp', points, 200_000, 'protobuf, two attributes a point'),
    row('decode-syslog', syslog, 200_000, 'RFC 5424 over TCP, framing included'),
    row('decode-statsd', statsd, 200_000, 'with tags'),
  ];
}
