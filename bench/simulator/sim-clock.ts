import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../src/runtime/clock.ts';

/** A clock that stands still until it is told how late it is. */
export interface SimClock extends Clock {
  /** Moves on, wakes who slept until then, and resolves when each of them sleeps again or has gone. */
  advance(to: number): Promise<void>;
}

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** Turns of the event loop that are waited for somebody who was woken; work on the store takes many. */
const MOST_TURNS = 100_000;

export function createSimClock(start: number): SimClock {
  let now = start;
  let sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason as Error);
        };
        const sleeper: Sleeper = {
          until: now + ms,
          wake: () => {
            signal?.removeEventListener('abort', end);
            resolve();
          },
        };
        if (signal?.aborted) return end();
        signal?.addEventListener('abort', end, { once: true });
        sleepers.add(sleeper);
      }),
    advance: async (to) => {
      now = to;
      const due = [...sleepers].filter(({ until }) => until <= now);
      if (due.length === 0) return;
      const before = sleepers.size;
      sleepers = new Set([...sleepers].filter((sleeper) => !due.includes(sleeper)));
      for (const { wake } of due) wake();
      for (let turns = 0; sleepers.size < before && turns < MOST_TURNS; turns++) await turn();
    },
  };
}
