import type { Changes } from '../../api/changes.ts';
import type { StreamMessage } from '../../api/contract/views.ts';
import type { Json } from '../../model/detector.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { every } from '../../runtime/every.ts';
import type { Log } from '../../runtime/log.ts';
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

/** Changes of all processes, by way of the store: each replica hears of each change, under the same number. */
export function createSharedChanges({ store, clock, log }: SharedChangesDeps): SharedChanges {
  const listeners = new Set<Parameters<Changes['subscribe']>[0]>();
  let waiting: StreamMessage[] = [];
  let seen = 0;
  const failed = ({ message }: Error): void => log.warn({ error: message }, 'the live stream waits for the store');

  async function write(): Promise<void> {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    try {
      await store.changes.append(batch as unknown as readonly Json[], clock.now());
    } catch (thrown) {
      waiting = [...batch, ...waiting].slice(-MAX_WAITING);
      throw thrown;
    }
  }
  async function read(): Promise<void> {
    for (;;) {
      const found = await store.changes.after(seen, PAGE);
      for (const { number, body } of found) {
        seen = number;
        for (const listener of listeners) listener(body as unknown as StreamMessage, number);
      }
      if (found.length < PAGE) return;
    }
  }
  const loops = (name: string, rounds: readonly (readonly [number, () => Promise<void>])[], last = write): Service => {
    let end = new AbortController();
    let running: readonly Promise<void>[] = [];
    return {
      name,
      start: async () => {
        end = new AbortController();
        running = rounds.map(([ms, work]) => every(ms, work, { clock, signal: end.signal, failed }));
      },
      stop: async () => {
        if (end.signal.aborted) return;
        end.abort();
        await Promise.all(running);
        await last().catch(failed);
      },
    };
  };
  const reading = loops(
    'changes read',
    [
      [READ_MS, read],
      [FORGET_MS, () => store.changes.forget(clock.now())],
    ],
    async () => undefined,
  );
  return {
    changes: {
      epoch: 'shared',
      publish: (message) => {
        waiting.push(message);
        if (waiting.length > MAX_WAITING) waiting.shift();
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    writer: loops('changes written', [[WRITE_MS, write]]),
    reader: {
      ...reading,
      start: async () => {
        seen = Math.max(0, (await store.changes.newest()) - PAST);
        await read();
        await reading.start();
      },
    },
  };
}
