import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
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

/** Turns of the event loop before it is taken that another thread is waited for, and how long that may be. */
const QUICK_TURNS = 200;
const MOST_PAUSES = 300_000;

export function createSimClock(start: number): SimClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
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
      const before = sleepers.size;
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      for (let turns = 0; sleepers.size < before && turns < MOST_PAUSES; turns++) {
        await (turns < QUICK_TURNS ? turn() : pause(1));
      }
    },
  };
}
