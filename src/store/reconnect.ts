import type { Clock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

export interface ReconnectDeps {
  readonly clock: Clock;
  /** 0 to 1, so that processes that lost the server together do not come back together. */
  readonly random: () => number;
  /** Whoever waits for a connection waits this long, and is told then that there is none. */
  readonly patienceMs: number;
}

/**
 * Connects again with pauses that double, one rhythm for all who wait: however many ask, a server that is starting is
 * not asked more often. Only what waiting can help is tried again.
 */
export function createReconnect({
  clock,
  random,
  patienceMs,
}: ReconnectDeps): <T>(connect: () => Promise<T>) => Promise<T> {
  let failures = 0;
  let notBefore = 0;
  let last: VigiaError | null = null;

  const failed = (error: VigiaError): void => {
    const now = clock.monotonic();
    last = error;
    // Those who tried at the same time count as one.
    if (now < notBefore) return;
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failures, 20));
    failures += 1;
    notBefore = now + pause * (0.5 + random() / 2);
  };

  return async (connect) => {
    const until = clock.monotonic() + patienceMs;
    for (;;) {
      const now = clock.monotonic();
      if (last !== null && notBefore > until) throw last;
      if (notBefore > now) await clock.sleep(notBefore - now);
      try {
        const connected = await connect();
        failures = 0;
        last = null;
        return connected;
      } catch (error) {
        if (!(error instanceof VigiaError) || !error.retryable) throw error;
        failed(error);
        if (clock.monotonic() >= until) throw error;
      }
    }
  };
}
