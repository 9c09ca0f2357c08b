import { expect, it } from 'vitest';
import { systemClock } from './clock.ts';
import { every } from './every.ts';

it('goes on after a failure, tells of it, and ends with the signal', async () => {
  const end = new AbortController();
  const failures: string[] = [];
  let rounds = 0;
  await every(
    1,
    async () => {
      rounds += 1;
      if (rounds === 2) throw new Error('second');
      if (rounds === 4) end.abort();
    },
    { clock: systemClock, signal: end.signal, failed: (error) => failures.push(error.message) },
  );
  expect(rounds).toBe(4);
  expect(failures).toEqual(['second']);
});
