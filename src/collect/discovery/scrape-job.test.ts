import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SampleBatch } from '../../model/series.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { createLane } from '../lanes.ts';
import { DEFAULT_SERIES_LIMITS } from '../series-registry.ts';
import type { Discovery } from './discoverers.ts';
import { createScrapeJob, type ScrapeJobOptions } from './scrape-job.ts';
import { targetGroups } from './target-groups.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-discovery-'));
const requests: IncomingMessage[] = [];
let list = '[]';
const server = createServer((request, response) => {
  requests.push(request);
  if (request.url === '/targets') response.end(list);
  else if (request.url === '/broken') response.writeHead(500).end();
  else response.end('requests_total{code="200",job="own"} 5\nnoise_bytes{id="1"} 1\nnoise_bytes{id="2"} 1\n');
});
let address = '';
const ends: (() => Promise<void>)[] = [];
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  requests.length = 0;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** No longer than the interval, as it must be. */
const TIMEOUT = 200;
/** Targets have all the time that a busy machine needs to answer. Pauses end at half a millisecond: none is as long as this. */
const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + 0.5,
  sleep: (ms, signal) => systemClock.sleep(ms === TIMEOUT ? 30_000 : ms, signal),
};

/** A job that runs, with what it brought so far. */
function run(discover: readonly Discovery[], over: Partial<ScrapeJobOptions> = {}) {
  const batches: SampleBatch[] = [];
  const metrics = createMetrics();
  const options: ScrapeJobOptions = {
    name: 'shop',
    scheme: 'http',
    path: '/metrics',
    params: {},
    intervalMs: 200,
    timeoutMs: TIMEOUT,
    labels: {},
    access: {},
    honorLabels: false,
    relabel: [],
    metricRelabel: [],
    targetLimit: 100,
    discover,
    ...over,
  };
  const job = createScrapeJob(options, {
    clock,
    log: silentLog,
    metrics,
    assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
    limits: { lineBytes: 65_536, aheadMs: 600_000, behindMs: 3_600_000 },
    seriesLimits: DEFAULT_SERIES_LIMITS,
    lanes: { well: createLane(8), ill: createLane(2) },
    publish: async (more) => void batches.push(...more),
    bodyBytes: 100_000,
  });
  const end = new AbortController();
  const done = job.run(end.signal);
  ends.push(async () => {
    end.abort();
    await done;
  });
  const names = () =>
    job
      .views()
      .map(({ name }) => name)
      .sort();
  const keys = () => new Set(batches.flatMap(({ series }) => series.map(({ key }) => key)));
  return { job, batches, metrics, names, keys, end, done };
}

const fixed = (groups: unknown): Discovery => ({ kind: 'static', refreshMs: 1000, targets: targetGroups(groups) });
/** The keys of a metric of the instances `a` and `b`. */
const own = (name: string, more = '', job = 'shop') =>
  ['a', 'b'].map((instance) => `${name}{${more}instance="${instance}",job="${job}",zone="x"}`);
const soon = { timeout: 30_000, interval: 20 };

