import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { FeatureView } from '../../../src/api/contract/views.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import { timeTicks } from './axis-ticks.ts';
import { eventsIn, spanIn } from './chart-marks.ts';
import { chartRows, loneTimes, valueDomain } from './chart-rows.ts';
import { orderFeatures } from './feature-order.ts';
import { forecastCone } from './forecast-cone.ts';

const series = (mean: readonly (number | null)[]) => ({
  name: 'x',
  unit: '',
  mean: [...mean],
  low: mean.map(() => null),
  high: mean.map(() => null),
  bandLow: mean.map(() => null),
  bandHigh: mean.map(() => null),
});

describe('rows of a chart', () => {
  it('break where frames are missing', () => {
    const times = [0, 10, 20, 90, 100];
    const rows = chartRows({ times, stepMs: 10 }, series([1, 2, 3, 4, 5]));
    expect(rows.map(({ mean }) => mean)).toEqual([1, 2, 3, null, 4, 5]);
    expect(rows[3]?.time).toBe(30);
  });

  it('do not break where the server has reduced the points', () => {
    const times = [0, 60, 120, 180];
    expect(chartRows({ times, stepMs: 10 }, series([1, 2, 3, 4]))).toHaveLength(4);
  });

  it('keep a missing value missing', () => {
    expect(chartRows({ times: [0, 10], stepMs: 10 }, series([1, null]))[1]?.mean).toBeNull();
  });
});

test('a value without neighbours is known, as no line shows it', () => {
  const rows = chartRows({ times: [0, 10, 20, 30, 40], stepMs: 10 }, series([1, null, 2, 3, null]));
  expect([...loneTimes(rows)]).toEqual([0]);
});

describe('the value axis', () => {
  const rows = (values: readonly number[]) => values.map((mean, time) => ({ time, mean, range: null, band: null }));

  it('holds every value', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1 }), (values) => {
        const [low, high] = valueDomain(rows(values));
        expect(low).toBeLessThanOrEqual(Math.min(...values));
        expect(high).toBeGreaterThanOrEqual(Math.max(...values));
        expect(high).toBeGreaterThan(low);
      }),
    );
  });

  it('is not stretched by a band that knows little yet', () => {
    const wide = [{ time: 0, mean: 2, range: null, band: [-300, 500] as const }];
    const [low, high] = valueDomain(wide);
    expect(low).toBe(0);
    expect(high).toBeLessThan(10);
  });

  it('starts at zero where the values come near it, and leaves a flat line flat', () => {
    expect(valueDomain(rows([1, 10]))[0]).toBe(0);
    const [low, high] = valueDomain(rows([1000, 1000.1]));
    expect(high - low).toBeGreaterThan(40);
    expect(low).toBeGreaterThan(900);
  });
});

test('ticks of time are round, within the range and not too many', () => {
  const hour = 3_600_000;
  const ticks = timeTicks(17 * hour + 123_456, 18 * hour + 123_456, 4);
  expect(ticks.length).toBeGreaterThan(1);
  expect(ticks.length).toBeLessThanOrEqual(5);
  expect(ticks.every((tick) => tick % 900_000 === 0)).toBe(true);
});

describe('the cone', () => {
  const known = { madeAt: 1000, earliest: 101_000, latest: 301_000, expectedAt: 201_000, current: 40, limit: 100 };

  it('opens from the newest value and closes at the limit', () => {
    const cone = forecastCone(known);
    expect(cone?.rows[0]).toEqual({ time: 1000, cone: [40, 40], expected: 40 });
    expect(cone?.rows.at(-1)).toEqual({ time: 301_000, cone: [100, 100], expected: 100 });
    expect(cone?.rows.find(({ time }) => time === 201_000)?.cone).toEqual([80, 100]);
  });

  it('stays open where the late end is not known', () => {
    expect(forecastCone({ ...known, latest: null })?.rows.at(-1)?.cone).toEqual([40, 100]);
  });

  it('runs down to a limit below, too', () => {
    expect(forecastCone({ ...known, limit: 0 })?.rows.find(({ time }) => time === 101_000)?.cone[0]).toBe(0);
  });

  it('is not drawn without a value or a limit', () => {
    expect(forecastCone({ ...known, current: null })).toBeNull();
    expect(forecastCone({ ...known, limit: null })).toBeNull();
  });
});

test('marks are cut to the range; an open anomaly reaches its end', () => {
  expect(spanIn({ start: 5, end: null }, 10, 20)).toEqual({ from: 10, to: 20 });
  expect(spanIn({ start: 5, end: 10 }, 10, 20)).toBeNull();
  const event = (time: number) => ({ time }) as unknown as Parameters<typeof eventsIn>[0][number];
  expect(eventsIn([event(10), event(20)], 10, 20).map(({ time }) => time)).toEqual([10]);
});

test('features come by their part in an anomaly, then by score, then the well-known ones', () => {
  const feature = (name: string, score = 0): FeatureView =>
    ({ name, metric: name.split('{')[0], score, value: 1, hasLimit: false }) as unknown as FeatureView;
  const open = [{ contributions: [{ feature: 'zeta', share: 0.8 }] }] as unknown as readonly Anomaly[];
  const ordered = orderFeatures([feature('misc'), feature('host_cpu'), feature('odd', 0.95), feature('zeta')], open);
  expect(ordered.map(({ name }) => name)).toEqual(['zeta', 'odd', 'host_cpu', 'misc']);
});

test('one metric with many series does not take all the places', () => {
  const feature = (name: string, value: number | null): FeatureView =>
    ({ name, metric: name.split('{')[0], score: 0, value, hasLimit: false }) as unknown as FeatureView;
  const modes = ['a', 'b', 'c', 'd'].map((mode, index) => feature(`cpu{mode="${mode}"}`, index));
  const ordered = orderFeatures([...modes, feature('load1', 3), feature('cpu_gone', null)], []);
  expect(ordered.slice(0, 3).map(({ name }) => name)).toEqual(['cpu{mode="c"}', 'cpu{mode="d"}', 'load1']);
  expect(ordered.at(-1)?.name).toBe('cpu_gone');
});
