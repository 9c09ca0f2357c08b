import { readFile } from 'node:fs/promises';
import { Agent as PlainAgent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Files are PEM. */
export interface TlsOptions {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name that the certificate is checked for, when it is not that of the address. */
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify?: boolean | undefined;
}

/** How this side shows who it is, and how it knows the other. */
export interface Access {
  readonly token?: string | undefined;
  /** Read anew for each request, as it may be changed while we run. */
  readonly tokenFile?: string | undefined;
  /** What stands before the token; `Bearer` when left out. */
  readonly tokenType?: string | undefined;
  readonly basic?:
    | { readonly user: string; readonly password?: string | undefined; readonly passwordFile?: string | undefined }
    | undefined;
  readonly tls?: TlsOptions | undefined;
}

export interface HttpClient {
  /** The head of the answer; its body is decompressed. Rejects when there is none. */
  get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes connections that are kept. */
  close(): void;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  /** Must be read to its end or left by `destroy`. */
  readonly body: AsyncIterable<Uint8Array>;
  destroy(): void;
}

const MAX_REDIRECTS = 5;
const MAX_SOCKETS = 64;

const text = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();

async function authorization({ token, tokenFile, tokenType, basic }: Access, url: URL): Promise<string | undefined> {
  if (tokenFile !== undefined) return `${tokenType ?? 'Bearer'} ${await text(tokenFile)}`;
  if (token !== undefined) return `${tokenType ?? 'Bearer'} ${token}`;
  const encode = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  if (basic !== undefined) {
    const { user, password = '', passwordFile } = basic;
    return encode(user, passwordFile === undefined ? password : await text(passwordFile));
  }
  return url.username === '' ? undefined : encode(decodeURIComponent(url.username), decodeURIComponent(url.password));
}

async function tlsAgent(tls: TlsOptions): Promise<TlsAgent> {
  const { ca, cert, key, serverName, insecureSkipVerify = false } = tls;
  return new TlsAgent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    rejectUnauthorized: !insecureSkipVerify,
    ...(serverName === undefined ? {} : { servername: serverName }),
    ...(ca === undefined ? {} : { ca: await readFile(ca) }),
    ...(cert === undefined ? {} : { cert: await readFile(cert) }),
    ...(key === undefined ? {} : { key: await readFile(key) }),
  });
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

function answerOf(message: IncomingMessage): HttpAnswer {
  const decoder = DECODERS[message.headers['content-encoding']?.toLowerCase() ?? '']?.();
  // What breaks the message must break what is read of it.
  if (decoder !== undefined) message.on('error', (error) => decoder.destroy(error));
  return {
    status: message.statusCode ?? 0,
    contentType: message.headers['content-type'] ?? '',
    body: decoder === undefined ? message : message.pipe(decoder),
    destroy: () => void message.destroy(),
  };
}

/** One connection or a set of kept ones to whatever is asked for, with one way to show who we are. */
class Client implements HttpClient {
  readonly #access: Access;
  readonly #plain = new PlainAgent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  #tls: Promise<TlsAgent> | undefined;

  constructor(access: Access) {
    this.#access = access;
  }

  async get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpAnswer> {
    const shown = await authorization(this.#access, url);
    let at = url;
    for (let hop = 0; ; hop += 1) {
      // Who we are is told to no other server than the one that was asked.
      const own = at.origin === url.origin && shown !== undefined ? { authorization: shown } : {};
      const message = await this.#send(at, { ...headers, ...own }, signal);
      const { location } = message.headers;
      const status = message.statusCode ?? 0;
      if (status < 300 || status >= 400 || location === undefined) return answerOf(message);
      message.resume();
      if (hop >= MAX_REDIRECTS) throw new Error('too many redirects');
      at = new URL(location, at);
    }
  }

  close(): void {
    this.#plain.destroy();
    void this.#tls?.then((agent) => agent.destroy()).catch(() => undefined);
    this.#tls = undefined;
  }

  async #send(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IncomingMessage> {
    const secure = url.protocol === 'https:';
    if (!secure && url.protocol !== 'http:') throw new Error(`cannot fetch ${url.protocol}`);
    const agent = secure ? await this.#tlsAgent() : this.#plain;
    const once = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const { hostname, port, pathname, search } = url;
        const where = { hostname: hostname.replace(/^\[|\]$/g, ''), port, path: `${pathname}${search}` };
        const sent = (secure ? tlsRequest : plainRequest)({ ...where, agent, headers, signal }, resolve);
        sent.on('error', (error: NodeJS.ErrnoException) => {
          // The other side closed a kept connection while we took it up again.
          if (sent.reusedSocket && error.code === 'ECONNRESET' && !signal.aborted) resolve(once());
          else reject(error);
        });
        sent.end();
      });
    return once();
  }

  /** Made at the first use; one that could not be made, as a file is missing, is tried again. */
  async #tlsAgent(): Promise<TlsAgent> {
    this.#tls ??= tlsAgent(this.#access.tls ?? {});
    try {
      return await this.#tls;
    } catch (error) {
      this.#tls = undefined;
      throw error;
    }
  }
}

/** Fetches over HTTP and HTTPS with the owner's certificates, names and secrets; Node's own `fetch` takes none. */
export const createHttpClient = (access: Access): HttpClient => new Client(access);
