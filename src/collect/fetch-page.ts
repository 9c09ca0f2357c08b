import type { Clock } from '../runtime/clock.ts';
import type { HttpClient } from './http-client.ts';

export interface FetchOptions {
  readonly url: string;
  readonly client: HttpClient;
  /** What is asked for, instead of a page of metrics. */
  readonly accept?: string;
  readonly timeoutMs: number;
  /** Largest body after decompression. */
  readonly bodyBytes: number;
}

export type FetchedPage =
  | { readonly ok: true; readonly body: Buffer; readonly openMetrics: boolean }
  | { readonly ok: false; readonly why: 'timeout' | 'too_large' | 'encoding' }
  | { readonly ok: false; readonly why: 'unreachable'; readonly detail: string }
  | { readonly ok: false; readonly why: 'status'; readonly status: number };

/** OpenMetrics is asked for first, as it says where it ends. */
const ACCEPT = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

const headersOf = ({ accept = ACCEPT, timeoutMs }: FetchOptions): Record<string, string> => ({
  accept,
  'accept-encoding': 'gzip',
  'user-agent': 'vigia',
  'x-prometheus-scrape-timeout-seconds': String(timeoutMs / 1000),
});

/** The whole body, or undefined as soon as it is larger than it may be; what is left is not read. */
async function readBody(body: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    // Leaving the loop cancels the stream and closes the connection.
    if (length > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The reason that a failed connection has, deepest cause first: `ECONNREFUSED`, `ENOTFOUND`, … */
function causeOf(thrown: unknown): { readonly code: string; readonly message: string } {
  let error = thrown as { cause?: unknown; code?: unknown; message?: unknown };
  while (typeof error?.cause === 'object' && error.cause !== null) error = error.cause;
  const code = typeof error?.code === 'string' ? error.code : '';
  return { code, message: code === '' ? String(error?.message ?? thrown) : code };
}

async function request(options: FetchOptions, signal: AbortSignal): Promise<FetchedPage> {
  const answer = await options.client.get(new URL(options.url), headersOf(options), signal);
  if (answer.status < 200 || answer.status > 299) {
    answer.destroy();
    return { ok: false, why: 'status', status: answer.status };
  }
  const openMetrics = answer.contentType.includes('openmetrics');
  try {
    const body = await readBody(answer.body, options.bodyBytes);
    return body === undefined ? { ok: false, why: 'too_large' } : { ok: true, body, openMetrics };
  } finally {
    if (!signal.aborted) answer.destroy();
  }
}

/** Gets one page. Never rejects, save when `signal` is aborted; ends within the timeout, body included. */
export async function fetchPage(options: FetchOptions, clock: Clock, signal: AbortSignal): Promise<FetchedPage> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const end = (): void => ended.abort();
  signal.addEventListener('abort', end, { once: true });
  const over = new AbortController();
  let late = false;
  const timer = clock.sleep(options.timeoutMs, over.signal).then(
    () => {
      late = true;
      return end();
    },
    () => undefined,
  );
  try {
    return await request(options, ended.signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (late) return { ok: false, why: 'timeout' };
    const { code, message } = causeOf(thrown);
    if (code.startsWith('Z_') || code === 'ERR__ERROR_FORMAT_PADDING_1') return { ok: false, why: 'encoding' };
    return { ok: false, why: 'unreachable', detail: message };
  } finally {
    signal.removeEventListener('abort', end);
    over.abort();
    await timer;
  }
}
