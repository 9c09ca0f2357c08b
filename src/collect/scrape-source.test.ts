import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { SampleBatch } from '../model/series.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { createLane } from './lanes.ts';
import { createScrapeSource, type ScrapeTarget } from './scrape-source.ts';
import { DEFAULT_SERIES_LIMITS } from './series-registry.ts';
import { createCollectStage } from './collect-stage.ts';
import { topics } from '../model/topics.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const answers = new Map<string, Answer>();
const server = createServer((request, response) => {
  const answer = answers.get(request.url ?? '');
  if (answer === undefined) response.writeHead(404).end();
  else answer(request, response);
});
let origin = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The time that targets have to answer: a tenth of a second while none is to come, and all they need otherwise. */
let hasty = false;
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(hasty ? 100 : ms, signal) };
afterEach(() => (hasty = false));

function createTarget(path: string, target: Partial<ScrapeTarget> = {}, series = 1000) {
  const batches: SampleBatch[] = [];
  const metrics = createMetrics();
  const source = createScrapeSource(
    {
      name: `scrape${path}`,
      job: 'job',
      url: `${origin}${path}`,
      intervalMs: 1000,
      timeoutMs: 60_000,
      token: undefined,
      labels: {},
      bodyBytes: 100_000,
      ...target,
    },
    {
      clock,
      log: silentLog,
      metrics,
      assign: createEntityRules(DEFAULT_ENTITY_RULES, 'service/push'),
      limits: { lineBytes: 65_536, aheadMs: 600_000, behindMs: 3_600_000 },
      seriesLimits: { ...DEFAULT_SERIES_LIMITS, series },
      lanes: { well: createLane(8), ill: createLane(2) },
      publish: async (more) => void batches.push(...more),
    },
  );
  const values = (): Record<string, number> =>
    Object.fromEntries(batches.flatMap(({ series, values }) => series.map(({ name }, i) => [name, values[i]!])));
  const scrape = async () => {
    batches.length = 0;
    await source.scrape(new AbortController().signal);
    return values();
  };
  return { source, batches, metrics, scrape };
}

describe('a scrape', () => {
  it('brings the page, tells how it went, and names the target', async () => {
    answers.set('/good', (_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end('# TYPE requests_total counter\nrequests_total{job="inner",code="200"} 5\nload 0.5\n');
    });
    const { scrape, batches, source } = createTarget('/good', { labels: { zone: 'a' } });
    expect(await scrape()).toMatchObject({ requests_total: 5, load: 0.5, up: 1, scrape_samples_scraped: 2 });
    const instance = origin.slice('http://'.length);
    expect(batches).toHaveLength(1);
    expect(batches[0]).toMatchObject({ entity: `host/${instance}`, source: 'scrape/good' });
    expect(batches[0]!.series[0]!.labels).toEqual({
      job: 'job',
      exported_job: 'inner',
      instance,
      code: '200',
      zone: 'a',
    });
    expect(source.view()).toMatchObject({ state: 'up', kind: 'scrape', lastError: null, samples: 5, series: 5 });
  });

  it('asks for OpenMetrics and gzip, with the token, and unpacks', async () => {
    let headers: IncomingMessage['headers'] = {};
    answers.set('/gzip', (request, response) => {
      headers = request.headers;
      response.setHeader('content-type', 'application/openmetrics-text; version=1.0.0');
      response.setHeader('content-encoding', 'gzip');
      response.end(gzipSync('# TYPE a counter\na_total 7\n# EOF\n'));
    });
    expect(await createTarget('/gzip', { token: 'secret' }).scrape()).toMatchObject({ a_total: 7, up: 1 });
    expect(headers.accept).toContain('application/openmetrics-text');
    expect(headers['accept-encoding']).toContain('gzip');
    expect(headers.authorization).toBe('Bearer secret');
  });

  it.each<[string, Answer, readonly [string, string]]>([
    ['status', (_, response) => response.writeHead(500).end('a 1\n'), ['status', 'collect.scrapeStatus']],
    ['malformed', (_, response) => response.end('a 1\nb 2\nc x\n'), ['malformed', 'collect.fault_value']],
    ['huge', (_, response) => response.end('a 1\n'.repeat(100_000)), ['too_large', 'collect.scrapeTooLarge']],
    [
      'bomb',
      (_, response) => response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(50 << 20, 10))),
      ['too_large', 'collect.scrapeTooLarge'],
    ],
    [
      'garbled',
      (_, response) => response.setHeader('content-encoding', 'gzip').end('not gzip at all'),
      ['encoding', 'collect.scrapeEncoding'],
    ],
    ['silent', () => undefined, ['timeout', 'collect.scrapeTimeout']],
    [
      'dripping',
      (_, response) => {
        const drip = setInterval(() => response.write('a 1\n'), 10);
        response.on('close', () => clearInterval(drip));
      },
      ['timeout', 'collect.scrapeTimeout'],
    ],
    [
      'cut',
      (_, response) => response.writeHead(200, { 'content-length': '1000' }).write('a 1\n', () => response.destroy()),
      ['unreachable', 'collect.scrapeUnreachable'],
    ],
    [
      'openmetrics-cut',
      (_, response) => response.setHeader('content-type', 'application/openmetrics-text').end('a 1\n'),
      ['malformed', 'collect.fault_no_eof'],
    ],
  ])('%s: nothing is taken, the reason is told and counted', async (name, answer, [reason, key]) => {
    answers.set(`/${name}`, answer);
    const { scrape, source, metrics } = createTarget(`/${name}`);
    hasty = reason === 'timeout';
    const values = await scrape();
    expect(values).toMatchObject({ up: 0, scrape_samples_scraped: 0 });
    expect(Object.keys(values).sort()).toEqual(['scrape_duration_seconds', 'scrape_samples_scraped', 'up']);
    expect(source.view()).toMatchObject({ state: 'down', lastError: { phrase: { key } } });
    const { text } = await metrics.expose();
    expect(text).toContain(`vigia_collect_scrape_failures_total{source="scrape/${name}",reason="${reason}"} 1`);
    answers.set(`/${name}`, (_, response) => void response.end('fine 1\n'));
    hasty = false;
    expect(await scrape()).toMatchObject({ up: 1, fine: 1 });
    expect(source.view()).toMatchObject({ state: 'up', lastError: null });
  });

  it('nobody there', async () => {
    const { scrape, source } = createTarget('/none', { url: 'http://user:secret@127.0.0.1:1/metrics?token=secret' });
    expect(await scrape()).toMatchObject({ up: 0 });
    const { lastError } = source.view();
    expect(lastError?.phrase).toEqual({
      key: 'collect.scrapeUnreachable',
      values: { url: 'http://127.0.0.1:1/metrics', detail: expect.stringMatching(/ECONNREFUSED|bad port/) },
    });
  });

  it('a flood of series ends at the limit, and up is still told', async () => {
    let page = 0;
    answers.set('/flood', (_, response) => {
      page += 1;
      response.end(Array.from({ length: 3000 }, (_, i) => `f{id="${page}-${i}"} 1\n`).join(''));
    });
    const { scrape, source } = createTarget('/flood', {}, 100);
    for (let i = 0; i < 3; i += 1) expect(await scrape()).toMatchObject({ up: 1 });
    expect(source.view().series).toBe(100);
    expect(source.view().drops).toEqual({ series_limit: 9000 - 97 });
  });
});

