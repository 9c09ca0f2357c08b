import type { Service } from '../model/service.ts';
import type { Clock } from './clock.ts';
import { VigiaError } from './errors.ts';
import { every } from './every.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

const LOOK_MS = 1000;
/** Slewing by time synchronisation stays far below this; only a set clock passes it. */
const JUMP_MS = 2000;

/**
 * Tells when the machine's clock is set: what the wall clock gained is compared with what the monotonic one did. After a
 * jump back, samples keep being stored; their steps are already closed, so frames go on when the old time is reached.
 */
export function createClockWatch(deps: {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Service {
  const { clock, log, metrics } = deps;
  const jumps = metrics.counter('vigia_runtime_clock_jumps_total', 'Times that the clock was set', ['direction']);
  const end = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  let wall = 0;
  let monotonic = 0;

  const look = async (): Promise<void> => {
    const [wallNow, monotonicNow] = [clock.now(), clock.monotonic()];
    const jump = wallNow - wall - (monotonicNow - monotonic);
    wall = wallNow;
    monotonic = monotonicNow;
    if (Math.abs(jump) < JUMP_MS) return;
    const seconds = Math.round(Math.abs(jump) / 1000);
    const back = jump < 0;
    jumps.inc({ direction: back ? 'back' : 'forward' });
    const error = new VigiaError(back ? 'CLOCK_BACK' : 'CLOCK_FORWARD', { seconds });
    log.warn({ code: error.code, seconds }, error.message);
  };

  return {
    name: 'clock',
    start: async () => {
      wall = clock.now();
      monotonic = clock.monotonic();
      watching = every(LOOK_MS, look, {
        clock,
        signal: end.signal,
        failed: ({ message }) => log.error({ error: message }, 'the clock could not be watched'),
      });
    },
    stop: async () => {
      end.abort();
      await watching;
    },
  };
}
