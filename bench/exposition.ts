import { createEntityRules, DEFAULT_ENTITY_RULES } from '../src/collect/entity-rules.ts';
import { ExpositionParser } from '../src/collect/exposition.ts';
import { toBatches } from '../src/collect/sample-batches.ts';
import { DEFAULT_SERIES_LIMITS, SeriesRegistry } from '../src/collect/series-registry.ts';
import type { Row } from './report.ts';

/**
 * Samples through the exposition parser in a second of CPU: a node exporter page again and again, as scraping does. CPU
 * time, garbage collection included, so that what else the machine does counts less.
 */
const SECONDS = 3;

/** As Go's exporters write numbers: with an exponent from a million on. */
const goNumber = (value: number): string =>
  Math.abs(value) < 1e6 ? String(value) : value.toExponential().replace(/e\+(\d)$/, 'e+0$1');

/** About 1,000 series in 360 families, in the proportions that node exporter has on a host of 16 cores. */
function nodeExporterPage(turn: number): Buffer {
  const lines: string[] = [];
  const family = (name: string, type: string, samples: readonly (readonly [string, number])[]): void => {
    lines.push(`# HELP ${name} The ${name.replaceAll('_', ' ')} of this machine, as its kernel tells it.`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`${name}${labels} ${goNumber(value)}`);
  };
  const modes = ['idle', 'iowait', 'irq', 'nice', 'softirq', 'steal', 'system', 'user'];
  const cpus = Array.from({ length: 16 }, (_, cpu) => cpu);
  const byCpu = cpus.flatMap((cpu) =>
    modes.map((mode, i): [string, number] => [
      `{cpu="${cpu}",mode="${mode}"}`,
      Math.round(cpu * 1e6 + i * 1e5 + turn * 37.3) / 100,
    ]),
  );
  family('node_cpu_seconds_total', 'counter', byCpu);
  for (const what of ['running', 'waiting', 'timeslices', 'guest']) {
    family(
      `node_schedstat_${what}_seconds_total`,
      'counter',
      cpus.map((cpu) => [`{cpu="${cpu}"}`, cpu * 1e4 + turn / 3]),
    );
  }
  const disks = ['sda', 'sdb', 'nvme0n1', 'nvme1n1', 'dm-0', 'dm-1', 'dm-2'];
  for (let i = 0; i < 17; i += 1) {
    const samples = disks.map((device, k): [string, number] => [`{device="${device}"}`, k * 1e9 + turn * 4096]);
    family(`node_disk_what_is_done_${i}_total`, 'counter', samples);
  }
  const mounts = ['/', '/boot', '/var', '/var/lib/docker', '/home', '/tmp', '/run', '/run/lock'];
  for (const what of ['avail', 'files', 'files_free', 'free', 'readonly', 'size', 'device_error']) {
    const samples = mounts.map((mount, i): [string, number] => [
      `{device="/dev/mapper/vg-${i}",fstype="ext4",mountpoint="${mount}"}`,
      1.2345e11 + i + turn * 512,
    ]);
    family(`node_filesystem_${what}_bytes`, 'gauge', samples);
  }
  const devices = ['lo', 'eth0', 'eth1', 'docker0', 'veth1a2b3c4', 'veth5d6e7f8', 'br-0123456789ab'];
  for (let i = 0; i < 38; i += 1) {
    const samples = devices.map((device, k): [string, number] => [`{device="${device}"}`, k * 123456789 + turn * 1500]);
    family(`node_network_what_is_sent_${i}_total`, 'counter', samples);
  }
  for (let i = 0; i < 290; i += 1) {
    const value = i % 3 === 0 ? i * 1e9 + turn * 4096 : i + turn / 8;
    family(`node_vmstat_and_memory_value_${i}`, i % 3 === 0 ? 'counter' : 'gauge', [['', value]]);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

const assign = createEntityRules(DEFAULT_ENTITY_RULES, 'host/bench');
const registry = new SeriesRegistry({ assign, limits: DEFAULT_SERIES_LIMITS });
const limits = { lineBytes: 65_536, aheadMs: 600_000, behindMs: 3_600_000 };
const parser = new ExpositionParser(registry, limits);
const pages = Array.from({ length: 50 }, (_, turn) => nodeExporterPage(turn));

async function samplesPerSecond(work: (page: Buffer) => Promise<number>): Promise<number> {
  for (const page of pages) await work(page);
  const start = performance.now();
  const before = process.cpuUsage();
  let samples = 0;
  for (let i = 0; performance.now() - start < SECONDS * 1000; i += 1) samples += await work(pages[i % pages.length]!);
  const { user, system } = process.cpuUsage(before);
  return samples / ((user + system) / 1e6);
}

/** Heap that 100,000 series of 1,000 targets take in collect: registry, cache of lines and interned texts. */
async function kilobytesPerSeries(): Promise<number> {
  const collectGarbage = (globalThis as { gc?: () => void }).gc;
  if (collectGarbage === undefined) return Number.NaN;
  collectGarbage();
  const before = process.memoryUsage();
  const kept: unknown[] = [];
  let series = 0;
  for (let target = 0; target < 100; target += 1) {
    const labels = { job: 'node', instance: `10.0.${target >> 8}.${target & 255}:9100` };
    const own = new SeriesRegistry({ assign, limits: DEFAULT_SERIES_LIMITS, labels });
    const reader = new ExpositionParser(own, limits);
    await reader.parse(pages[0]!, false, Date.now());
    series += own.size;
    kept.push(reader);
  }
  collectGarbage();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  return kept.length === 0 ? Number.NaN : bytes / 1024 / series;
}

/** Rows of the exposition parser. */
export async function expositionRows(): Promise<readonly Row[]> {
  const parse = await samplesPerSecond(async (bytes) => (await parser.parse(bytes, false, Date.now())).count);
  const batches = await samplesPerSecond(async (bytes) => {
    const now = Date.now();
    const page = await parser.parse(bytes, false, now);
    return toBatches(page, 'bench', now).reduce((sum, { values }) => sum + values.length, 0);
  });

  return [
    {
      name: 'exposition-parse',
      value: parse,
      unit: 'samples/s',
      bound: 1_500_000,
      better: 'higher',
      note: `${registry.size} series, ${pages[0]!.length} bytes a page`,
    },
    {
      name: 'exposition-batches',
      value: batches,
      unit: 'samples/s',
      bound: null,
      better: 'higher',
      note: 'and grouped',
    },
    {
      name: 'collect-series-kb',
      value: await kilobytesPerSeries(),
      unit: 'KB',
      bound: null,
      better: 'lower',
      note: 'heap a series in collect alone, 100 targets; needs node --expose-gc',
    },
  ];
}
