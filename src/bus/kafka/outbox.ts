import type { Producer } from '@platformatic/kafka';
import type { Clock } from '../../runtime/clock.ts';
import { toError, VigiaError } from '../../runtime/errors.ts';
import { closeQuietly, DEADLINE_MS } from './client.ts';
import { inTime, OutOfTime } from './in-time.ts';
import { busError, hasReason } from './kafka-error.ts';

/**
 * Of one request. What goes to a partition is one batch there, which whoever reads unpacks whole and keeps as long as a
 * message of it waits: so it stays well under the broker's limit of 1 MB.
 */
const REQUEST_MESSAGES = 4000;
const PARTITION_BYTES = 256 * 1024;
const REQUEST_BYTES = 1024 * 1024;
/** What may wait; publishers beyond it wait for room. */
const WAITING_BYTES = 3 * 1024 * 1024;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 2000;
/** How long durable publishers are kept waiting while brokers do not take anything. */
const PATIENCE_MS = 10_000;

export interface Outgoing {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Map<Buffer, Buffer>;
}

/** Messages of one publish. */
interface Parcel {
  left: number;
  readonly durable: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Item {
  readonly message: Outgoing;
  readonly parcel: Parcel;
}

export interface OutboxDeps {
  readonly createProducer: () => Producer;
  readonly brokers: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: Error, pauseMs: number) => void;
}

/** Reasons that end the life of an idempotent producer. */
const FENCED = [
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
];

/**
 * What goes out to Kafka, in order. One request is on its way at a time, which holds all that came meanwhile; one that
 * failed is sent again exactly as it was, so that the brokers know what they have already.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  #producer: Producer | undefined;
  #waiting: Item[] = [];
  #bytes = 0;
  #room: (() => void)[] = [];
  #running = false;
  #failingSince: number | null = null;
  #lastError: Error | undefined;
  #stopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Resolves when every in-sync copy has the messages. */
  async send(messages: readonly Outgoing[], durable: boolean): Promise<void> {
    if (messages.length === 0) return;
    if (durable && this.#hopeless) throw this.#lastError!;
    while (this.#bytes > WAITING_BYTES && !this.#stopped)
      await new Promise<void>((resolve) => this.#room.push(resolve));
    if (this.#stopped) throw new VigiaError('BUS_STOPPED');
    await new Promise<void>((resolve, reject) => {
      const parcel: Parcel = { left: messages.length, durable, resolve, reject };
      for (const message of messages) {
        this.#waiting.push({ message, parcel });
        this.#bytes += sizeOf(message);
      }
      if (!this.#running) void this.#run();
    });
  }

  get #hopeless(): boolean {
    return this.#failingSince !== null && this.#deps.clock.monotonic() - this.#failingSince >= PATIENCE_MS;
  }

  async close(): Promise<void> {
    this.#stopped = true;
    const error = new VigiaError('BUS_STOPPED');
    for (const { parcel } of this.#waiting.splice(0)) parcel.reject(error);
    for (const wake of this.#room.splice(0)) wake();
    if (this.#producer !== undefined) await closeQuietly(this.#producer);
  }

  async #run(): Promise<void> {
    this.#running = true;
    // What is published in one turn of the event loop travels together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 && !this.#stopped) await this.#deliver(this.#next());
    this.#running = false;
  }

  #next(): Item[] {
    const byPartition = new Map<string, number>();
    let bytes = 0;
    let count = 0;
    for (const { message } of this.#waiting) {
      const place = `${message.topic}:${message.partition}`;
      const size = sizeOf(message);
      const filled = (byPartition.get(place) ?? 0) + size;
      if (count > 0 && (filled > PARTITION_BYTES || bytes + size > REQUEST_BYTES || count >= REQUEST_MESSAGES)) break;
      byPartition.set(place, filled);
      bytes += size;
      count += 1;
    }
    this.#bytes -= bytes;
    for (const wake of this.#room.splice(0)) wake();
    return this.#waiting.splice(0, count);
  }

  /** Tries until it is done or the bus has ended. */
  async #deliver(items: Item[]): Promise<void> {
    const { clock, signal, onError } = this.#deps;
    let left = items;
    for (let pauseMs = FIRST_PAUSE_MS; left.length > 0; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      if (this.#stopped) {
        for (const { parcel } of left) parcel.reject(new VigiaError('BUS_STOPPED'));
        return;
      }
      try {
        await this.#send(left);
        this.#failingSince = null;
        settle(left);
        return;
      } catch (thrown) {
        left = this.#afterFailure(left, thrown);
        onError(toError(thrown), pauseMs);
        await clock.sleep(pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #send(items: readonly Item[]): Promise<void> {
    this.#producer ??= this.#deps.createProducer();
    const messages = items.map(({ message }) => ({ ...message }));
    await inTime(this.#deps.clock, DEADLINE_MS, this.#producer.send({ messages }));
  }

  /** What has still to be sent. */
  #afterFailure(items: readonly Item[], thrown: unknown): Item[] {
    const { brokers, clock } = this.#deps;
    const { produced } = thrown as { produced?: { offsets?: readonly { topic: string; partition: number }[] } };
    const arrived = new Set((produced?.offsets ?? []).map(({ topic, partition }) => `${topic}:${partition}`));
    const left = items.filter(({ message }) => !arrived.has(`${message.topic}:${message.partition}`));
    const leftSet = new Set(left);
    settle(items.filter((item) => !leftSet.has(item)));
    this.#failingSince ??= clock.monotonic();
    this.#lastError = busError(thrown, brokers);
    if (thrown instanceof OutOfTime || hasReason(thrown, ...FENCED)) this.#replaceProducer();
    else this.#producer?.clearMetadata();
    if (this.#hopeless) {
      for (const { parcel } of [...left, ...this.#waiting]) if (parcel.durable) parcel.reject(this.#lastError);
    }
    return left;
  }

  /** Its numbers are not taken any more; what it may have sent already could arrive twice, and that does no harm. */
  #replaceProducer(): void {
    const old = this.#producer;
    this.#producer = undefined;
    if (old !== undefined) void closeQuietly(old);
  }
}

const sizeOf = ({ key, value }: Outgoing): number => key.length + value.length + 64;

function settle(items: readonly Item[]): void {
  for (const { parcel } of items) {
    parcel.left -= 1;
    if (parcel.left === 0) parcel.resolve();
  }
}
