import { type Clock, systemClock } from '../../src/runtime/clock.ts';

/** Waits between tries shrink; what only guards against a server that never answers stays as it is. */
export const hastyClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 20_000 ? ms / 25 : ms, signal),
};
