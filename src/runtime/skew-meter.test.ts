import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SkewMeter } from './skew-meter.ts';

const MINUTE = 60_000;

it('finds how far a clock is off, whatever samples need on their way', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.integer({ min: -3_600_000, max: 3_600_000 }), delays, (ahead, waits) => {
      const meter = new SkewMeter();
      waits.forEach((wait, i) => {
        const sent = 1e12 + i * 1000;
        meter.add(sent + wait, sent + ahead);
      });
      expect(meter.skewMs).toBe(Math.min(...waits) - ahead);
    }),
  );
});

it('forgets a clock that was set right', () => {
  const meter = new SkewMeter();
  expect(meter.skewMs).toBeNull();
  for (let i = 0; i < 30; i++) meter.add(i * MINUTE, i * MINUTE + (i < 10 ? 90_000 : 0));
  expect(meter.skewMs).toBe(0);
});
