import { setMaxListeners } from 'node:events';
import type { Bus, Handler, Message, SubscribeOptions, Subscription } from './bus.ts';
import { type DeadLetter, type Topic, topics } from '../model/topics.ts';
import type { KafkaRecord } from '@platformatic/kafka';
import type { Clock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createBusMetrics } from './bus-metrics.ts';
import { encodingOf, readValue, VERSION } from './encoding/encoding.ts';
import { createBurial } from './kafka/burial.ts';
import { createAdmin, createConsumer, createProducer } from './kafka/client.ts';
import { busError } from './kafka/kafka-error.ts';
import type { KafkaBusOptions } from './kafka/options.ts';
import { Outbox, type Outgoing } from './kafka/outbox.ts';
import { partitionOf } from './kafka/partition-of.ts';
import { KafkaSubscription } from './kafka/subscription.ts';
import { TopicKeeper } from './kafka/topic-keeper.ts';
import type { Backoff } from './member-work.ts';

export interface KafkaBusDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Keeps what can never be processed, beside the topic of dead letters. */
  readonly deadLetters: (letter: DeadLetter) => Promise<void>;
  /** Pauses between tries, doubling; default 100 ms up to 10 s. */
  readonly backoff?: Backoff;
}

const DEFAULT_PREFIX = 'vigia.';
/** Where every group's dead letters go. */
const DEAD_LETTERS = 'dead-letters';
const DEFAULT_BACKOFF = { firstMs: 100, maxMs: 10_000 };
const DEFAULT_SESSION_MS = 10_000;
const DEFAULT_START_MS = 60_000;
const DEFAULT_STOP_MS = 4000;
const START_PAUSE_MS = 1000;
const REFRESH_MS = 2000;
const DRAIN_PAUSE_MS = 25;
/** What a batch in hand and the leaving of groups may take at the end. */
const STOP_MS = 2000;
/** The broker's default limit of a batch, less what surrounds a message. */
const MESSAGE_BYTES = 950_000;
const VERSION_HEADER = Buffer.from('vigia');
const VERSION_BYTES = Buffer.from(VERSION);
const TRACE_HEADER = Buffer.from('traceparent');

const headersOf = (trace: string | undefined): Map<Buffer, Buffer> =>
  new Map([
    [VERSION_HEADER, VERSION_BYTES],
    ...(trace === undefined ? [] : [[TRACE_HEADER, Buffer.from(trace)] as const]),
  ]);

const headerOf = ({ headers }: KafkaRecord, wanted: Buffer): string | undefined =>
  headers.find(([header]) => header?.equals(wanted))?.[1]?.toString();

class KafkaBus implements Bus {
  readonly #options: KafkaBusOptions;
  readonly #deps: KafkaBusDeps;
  readonly #prefix: string;
  readonly #metrics: ReturnType<typeof createBusMetrics>;
  readonly #end = new AbortController();
  readonly #topics: TopicKeeper;
  readonly #outbox: Outbox;
  readonly #subscriptions = new Set<KafkaSubscription>();
  readonly #members = new Map<string, number>();
  #published = 0;
  #stopping: Promise<void> | undefined;

