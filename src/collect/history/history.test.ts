import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { framesOfPast } from '../../prepare/history-frames.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createHistories } from './create-history.ts';

const PATIENCE = 60_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SCRAPE = 15_000;

/** A Prometheus server's API over made-up series: values follow from time. */
class Scripted {
  readonly asked: { readonly from: number; readonly to: number; readonly raw: boolean }[] = [];
  /** Answers of more seconds than this are refused. */
  mostSeconds = Number.POSITIVE_INFINITY;
  down = 0;
  /** After so many stretches of the past, the next is left waiting for its answer. */
  mostPast = Number.POSITIVE_INFINITY;
  readonly server: Server;
  constructor() {
    this.server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const { status, body } = this.#answer(url);
      if (this.asked.filter(({ raw }) => !raw).length > this.mostPast) return;
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  #answer({ pathname, searchParams }: URL): { readonly status: number; readonly body: unknown } {
    if (pathname.endsWith('/metadata'))
      return { status: 200, body: { status: 'success', data: { orders_total: [{ type: 'counter', unit: '' }] } } };
    if (this.down-- > 0) return { status: 503, body: {} };
    const raw = pathname.endsWith('/query');
    const to = Number(searchParams.get(raw ? 'time' : 'end')) * 1000;
    const length = Number(/\[(\d+)s\]$/.exec(searchParams.get('query') ?? '')?.[1]) * 1000;
    const from = raw ? to - length : Number(searchParams.get('start')) * 1000;
    if ((to - from) / 1000 > this.mostSeconds) return { status: 422, body: { status: 'error' } };
    this.asked.push({ from, to, raw });
    const step = raw ? SCRAPE : Number(searchParams.get('step')) * 1000;
    const times: number[] = [];
    for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time);
    const series = (name: string, value: (time: number) => number) => ({
      metric: { __name__: name, job: 'node', instance: 'web-1:9100' },
      values: times.map((time) => [time / 1000, String(value(time))]),
    });
    const result = [
      series('load', (time) => 5 + Math.sin(time / HOUR)),
      series('orders_total', (time) => (time % (24 * HOUR)) / 500),
    ];
    return { status: 200, body: { status: 'success', data: { resultType: 'matrix', result } } };
  }
}

describe('the history of a Prometheus server', () => {
  const scripted = new Scripted();
  let store: Store;
  beforeAll(async () => {
    await new Promise<void>((done) => scripted.server.listen(0, '127.0.0.1', done));
    store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  }, PATIENCE);
  afterEach(() => {
    scripted.asked.length = 0;
    scripted.mostSeconds = Number.POSITIVE_INFINITY;
    scripted.mostPast = Number.POSITIVE_INFINITY;
  });
  afterAll(async () => {
    await store.close();
    scripted.server.close();
  });

  const rules = { stepMs: 15_000, latenessMs: 2000, featuresPerEntity: 50, limits: [] };
  const entity = 'host/web-1:9100';
  const service = (name: string, since = 8 * HOUR) => {
    const [made] = createHistories({
      store,
      clock: systemClock,
      log: silentLog,
      metrics: createMetrics(),
      duties: { mine: async () => true } as unknown as Parameters<typeof createHistories>[0]['duties'],
      makeFrames: (stretch, known) => framesOfPast(rules, stretch, known),
      options: {
        histories: [
          {
            name,
            url: scripted.url,
            select: ['{job="node"}'],
            since,
            requestsPerSecond: 1000,
            timeout: PATIENCE,
            wait: PATIENCE,
          },
        ],
        entityRules: [],
        stepMs: 15_000,
        stepsMs: HOUR,
        bodyBytes: 1_000_000,
        seriesPerSource: 1000,
      },
    });
    return made!;
  };
  const rateOf = async (tier: 'step' | 'minute' | 'hour', from: number, to: number): Promise<readonly number[]> => {
    const found = await store.frames.columns({
      entity,
      tier,
      range: { from, to },
      features: ['orders_total{job="node"}'],
      limit: 10_000,
    });
    return [...(found.mean[0] ?? [])].filter((value) => !Number.isNaN(value));
  };
  const nearly = (values: readonly number[], value: number): boolean =>
    values.length > 0 && values.every((one) => Math.abs(one - value) < 0.001 || one < value);

  it(
    'becomes steps near and minutes and hours far, once, whatever is in the way',
    async () => {
      const now = Date.now();
      // Two answers fail, and long stretches are refused as too large.
      scripted.down = 2;
      scripted.mostSeconds = 2 * 3600;
      const history = service('shop');
      await history.start();
      const near = await rateOf('step', now - 30 * MINUTE, now - 5 * MINUTE);
      expect(near.length).toBeGreaterThan(90);
      expect(nearly(near, 2)).toBe(true);
      const far = async (): Promise<number> => (await rateOf('minute', now - 8 * HOUR, now - 7 * HOUR)).length;
      await expect.poll(far, { timeout: PATIENCE }).toBeGreaterThan(50);
      // Stored is not yet written down as read: a stop in between would let that stretch come again.
      const readFrom = async (): Promise<number> =>
        ((await store.checkpoints.load('history', 'shop'))!.state as { readonly pastFrom: number }).pastFrom;
      await expect.poll(readFrom, { timeout: PATIENCE }).toBeLessThanOrEqual(now - 8 * HOUR);
      await history.stop();
      expect(nearly(await rateOf('minute', now - 7 * HOUR, now - 3 * HOUR), 2)).toBe(true);
      expect((await rateOf('hour', now - 7 * HOUR, now - 4 * HOUR)).length).toBeGreaterThan(1);
      expect((await store.entities.get(entity))!.firstSeen).toBeLessThan(now - 7 * HOUR);

      scripted.asked.length = 0;
      const again = service('shop');
      await again.start();
      await again.stop();
      expect(scripted.asked).toEqual([]);
    },
    PATIENCE,
  );

  it(
    'goes on where it was after it was cut off',
    async () => {
      // Cut off while the third stretch of seven is on its way, however fast this machine reads.
      scripted.mostPast = 2;
      const history = service('cut', 40 * HOUR);
      await history.start();
      await expect.poll(() => scripted.asked.filter(({ raw }) => !raw).length, { timeout: PATIENCE }).toBe(3);
      await history.stop();
      const before = scripted.asked.splice(0);
      scripted.mostPast = Number.POSITIVE_INFINITY;
      const again = service('cut', 40 * HOUR);
      await again.start();
      const last = Date.now() - 39 * HOUR;
      await expect.poll(() => scripted.asked.some(({ from }) => from < last), { timeout: PATIENCE }).toBe(true);
      await again.stop();
      expect(scripted.asked.some(({ raw }) => raw)).toBe(false);
      // The stretch in hand may come again, nothing else.
      const known = new Set(before.filter(({ raw }) => !raw).map(({ from }) => from));
      expect(scripted.asked.filter(({ from }) => known.has(from)).length).toBeLessThanOrEqual(1);
    },
    PATIENCE,
  );

  it(
    'that cannot be had stops nothing',
    async () => {
      scripted.down = 1000;
      const history = service('gone');
      await history.start();
      await history.stop();
      scripted.down = 0;
      expect(await store.checkpoints.load('history', 'gone')).toBeNull();
    },
    PATIENCE,
  );
});
