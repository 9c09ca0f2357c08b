import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CALM_CONFIG,
  CALM_PLACE,
  type Endpoints,
  type Place,
  type ReplicaStart,
  type ServiceConfig,
} from '../messages.ts';
import { LIMITS, RULES, type ServiceName, type ServiceShape, TOPOLOGY } from '../world.ts';
import { type Caller, CLOCK_HEADER, createCaller, ITEM_HEADER } from './calls.ts';
import { Disk } from './disk.ts';
import { blockFor } from './inner-faults.ts';
import type { ReplicaLog } from './log.ts';
import type { ReplicaMetrics } from './metrics.ts';
import { NoPlaceError, Places } from './places.ts';
import { RefusedError } from './refused.ts';
import { StockCache } from './stock-cache.ts';

const NOBODY: Endpoints = { gateway: [], orders: [], inventory: [], payments: [], ledger: [] };
const CACHE_TTL_MS = 120_000;
/** One line of a debug log on a slow, synchronous sink, ms. */
const SLOW_LINE_MS = 2;

/** What a replica does for a request, and all that it needs for it. */
export class Worker {
  readonly disk: Disk;
  readonly slots: Places;
  readonly pool: Places;
  readonly stock = new StockCache(CACHE_TTL_MS);
  endpoints = NOBODY;
  config: ServiceConfig = CALM_CONFIG;
  place: Place = CALM_PLACE;
  /** Share of requests that this version dies of, and share that is turned away. */
  deadly = 0;
  shed = 0;
  /** How far the clock is ahead, ms. */
  offsetMs = 0;
  readonly #service: ServiceName;
  readonly #shape: ServiceShape;
  readonly #log: ReplicaLog;
  readonly #caller: Caller;

  constructor({ service, folder, voidPort }: ReplicaStart, log: ReplicaLog) {
    const shape = TOPOLOGY[service];
    this.#service = service;
    this.#shape = shape;
    this.#log = log;
    this.disk = new Disk(folder);
    this.slots = new Places({ places: shape.slots, queue: RULES.queue, waitMs: RULES.timeoutMs });
    this.pool = new Places({ places: LIMITS.poolSize, queue: RULES.queue, waitMs: RULES.timeoutMs });
    this.#caller = createCaller({
      pool: this.pool,
      endpoints: () => this.endpoints,
      place: () => this.place,
      clock: () => this.#now(),
      voidPort,
    });
  }

  /** Rejects with RefusedError. */
  async handle(request: IncomingMessage, metrics: ReplicaMetrics): Promise<void> {
    this.#admit(request);
    const giveBack = await this.slots.take().catch((thrown: unknown) => {
      throw thrown instanceof NoPlaceError ? new RefusedError('full', 503) : thrown;
    });
    try {
      await this.#work(String(request.headers[ITEM_HEADER] ?? 'none'), metrics);
    } finally {
      giveBack();
    }
  }

  stop(): void {
    this.#caller.stop();
  }

  #now(): number {
    return Date.now() + this.offsetMs;
  }

  #admit(request: IncomingMessage): void {
    if (Math.random() < this.shed) throw new RefusedError('shed', 503);
    const sent = Number(request.headers[CLOCK_HEADER] ?? this.#now());
    if (Math.abs(sent - this.#now()) > RULES.skewMs) throw new RefusedError('stale', 401);
    if (Math.random() < this.deadly) {
      this.#log.write('fatal', 'cannot read property total of undefined', { stack: 'TypeError: price.ts:42' });
      process.exit(1);
    }
  }

  async #work(item: string, metrics: ReplicaMetrics): Promise<void> {
    const began = performance.now();
    this.#record(item);
    this.#speak(item);
    await delay(this.#shape.workMs + this.config.batchWaitMs);
    if (this.#shape.calls.length === 0) {
      const end = metrics.storage.startTimer();
      await delay(this.place.storageMs);
      end();
    }
    metrics.work.observe((performance.now() - began) / 1000);
    await Promise.all(this.#shape.calls.map((called) => this.#ask(called, item)));
  }

  #record(item: string): void {
    try {
      this.disk.record(`${this.#now()} ${item}\n`);
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      throw new RefusedError(code === 'EMFILE' ? 'files' : 'disk', 500);
    }
  }

  #speak(item: string): void {
    this.#log.write('info', 'request', { item });
    for (let i = 1; i < this.config.logLines; i++) {
      this.#log.write('debug', 'cache state before and after', { item, step: i });
      blockFor(SLOW_LINE_MS);
    }
  }

  async #ask(called: ServiceName, item: string): Promise<void> {
    const remembered = this.#service === 'orders' && called === 'inventory';
    if (remembered && this.stock.has(item, Date.now())) return;
    try {
      await this.#caller.call(called, item);
    } catch (thrown) {
      this.#log.write('error', 'call failed', { called, error: (thrown as Error).message });
      throw new RefusedError('downstream', 502);
    }
    if (remembered) this.stock.add(item, Date.now());
  }
}
