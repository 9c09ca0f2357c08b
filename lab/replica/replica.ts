import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CALM_CONFIG,
  CALM_PLACE,
  type Endpoints,
  type FromReplica,
  type ReplicaStart,
  type ToReplica,
} from '../messages.ts';
import { LIMITS, RULES, TOPOLOGY } from '../world.ts';
import { CLOCK_HEADER, createCaller, ITEM_HEADER } from './calls.ts';
import { Disk } from './disk.ts';
import { blockFor, CACHE_SECOND_BYTES, growInnerFault } from './inner-faults.ts';
import { createReplicaLog } from './log.ts';
import { createReplicaMetrics } from './metrics.ts';
import { NoPlaceError, Places } from './places.ts';
import { StockCache } from './stock-cache.ts';

const NOBODY: Endpoints = { gateway: [], orders: [], inventory: [], payments: [], ledger: [] };
const CACHE_TTL_MS = 120_000;
/** One line of a debug log on a slow, synchronous sink, ms. */
const SLOW_LINE_MS = 2;
const SCAN_MS = 1000;
const STILL_OPEN_MS = 1500;

/** Why a request failed, as its metric says it. */
type Reason = 'full' | 'stale' | 'disk' | 'files' | 'downstream' | 'shed';

class Refused extends Error {
  readonly reason: Reason;
  readonly status: number;
  constructor(reason: Reason, status: number) {
    super(reason);
    this.reason = reason;
    this.status = status;
  }
}

/** One replica of one service: what it needs, what it does for a request, what it is told. */
export function createReplica(start: ReplicaStart, tell: (message: FromReplica) => void) {
  const { service, name, version, voidPort } = start;
  const shape = TOPOLOGY[service];
  const log = createReplicaLog(start.logFile, { service, replica: name, version });
  const disk = new Disk(start.folder);
  const slots = new Places({ places: shape.slots, queue: RULES.queue, waitMs: RULES.timeoutMs });
  const pool = new Places({ places: LIMITS.poolSize, queue: RULES.queue, waitMs: RULES.timeoutMs });
  const stock = new StockCache(CACHE_TTL_MS);
  let endpoints = NOBODY;
  let config = CALM_CONFIG;
  let place = CALM_PLACE;
  let deadly = 0;
  let shed = 0;
  let offsetMs = 0;
  let fault: { readonly onDisk: boolean; stop(): void } | null = null;
  const clock = (): number => Date.now() + offsetMs;
  const caller = createCaller({ pool, endpoints: () => endpoints, place: () => place, clock, voidPort });
  const metrics = createReplicaMetrics({
    slots,
    slotCount: shape.slots,
    pool,
    disk,
    log,
    clockOffsetMs: () => offsetMs,
  });
  const scan = setInterval(() => blockFor((disk.cacheBytes / CACHE_SECOND_BYTES) * 1000), SCAN_MS);

  function admit(request: IncomingMessage): void {
    if (Math.random() < shed) throw new Refused('shed', 503);
    const sent = Number(request.headers[CLOCK_HEADER] ?? clock());
    if (Math.abs(sent - clock()) > RULES.skewMs) throw new Refused('stale', 401);
    if (Math.random() < deadly) {
      log.write('fatal', 'cannot read property total of undefined', { stack: 'TypeError: price.ts:42' });
      process.exit(1);
    }
  }

  function record(item: string): void {
    try {
      disk.record(`${clock()} ${item}\n`);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      throw new Refused(code === 'EMFILE' ? 'files' : 'disk', 500);
    }
  }

  function speak(item: string): void {
    log.write('info', 'request', { item });
    for (let i = 1; i < config.logLines; i++) {
      log.write('debug', 'cache state before and after', { item, step: i });
      blockFor(SLOW_LINE_MS);
    }
  }

  async function askOthers(item: string): Promise<void> {
    await Promise.all(
      shape.calls.map(async (called) => {
        const remembered = service === 'orders' && called === 'inventory';
        if (remembered && stock.has(item, Date.now())) return;
        try {
          await caller.call(called, item);
        } catch (thrown) {
          log.write('error', 'call failed', { called, error: (thrown as Error).message });
          throw new Refused('downstream', 502);
        }
        if (remembered) stock.add(item, Date.now());
      }),
    );
  }

  async function work(item: string): Promise<void> {
    const began = performance.now();
    record(item);
    speak(item);
    await delay(shape.workMs + config.batchWaitMs);
    if (shape.calls.length === 0) {
      const end = metrics.storage.startTimer();
      await delay(place.storageMs);
      end();
    }
    metrics.work.observe((performance.now() - began) / 1000);
    await askOthers(item);
  }

  async function handle(request: IncomingMessage): Promise<void> {
    admit(request);
    await slots.take().catch((thrown: unknown) => {
      throw thrown instanceof NoPlaceError ? new Refused('full', 503) : thrown;
    });
    try {
      await work(String(request.headers[ITEM_HEADER] ?? 'none'));
    } finally {
      slots.give();
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/metrics') {
      response.end(await metrics.expose());
      return;
    }
    const end = metrics.seconds.startTimer();
    let status = 200;
    try {
      await handle(request);
    } catch (thrown) {
      const refused = thrown instanceof Refused ? thrown : new Refused('downstream', 500);
      status = refused.status;
      metrics.errors.inc({ reason: refused.reason });
    }
    end();
    metrics.requests.inc({ code: String(status) });
    response.writeHead(status).end();
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 30_000;
  server.on('error', (error) => {
    // Out of files: nobody more is let in, who is in stays.
    log.write('error', 'server', { error: error.message });
  });

  function clear(): void {
    disk.clear();
    stock.clear();
    if (fault?.onDisk !== true) return;
    fault.stop();
    fault = null;
  }

  function beStruck({ kind, growthS }: Extract<ToReplica, { type: 'fault' }>): void {
    fault?.stop();
    const shiftClock = (ms: number): void => {
      offsetMs += ms;
    };
    const growing = growInnerFault(kind, growthS, { disk, pool, shiftClock });
    fault = { onDisk: kind === 'event-loop-block' || kind === 'disk-filling', stop: growing.stop };
  }

  function hear(message: ToReplica): void {
    switch (message.type) {
      case 'endpoints':
        endpoints = message.endpoints;
        break;
      case 'config':
        config = message.config;
        break;
      case 'place':
        place = message.place;
        break;
      case 'deadly':
        deadly = message.share;
        break;
      case 'shed':
        shed = message.share;
        break;
      case 'fault':
        beStruck(message);
        break;
      case 'clear':
        clear();
        tell({ type: 'cleared', reply: message.reply });
    }
  }

  return {
    hear,
    start: (): void => {
      server.listen(start.port, '127.0.0.1', () => {
        const address = server.address();
        log.write('info', 'serving');
        tell({ type: 'ready', port: address !== null && typeof address === 'object' ? address.port : start.port });
      });
    },
    /** Ends what is under way, then everything. */
    stop: (done: () => void): void => {
      fault?.stop();
      clearInterval(scan);
      metrics.stop();
      const end = (): void => {
        caller.stop();
        done();
      };
      const late = setTimeout(end, STILL_OPEN_MS);
      server.close(() => {
        clearTimeout(late);
        end();
      });
      server.closeIdleConnections();
    },
  };
}
