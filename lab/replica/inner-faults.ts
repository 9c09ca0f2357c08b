import { openSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import type { InnerFault } from '../messages.ts';
import { LIMITS, RULES } from '../world.ts';
import type { Disk } from './disk.ts';
import type { Places } from './places.ts';

const TICK_MS = 250;
/** Beyond what it takes, so that the end comes within the growth time. */
const A_LITTLE_MORE = 1.1;
/** A cache of this size takes a second to scan. */
export const CACHE_SECOND_BYTES = 1024 * 1024;
const CACHE_MOST_BYTES = 1.5 * CACHE_SECOND_BYTES;
const BYTES_A_NUMBER = 8;
/** So far beyond what is believed a clock goes in the end. */
const PAST_BELIEF = 1.3;

export interface Victim {
  readonly disk: Disk;
  readonly pool: Places;
  /** Puts the clock of the process ahead, ms. */
  readonly shiftClock: (ms: number) => void;
}

/** Grows by a share of its end each tick. */
type Growth = (share: number, victim: Victim) => void;

/** A counter of whole things from shares. */
function whole(total: number): (share: number) => number {
  let owed = 0;
  return (share) => {
    owed += total * share;
    const now = Math.floor(owed);
    owed -= now;
    return now;
  };
}

function leakMemory(): Growth {
  const kept: number[][] = [];
  const room = getHeapStatistics().heap_size_limit;
  return (share) => {
    const numbers = Math.ceil((room * share) / BYTES_A_NUMBER);
    // Of many small arrays, since large ones lie outside the heap's old generation.
    for (let left = numbers; left > 0; left -= 1000) kept.push(Array.from({ length: 1000 }, () => Math.random()));
  };
}

function leakFiles(): Growth {
  const due = whole(LIMITS.openFiles);
  return (share) => {
    for (let n = due(share); n > 0; n--) {
      try {
        openSync('/dev/null', 'r');
      } catch {
        return;
      }
    }
  };
}

function leakConnections(): Growth {
  const due = whole(LIMITS.poolSize);
  return (share, { pool }) => {
    for (let n = due(share); n > 0; n--) pool.leak();
  };
}

const growths: Readonly<Record<InnerFault, () => Growth>> = {
  'memory-leak': leakMemory,
  'fd-leak': leakFiles,
  'pool-exhaustion': leakConnections,
  'event-loop-block':
    () =>
    (share, { disk }) => {
      if (disk.cacheBytes < CACHE_MOST_BYTES) disk.growCache(CACHE_MOST_BYTES * share);
    },
  'disk-filling':
    () =>
    (share, { disk }) =>
      disk.fill(LIMITS.diskBytes * share),
  'clock-skew':
    () =>
    (share, { shiftClock }) =>
      shiftClock(PAST_BELIEF * RULES.skewMs * share),
};

/** Lets a fault grow until the function it gives is called; it reaches its end after `growthS`. */
export function growInnerFault(kind: InnerFault, growthS: number, victim: Victim): () => void {
  const grow = growths[kind]();
  const share = (A_LITTLE_MORE * TICK_MS) / (growthS * 1000);
  const timer = setInterval(() => grow(share, victim), TICK_MS);
  return () => clearInterval(timer);
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Blocks the event loop as a synchronous read of a slow disk does: nothing else moves, and no CPU is used. */
export function blockFor(ms: number): void {
  if (ms >= 1) Atomics.wait(sleeper, 0, 0, ms);
}
