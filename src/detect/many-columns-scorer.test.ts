import { describe, expect, it } from 'vitest';
import { createRandom } from '../ml/random.ts';
import { createManyColumnsScorer } from './many-columns-scorer.ts';
import type { RowScore, RowScorer } from './row-scorer.ts';

const STEP = 60_000;
const COLUMNS = ['cpu', 'requests', 'latency', 'errors', 'queue', 'limit'];

/** Rows of a service: a load that most columns follow, and one that never moves. */
function rowsOf(count: number, seed: number): Float64Array[] {
  const random = createRandom(seed);
  let load = 0;
  return Array.from({ length: count }, () => {
    load = 0.9 * load + 0.4 * random.normal();
    const noise = (size: number): number => size * random.normal();
    return Float64Array.of(
      40 + 4 * load + noise(1),
      800 + 90 * load + noise(9),
      15 + load + noise(1),
      noise(1),
      noise(2),
      7,
    );
  });
}

const scorer = (columns = COLUMNS): RowScorer =>
  createManyColumnsScorer({ columns, stepMs: STEP, seed: 1, detectors: null });

function run(train: readonly Float64Array[], rows: readonly Float64Array[], made = scorer()): RowScore[] {
  train.forEach((row, i) => made.train(i * STEP, row));
  if (train.length > 0) made.trained();
  return rows.map((row, i) => made.score((train.length + i) * STEP, row));
}

const most = (scores: readonly RowScore[]): number => scores.reduce((top, { score }) => Math.max(top, score), 0);

describe('scorer of many columns', () => {
  it('scores a fault above everything quiet, names its column and says what it is', () => {
    const rows = rowsOf(800, 2);
    for (let i = 600; i < 620; i++) rows[i]![2] = rows[i]![2]! + 25;
    const scores = run(rowsOf(1500, 1), rows);
    expect(most(scores.slice(600, 620))).toBeGreaterThan(most(scores.slice(0, 600)));
    const worst = scores.slice(600, 620).reduce((a, b) => (a.score > b.score ? a : b));
    expect(worst.topFeature).toBe(2);
    expect(worst.severity).not.toBe('none');
    expect(worst.kind).not.toBeNull();
    const quiet = scores.slice(0, 600).filter(({ pValue }) => pValue <= 0.01).length;
    expect(quiet).toBeLessThan(24);
  });

  it('falls with the p-value and keeps its order where the p-value has come to its end', () => {
    const scores = run(
      rowsOf(1500, 1),
      [1, 10, 100, 1000].map((far) => rowsOf(1, 3)[0]!.map((x) => x + far * 50)),
    );
    for (const { score, pValue } of scores) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThan(1);
      expect(pValue).toBeGreaterThan(0);
      expect(pValue).toBeLessThanOrEqual(1);
    }
    const order = (by: (score: RowScore) => number): number[] =>
      [...scores.keys()].toSorted((a, b) => by(scores[a]!) - by(scores[b]!));
    expect(order(({ score }) => score)).toEqual(order(({ pValue }) => -pValue));
  });

  it.each([0, 900])('never looks at a later row, with %i rows of training', (count) => {
    const train = rowsOf(count, 1);
    const rows = rowsOf(700, 2);
    rows[650]!.fill(1e6);
    const whole = run(train, rows);
    for (const cut of [1, 256, 300, 560]) expect(run(train, rows.slice(0, cut))).toEqual(whole.slice(0, cut));
  });

  it('learns as it goes without training: silent at first, then quiet, then sure of a fault', () => {
    const rows = rowsOf(1600, 5);
    for (let i = 1500; i < 1520; i++) rows[i]![4] = rows[i]![4]! + 60;
    const scores = run([], rows);
    expect(scores[0]).toEqual({ score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 });
    expect(scores.slice(300, 1500).filter(({ pValue }) => pValue <= 0.01).length).toBeLessThan(60);
    expect(most(scores.slice(1500, 1520))).toBeGreaterThan(most(scores.slice(300, 1500)));
  });

  it('wakes nobody within a day without normal history, and says it all the same', () => {
    const rows = rowsOf(700, 5);
    for (let i = 600; i < 620; i++) rows[i]!.fill(1e6, 0, 5);
    const fault = run([], rows).slice(600, 620);
    expect(fault.some(({ severity }) => severity === 'warning')).toBe(true);
    expect(fault.some(({ severity }) => severity === 'critical')).toBe(false);
    const told = run(rowsOf(1500, 1), rows).slice(600, 620);
    expect(told.some(({ severity }) => severity === 'critical')).toBe(true);
  });

  it('is calm about hundreds of columns of noise, with history or without, whatever some of them are', () => {
    const width = 240;
    const random = createRandom(6);
    const noise = (): Float64Array =>
      Float64Array.from({ length: width }, (_, c) => {
        if (c % 8 === 0) return 7;
        if (c % 8 === 1) return random.next() < 0.3 ? Number.NaN : random.normal();
        return c % 8 === 2 ? random.normal() / Math.max(1e-9, random.next()) : random.normal();
      });
    const columns = Array.from({ length: width }, (_, c) => `c${c + 1}`);
    for (const known of [0, 300]) {
      const train = Array.from({ length: known }, noise);
      const scores = run(train, Array.from({ length: 560 - known }, noise), scorer(columns));
      expect(scores.filter(({ severity }) => severity === 'critical')).toEqual([]);
      expect(scores.filter(({ severity }) => severity === 'warning').length).toBeLessThan(3);
    }
  });

  it('takes what is missing, constant and wild', () => {
    const random = createRandom(9);
    const odd = (i: number): Float64Array =>
      Float64Array.of(
        7,
        random.next() < 0.01 ? 1e300 : random.next(),
        random.next() < 0.3 ? Number.NaN : random.normal(),
        Number.NaN,
        i % 100 === 50 ? -Number.MAX_VALUE : 1e15 + i,
        i % 2 === 0 ? Infinity : 3,
      );
    const rows = Array.from({ length: 500 }, (_, i) => odd(i));
    const nothing = new Float64Array(COLUMNS.length).fill(Number.NaN);
    const scores = run(
      Array.from({ length: 400 }, (_, i) => odd(i)),
      [...rows, nothing],
    );
    expect(scores.every(({ score, pValue }) => score >= 0 && score < 1 && pValue > 0 && pValue <= 1)).toBe(true);
    expect(scores.at(-1)!.pValue).toBe(1);
  });

  it('takes times that repeat, jump and go back', () => {
    const made = scorer();
    rowsOf(400, 1).forEach((row, i) => made.train(i * STEP, row));
    made.trained();
    const scores = rowsOf(5, 2).map((row, i) => made.score([0, 0, 1e9, -1e9, 1e15][i]!, row));
    expect(scores.every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('uses only the detectors that were asked for', () => {
    const [train, rows] = [rowsOf(500, 1), rowsOf(100, 2)];
    const by = (detectors: readonly string[]): RowScore[] =>
      run(train, rows, createManyColumnsScorer({ columns: COLUMNS, stepMs: STEP, seed: 1, detectors }));
    expect(by(['pca'])).not.toEqual(by(['residual']));
    expect(by(['pca']).some(({ score }) => score > 0)).toBe(true);
  });
});
