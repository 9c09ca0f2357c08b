import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';

/** Nearer than this share of an interval, the next turn is left out: a timer that fires early must not fire twice. */
const TOO_NEAR = 0.5;

/**
 * Milliseconds until the next moment that lies `offsetMs` after a multiple of the interval on the wall clock. Rounds
 * bound to the wall clock fall into each step once, where a chain of pauses would drift over the steps' ends.
 */
export function untilNext(now: number, intervalMs: number, offsetMs: number): number {
  const since = (((now - offsetMs) % intervalMs) + intervalMs) % intervalMs;
  const wait = intervalMs - since;
  return wait < intervalMs * TOO_NEAR ? wait + intervalMs : wait;
}

/** A place in the interval that a name always has, away from the ends, where steps end as well (FNV-1a). */
export function offsetOf(name: string, intervalMs: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  const place = (hash >>> 0) / 2 ** 32;
  return Math.floor(intervalMs * (0.1 + 0.8 * place));
}

/** What a round that comes again and again needs. */
export interface RoundDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly failed: (error: Error) => void;
}

/** Does `work` at once, and then in the middle of every interval of the wall clock, until the signal ends it. */
export async function everyInterval(intervalMs: number, work: () => Promise<void>, deps: RoundDeps): Promise<void> {
  const { clock, signal, failed } = deps;
  while (!signal.aborted) {
    try {
      await work();
    } catch (thrown) {
      if (!signal.aborted) failed(toError(thrown));
    }
    await clock.sleep(untilNext(clock.now(), intervalMs, intervalMs / 2), signal).catch(() => undefined);
  }
}
