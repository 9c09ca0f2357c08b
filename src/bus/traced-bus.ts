import { AsyncLocalStorage } from 'node:async_hooks';
import type { Topic } from '../model/topics.ts';
import { toError } from '../runtime/errors.ts';
import type { Span, Tracer } from '../runtime/trace.ts';
import type { Bus, Delivery, Handler, Message, Rejected, SubscribeOptions, Subscription } from './bus.ts';
import { stageOf } from './metered-bus.ts';

/** What a handler has in hand, of which what it publishes is the consequence. */
interface InHand {
  /** By key of the message, and by the entity that its value names; of several the last. */
  readonly spans: ReadonlyMap<string, Span>;
  /** The handler has ended; what it has left running may go on for long. */
  over: boolean;
}

export interface TracedBusDeps {
  readonly tracer: Tracer;
  /** How OpenTelemetry calls what carries the messages. */
  readonly system: string;
}

/** The entity that a value is about, where keys are fleets. */
function entityOf({ value }: Message<unknown>): string | undefined {
  const entity = (value as { readonly entity?: unknown } | null | undefined)?.entity;
  return typeof entity === 'string' ? entity : undefined;
}

const causeOf = ({ spans }: InHand, message: Message<unknown>): Span | undefined =>
  spans.get(entityOf(message) ?? message.key) ?? spans.get(message.key);

function endAll(spans: Iterable<Span>, error?: Error): void {
  for (const span of spans) span.end(error);
}

/** Ends the spans of a batch: those of messages that can never be processed with the reason. */
function endBatch(spans: ReadonlyMap<Delivery<unknown>, Span>, rejected: readonly Rejected<unknown>[]): void {
  const reasons = new Map(rejected.map(({ message, reason }) => [message, reason]));
  for (const [message, span] of spans) {
    const reason = reasons.get(message);
    span.end(reason === undefined ? undefined : new Error(reason));
  }
}

class TracedBus implements Bus {
  readonly #bus: Bus;
  readonly #deps: TracedBusDeps;
  readonly #inHand = new AsyncLocalStorage<InHand>();

  constructor(bus: Bus, deps: TracedBusDeps) {
    this.#bus = bus;
    this.#deps = deps;
  }

  start(): Promise<void> {
    return this.#bus.start();
  }

  stop(timeoutMs?: number): Promise<void> {
    return this.#bus.stop(timeoutMs);
  }

  async publish<T>(
    topic: Topic<T>,
    messages: readonly Message<T>[],
    options?: { readonly durable?: boolean },
  ): Promise<void> {
    const spans: Span[] = [];
    const departing = messages.map((message) => this.#depart(topic, message, spans));
    try {
      await this.#bus.publish(topic, departing, options);
      endAll(spans);
    } catch (thrown) {
      endAll(spans, toError(thrown));
      throw thrown;
    }
  }

  subscribe<T>(topic: Topic<T>, group: string, handler: Handler<T>, options?: SubscribeOptions): Promise<Subscription> {
    const traced: Handler<T> = async (batch, signal) => {
      const { spans, byKey } = this.#arrive(topic.name, group, batch);
      const hand: InHand = { spans: byKey, over: false };
      try {
        const rejected = await this.#inHand.run(hand, () => handler(batch, signal));
        endBatch(spans, rejected ?? []);
        return rejected;
      } catch (thrown) {
        endAll(spans.values(), toError(thrown));
        throw thrown;
      } finally {
        hand.over = true;
      }
    };
    return this.#bus.subscribe(topic, group, traced, options);
  }

  /** The message with its place, when somebody looks at its trace. */
  #depart<T>(topic: Topic<T>, message: Message<T>, spans: Span[]): Message<T> {
    const hand = this.#inHand.getStore();
    const cause = hand && causeOf(hand, message);
    // Whoever began did not choose this trace to be looked at.
    if (hand?.over === false && cause === undefined) return message;
    const span = this.#deps.tracer.begin({
      name: `send ${topic.name}`,
      kind: 'send',
      parent: cause?.place ?? null,
      attributes: {
        'messaging.system': this.#deps.system,
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic.name,
        'vigia.key': message.key,
      },
    });
    if (span === null) return message;
    spans.push(span);
    return { ...message, trace: span.place };
  }

  #arrive(topic: string, group: string, batch: readonly Delivery<unknown>[]) {
    const spans = new Map<Delivery<unknown>, Span>();
    const byKey = new Map<string, Span>();
    const stage = stageOf(group);
    for (const message of batch) {
      if (message.trace === undefined) continue;
      const span = this.#deps.tracer.begin({
        name: `${stage} process ${topic}`,
        kind: 'process',
        parent: message.trace,
        attributes: {
          'messaging.system': this.#deps.system,
          'messaging.operation.type': 'process',
          'messaging.destination.name': topic,
          'messaging.consumer.group.name': group,
          'vigia.stage': stage,
          'vigia.key': message.key,
          'vigia.attempt': message.attempt,
        },
      });
      if (span === null) continue;
      spans.set(message, span);
      byKey.set(message.key, span).set(entityOf(message) ?? message.key, span);
    }
    return { spans, byKey };
  }
}

/**
 * A bus on which one message's way can be followed: what is published while a message is in hand, about the same entity
 * or fleet, goes on in that message's trace; what nobody caused begins a trace. Places travel with the messages.
 */
export const createTracedBus = (bus: Bus, deps: TracedBusDeps): Bus => new TracedBus(bus, deps);
