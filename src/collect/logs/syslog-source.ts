import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Labels } from '../../model/labels.ts';
import type { LogRecord } from '../../model/log-record.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Log } from '../../runtime/log.ts';
import type { LogIntake } from './log-intake.ts';
import { SyslogFrames } from './syslog-frames.ts';
import { SyslogStream } from './syslog-stream.ts';
import { parseSyslog } from './syslog-message.ts';

export interface SyslogOptions {
  readonly name: string;
  readonly protocol: 'udp' | 'tcp' | 'tls';
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** PEM texts, for TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Name the entity of messages without a host. */
  readonly labels: Labels;
  readonly messageBytes: number;
}

export interface SyslogDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly intake: LogIntake;
  /** Told what went wrong. */
  readonly onFault?: (why: Phrase) => void;
  readonly publish: (records: readonly LogRecord[]) => Promise<void>;
}

const MAX_CONNECTIONS = 500;
/** Room for datagrams that come while other work is done; Linux gives no more than `net.core.rmem_max`. */
const RECEIVE_BYTES = 4 << 20;
/** A connection that says nothing for so long is closed. */
const IDLE_MS = 600_000;
/** Datagrams that wait while records are handed on; more are dropped and counted, for UDP cannot be told to wait. */
const MAX_WAITING = 10_000;
const BATCH = 500;

/**
 * Receives syslog (RFC 5424 and 3164) over UDP, TCP or TLS. A sender over TCP waits while records cannot be handed on; of
 * datagrams those too many are dropped and counted.
 */
export class SyslogSource {
  readonly #options: SyslogOptions;
  readonly #deps: SyslogDeps;
  #server: Server | DatagramSocket | null = null;
  readonly #sockets = new Set<Socket>();
  readonly #work = new Set<Promise<void>>();
  #waiting: string[] = [];
  #draining = false;
  #datagrams: SyslogStream | null = null;
  /** Names this start of the process in the streams of what it receives. */
  #started = '';
  #connections = 0;

  constructor(options: SyslogOptions, deps: SyslogDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** The port it listens on, after `start`. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Rejects with `LISTEN_FAILED` when the address cannot be listened on. */
  async start(): Promise<void> {
    const { name, host, port } = this.#options;
    this.#started = stableId('s', name, this.#deps.clock.now(), process.pid).slice(0, 12);
    try {
      await this.#listen();
    } catch (error) {
      this.#server = null;
      throw new VigiaError('LISTEN_FAILED', { what: name, host, port, detail: toError(error).message }, error);
    }
  }

  async #listen(): Promise<void> {
    const { protocol, host, port, tls } = this.#options;
    if (protocol === 'udp') {
      const socket = createSocket({ type: host.includes(':') ? 'udp6' : 'udp4', recvBufferSize: RECEIVE_BYTES });
      this.#server = socket;
      socket.on('message', (message) => this.#datagram(message.toString('utf8')));
      socket.bind(port, host);
      await once(socket, 'listening');
      socket.on('error', (error) => this.#fault(error, 'syslog over UDP has a fault'));
      return;
    }
    const accept = (socket: Socket): void => this.#accept(socket);
    const server = protocol === 'tls' ? createTlsServer({ ...tls }, accept) : createTcpServer(accept);
    this.#server = server;
    server.maxConnections = MAX_CONNECTIONS;
    server.listen(port, host);
    await once(server, 'listening');
    server.on('error', (error) => this.#fault(error, 'syslog over TCP has a fault'));
  }

  #fault(thrown: unknown, said: string): void {
    const { message } = toError(thrown);
    this.#deps.log.warn({ source: this.#options.name, error: message }, said);
    this.#deps.onFault?.(phrase('collect.logsFault', { detail: message }));
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Takes no more, and finishes what is in hand. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await Promise.allSettled(this.#work);
  }

  #accept(socket: Socket): void {
    const frames = new SyslogFrames(this.#options.messageBytes);
    this.#sockets.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    this.#connections += 1;
    const work = this.#receive(socket, frames, new SyslogStream(`${this.#started}.${this.#connections}`))
      .catch((thrown: unknown) => this.#fault(thrown, 'a syslog connection ended'))
      .finally(() => this.#work.delete(work));
    this.#work.add(work);
  }

  /** One piece after the other: while records are handed on, nothing more is read, and the sender waits. */
  async #receive(socket: Socket, frames: SyslogFrames, stream: SyslogStream): Promise<void> {
    try {
      for await (const piece of socket) await this.#handOn(frames.take(piece as Buffer), stream);
      await this.#handOn(frames.end(), stream);
    } finally {
      if (frames.refused > 0) this.#drop('malformed', frames.refused);
      socket.destroy();
    }
  }

  #datagram(message: string): void {
    if (this.#waiting.length >= MAX_WAITING) {
      this.#drop('overrun', 1);
      return;
    }
    this.#waiting.push(message.slice(0, this.#options.messageBytes));
    if (this.#draining) return;
    this.#draining = true;
    const work = this.#drain()
      .catch((thrown: unknown) => this.#fault(thrown, 'syslog was not handed on'))
      .finally(() => {
        this.#draining = false;
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  async #drain(): Promise<void> {
    this.#datagrams ??= new SyslogStream(this.#started);
    while (this.#waiting.length > 0) await this.#handOn(this.#waiting.splice(0, BATCH), this.#datagrams);
  }

  async #handOn(messages: readonly string[], stream: SyslogStream): Promise<void> {
    const { clock, intake, publish } = this.#deps;
    const { name, labels } = this.#options;
    const now = clock.now();
    const records = messages.flatMap((message) => {
      const parsed = parseSyslog(message, now);
      if (parsed === null) {
        this.#drop('malformed', 1);
        return [];
      }
      const origin = {
        source: `logs/${name}`,
        labels: parsed.host === null ? labels : { host: parsed.host },
        ...stream.next(message),
      };
      return intake.parsed(parsed, message, origin, now) ?? [];
    });
    if (records.length > 0) await publish(records);
  }

  #drop(reason: string, by: number): void {
    this.#deps.intake.drop(`logs/${this.#options.name}`, reason, by);
  }
}
