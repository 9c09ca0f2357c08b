import type { Clock } from './clock.ts';

const START_MS = 2000;

/** Something that happens for the first time. */
export interface First {
  /** It has happened. */
  readonly done: () => void;
  /** Resolves when it has happened, or after a while: a start waits for its first partitions, but there may be none for it. */
  soon(clock: Clock): Promise<void>;
}

export function createFirst(): First {
  const happened = new AbortController();
  return {
    done: () => happened.abort(),
    soon: (clock) => clock.sleep(START_MS, happened.signal).catch(() => undefined),
  };
}
