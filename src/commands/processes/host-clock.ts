import type { Clock } from '../../runtime/clock.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';

/** Hosts that keep their time are within some hundredths of a second of each other. */
const APART_MS = 2000;
const SAY_AGAIN_MS = 600_000;

export interface HostClockDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Compares this host's clock with the database's, which all processes share. `ask` is a question that the database
 * answers with its time; what it answers is passed on. What is found is said when it is more than the way there and back
 * can explain.
 */
export function createHostClock({ clock, log, metrics }: HostClockDeps) {
  const gauge = metrics.gauge(
    'vigia_runtime_clock_skew_seconds',
    'How far the clock of this host is ahead of the database; below 0 it is behind.',
  );
  let saidAt: number | null = null;
  return async (ask: () => Promise<number>): Promise<number> => {
    const [wall, began] = [clock.now(), clock.monotonic()];
    const theirs = await ask();
    const took = clock.monotonic() - began;
    const ahead = wall + took / 2 - theirs;
    gauge.set(ahead / 1000);
    if (Math.abs(ahead) - took / 2 < APART_MS) saidAt = null;
    else if (saidAt === null || began - saidAt >= SAY_AGAIN_MS) {
      saidAt = began;
      const seconds = Math.round(ahead / 1000);
      const error = new VigiaError('CLOCK_SKEW', { seconds });
      log.warn({ code: error.code, seconds }, error.message);
    }
    return theirs;
  };
}
