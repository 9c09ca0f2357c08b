import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offsetOf, untilNext } from './schedule.ts';

describe('rounds on the wall clock', () => {
  it('fall into every interval once, however late timers fire', () => {
    const interval = fc.integer({ min: 1000, max: 60_000 });
    // Timers may fire a millisecond early, and late by what the program is busy with.
    const delays = fc.array(fc.integer({ min: -1, max: 90 }), { minLength: 5, maxLength: 50 });
    fc.assert(
      fc.property(interval, fc.string(), fc.integer({ min: 0, max: 2e12 }), delays, (interval, name, start, delays) => {
        const offset = offsetOf(name, interval);
        let now = start + untilNext(start, interval, offset);
        let last = Math.floor(now / interval);
        for (const delay of delays) {
          now += untilNext(now, interval, offset) + delay;
          expect(Math.floor(now / interval)).toBe(last + 1);
          last += 1;
        }
      }),
    );
  });

  it('goes on when the clock is set', () => {
    expect(untilNext(-5, 1000, 500)).toBeGreaterThan(0);
    expect(untilNext(1e15, 1000, 500)).toBeLessThanOrEqual(1500);
  });
});
