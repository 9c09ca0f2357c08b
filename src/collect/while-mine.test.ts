import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { whileMine } from './while-mine.ts';

/** Longer than any test, however fast its time passes. */
const WEEKS = 2_000_000_000;
/** Seconds pass in milliseconds. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal) };

test('ends what is given to another process, begins it again when it comes back, and leaves nothing running', async () => {
  let mine = true;
  let [begun, running] = [0, 0];
  const end = new AbortController();
  const whole = whileMine(
    () => mine,
    async (signal) => {
      begun += 1;
      running += 1;
      await clock.sleep(WEEKS, signal).catch(() => undefined);
      running -= 1;
    },
    { clock, signal: end.signal },
  );
  const sees = (what: readonly number[]): Promise<void> => expect.poll(() => [begun, running]).toEqual(what);
  await sees([1, 1]);
  mine = false;
  await sees([1, 0]);
  mine = true;
  await sees([2, 1]);
  end.abort();
  await whole;
  expect([begun, running]).toEqual([2, 0]);
});
