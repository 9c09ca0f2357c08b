import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FrameColumns } from '../store/store.ts';
import { buildChart, MAX_POINTS, planChart } from './chart.ts';

const DAY = 86_400_000;
const source = { stepMs: 5_000, now: 100 * DAY, keptMs: { steps: 7 * DAY, minutes: 60 * DAY } };

const columns = (stepMs: number, times: readonly number[], values: readonly number[]): FrameColumns => ({
  tier: 'step',
  stepMs,
  times: Float64Array.from(times),
  features: ['a'],
  mean: [Float32Array.from(values)],
  low: [Float32Array.from(values)],
  high: [Float32Array.from(values)],
});
const nothing: FrameColumns = { ...columns(60_000, [], []), tier: 'expected', features: [] };

describe('the plan of a chart', () => {
  test.each([
    ['an hour', source.now - 3_600_000, source.now, 'step'],
    ['an hour long ago', source.now - 8 * DAY, source.now - 8 * DAY + 3_600_000, 'minute'],
    ['three days', source.now - 3 * DAY, source.now, 'minute'],
    ['ninety days', source.now - 90 * DAY, source.now, 'hour'],
  ])('of %s', (_, from, to, tier) => {
    expect(planChart({ from, to }, 400, source).tier).toBe(tier);
  });

  test('has as many points as asked for at most, aligned, and covers the range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: source.now }),
        fc.integer({ min: 1, max: 400 * DAY }),
        fc.integer({ min: 2, max: MAX_POINTS }),
        (from, length, points) => {
          const plan = planChart({ from, to: from + length }, points, source);
          const size = (plan.to - plan.from) / plan.pointMs;
          expect(Number.isInteger(size)).toBe(true);
          expect(size).toBeLessThanOrEqual(points);
          expect(plan.from).toBeLessThanOrEqual(from);
          expect(plan.to).toBeGreaterThanOrEqual(from + length);
          expect(plan.pointMs % plan.tierMs).toBe(0);
        },
      ),
    );
  });
});

describe('the points of a chart', () => {
  test('keep every peak, and gaps stay gaps', () => {
    const times = Array.from({ length: 720 }, (_, i) => source.now - 3_600_000 + i * 5_000);
    const values = times.map((_, i) => (i === 123 ? 1_000 : i >= 300 && i < 420 ? Number.NaN : 10));
    const plan = planChart({ from: times[0]!, to: source.now }, 60, source);
    const chart = buildChart(plan, columns(5_000, times, values), nothing, [{ name: 'a', unit: 'bytes' }]);
    const [line] = chart.features;
    expect(Math.max(...line!.high.map((value) => value ?? 0))).toBe(1_000);
    expect(Math.min(...line!.low.map((value) => value ?? 10))).toBe(10);
    expect(line!.mean.filter((value) => value === null).length).toBeGreaterThan(5);
    expect(line!.mean).toHaveLength(chart.times.length);
    expect(line!.bandLow.every((value) => value === null)).toBe(true);
  });

  test('have the band that held then', () => {
    const from = source.now - 600_000;
    const plan = planChart({ from, to: source.now }, 200, source);
    const minutes = [from, from + 60_000, from + 420_000];
    const expected: FrameColumns = {
      ...columns(60_000, minutes, [5, 6, 7]),
      tier: 'expected',
      low: [Float32Array.from([1, 2, 3])],
      high: [Float32Array.from([8, 9, 10])],
    };
    const chart = buildChart(plan, columns(5_000, [], []), expected, [{ name: 'a', unit: '' }]);
    const at = (time: number): number | null => chart.features[0]!.bandLow[chart.times.indexOf(time)]!;
    expect([at(from), at(from + 55_000), at(from + 60_000)]).toEqual([1, 1, 2]);
    expect([at(from + 175_000), at(from + 240_000), at(from + 420_000)]).toEqual([2, null, 3]);
  });

  test('of a feature that is not there are nothing', () => {
    const plan = planChart({ from: source.now - 60_000, to: source.now }, 10, source);
    const chart = buildChart(plan, columns(5_000, [], []), nothing, [{ name: 'z', unit: '' }]);
    expect(chart.features[0]?.mean.every((value) => value === null)).toBe(true);
  });
});
