import { expect, test } from 'vitest';
import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows } from './labels.ts';

const history = (given: Partial<EntityHistory>): EntityHistory => ({
  entity: 'host/a',
  times: Float64Array.of(1, 2, 3, 4, 5, 6),
  values: new Float32Array(0),
  failures: [],
  events: [],
  observedFrom: 0,
  observedTo: 10,
  ...given,
});
const failure = (time: number) => ({ time, kind: '' });

test('counts to the next failure, and to the end of sight where there is none', () => {
  const { time, failed, failure: which } = labelRows(history({ failures: [failure(3.5), failure(5)] }), 0);
  expect([...time]).toEqual([2.5, 1.5, 0.5, 1, 5, 4]);
  expect([...failed]).toEqual([1, 1, 1, 1, 0, 0]);
  expect([...which]).toEqual([0, 0, 0, 1, -1, -1]);
});

test('rows in the quiet period after a failure teach nothing', () => {
  const { time } = labelRows(history({ failures: [failure(2)] }), 2);
  expect([...time]).toEqual([1, Number.NaN, Number.NaN, 6, 5, 4]);
});

test('a failure before the first row counts as past, overlapping ones once each', () => {
  const { time, failure: which } = labelRows(
    history({ failures: [failure(-3), failure(4), failure(4), failure(4.5)] }),
    0,
  );
  expect([...time]).toEqual([3, 2, 1, 0.5, 5, 4]);
  expect(which[3]).toBe(3);
});

test('rows before an action are censored there, whatever came; rows after it are not', () => {
  const actedAt = Float64Array.of(Number.NaN, 2, 3.5, Number.NaN, Number.NaN, Number.NaN);
  const { time, failed } = labelRows(history({ failures: [failure(4)], actedAt }), 0);
  expect([...failed]).toEqual([0, 0, 0, 0, 0, 0]);
  expect([...time]).toEqual([1, Number.NaN, 0.5, 6, 5, 4]);
});

test('rows outside of observation teach nothing, a failure at its very end was seen', () => {
  const { time, failed } = labelRows(history({ failures: [failure(5)], observedFrom: 2, observedTo: 5 }), 0);
  expect([...time]).toEqual([Number.NaN, 3, 2, 1, Number.NaN, Number.NaN]);
  expect([...failed]).toEqual([0, 1, 1, 1, 0, 0]);
});
