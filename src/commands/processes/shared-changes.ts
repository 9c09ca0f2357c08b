import type { Changes } from '../../api/changes.ts';
import type { StreamMessage } from '../../api/contract/views.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { createLoop } from '../../runtime/loop.ts';
import { inOrder } from '../../runtime/start-stop.ts';
import type { Store } from '../../store/store.ts';

export interface SharedChangesDeps {
  readonly store: Pick<Store, 'changes'>;
  readonly clock: Clock;
  readonly log: Log;
}

const WRITE_MS = 100;
const READ_MS = 250;
const FORGET_MS = 600_000;
const PAGE = 500;
/** What a replica that has just started reads of the past, for readers that come from another. */
const PAST = 1000;
/** Changes that wait to be written; of more the oldest go: readers load what is shown anew, whatever changed. */
const MAX_WAITING = 5000;

export interface SharedChanges {
  readonly changes: Changes;
  /** Writes what is said here; to be started before what says it. */
  readonly writer: Service;
  /** Reads what was said anywhere; to be started after those who listen. */
  readonly reader: Service;
}

/** What this process has to say, until it is written. */
function createOutbox({ store, clock }: SharedChangesDeps) {
  let waiting: StreamMessage[] = [];
  return {
    add: (message: StreamMessage): void => {
      waiting.push(message);
      if (waiting.length > MAX_WAITING) waiting.shift();
    },
    write: async (): Promise<void> => {
      if (waiting.length === 0) return;
      const batch = waiting;
      waiting = [];
      try {
        await store.changes.append(batch, clock.now());
      } catch (thrown) {
        waiting = [...batch, ...waiting].slice(-MAX_WAITING);
        throw thrown;
      }
    },
  };
}

/** Changes of all processes, by way of the store: each replica hears of each change, under the same number. */
export function createSharedChanges(deps: SharedChangesDeps): SharedChanges {
  const { store, clock, log } = deps;
  const listeners = new Set<Parameters<Changes['subscribe']>[0]>();
  const outbox = createOutbox(deps);
  let seen: number | null = null;
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'the live stream waits for the store');

  async function read(): Promise<void> {
    seen ??= Math.max(0, (await store.changes.newest()) - PAST);
    for (;;) {
      const found = await store.changes.after(seen, PAGE);
      for (const { number, body } of found) {
        seen = number;
        for (const listener of listeners) listener(body as unknown as StreamMessage, number);
      }
      if (found.length < PAGE) return;
    }
  }
  const writer = createLoop({ name: 'changes written', everyMs: WRITE_MS, work: outbox.write, clock, failed });
  const forget = (): Promise<void> => store.changes.forget(clock.now());
  return {
    changes: {
      epoch: 'shared',
      publish: outbox.add,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    writer: {
      ...writer,
      stop: async () => {
        await writer.stop();
        await outbox.write().catch(failed);
      },
    },
    reader: inOrder(
      'changes read',
      [
        createLoop({ name: 'changes', everyMs: READ_MS, work: read, clock, failed }),
        createLoop({ name: 'old changes', everyMs: FORGET_MS, work: forget, clock, failed }),
      ],
      log,
    ),
  };
}
