import { expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { chooseRows } from './training-rows.ts';
import { eventfulness } from './eventfulness.ts';

const ROWS = 6000;

/** Noise with one bump of an hour's length in it. */
function withBump(seed: number) {
  const random = createRandom(seed);
  return {
    entity: `host/${seed}`,
    times: Float64Array.from({ length: ROWS }, (_, i) => i),
    values: Float32Array.from({ length: 2 * ROWS }, (_, i) =>
      i >> 1 >= 3000 && i >> 1 < 3012 && i % 2 === 0 ? 8 + random.normal() : random.normal(),
    ),
    failures: [],
    events: [],
    observedFrom: 0,
    observedTo: ROWS,
  };
}

test('what happens counts for more than what is usual, never for less than one row', () => {
  const moved = eventfulness(withBump(1));
  expect(Math.min(...moved)).toBe(1);
  expect(Math.max(...moved)).toBeLessThanOrEqual(16);
  expect(Math.min(...moved.subarray(3003, 3012))).toBeGreaterThan(5);
  expect(moved.subarray(100, 2900).reduce((sum, x) => sum + x / 2800, 0)).toBeLessThan(1.5);
});

test('eventful rows are kept, and the weights still stand for all rows', () => {
  const rows = chooseRows([withBump(1), withBump(2)], { quiet: 0, edges: Float64Array.of(10), most: 1000, seed: 1 });
  expect(rows.count).toBeLessThan(1300);
  const total = rows.weight.reduce((sum, weight) => sum + weight, 0);
  expect(total / (2 * ROWS)).toBeGreaterThan(0.85);
  expect(total / (2 * ROWS)).toBeLessThan(1.15);
  const bump = rows.row.filter((row) => row >= 3000 && row < 3012).length;
  expect(bump).toBeGreaterThan(14);
  // Members learn from them by less than what they stand for.
  expect(rows.lean.every((lean, i) => lean <= rows.weight[i]! + 1e-9)).toBe(true);
});

test('entities without features are all alike', () => {
  const bare = { ...withBump(1), values: new Float32Array(0) };
  expect([...eventfulness(bare)].every((x) => x === 1)).toBe(true);
});