/** Answers any question over UDP with SRV records that point to these ports. */
async function nameServer(ports: () => readonly number[] | null): Promise<string> {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const found = ports();
    const head = Buffer.from(question.subarray(0, 12));
    head.writeUInt16BE(found === null ? 0x8182 : 0x8180, 2);
    head.writeUInt16BE(found?.length ?? 0, 6);
    head.writeUInt16BE(0, 8);
    head.writeUInt16BE(0, 10);
    const end = question.indexOf(0, 12) + 5;
    const host = Buffer.from('\x09localhost\x00', 'latin1');
    const records = (found ?? []).map((port) => {
      const record = Buffer.alloc(18);
      record.writeUInt16BE(0xc00c, 0);
      record.writeUInt16BE(33, 2);
      record.writeUInt16BE(1, 4);
      record.writeUInt32BE(1, 6);
      record.writeUInt16BE(6 + host.length, 10);
      record.writeUInt16BE(port, 16);
      return Buffer.concat([record, host]);
    });
    socket.send(Buffer.concat([head, question.subarray(12, end), ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  ends.push(async () => void socket.close());
  return `127.0.0.1:${socket.address().port}`;
}

describe('discovered targets', () => {
  it('come and go with their file, and stay while it cannot be read', async () => {
    const file = join(folder, 'shop.yml');
    writeFileSync(file, `- targets: ['${address}']\n  labels: { env: prod }\n`);
    const discovery = { kind: 'file', refreshMs: 20, globs: [join(folder, '*.yml'), join(folder, '*.json')] } as const;
    const { names, keys, metrics } = run([discovery]);
    await vi.waitFor(() => expect(names()).toEqual([`scrape/shop/${address}`]), soon);
    const key = `requests_total{code="200",env="prod",exported_job="own",instance="${address}",job="shop"}`;
    await vi.waitFor(() => expect(keys()).toContain(key), soon);

    writeFileSync(join(folder, 'other.json'), '[{"targets": ["127.0.0.1:1", "127.0.0.1:2"]}]');
    await vi.waitFor(() => expect(names()).toHaveLength(3), soon);

    writeFileSync(join(folder, 'next'), '- targets: {');
    renameSync(join(folder, 'next'), file);
    await vi.waitFor(
      async () => expect((await metrics.expose()).text).toMatch(/discovery_failures_total\{job="shop"\} [1-9]/),
      soon,
    );
    expect(names()).toHaveLength(3);

    unlinkSync(join(folder, 'other.json'));
    await vi.waitFor(() => expect(names()).toEqual([`scrape/shop/${address}`]), soon);
    await vi.waitFor(async () => expect((await metrics.expose()).text).not.toContain('127.0.0.1:1"'), soon);
    unlinkSync(file);
    await vi.waitFor(() => expect(names()).toEqual([]), soon);
  });

  it('are listed over HTTP, with the credentials of the job, and changed by rules', async () => {
    list = JSON.stringify([
      { targets: ['a.example:80', 'b.example:80'], labels: { __meta_zone: 'x', __meta_real: address } },
      { targets: ['c.example:80'], labels: { __meta_zone: 'y' } },
    ]);
    const { names, keys } = run(
      [{ kind: 'http', refreshMs: 50, url: `http://${address}/targets`, access: { token: 'list' } }],
      {
        access: { basic: { user: 'ana', password: 'secret' } },
        params: { module: ['one', 'two'] },
        relabel: [
          { source_labels: ['__meta_zone'], regex: 'x', action: 'keep' },
          { source_labels: ['__address__'], regex: '([^.]+)\\..*', target_label: 'instance' },
          { source_labels: ['__address__'], target_label: '__param_module' },
          { source_labels: ['__meta_real'], target_label: '__address__' },
          { target_label: '__metrics_path__', replacement: '/probe' },
          { regex: '__meta_(zone)', action: 'labelmap' },
        ],
        metricRelabel: [
          { source_labels: ['__name__'], regex: 'noise_.*', action: 'drop' },
          { source_labels: ['__name__'], regex: '(.*)_total', target_label: '__name__', replacement: 'renamed_$1' },
        ],
        honorLabels: true,
      },
    );
    await vi.waitFor(() => expect(names()).toEqual(['scrape/shop/a', 'scrape/shop/b']), soon);
    await vi.waitFor(
      () =>
        expect([...keys()].sort()).toEqual([
          ...own('renamed_requests', 'code="200",', 'own'),
          ...own('scrape_duration_seconds'),
          ...own('scrape_samples_scraped'),
          ...own('up'),
        ]),
      soon,
    );
    expect(requests.map(({ url }) => url)).toContain('/probe?module=b.example%3A80&module=two');
    const shown = (list: boolean) =>
      new Set(requests.flatMap(({ url, headers }) => ((url === '/targets') === list ? [headers.authorization] : [])));
    expect([...shown(true)]).toEqual(['Bearer list']);
    expect([...shown(false)]).toEqual([`Basic ${Buffer.from('ana:secret').toString('base64')}`]);

    list = 'not a list';
    await vi.waitFor(() => expect(requests.filter(({ url }) => url === '/targets').length).toBeGreaterThan(8), soon);
    expect(names()).toHaveLength(2);
  });

  it('are found by name, and stay when the name server fails', async () => {
    let ports: readonly number[] | null = [Number(address.split(':')[1])];
    const servers = [await nameServer(() => ports)];
    const dns = { kind: 'dns', names: ['_metrics._tcp.shop.example'], type: 'SRV', port: 0, servers } as const;
    const { names, keys } = run([{ ...dns, refreshMs: 30 }], {
      relabel: [{ source_labels: ['__meta_dns_name'], target_label: 'from' }],
    });
    const local = address.replace('127.0.0.1', 'localhost');
    await vi.waitFor(() => expect(names()).toEqual([`scrape/shop/${local}`]), soon);
    await vi.waitFor(() => expect([...keys()].join()).toContain('up{from="_metrics._tcp.shop.example"'), soon);
    ports = null;
    await systemClock.sleep(200);
    expect(names()).toHaveLength(1);
    ports = [1, 2];
    await vi.waitFor(() => expect(names()).toEqual(['scrape/shop/localhost:1', 'scrape/shop/localhost:2']), soon);
  });

  it('are bounded, and what makes no sense is left out', async () => {
    const targets = Array.from({ length: 50 }, (_, index) => `127.0.0.1:${index + 1}`);
    const { names } = run([fixed([{ targets: ['user@host/path', '', ...targets] }])], {
      targetLimit: 7,
    });
    await vi.waitFor(() => expect(names()).toHaveLength(7), soon);
  });

  it('with more samples than their limit bring nothing, and the worst is named', async () => {
    const { job, keys } = run([fixed([{ targets: [address] }])], { sampleLimit: 2 });
    await vi.waitFor(() => expect(job.views()[0]?.state).toBe('down'), soon);
    expect(job.views()[0]).toMatchObject({
      lastError: { phrase: { key: 'collect.scrapeSampleLimit', values: { count: 3, limit: 2 } } },
    });
    // What was left out of each scrape until now.
    expect(job.views()[0]!.drops['sample_limit']! % 4).toBe(0);
    expect(job.views()[0]?.lastError?.phrase.values['worst']).toBe('noise_bytes (2), requests_total (1)');
    expect([...keys()].map((key) => key.replace(/\{.*/, '')).sort()).toEqual([
      'scrape_duration_seconds',
      'scrape_samples_scraped',
      'up',
    ]);
  });

  it('a token file is read anew, and ends with the job', async () => {
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'first\n');
    const { end, done, job } = run([fixed([{ targets: [address] }])], { access: { tokenFile } });
    const seen = () => requests.map(({ headers }) => headers.authorization);
    await vi.waitFor(() => expect(seen()).toContain('Bearer first'), soon);
    writeFileSync(tokenFile, 'second\n');
    await vi.waitFor(() => expect(seen()).toContain('Bearer second'), soon);
    expect(readFileSync(tokenFile, 'utf8')).toBe('second\n');
    end.abort();
    await done;
    expect(job.views()).toEqual([]);
  });
});
