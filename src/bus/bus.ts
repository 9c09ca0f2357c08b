import type { Topic } from '../model/topics.ts';

/** One message. All messages of one key of one topic reach one consumer of a group, in the order of publishing. */
export interface Message<T> {
  readonly key: string;
  readonly value: T;
  /** Its place in a trace, as W3C Trace Context writes `traceparent`; only where traces are on. */
  readonly trace?: string | undefined;
}

/** A message as a consumer gets it. */
export interface Delivery<T> extends Message<T> {
  /** 1 on the first try. */
  readonly attempt: number;
}

/** A message of the batch that can never be processed, and why. */
export interface Rejected<T> {
  readonly message: Delivery<T>;
  readonly reason: string;
}

/**
 * Processes one batch. When it resolves the batch is committed, apart from the messages it names, which go to the
 * dead letters. When it throws, the batch comes again after a pause: for ever when the error is `retryable`
 * (lost infrastructure), else `maxAttempts` times, then message by message, and what still fails goes to the dead
 * letters. Handlers must therefore be idempotent.
 */
export type Handler<T> = (batch: readonly Delivery<T>[], signal: AbortSignal) => Promise<void | readonly Rejected<T>[]>;

/** Whether a key belongs to the partitions that a call is about. */
export type Owns = (key: string) => boolean;

export interface SubscribeOptions {
  /** Messages handed over at once; default 500. */
  readonly maxBatch?: number;
  /** Tries before a message goes to the dead letters; default 3. */
  readonly maxAttempts?: number;
  /** Partitions worked on at the same time; default 1. */
  readonly concurrency?: number;
  /**
   * Where a group begins that has never committed: with the first message kept, the default, or with what comes from
   * now on, for groups of one process that only tell what happens. In memory there is nothing before.
   */
  readonly from?: 'earliest' | 'latest';
  /**
   * Partitions have come to this member; nothing of them is delivered before it resolves. What it throws is logged and
   * it is called again after a pause, until it resolves or the partitions are gone.
   */
  readonly onAssigned?: (owns: Owns) => Promise<void>;
  /**
   * Partitions leave this member, by a rebalance or by `stop`: what was in hand has been committed, nothing more of
   * them comes, and nobody else gets them before it resolves. What it throws is logged. A member that was cut off and
   * lost its partitions without being asked is told as well, only late. Always follows an `onAssigned` of the same
   * partitions.
   */
  readonly onRevoked?: (owns: Owns) => Promise<void>;
}

export interface Subscription {
  /** Messages published but not yet committed by this group. */
  lag(): number;
  /** Partitions that this member holds and has prepared for; 0 until the first came, and while the group cannot be reached. */
  assigned(): number;
  /** Finishes the batch in hand and takes no more. */
  stop(): Promise<void>;
}

/**
 * The way messages travel between stages: in memory when embedded, Apache Kafka when distributed. At least once, in
 * order by key, bounded: `publish` waits while consumers are behind.
 */
export interface Bus {
  start(): Promise<void>;
  /**
   * Resolves when the bus has accepted the messages, that is, when there is room for them. With `durable` it resolves
   * only when the death of this process can no longer lose them: on Kafka that is always so (acks=all); in memory it
   * means that every group subscribed to the topic has committed them, and it rejects with the error of a group that
   * cannot commit for want of infrastructure; the messages may still be delivered, so a repeat must do no harm.
   * Rejects with `BUS_STOPPED` once `stop` is done; while it drains, stages may still hand on what they were given.
   * What no group listens to is dropped and counted.
   */
  publish<T>(topic: Topic<T>, messages: readonly Message<T>[], options?: { readonly durable?: boolean }): Promise<void>;
  /** Joins a consumer group. Groups see every message; members of one group share the partitions. */
  subscribe<T>(topic: Topic<T>, group: string, handler: Handler<T>, options?: SubscribeOptions): Promise<Subscription>;
  /** Lets consumers finish what is queued, at most `timeoutMs` long, then ends. */
  stop(timeoutMs?: number): Promise<void>;
}
