import { setMaxListeners } from 'node:events';
import type { Counter } from 'prom-client';
import type { Bus, Handler, Message, Rejected, SubscribeOptions, Subscription } from './bus.ts';
import type { DeadLetter, Topic } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createDeadLetter } from './dead-letter.ts';
import { MemoryGroup } from './memory-group.ts';
import { createReceipt, type Receipt } from './receipt.ts';

export interface MemoryBusDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Keeps what can never be processed. A retryable error is tried again; any other loses the letter, and says so. */
  readonly deadLetters: (letter: DeadLetter) => Promise<void>;
  /** Most messages a group may be behind before publishers wait; default 4096. */
  readonly capacity?: number;
  /** Pauses between tries, doubling; default 100 ms up to 10 s. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** How long a group may fail for want of infrastructure before durable publishers are told; default 1 s. */
  readonly patienceMs?: number;
}

const DEFAULT_CAPACITY = 4096;
const DEFAULT_BACKOFF = { firstMs: 100, maxMs: 10_000 };
const DEFAULT_PATIENCE_MS = 1000;
const DEFAULT_STOP_MS = 4000;

/** One topic: its groups by name, and the line of publishers that wait for room. */
interface Stream {
  readonly published: Counter.Internal;
  readonly unheard: Counter.Internal;
  readonly groups: Map<string, MemoryGroup>;
  /** Durable publishes that have not been committed by all groups. */
  readonly receipts: Set<Receipt>;
  tail: Promise<void> | undefined;
  room: (() => void)[];
}

/** What nobody can commit now is not taken with the promise that it will be. */
function refuseInTrouble(stream: Stream): void {
  for (const { trouble } of stream.groups.values()) if (trouble !== undefined) throw trouble;
}

class MemoryBus implements Bus {
  readonly #deps: MemoryBusDeps;
  readonly #streams = new Map<string, Stream>();
  readonly #end = new AbortController();
  #stopping: Promise<void> | undefined;
  #committed: () => void = () => undefined;

  constructor(deps: MemoryBusDeps) {
    this.#deps = deps;
    // One for every batch that waits for its next try: many, but bounded.
    setMaxListeners(0, this.#end.signal);
  }

  async start(): Promise<void> {
    // Nothing to connect to.
  }

  async publish<T>(
    topic: Topic<T>,
    messages: readonly Message<T>[],
    options: { readonly durable?: boolean } = {},
  ): Promise<void> {
    this.#refuseWhenStopped();
    const stream = this.#stream(topic.name);
    stream.published.inc(messages.length);
    if (options.durable !== true) {
      await this.#hand(stream, messages);
      return;
    }
    const receipt = createReceipt();
    stream.receipts.add(receipt);
    try {
      await this.#hand(stream, messages, receipt);
      receipt.seal();
      await receipt.done;
    } finally {
      stream.receipts.delete(receipt);
    }
  }

  async subscribe<T>(
    topic: Topic<T>,
    name: string,
    handler: Handler<T>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    this.#refuseWhenStopped();
    const { groups } = this.#stream(topic.name);
    let group = groups.get(name);
    if (group === undefined) {
      group = this.#createGroup(topic.name, name);
      groups.set(name, group);
    }
    return group.join(handler as Handler<unknown>, options);
  }

  stop(timeoutMs: number = DEFAULT_STOP_MS): Promise<void> {
    this.#stopping ??= this.#drain(timeoutMs);
    return this.#stopping;
  }

  async #drain(timeoutMs: number): Promise<void> {
    const drained = new AbortController();
    this.#committed = () => {
      if (this.#lag() === 0) drained.abort();
    };
    this.#committed();
    // The abort is the good end; the sleep running out is the other.
    await this.#deps.clock.sleep(timeoutMs, drained.signal).catch(() => undefined);
    const left = this.#lag();
    if (left > 0) this.#deps.log.warn({ messages: left }, 'the bus stopped before everything was processed');
    const error = new VigiaError('BUS_STOPPED');
    this.#end.abort(error);
    for (const stream of this.#streams.values()) {
      for (const receipt of stream.receipts) receipt.fail(error);
      for (const wake of stream.room.splice(0)) wake();
    }
  }