  constructor(options: KafkaBusOptions, deps: KafkaBusDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#prefix = options.prefix ?? DEFAULT_PREFIX;
    this.#metrics = createBusMetrics(deps.metrics);
    // One for every pause of every subscription: many, but bounded.
    setMaxListeners(0, this.#end.signal);
    this.#topics = new TopicKeeper({ ...deps, options, createAdmin: () => createAdmin(options) });
    this.#outbox = new Outbox({
      clock: deps.clock,
      signal: this.#end.signal,
      brokers: options.brokers,
      createProducer: () => createProducer(options),
      onError: (thrown, pauseMs) => this.#complain('producer', thrown, pauseMs),
    });
  }

  /** Waits for brokers, as they may be starting too; rejects at once when waiting cannot help. */
  async start(): Promise<void> {
    const { clock, log } = this.#deps;
    const until = clock.monotonic() + (this.#options.startMs ?? DEFAULT_START_MS);
    for (;;) {
      try {
        const names = [...Object.values(topics).map(({ name }) => name), DEAD_LETTERS];
        await this.#topics.ensure(names.map((name) => this.#prefix + name));
        void this.#watch();
        return;
      } catch (thrown) {
        const error = busError(thrown, this.#options.brokers);
        if (!error.retryable || clock.monotonic() >= until) {
          await this.stop(0);
          throw error;
        }
        log.warn({ err: error.message }, 'waiting for Kafka');
        await clock.sleep(START_PAUSE_MS);
      }
    }
  }

  async publish<T>(
    topic: Topic<T>,
    messages: readonly Message<T>[],
    options: { readonly durable?: boolean } = {},
  ): Promise<void> {
    this.#refuseWhenStopped();
    const name = this.#prefix + topic.name;
    const partitions = await this.#topics.partitions(name);
    const { encode } = encodingOf(topic.name);
    const outgoing = messages.map(({ key, value, trace }): Outgoing => {
      const bytes = Buffer.from(encode(value));
      if (bytes.length > MESSAGE_BYTES) {
        throw new VigiaError('BUS_MESSAGE_TOO_LARGE', { topic: topic.name, bytes: bytes.length, limit: MESSAGE_BYTES });
      }
      return {
        topic: name,
        partition: partitionOf(key, partitions),
        key: Buffer.from(key),
        value: bytes,
        headers: headersOf(trace),
      };
    });
    this.#published += messages.length;
    this.#metrics.published.inc({ topic: topic.name }, messages.length);
    await this.#outbox.send(outgoing, options.durable === true);
  }

  async subscribe<T>(
    topic: Topic<T>,
    group: string,
    handler: Handler<T>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#refuseWhenStopped();
    const partitions = await this.#topics.partitions(this.#prefix + topic.name);
    const subscription = this.#join(handler as Handler<unknown>, options, { topic: topic.name, group, partitions });
    this.#subscriptions.add(subscription);
    return {
      lag: () => subscription.lag(),
      assigned: () => subscription.assigned(),
      stop: async () => {
        await subscription.stop();
        this.#subscriptions.delete(subscription);
      },
    };
  }

  #join(
    handler: Handler<unknown>,
    options: SubscribeOptions,
    { topic, group, partitions }: { topic: string; group: string; partitions: number },
  ): KafkaSubscription {
    const { clock, log, backoff = DEFAULT_BACKOFF } = this.#deps;
    const labels = { topic, group };
    const groupId = `${this.#prefix}${group}.${topic}`;
    const sessionMs = this.#options.sessionMs ?? DEFAULT_SESSION_MS;
    const instance = this.#nameOf(groupId);
    return new KafkaSubscription(handler, options, {
      clock,
      backoff,
      partitions,
      signal: this.#end.signal,
      membership: { options: this.#options, topic: this.#prefix + topic, groupId, sessionMs, instance },
      createFetchConsumer: () => createConsumer(this.#options, { groupId, sessionMs }),
      decode: ({ record }) => {
        const { key, value } = record;
        return readValue(topic, key?.toString() ?? '', headerOf(record, VERSION_HEADER), value);
      },
      traceOf: ({ record }) => headerOf(record, TRACE_HEADER),
      bury: this.#burial(topic, group),
      onRedelivery: (error, pauseMs) => {
        this.#metrics.redeliveries.inc(labels);
        log.warn({ ...labels, err: error.message, pauseMs }, 'a batch failed and comes again');
      },
      onLag: (messages, held) => {
        this.#metrics.lag.set(labels, messages);
        this.#metrics.assigned.set(labels, held);
      },
      onError: (error) => this.#complain(groupId, error),
    });
  }

  stop(timeoutMs: number = DEFAULT_STOP_MS): Promise<void> {
    this.#stopping ??= this.#drain(timeoutMs);
    return this.#stopping;
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { clock, log } = this.#deps;
    const until = clock.monotonic() + timeoutMs;
    while (clock.monotonic() < until && !(await this.#caughtUp())) await clock.sleep(DRAIN_PAUSE_MS);
    const all = [...this.#subscriptions];
    const left = all.reduce((sum, subscription) => sum + subscription.lag(), 0);
    if (left > 0) log.info({ messages: left }, 'the bus stopped; what is left waits in Kafka');
    const stopped = Promise.all(all.map((subscription) => subscription.stop()));
    // Those that end in time leave their groups properly; the others are told to let go.
    const patience = Math.max(STOP_MS, until - clock.monotonic());
    await Promise.race([stopped, clock.sleep(timeoutMs === 0 ? 0 : patience)]);
    this.#end.abort(new VigiaError('BUS_STOPPED'));
    await this.#outbox.close();
    await this.#topics.close();
    await Promise.race([stopped, clock.sleep(STOP_MS)]);
  }

  /** Everything that is held here is done, and nothing was published while that was found out. */
  async #caughtUp(): Promise<boolean> {
    const before = this.#published;
    for (const subscription of this.#subscriptions) if (!(await subscription.caughtUp())) return false;
    return before === this.#published;
  }

  /** Keeps the lag true where partitions are paused. */
  async #watch(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      await this.#deps.clock.sleep(REFRESH_MS, signal).catch(() => undefined);
      for (const subscription of this.#subscriptions) if (!signal.aborted) await subscription.refresh();
    }
  }

  #refuseWhenStopped(): void {
    if (this.#end.signal.aborted) throw new VigiaError('BUS_STOPPED');
  }

  /** Numbers the members that one process has in one group; the first has the same name in every group. */
  #nameOf(groupId: string): string {
    const members = (this.#members.get(groupId) ?? 0) + 1;
    this.#members.set(groupId, members);
    return `${this.#options.clientId}/${members}`;
  }

  #burial(topic: string, group: string) {
    const { clock, deadLetters, log } = this.#deps;
    const name = this.#prefix + DEAD_LETTERS;
    return createBurial(
      { topic, group },
      {
        clock,
        log,
        deadLetters,
        send: (messages) => this.#outbox.send(messages, false),
        place: async () => ({ topic: name, partitions: await this.#topics.partitions(name) }),
        onBuried: () => this.#metrics.deadLetters.inc({ topic, group }),
      },
    );
  }

  #complain(client: string, thrown: Error, pauseMs?: number): void {
    if (this.#end.signal.aborted) return;
    this.#metrics.errors.inc({ client });
    const { message } = busError(thrown, this.#options.brokers);
    this.#deps.log.warn({ client, err: message, pauseMs }, 'Kafka did not do as asked; it is tried again');
  }
}

/**
 * The distributed bus: topics and groups of Apache Kafka by the same promises as in memory. Keys are spread over
 * partitions as Kafka's own clients do it (murmur2); partitions of equal number in topics of equal size go to the same
 * process. Offsets are committed when a batch's handler has resolved.
 */
export const createKafkaBus = (options: KafkaBusOptions, deps: KafkaBusDeps): Bus => new KafkaBus(options, deps);
