import { expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { fitOperatingRegimes } from '../../ml/operating-regimes.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { createFeatureReader, type FeatureModel, type FeatureSpec } from './features.ts';

const STEP = 300;
const ROWS = 1000;
const DAY_ROWS = 288;

/** A daily wave of one column, of the given size, that stands `shift` higher in its last twenty rows. */
function waves(size: number, shift: number): EntityHistory {
  const random = createRandom(1);
  return {
    entity: 'host/a',
    times: Float64Array.from({ length: ROWS }, (_, i) => i * STEP),
    values: Float64Array.from(
      { length: ROWS },
      (_, i) =>
        size * (10 + Math.sin((2 * Math.PI * i) / DAY_ROWS) + 0.05 * random.normal() + (i >= ROWS - 20 ? shift : 0)),
    ),
    failures: [],
    events: [],
    observedFrom: 0,
    observedTo: ROWS * STEP,
  };
}

/** Reads features on the fleet's scale, 0 to 20. */
function modelOf(specs: readonly FeatureSpec[]): FeatureModel {
  const data = Float64Array.from({ length: 200 }, (_, i) => (i % 20) + 0.5);
  return {
    signals: {
      columns: ['x'],
      regimes: fitOperatingRegimes({ matrix: { data, rows: 200, columns: 1 }, starts: [0, 200] }),
      used: Int32Array.of(0),
      own: null,
      size: null,
      fusing: new Float64Array(0),
      fused: 0,
      risks: null,
      step: STEP,
    },
    windows: [5, 15, 45].map((steps) => steps * STEP),
    scale: { cap: 86_400, step: STEP, unitMs: 1000 },
    specs,
  };
}

/** The features of one row alone. */
function rowOf(history: EntityHistory, row: number, specs: readonly FeatureSpec[]): number[] {
  const out = new Float32Array(specs.length);
  createFeatureReader(modelOf(specs), ['x']).read({ history, rows: [row] }, out, 0);
  return [...out];
}

const lastRow = (history: EntityHistory, specs: readonly FeatureSpec[]): number[] => rowOf(history, ROWS - 1, specs);

const own: FeatureSpec = { of: 'own', signal: 0, statistic: 'from-own', window: 1 };
const yesterday: FeatureSpec = { of: 'own', signal: 0, statistic: 'from-yesterday', window: 1 };

test('the same rise of a small and of a large entity looks the same in their own deviations', () => {
  const [small] = lastRow(waves(0.1, 3), [own]);
  const [large] = lastRow(waves(1, 3), [own]);
  expect(small).toBeGreaterThan(2);
  expect(Math.abs(small! - large!)).toBeLessThan(0.05);
});

test('beside the day before, what comes back every day is no rise', () => {
  expect(Math.abs(lastRow(waves(1, 0), [yesterday])[0]!)).toBeLessThan(0.1);
  expect(lastRow(waves(1, 3), [yesterday])[0]!).toBeGreaterThan(2);
});

test('a row of the first day has no day before', () => {
  const { times, values, ...rest } = waves(1, 0);
  const short = { ...rest, times: times.subarray(0, ROWS), values };
  const shifted = { ...short, times: times.map((_, i) => i * 60) };
  expect(lastRow(shifted, [yesterday])[0]).toBeNaN();
});

test('a row is the same whether rows before it were asked for or not', () => {
  const history = waves(1, 3);
  const specs = [yesterday, { of: 'window', signal: 0, statistic: 'mean', window: 1 } as const];
  const rows = [5, 40, DAY_ROWS + 20, DAY_ROWS + 21, ROWS - 1];
  const out = new Float32Array(rows.length * specs.length);
  createFeatureReader(modelOf(specs), ['x']).read({ history, rows }, out, 0);
  expect([out[0], out[2]]).toEqual([Number.NaN, Number.NaN]);
  rows.forEach((row, i) => {
    expect([...out.subarray(i * specs.length, (i + 1) * specs.length)]).toEqual(rowOf(history, row, specs));
  });
  expect(Number.isFinite(out[4])).toBe(true);
});
