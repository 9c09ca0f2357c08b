import type { Clock } from './clock.ts';

/** Something that happens for the first time. */
export interface First {
  /** It has happened. */
  readonly done: () => void;
  /** Resolves when it has happened, or when so long has passed. */
  within(ms: number, clock: Clock): Promise<void>;
}

export function createFirst(): First {
  const happened = new AbortController();
  return {
    done: () => happened.abort(),
    within: (ms, clock) => clock.sleep(ms, happened.signal).catch(() => undefined),
  };
}
