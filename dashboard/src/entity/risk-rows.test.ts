import { expect, test } from 'vitest';
import { riskRows } from './risk-rows.ts';

test('a long silence is a gap in the risk over time', () => {
  const times = [0, 60_000, 120_000, 180_000, 900_000, 960_000];
  const rows = riskRows({ horizons: [900, 3600], points: times.map((time) => ({ time, probabilities: [0.1, 0.2] })) });
  expect(rows.map(({ time }) => time)).toEqual([0, 60_000, 120_000, 180_000, 240_000, 900_000, 960_000]);
  expect(rows[4]?.probabilities).toEqual([null, null]);
  expect(riskRows({ horizons: [], points: [] })).toEqual([]);
});
