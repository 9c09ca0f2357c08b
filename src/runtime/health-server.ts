import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '../model/service.ts';
import type { Clock } from './clock.ts';
import { toError, VigiaError } from './errors.ts';
import type { Metrics } from './metrics.ts';

export interface HealthDeps {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Whether the process does its work; false also while it begins and while it ends. */
  readonly ready: () => boolean | Promise<boolean>;
}

/** Where a process without the interface says how it is. */
export interface HealthServer extends Service {
  url(): string;
}

const REQUEST_MS = 10_000;
/** Longest wait for an answer to whether it is ready. */
const READY_MS = 2000;

function say(response: ServerResponse, status: number, text: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
}

/**
 * `/healthz`, `/readyz` and `/metrics`, as the interface has them, and nothing else. Reads only, tells no secrets. Throws
 * `LISTEN_FAILED` when it cannot listen.
 */
export function createHealthServer({ host, port, clock, metrics, ready }: HealthDeps): HealthServer {
  const isReady = async (): Promise<boolean> => {
    const waited = new AbortController();
    const late = clock.sleep(READY_MS, waited.signal).then(
      () => false,
      () => false,
    );
    const answer = await Promise.race([Promise.resolve(ready()).catch(() => false), late]);
    waited.abort();
    return answer;
  };
  const answer = async (path: string, response: ServerResponse): Promise<void> => {
    if (path === '/healthz') return say(response, 200, '{"status":"ok"}');
    if (path === '/readyz')
      return (await isReady()) ? say(response, 200, '{"status":"ok"}') : say(response, 503, '{"status":"not_ready"}');
    if (path !== '/metrics') return say(response, 404, '{"status":404}');
    const { text, contentType } = await metrics.expose();
    say(response, 200, text, contentType);
  };
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    if (request.method !== 'GET') return say(response, 405, '{"status":405}');
    answer((request.url ?? '/').split('?', 1)[0] ?? '/', response).catch((thrown: unknown) => {
      if (!response.headersSent) say(response, 500, JSON.stringify({ status: 500, detail: toError(thrown).message }));
      else response.destroy();
    });
  });
  return {
    name: 'health',
    url: () => {
      const { address, family, port: found } = server.address() as AddressInfo;
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${found}`;
    },
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => {
          const detail = error.code ?? error.message;
          reject(new VigiaError('LISTEN_FAILED', { what: 'metrics', host, port, detail }, error));
        });
        server.listen(port, host.replace(/^\[|\]$/g, ''), resolve);
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
