/**
 * What the same stages carry as processes of their own, through Apache Kafka into PostgreSQL: the built program, one
 * broker, one server, and the generator share the two cores. Needs Java, Maven and PostgreSQL; for the image podman.
 * `--only kafka,decode,store,image` leaves parts out.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { type Cluster, startCluster } from '../test/distributed/kafka-cluster.ts';
import { buildImage, imageMegabytes, podmanMissing } from '../test/distributed/image/podman.ts';
import { distributedMissing, type StagedVigia, startStaged } from '../test/distributed/staged-vigia.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../test/system/postgres.ts';
import { remoteWriteSpeed } from './collect-decode.ts';
import { benchBulkWrites, benchCompression } from './distributed-store.ts';
import { measure } from './process.ts';
import { report, type Row } from './report.ts';

process.env['VIGIA_TEST_MAIN'] ??= resolve(process.cwd(), 'dist/main.js');

const ENTITIES = 1000;
const FEATURES = 30;
const ENTITIES_A_BODY = 50;
const SAMPLES_A_BODY = ENTITIES_A_BODY * FEATURES;
/** Every stage, in as few processes as two cores deserve. */
const PLAN = ['api', 'collect,logs,prepare', 'detect,predict', 'correlate,recommend,act,learn'] as const;
const DETECT = 'detect-predict';
const TICKS_A_SECOND = 100;
/** The least that is asked of the throughput, for a look at memory below the highest load. */
const PACE = 30_000;
const PACED_SECONDS = 40;

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: 'kafka,decode,store,image' },
    json: { type: 'string' },
  },
});
const SECONDS = Number(options.seconds);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const config = { step: '1s', collect: { host: { enabled: false } }, detect: { warmUp: 30 }, log: { level: 'warn' } };