describe('many targets', () => {
  it('the slow, huge and malformed do not keep the good ones up, and all of it ends on stop', async () => {
    answers.set('/ok', (_, response) => void response.end('fine 1\n'));
    answers.set('/never', () => undefined);
    answers.set('/bad', (_, response) => void response.end('this is not a sample\n'));
    const bus = createMemoryBus({
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
      deadLetters: async () => undefined,
    });
    const seen: SampleBatch[] = [];
    await bus.subscribe(topics.samples, 'test', async (batch) => void seen.push(...batch.map(({ value }) => value)));
    const target = (path: string, i: number) => ({
      name: `scrape${path}/${i}`, job: 'j', url: `${origin}${path}?${i}`, intervalMs: 100, timeoutMs: 60_000,
      token: undefined, labels: { instance: `${path.slice(1)}-${i}` },
    }); // prettier-ignore
    for (const path of ['/ok', '/never', '/bad']) {
      for (let i = 0; i < 60; i += 1) answers.set(`${path}?${i}`, answers.get(path)!);
    }
    const stage = createCollectStage({
      bus, clock: systemClock, log: silentLog, metrics: createMetrics(),
      options: {
        host: { enabled: false, intervalMs: 1000 },
        // As many hang as there is room for those that answer, less one.
        scrape: [
          ...Array.from({ length: 31 }, (_, i) => target('/never', i)),
          ...Array.from({ length: 20 }, (_, i) => target('/bad', i)),
          ...Array.from({ length: 10 }, (_, i) => target('/ok', i)),
        ],
        limits: { lineBytes: 65_536, aheadMs: 60_000, behindMs: 60_000, bodyBytes: 10_000, seriesPerSource: 100 },
        entityRules: [],
      },
    }); // prettier-ignore
    await stage.start();
    const fine = (): number =>
      seen.filter(({ entity, series }) => entity.startsWith('host/ok-') && series.some(({ name }) => name === 'fine'))
        .length;
    await expect.poll(fine).toBeGreaterThan(30);
    await expect.poll(() => stage.sources().filter(({ state }) => state === 'up')).toHaveLength(10);
    await stage.stop();
    await bus.stop();
    const count = seen.length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(seen.length).toBe(count);
  });
});
