import type { Clock } from '../runtime/clock.ts';

/** A value that is costly to make and may be a little old. */
export interface Cached<T> {
  /** Fresh, or at most a few times as old as fresh while a new one is made, so that readers seldom wait. */
  get(): Promise<T>;
  /** What is there is wrong from now on. */
  drop(): void;
}

/** How many times older than fresh a value may be that is still handed out while the next is made. */
const STALE_FACTOR = 4;

/** Makes the value at most once at a time, however many ask. */
export function createCached<T>(load: () => Promise<T>, clock: Clock, freshMs: number): Cached<T> {
  let kept: { readonly value: T; readonly madeAt: number } | null = null;
  let loading: Promise<T> | null = null;
  let generation = 0;

  const start = (): Promise<T> => {
    const begun = generation;
    const madeAt = clock.monotonic();
    const made = load()
      .then((value) => {
        if (begun === generation) kept = { value, madeAt };
        return value;
      })
      .finally(() => {
        if (loading === made) loading = null;
      });
    loading = made;
    return made;
  };

  return {
    get: async () => {
      const age = kept === null ? Number.POSITIVE_INFINITY : clock.monotonic() - kept.madeAt;
      if (kept !== null && age < freshMs) return kept.value;
      const next = loading ?? start();
      if (kept === null || age >= freshMs * STALE_FACTOR) return next;
      // The old value is good enough; whoever asks after a failure gets the error.
      next.catch(() => undefined);
      return kept.value;
    },
    drop: () => {
      generation++;
      kept = null;
      loading = null;
    },
  };
}
