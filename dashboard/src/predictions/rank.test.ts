import { expect, test } from 'vitest';
import type { Prediction } from '../../../src/model/prediction.ts';
import { ranked, riskWithinADay } from './rank.ts';

const HOUR = 3600;
const prediction = (id: string, expectedAt: number | null, byHorizon: readonly (readonly [number, number])[]) =>
  ({
    id,
    expectedAt,
    earliest: null,
    horizons: byHorizon.map(([seconds, probability]) => ({ seconds, probability })),
  }) as unknown as Prediction;

const soon = prediction('soon', 1000, [
  [HOUR, 0.2],
  [24 * HOUR, 0.3],
  [168 * HOUR, 0.9],
]);
const likely = prediction('likely', 5000, [
  [HOUR, 0.1],
  [24 * HOUR, 0.8],
]);
const never = prediction('never', null, [[24 * HOUR, 0.3]]);
const rare = prediction('rare', null, [[24 * HOUR, 0.1]]);

test('risks are compared by the probability within a day, of the nearest shorter horizon', () => {
  expect(riskWithinADay(soon)).toBe(0.3);
  expect(riskWithinADay(prediction('long', null, [[168 * HOUR, 0.4]]))).toBe(0.4);
  expect(riskWithinADay(prediction('none', null, []))).toBe(0);
});

test('the order is by time or by risk, and the other decides between equals', () => {
  const all = [rare, never, likely, soon];
  expect(ranked(all, 'time').map(({ id }) => id)).toEqual(['soon', 'likely', 'never', 'rare']);
  expect(ranked(all, 'risk').map(({ id }) => id)).toEqual(['likely', 'soon', 'never', 'rare']);
});
