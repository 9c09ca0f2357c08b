import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { whileMine } from './while-mine.ts';

/** Seconds pass in milliseconds. */
const clock: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 1000, signal) };
const PATIENCE = 10_000;

test('ends what is given to another process, begins it again when it comes back, and leaves nothing running', async () => {
  let mine = true;
  let [begun, running] = [0, 0];
  const end = new AbortController();
  const whole = whileMine(
    () => mine,
    async (signal) => {
      begun += 1;
      running += 1;
      await clock.sleep(3_600_000, signal).catch(() => undefined);
      running -= 1;
    },
    { clock, signal: end.signal },
  );
  const sees = (what: readonly number[]): Promise<void> =>
    expect.poll(() => [begun, running], { timeout: PATIENCE }).toEqual(what);
  await sees([1, 1]);
  mine = false;
  await sees([1, 0]);
  mine = true;
  await sees([2, 1]);
  end.abort();
  await whole;
  expect([begun, running]).toEqual([2, 0]);
});