  /** What groups with somebody to do the work have still to do, and publishers that still wait in line. */
  #lag(): number {
    let lag = 0;
    for (const { groups, tail } of this.#streams.values()) {
      if (tail !== undefined) lag += 1;
      for (const group of groups.values()) if (group.consumed) lag += group.pending;
    }
    return lag;
  }

  #refuseWhenStopped(): void {
    if (this.#end.signal.aborted) throw new VigiaError('BUS_STOPPED');
  }

  #stream(topic: string): Stream {
    let stream = this.#streams.get(topic);
    if (stream === undefined) {
      const { metrics } = this.#deps;
      const published = metrics.counter('vigia_bus_published_total', 'Messages published', ['topic']);
      const unheard = metrics.counter('vigia_bus_unheard_total', 'Messages that no group listens to', ['topic']);
      stream = {
        published: published.labels(topic),
        unheard: unheard.labels(topic),
        groups: new Map(),
        receipts: new Set(),
        tail: undefined,
        room: [],
      };
      this.#streams.set(topic, stream);
    }
    return stream;
  }

  /** Hands the messages to every group when all have room for them, at once; otherwise does nothing. */
  #accept(stream: Stream, messages: readonly Message<unknown>[], receipt?: Receipt): boolean {
    const groups = [...stream.groups.values()];
    if (groups.length === 0) stream.unheard.inc(messages.length);
    for (const group of groups) if (group.room < messages.length) return false;
    receipt?.owe(messages.length * groups.length);
    for (const message of messages) for (const group of groups) group.push(message, receipt);
    for (const group of groups) group.pushed();
    return true;
  }

  /** Publishers wait in line, so that the messages of one key keep their order. */
  async #hand(stream: Stream, messages: readonly Message<unknown>[], receipt?: Receipt): Promise<void> {
    if (receipt !== undefined) refuseInTrouble(stream);
    if (stream.tail === undefined && this.#accept(stream, messages, receipt)) return;
    const turn = this.#inTurn(stream, messages, receipt);
    stream.tail = turn;
    try {
      await turn;
    } finally {
      if (stream.tail === turn) stream.tail = undefined;
      this.#committed();
    }
  }

  /** One by one, as there may be more messages than there is ever room for. */
  async #inTurn(stream: Stream, messages: readonly Message<unknown>[], receipt?: Receipt): Promise<void> {
    await stream.tail?.catch(() => undefined);
    for (const message of messages) {
      this.#refuseWhenStopped();
      while (!this.#accept(stream, [message], receipt)) {
        await new Promise<void>((resolve) => stream.room.push(resolve));
        this.#refuseWhenStopped();
        if (receipt !== undefined) refuseInTrouble(stream);
      }
    }
  }

  #createGroup(topic: string, group: string): MemoryGroup {
    const { clock, log, metrics, capacity = DEFAULT_CAPACITY, backoff = DEFAULT_BACKOFF } = this.#deps;
    const names = ['topic', 'group'] as const;
    const lag = metrics.gauge('vigia_bus_lag', 'Messages not yet committed', names).labels(topic, group);
    const again = metrics.counter('vigia_bus_redeliveries_total', 'Batches that came again', names);
    return new MemoryGroup({
      clock,
      capacity,
      backoff,
      patienceMs: this.#deps.patienceMs ?? DEFAULT_PATIENCE_MS,
      signal: this.#end.signal,
      bury: (rejected) => this.#bury(topic, group, rejected),
      onRedelivery: (error, pauseMs) => {
        again.inc({ topic, group });
        log.warn({ topic, group, err: error.message, pauseMs }, 'a batch failed and comes again');
      },
      onHandOver: (error) => log.warn({ topic, group, err: error.message }, 'partitions could not be handed over'),
      onTrouble: (error) => {
        const stream = this.#stream(topic);
        for (const receipt of stream.receipts) receipt.fail(error);
        for (const wake of stream.room.splice(0)) wake();
      },
      onLag: (messages) => lag.set(messages),
      onCommit: () => {
        for (const wake of this.#stream(topic).room.splice(0)) wake();
        this.#committed();
      },
    });
  }

  async #bury(topic: string, group: string, rejected: readonly Rejected<unknown>[]): Promise<void> {
    const { clock, log, metrics } = this.#deps;
    const names = ['topic', 'group'] as const;
    const letters = metrics.counter('vigia_bus_dead_letters_total', 'Messages that cannot be processed', names);
    for (const { message, reason } of rejected) {
      const letter = createDeadLetter({ topic, group, time: clock.now() }, message, reason);
      try {
        await this.#deps.deadLetters(letter);
        log.warn({ topic, group, key: letter.key, reason, letter: letter.id }, 'a message went to the dead letters');
      } catch (thrown) {
        const error = toError(thrown);
        if ((error as { retryable?: unknown }).retryable === true) throw error;
        log.error({ topic, group, key: letter.key, reason, err: error.message }, 'a dead letter could not be kept');
      }
      letters.inc({ topic, group });
    }
  }
}

/**
 * The embedded bus: every group has its own bounded queue of every message, `publish` waits for the slowest group.
 * While it drains, `publish` still works, so that a stage can hand on what it was given; afterwards it rejects.
 * A message that no group has subscribed to is dropped and counted. A handler must not publish to its own topic.
 */
export const createMemoryBus = (deps: MemoryBusDeps): Bus => new MemoryBus(deps);
