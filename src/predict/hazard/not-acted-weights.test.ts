import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { MOST_WEIGHT, notActedWeights } from './not-acted-weights.ts';

const times = Float64Array.from({ length: 10 }, (_, i) => i);

it('weighs nothing where nothing was left to chance', () => {
  expect(notActedWeights({ times, failures: [] }, 3)).toBeNull();
  expect(notActedWeights({ times, failures: [], decisions: [{ time: 4, notActing: 1, acted: true }] }, 3)).toBeNull();
});

it('lets what was left alone stand for what was acted upon', () => {
  const left = { times, failures: [], decisions: [{ time: 5, notActing: 0.25, acted: false }] };
  expect([...notActedWeights(left, 2)!]).toEqual([1, 1, 1, 4, 4, 4, 4, 4, 1, 1]);
  const acted = { times, failures: [], decisions: [{ time: 5, notActing: 0.25, acted: true }] };
  expect([...notActedWeights(acted, 2)!]).toEqual([1, 1, 1, 0, 0, 0, 1, 1, 1, 1]);
});

it('does not reach over a failure', () => {
  const failures = [3.5, 6.5].map((time) => ({ time, kind: '' }));
  const left = { times, failures, decisions: [{ time: 5, notActing: 0.25, acted: false }] };
  expect([...notActedWeights(left, 9)!]).toEqual([1, 1, 1, 1, 4, 4, 4, 1, 1, 1]);
});

it('is bounded', () => {
  const decisions = [3, 5].map((time) => ({ time, notActing: 0.01, acted: false }));
  expect(Math.max(...notActedWeights({ times, failures: [], decisions }, 3)!)).toBe(MOST_WEIGHT);
});

it('brings the population back on average', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.05, max: 0.9, noNaN: true }), fc.integer(), (notActing, seed) => {
      const random = createRandom(seed);
      let sum = 0;
      for (let i = 0; i < 4000; i++) {
        const decisions = [{ time: 5, notActing, acted: random.next() >= notActing }];
        sum += notActedWeights({ times, failures: [], decisions }, 3)![4]!;
      }
      // Four thousand draws of a weight with variance 1/q - 1.
      expect(Math.abs(sum / 4000 - 1)).toBeLessThan(6 * Math.sqrt((1 / notActing - 1) / 4000));
    }),
    { numRuns: 20 },
  );
});
