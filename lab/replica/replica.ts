import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FromReplica, ReplicaStart, ToReplica } from '../messages.ts';
import { TOPOLOGY } from '../world.ts';
import { blockFor, CACHE_SECOND_BYTES, growInnerFault } from './inner-faults.ts';
import { createReplicaLog, type ReplicaLog } from './log.ts';
import { createReplicaMetrics, type ReplicaMetrics } from './metrics.ts';
import { RefusedError } from './refused.ts';
import { Worker } from './worker.ts';

const SCAN_MS = 1000;
const STILL_OPEN_MS = 1500;
const KEEP_ALIVE_MS = 30_000;

/** One replica of one service: answers requests, and does what its supervisor tells it. */
export class Replica {
  readonly #port: number;
  readonly #tell: (message: FromReplica) => void;
  readonly #log: ReplicaLog;
  readonly #worker: Worker;
  readonly #metrics: ReplicaMetrics;
  readonly #server: Server;
  readonly #scan: NodeJS.Timeout;
  #fault: { readonly onDisk: boolean; readonly stop: () => void } | null = null;

  constructor(start: ReplicaStart, tell: (message: FromReplica) => void) {
    const { service, name, version } = start;
    this.#port = start.port;
    this.#tell = tell;
    this.#log = createReplicaLog(start.logFile, { service, replica: name, version });
    this.#worker = new Worker(start, this.#log);
    this.#metrics = createReplicaMetrics({
      slots: this.#worker.slots,
      slotCount: TOPOLOGY[service].slots,
      pool: this.#worker.pool,
      disk: this.#worker.disk,
      log: this.#log,
      clockOffsetMs: () => this.#worker.offsetMs,
    });
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    // Out of files, nobody more is let in; who is in stays.
    this.#server.on('error', ({ message }) => this.#log.write('error', 'server', { error: message }));
    const { disk } = this.#worker;
    this.#scan = setInterval(() => blockFor((disk.cacheBytes / CACHE_SECOND_BYTES) * 1000), SCAN_MS);
  }

  start(): void {
    this.#server.listen(this.#port, '127.0.0.1', () => {
      const address = this.#server.address();
      this.#log.write('info', 'serving');
      this.#tell({ type: 'ready', port: address !== null && typeof address === 'object' ? address.port : this.#port });
    });
  }

  /** Ends what is under way, then everything. */
  stop(done: () => void): void {
    this.#fault?.stop();
    clearInterval(this.#scan);
    this.#metrics.stop();
    const end = (): void => {
      this.#worker.stop();
      done();
    };
    const late = setTimeout(end, STILL_OPEN_MS);
    this.#server.close(() => {
      clearTimeout(late);
      end();
    });
    this.#server.closeIdleConnections();
  }

  hear(message: ToReplica): void {
    const worker = this.#worker;
    switch (message.type) {
      case 'endpoints':
        worker.endpoints = message.endpoints;
        break;
      case 'config':
        worker.config = message.config;
        break;
      case 'place':
        worker.place = message.place;
        break;
      case 'deadly':
        worker.deadly = message.share;
        break;
      case 'shed':
        worker.shed = message.share;
        break;
      case 'fault':
        this.#beStruck(message);
        break;
      case 'clear':
        this.#clear();
        this.#tell({ type: 'cleared', reply: message.reply });
    }
  }

  #beStruck({ kind, growthS }: Extract<ToReplica, { type: 'fault' }>): void {
    this.#fault?.stop();
    const { disk, pool } = this.#worker;
    const shiftClock = (ms: number): void => {
      this.#worker.offsetMs += ms;
    };
    const stop = growInnerFault(kind, growthS, { disk, pool, shiftClock });
    this.#fault = { onDisk: kind === 'event-loop-block' || kind === 'disk-filling', stop };
  }

  #clear(): void {
    this.#worker.disk.clear();
    this.#worker.stock.clear();
    if (this.#fault?.onDisk !== true) return;
    this.#fault.stop();
    this.#fault = null;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/metrics') {
      response.end(await this.#metrics.expose());
      return;
    }
    const end = this.#metrics.seconds.startTimer();
    let status = 200;
    try {
      await this.#worker.handle(request, this.#metrics);
    } catch (thrown) {
      const refused = thrown instanceof RefusedError ? thrown : new RefusedError('broken', 500);
      status = refused.status;
      this.#metrics.errors.inc({ reason: refused.reason });
    }
    end();
    this.#metrics.requests.inc({ code: String(status) });
    response.writeHead(status).end();
  }
}
