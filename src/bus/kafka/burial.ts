import type { Rejected } from '../bus.ts';
import { createDeadLetter } from '../dead-letter.ts';
import type { DeadLetter } from '../../model/topics.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Outgoing } from './outbox.ts';
import { partitionOf } from './partition-of.ts';
import type { KafkaEntry } from './subscription.ts';

export interface BurialDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps the letter in the store. */
  readonly deadLetters: (letter: DeadLetter) => Promise<void>;
  readonly send: (messages: readonly Outgoing[]) => Promise<void>;
  /** Kafka's name of the topic of dead letters, and its partitions. */
  readonly place: () => Promise<{ readonly topic: string; readonly partitions: number }>;
  readonly onBuried: () => void;
}

/** The record as it came, its own headers first, then where it came from and why it is here. */
function record(
  letter: DeadLetter,
  { offset, raw }: KafkaEntry,
  place: { topic: string; partitions: number },
): Outgoing {
  const { record: original, partition } = raw;
  const about = {
    'dead-id': letter.id,
    'dead-topic': letter.topic,
    'dead-partition': String(partition),
    'dead-offset': String(offset),
    'dead-group': letter.group,
    'dead-reason': letter.reason,
    'dead-attempts': String(letter.attempts),
    'dead-time': new Date(letter.time).toISOString(),
  };
  const headers = new Map<Buffer, Buffer>();
  for (const [name, value] of original.headers) if (name !== null) headers.set(name, value ?? Buffer.alloc(0));
  for (const [name, value] of Object.entries(about)) headers.set(Buffer.from(name), Buffer.from(value));
  return {
    topic: place.topic,
    partition: partitionOf(letter.key, place.partitions),
    key: original.key ?? Buffer.from(letter.key),
    value: original.value ?? Buffer.alloc(0),
    headers,
  };
}

/** Both places have the letters before the offsets are committed; a letter that the store refuses is in the topic. */
export function createBurial(source: { readonly topic: string; readonly group: string }, deps: BurialDeps) {
  const { clock, log } = deps;
  return async (rejected: readonly Rejected<unknown>[]): Promise<void> => {
    const place = await deps.place();
    const letters = rejected.map(({ message, reason }) => ({
      entry: message as KafkaEntry,
      letter: createDeadLetter({ ...source, time: clock.now() }, message, reason),
    }));
    await deps.send(letters.map(({ entry, letter }) => record(letter, entry, place)));
    for (const { letter } of letters) {
      const about = { ...source, key: letter.key, reason: letter.reason, letter: letter.id };
      try {
        await deps.deadLetters(letter);
        log.warn(about, 'a message went to the dead letters');
      } catch (thrown) {
        const error = toError(thrown);
        if ((error as { retryable?: unknown }).retryable === true) throw error;
        log.error({ ...about, err: error.message }, 'a dead letter could not be kept in the store');
      }
      deps.onBuried();
    }
  };
}
