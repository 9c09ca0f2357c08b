/**
 * How much the whole pipeline carries in one process, and what it costs to leave it running: the built program is
 * started as a user would start it, and everything goes in over HTTP. The generator shares the two cores.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import { type Measured, measure, quantile } from './process.ts';
import { report, type Row } from './report.ts';

const ENTITIES = 1000;
const FEATURES = 30;
const ENTITIES_A_BODY = 50;
const PAGES = 8;
/** Seconds that detect waits before it opens an anomaly, by default. */
const MINIMUM_DURATION = 30;

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, only: { type: 'string' }, json: { type: 'string' } },
});
const SECONDS = Number(options.seconds);
const wanted = (part: string): boolean => options.only === undefined || options.only.split(',').includes(part);

/** Exposition text of some entities; values wander a little, and those of `wild` are far off. */
function exposition(first: number, page: number, wild: ReadonlySet<number> = new Set()): Buffer {
  const lines: string[] = [];
  for (let entity = first; entity < first + ENTITIES_A_BODY; entity++) {
    for (let feature = 0; feature < FEATURES; feature++) {
      const wave = Math.sin((entity * 7 + feature * 13 + page * 5) % 17);
      const value = 100 + feature * 10 + wave * 3 + (wild.has(entity) && feature < 10 ? 500 : 0);
      lines.push(`bench_feature_${feature}{entity="host/bench-${entity}",zone="z${entity % 3}"} ${value.toFixed(3)}`);
    }
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** Posts one body; resolves with the status. */
const post = (vigia: Measured, body: Buffer): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: vigia.port,
        path: '/api/v1/samples',
        method: 'POST',
        agent,
        headers: { 'content-type': 'text/plain', 'content-length': body.length, 'x-vigia': '1' },
      },
      (response) => {
        response.resume();
        response.once('end', () => resolve(response.statusCode ?? 0));
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });

/** Sum of all series of a metric in Vigía's own exposition. */
async function metric(vigia: Measured, name: RegExp): Promise<number> {
  const text = await (await fetch(`${vigia.url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => name.test(line))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const firsts = Array.from({ length: ENTITIES / ENTITIES_A_BODY }, (_, i) => i * ENTITIES_A_BODY);
const quietConfig = (step: string): object => ({
  step,
  collect: { host: { enabled: false } },
  detect: { warmUp: 30 },
  log: { level: 'warn' },
});

/** As many posts as the program takes, four at a time, after a warm-up; then what was dropped. */
async function throughput(): Promise<Row[]> {
  const vigia = await measure(quietConfig('1s'));
  try {
    const bodies = Array.from({ length: PAGES }, (_, page) => firsts.map((first) => exposition(first, page)));
    let accepted = 0;
    let refused = 0;
    let round = 0;
    let index = 0;
    let until = performance.now() + 10_000;
    const next = (): Buffer => {
      const body = bodies[round % PAGES]?.[index] ?? Buffer.alloc(0);
      index += 1;
      if (index === firsts.length) {
        index = 0;
        round += 1;
      }
      return body;
    };
    const worker = async (): Promise<void> => {
      while (performance.now() < until) {
        if ((await post(vigia, next())) === 204) accepted += ENTITIES_A_BODY * FEATURES;
        else refused += 1;
      }
    };
    const run = (): Promise<unknown> => Promise.all([worker(), worker(), worker(), worker()]);
    await run();
    accepted = 0;
    const started = performance.now();
    const cpu = vigia.cpuSeconds();
    until = started + SECONDS * 1000;
    let resident = 0;
    const watch = setInterval(() => (resident = Math.max(resident, vigia.residentMegabytes())), 500);
    await run();
    clearInterval(watch);
    const seconds = (performance.now() - started) / 1000;
    const cores = (vigia.cpuSeconds() - cpu) / seconds;
    const dropped = await metric(vigia, /^vigia_collect_dropped_samples_total/);
    const note = `${refused} posts refused, ${dropped} samples dropped, ${cores.toFixed(2)} cores used, ${SECONDS} s`;
    const clean = refused === 0 && dropped === 0;
    return [
      {
        name: 'throughput',
        value: clean ? accepted / seconds : Number.NaN,
        unit: 'samples/s',
        bound: 50_000,
        better: 'higher',
        note,
      },
      {
        name: 'memory',
        value: resident,
        unit: 'MB',
        bound: 800,
        better: 'lower',
        note: 'highest resident size during that',
      },
    ];
  } finally {
    await vigia.stop();
  }
}

/** Anomalies are planted while 10,000 samples a second come in; how long from a frame's close until the API shows them. */
async function latency(): Promise<Row[]> {
  const stepSeconds = (ENTITIES * FEATURES) / 10_000;
  const vigia = await measure(quietConfig(`${stepSeconds}s`));
  const stop = new AbortController();
  const reads: number[] = [];
  const delays: number[] = [];
  let planted = 0;
  try {
    const wild = new Set<number>();
    const warmUp = 45 * stepSeconds * 1000;
    const feed = async (): Promise<void> => {
      const started = performance.now();
      const gap = (stepSeconds * 1000) / firsts.length;
      for (let sent = 0; !stop.signal.aborted; sent++) {
        const elapsed = performance.now() - started;
        if (elapsed > warmUp && wild.size < SECONDS && elapsed - warmUp > wild.size * 1000) {
          wild.add((wild.size * 37) % ENTITIES);
          planted = wild.size;
        }
        await post(
          vigia,
          exposition(firsts[sent % firsts.length] ?? 0, Math.floor(sent / firsts.length) % PAGES, wild),
        );
        await delay(Math.max(0, started + (sent + 1) * gap - performance.now()));
      }
    };
    const paths = [
      'overview',
      'entities?limit=100',
      'entities/host/bench-1',
      'incidents?limit=50',
      'anomalies?limit=50',
      'entities/host/bench-2/features',
    ];
    const read = async (): Promise<void> => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const started = performance.now();
        await (await fetch(`${vigia.url}/api/v1/${paths[i % paths.length]}`)).arrayBuffer();
        reads.push(performance.now() - started);
        await delay(150);
      }
    };
    const seen = new Set<string>();
    const watch = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const page = (await (await fetch(`${vigia.url}/api/v1/anomalies?limit=100&open=true`)).json()) as {
          items: { id: string; openedAt: number }[];
        };
        const now = Date.now();
        for (const anomaly of page.items) {
          if (seen.has(anomaly.id)) continue;
          seen.add(anomaly.id);
          delays.push((now - anomaly.openedAt) / 1000);
        }
        await delay(50);
      }
    };
    const feeding = feed();
    await delay(warmUp);
    const others = [read(), watch()];
    await delay((SECONDS + 5 * stepSeconds + MINIMUM_DURATION) * 1000);
    stop.abort();
    await Promise.all([feeding, ...others]);
    return [
      {
        name: 'latency-p99',
        value: quantile(delays, 0.99),
        unit: 's',
        bound: 1,
        better: 'lower',
        note: `${delays.length} anomalies of ${planted} planted`,
      },
      {
        name: 'api-p95',
        value: quantile(reads, 0.95),
        unit: 'ms',
        bound: 50,
        better: 'lower',
        note: `${reads.length} reads of ${paths.length} kinds`,
      },
    ];
  } finally {
    stop.abort();
    await vigia.stop();
  }
}

/** The defaults, watching this machine alone; then the same folder once more. */
async function idle(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
  try {
    const first = await measure({ log: { level: 'warn' } }, folder);
    await delay(30_000);
    await first.stop();
    const second = await measure({ log: { level: 'warn' } }, folder);
    await delay(20_000);
    const cpu = second.cpuSeconds();
    const started = performance.now();
    let resident = 0;
    const watch = setInterval(() => (resident = Math.max(resident, second.residentMegabytes())), 1000);
    await delay(SECONDS * 1000);
    clearInterval(watch);
    const percent = ((second.cpuSeconds() - cpu) / ((performance.now() - started) / 1000)) * 100;
    await second.stop();
    return [
      {
        name: 'idle-cpu',
        value: percent,
        unit: '% of a core',
        bound: 3,
        better: 'lower',
        note: `${SECONDS} s, step 5 s`,
      },
      {
        name: 'idle-memory',
        value: resident,
        unit: 'MB',
        bound: 350,
        better: 'lower',
        note: 'highest resident size during that',
      },
      {
        name: 'second-start',
        value: second.startSeconds,
        unit: 's',
        bound: 5,
        better: 'lower',
        note: `first start took ${first.startSeconds.toFixed(1)} s`,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const rows: Row[] = [];
if (wanted('throughput')) rows.push(...(await throughput()));
if (wanted('latency')) rows.push(...(await latency()));
if (wanted('idle')) rows.push(...(await idle()));
agent.destroy();
report(rows);