/** Exposition text of some entities, whose values wander a little. */
function exposition(first: number, page: number): Buffer {
  const lines: string[] = [];
  for (let entity = first; entity < first + ENTITIES_A_BODY; entity++) {
    for (let feature = 0; feature < FEATURES; feature++) {
      const value = 100 + feature * 10 + 3 * Math.sin((entity * 7 + feature * 13 + page * 5) % 17);
      lines.push(`bench_feature_${feature}{entity="host/bench-${entity}",zone="z${entity % 3}"} ${value.toFixed(3)}`);
    }
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

const bodies = Array.from({ length: 8 }, (_, page) =>
  Array.from({ length: ENTITIES / ENTITIES_A_BODY }, (_unused, i) => exposition(i * ENTITIES_A_BODY, page)),
).flat();

const post = (url: string, body: Buffer): Promise<boolean> =>
  new Promise((done, reject) => {
    const headers = { 'content-type': 'text/plain', 'content-length': body.length, 'x-vigia': '1' };
    const outgoing = request(`${url}/api/v1/samples`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.once('end', () => done(response.statusCode === 204));
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });

/** As many posts as are taken for so long, or so many samples a second, four at a time; resolves with the samples that were acknowledged. */
async function feed(url: string, seconds: number, pace = Number.POSITIVE_INFINITY): Promise<number> {
  const started = performance.now();
  const until = started + seconds * 1000;
  let accepted = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      if (accepted > (pace * (performance.now() - started)) / 1000) {
        await delay(5);
        continue;
      }
      const body = bodies[next % bodies.length]!;
      next += 1;
      if (await post(url, body)) accepted += SAMPLES_A_BODY;
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return accepted;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const metricOfAll = async ({ processes }: StagedVigia, name: string): Promise<number[]> =>
  Promise.all([...processes.values()].map((one) => one.metric(name)));

/** CPU seconds of a server and of all that it has started, the ended ones too. */
function serverCpuSeconds(postmaster: number): number {
  const ticks = (fields: readonly string[], from: number, to: number): number =>
    sum(fields.slice(from, to).map(Number));
  return sum(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
          const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
          if (Number(name) === postmaster) return ticks(fields, 11, 15) / TICKS_A_SECOND;
          return Number(fields[1]) === postmaster ? ticks(fields, 11, 13) / TICKS_A_SECOND : 0;
        } catch {
          return 0;
        }
      }),
  );
}

const postmasterOf = (backend: number): number => {
  const stat = readFileSync(`/proc/${backend}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
};

interface Carried {
  readonly perSecond: number;
  readonly seconds: number;
  readonly ownCpu: number;
  readonly databaseCpu: number;
  readonly accepted: number;
  readonly megabytes: number;
}

const largestMegabytes = async (vigia: StagedVigia): Promise<number> =>
  Math.max(...(await metricOfAll(vigia, 'process_resident_memory_bytes'))) / 1e6;

/** Feeds for so long and waits until all of it is in the store. */
async function carry(vigia: StagedVigia, database: pg.Pool): Promise<Carried> {
  await feed(vigia.url, 15);
  const { rows } = await database.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = postmasterOf(rows[0]!.pid);
  const before = {
    own: sum(await metricOfAll(vigia, 'process_cpu_seconds_total')),
    database: serverCpuSeconds(postmaster),
  };
  const started = performance.now();
  const accepted = await feed(vigia.url, SECONDS);
  let megabytes = 0;
  for (let quiet = 0; quiet < 2;) {
    const lag = sum(await metricOfAll(vigia, 'vigia_bus_lag'));
    quiet = lag === 0 ? quiet + 1 : 0;
    megabytes = Math.max(megabytes, await largestMegabytes(vigia));
    await delay(250);
  }
  const seconds = (performance.now() - started) / 1000;
  return {
    accepted,
    seconds,
    megabytes,
    perSecond: accepted / seconds,
    ownCpu: sum(await metricOfAll(vigia, 'process_cpu_seconds_total')) - before.own,
    databaseCpu: serverCpuSeconds(postmaster) - before.database,
  };
}

/** CPU seconds a sample of the program in one process, fed the same way. */
async function embedded(): Promise<number> {
  const vigia = await measure(config);
  try {
    await feed(vigia.url, 15);
    const cpu = vigia.cpuSeconds();
    const accepted = await feed(vigia.url, SECONDS / 2);
    return (vigia.cpuSeconds() - cpu) / accepted;
  } finally {
    await vigia.stop();
  }
}

/** Seconds from SIGKILL of the detecting process, which is started again at once, until what waits for it gets less. */
async function recovery(vigia: StagedVigia): Promise<number> {
  const over = new AbortController();
  const feeding = (async () => {
    for (let i = 0; !over.signal.aborted; i++) {
      await post(vigia.url, bodies[i % bodies.length]!).catch(() => false);
      await delay(100);
    }
  })();
  await delay(5000);
  const started = performance.now();
  await vigia.restart(DETECT, 'SIGKILL');
  const lag = (): Promise<number> => vigia.processes.get(DETECT)!.metric('vigia_bus_lag');
  let last = Number.POSITIVE_INFINITY;
  for (;;) {
    const now = await lag();
    const held = await vigia.processes.get(DETECT)!.metric('vigia_bus_partitions');
    if (held > 0 && (now < last || now === 0) && last !== Number.POSITIVE_INFINITY) break;
    if (held > 0) last = now;
    if (performance.now() - started > 120_000) break;
    await delay(100);
  }
  const seconds = (performance.now() - started) / 1000;
  over.abort();
  await feeding;
  return seconds;
}

async function kafkaRows(cluster: Cluster, server: PostgresServer, folder: string): Promise<Row[]> {
  const database = new pg.Pool({ connectionString: server.url, max: 1 });
  const vigia = await startStaged({
    config,
    folder,
    brokers: cluster.addresses,
    database: server.url,
    plan: PLAN,
  });
  // Before everything else, as memory once taken is not given back.
  await feed(vigia.url, PACED_SECONDS, PACE);
  const paced = await largestMegabytes(vigia);
  const carried = await carry(vigia, database);
  const recovered = await recovery(vigia);
  await vigia.stop();
  await database.end();
  const alone = await embedded();
  const own = (carried.ownCpu + carried.databaseCpu) / carried.accepted;
  const cores = (carried.ownCpu / carried.seconds).toFixed(2);
  const load = `${PLAN.length} processes, 1 broker, PostgreSQL 15`;
  return [
    {
      name: 'kafka-throughput',
      value: carried.perSecond,
      unit: 'samples/s',
      bound: 30_000,
      better: 'higher',
      note: `${load}; until all lags are 0; stages use ${cores} cores`,
    },
    {
      name: 'kafka-cpu-ratio',
      value: own / alone,
      unit: '×',
      bound: 2,
      better: 'lower',
      note: `stages ${(carried.ownCpu / carried.accepted / alone).toFixed(2)}, with PostgreSQL's; the broker's is not in it`,
    },
    {
      name: 'recovery-seconds',
      value: recovered,
      unit: 's',
      bound: 15,
      better: 'lower',
      note: 'detect and predict killed and started again at once',
    },
    {
      name: 'stage-memory',
      value: carried.megabytes,
      unit: 'MB',
      bound: 200,
      better: 'lower',
      note: `largest process, ${ENTITIES} entities of ${FEATURES} features, as fast as they go`,
    },
    {
      name: 'stage-memory-paced',
      value: paced,
      unit: 'MB',
      bound: null,
      better: 'lower',
      note: `the same at ${PACE} samples a second, before it`,
    },
  ];
}

async function benchKafka(): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-bench-'));
  const cluster = await startCluster({ brokers: 1, heap: 384 });
  const server = await startPostgres(findPostgres()!);
  try {
    return await kafkaRows(cluster, server, folder);
  } finally {
    server.stop();
    await cluster.stop();
    agent.destroy();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchDecode(): Promise<readonly Row[]> {
  const value = await remoteWriteSpeed();
  const note = 'snappy included, one core';
  return [{ name: 'remote-write-decode', value, unit: 'samples/s', bound: 500_000, better: 'higher', note }];
}

const benchStore = async (): Promise<readonly Row[]> => [
  ...(await benchCompression(resolve(process.env['VIGIA_BENCH_DATA'] ?? '../shared/data'))),
  ...(await benchBulkWrites()),
];

async function benchImage(): Promise<readonly Row[]> {
  if (podmanMissing === null) await buildImage();
  const value = podmanMissing === null ? await imageMegabytes() : Number.NaN;
  const note = podmanMissing ?? 'beside its base, Node included';
  return [{ name: 'image-mb', value, unit: 'MB', bound: 250, better: 'lower', note }];
}

if (distributedMissing !== null) {
  process.stderr.write(`${distributedMissing}\n`);
  process.exit(1);
}
const parts = { kafka: benchKafka, decode: benchDecode, store: benchStore, image: benchImage };
const wanted = options.only.split(',');
const rows: Row[] = [];
for (const [name, part] of Object.entries(parts)) if (wanted.includes(name)) rows.push(...(await part()));
report(rows);
