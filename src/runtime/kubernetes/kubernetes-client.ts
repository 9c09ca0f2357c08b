import { existsSync } from 'node:fs';
import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../clock.ts';
import { toError, VigiaError } from '../errors.ts';
import { isTree } from './kubernetes-object.ts';

/** Where the API server is and who asks. */
export interface KubernetesAccess {
  /** A kubeconfig file. Without it: that of `KUBECONFIG`, the account of the pod, or `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** A context of it; the current one when left out. */
  readonly context?: string | undefined;
}

export interface KubernetesCall {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the root of the API server, without query. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly accept?: string | undefined;
  readonly body?: unknown;
  /** Of the body; JSON when left out. */
  readonly contentType?: string;
  /** How long the whole answer may take; 30 s when left out. */
  readonly timeoutMs?: number;
}

export interface KubernetesAnswer {
  readonly status: number;
  /** Parsed JSON; null when there is none. */
  readonly body: unknown;
  /** Seconds that the server asks to wait; null when it does not say. */
  readonly retryAfter: number | null;
}

/** An answer that goes on: read it to its end or destroy it. */
export interface KubernetesStream {
  readonly status: number;
  readonly retryAfter: number | null;
  readonly body: AsyncIterable<Uint8Array>;
  destroy(): void;
}

export interface KubernetesClient {
  /**
   * Asks once. Any status is an answer; rejects with `KUBERNETES_UNREACHABLE` when there is none, and with the signal's
   * reason when it is aborted.
   */
  ask(call: KubernetesCall, signal: AbortSignal): Promise<KubernetesAnswer>;
  /** The same of an answer that goes on; `timeoutMs` is for its head alone. */
  open(call: KubernetesCall, signal: AbortSignal): Promise<KubernetesStream>;
}

const TIMEOUT_MS = 30_000;
/** A list of 200 objects of the largest ordinary size; etcd takes none above 1.5 MiB. */
const MAX_BODY = 64 * 2 ** 20;
/** Where a pod finds its account; a fact of Kubernetes. */
const ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Loaded at the first use only: it brings all of Kubernetes' models, some 75 MB that no other process should pay. */
async function loadConfig({ kubeconfig, context }: KubernetesAccess): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
  else if (process.env['KUBECONFIG'] !== undefined) config.loadFromDefault();
  else if (existsSync(ACCOUNT_TOKEN)) config.loadFromCluster();
  else config.loadFromDefault();
  if (context !== undefined) {
    if (config.getContextObject(context) === null) throw new Error(`there is no context "${context}"`);
    config.setCurrentContext(context);
  }
  if (config.getCurrentCluster() === null) throw new Error('the kubeconfig names no cluster');
  return config;
}

async function bodyOf(stream: KubernetesStream): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream.body) {
    length += chunk.length;
    if (length > MAX_BODY) throw new RangeError(`more than ${MAX_BODY} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks, length).toString('utf8');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy in between answers in its own words.
    return text === '' ? null : { message: text.slice(0, 500) };
  }
}

const retryAfterOf = ({ headers }: IncomingMessage): number | null => {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
};

/** Why there is no answer, in the word of the system where it has one. */
function detailOf(thrown: unknown): string {
  const { code, message } = toError(thrown) as NodeJS.ErrnoException;
  return code ?? message;
}

function addressOf(server: string, { path, query = {} }: KubernetesCall): URL {
  const url = new URL(`${server.replace(/\/+$/, '')}${path}`);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url;
}

class Client implements KubernetesClient {
  readonly #access: KubernetesAccess;
  readonly #clock: Clock;
  #config: Promise<KubeConfig> | undefined;

  constructor(access: KubernetesAccess, clock: Clock) {
    this.#access = access;
    this.#clock = clock;
  }

  async ask(call: KubernetesCall, signal: AbortSignal): Promise<KubernetesAnswer> {
    return this.#within(call, signal, async (both) => {
      const stream = await this.#send(call, both);
      try {
        return { status: stream.status, retryAfter: stream.retryAfter, body: await bodyOf(stream) };
      } finally {
        stream.destroy();
      }
    });
  }

  async open(call: KubernetesCall, signal: AbortSignal): Promise<KubernetesStream> {
    const own = new AbortController();
    const end = (): void => own.abort(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    const release = (): void => signal.removeEventListener('abort', end);
    try {
      const stream = await this.#within(call, signal, async (both) => {
        const late = (): void => own.abort(both.reason);
        both.addEventListener('abort', late, { once: true });
        try {
          return await this.#send(call, own.signal);
        } finally {
          both.removeEventListener('abort', late);
        }
      });
      const destroy = (): void => {
        release();
        stream.destroy();
      };
      return { ...stream, destroy };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Ends the work when its time is over, and says in one way what went wrong. */
  async #within<T>(call: KubernetesCall, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const late = new AbortController();
    const done = new AbortController();
    const { timeoutMs = TIMEOUT_MS } = call;
    const timer = this.#clock.sleep(timeoutMs, done.signal).then(
      () => late.abort(),
      () => undefined,
    );
    try {
      return await work(AbortSignal.any([signal, late.signal]));
    } catch (thrown) {
      signal.throwIfAborted();
      const detail = late.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : detailOf(thrown);
      throw new VigiaError('KUBERNETES_UNREACHABLE', { detail }, thrown);
    } finally {
      done.abort();
      await timer;
    }
  }

  async #send(call: KubernetesCall, signal: AbortSignal): Promise<KubernetesStream> {
    const { method = 'GET', accept = 'application/json', body, contentType = 'application/json' } = call;
    const config = await this.#loaded();
    const url = addressOf(config.getCurrentCluster()?.server ?? '', call);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    // Files of tokens and certificates are read anew each time: they change while we run.
    const shown: RequestOptions = {};
    await config.applyToHTTPSOptions(shown);
    const headers = {
      ...(isTree(shown.headers) ? shown.headers : {}),
      accept,
      'user-agent': 'vigia',
      ...(payload !== undefined && { 'content-type': contentType, 'content-length': payload.length }),
    };
    const send = url.protocol === 'https:' ? tlsRequest : plainRequest;
    const message = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = send(url, { ...shown, method, headers, signal }, resolve);
      // A watch may be silent for a minute; a peer that is gone must be found out all the same.
      sent.on('socket', (socket) => socket.setKeepAlive(true, TIMEOUT_MS));
      sent.on('error', reject);
      sent.end(payload);
    });
    return {
      status: message.statusCode ?? 0,
      retryAfter: retryAfterOf(message),
      body: message,
      destroy: () => void message.destroy(),
    };
  }

  async #loaded(): Promise<KubeConfig> {
    this.#config ??= loadConfig(this.#access);
    try {
      return await this.#config;
    } catch (error) {
      // A file that is not there yet may be soon.
      this.#config = undefined;
      throw error;
    }
  }
}

/**
 * The API server of one cluster. Kubernetes' own library knows every way to sign in (kubeconfig, the account of the pod,
 * certificates, plug-ins, proxies); requests and streams are ours, so that all of them end, wait and are bounded.
 */
export const createKubernetesClient = (access: KubernetesAccess, clock: Clock): KubernetesClient =>
  new Client(access, clock);
