import { describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { fillOwnViews, learnOwnScale, OWN_VIEWS } from './own-signals.ts';

const ROWS = 6000;

/** One column that is usually at `size`, with a daily wave and noise in proportion, and changed by `at`. */
function history(size: number, at: (row: number) => number = () => 1): EntityHistory {
  const random = createRandom(size);
  return {
    entity: `host/${size}`,
    times: Float64Array.from({ length: ROWS }, (_, row) => row),
    values: Float64Array.from({ length: ROWS }, (_, row) => {
      const wave = 1 + 0.2 * Math.sin((2 * Math.PI * row) / 288) + 0.05 * random.normal();
      return size * wave * at(row);
    }),
    failures: [],
    events: [],
    observedFrom: 0,
    observedTo: ROWS,
  };
}

const usual = [10, 30, 100, 300, 1000].map((size) => history(size));
const scale = learnOwnScale({ columns: ['x'], entities: usual }, Int32Array.of(0), 7);

/** Rarity and change of each row. */
function viewsOf(given: EntityHistory, rows = ROWS, place = 0, by = scale) {
  const values = new Float64Array(rows * (1 + OWN_VIEWS));
  fillOwnViews(given, { scale: by, u: 0, used: 1, place, stride: 1, views: 1 }, { values, rows });
  const view = (number: number): Float64Array => values.slice(number * rows, (number + 1) * rows);
  return { rarity: view(1), change: view(2) };
}

const meanOf = (values: Float64Array, from: number, to: number): number =>
  values.subarray(from, to).reduce((sum, x) => sum + x / (to - from), 0);

describe('views of the entity’s own', () => {
  test('three times as much is the same change for a small and for a large entity', () => {
    const [small, large] = [30, 1000].map((size) => viewsOf(history(size, (row) => (row < 5900 ? 1 : 3))));
    const [a, b] = [small!, large!];
    expect(meanOf(a.change, 5900, 6000)).toBeGreaterThan(3);
    expect(meanOf(a.change, 5900, 6000) / meanOf(b.change, 5900, 6000)).toBeCloseTo(1, 0);
    expect(Math.abs(meanOf(a.change, 1000, 5900))).toBeLessThan(0.2);
  });

  test('of a share in use it is the same rise, be it from little or from much', () => {
    const share = (base: number, rise: number): EntityHistory => {
      const random = createRandom(Math.round(100 * base));
      const values = Float64Array.from(
        { length: ROWS },
        (_, row) => base + 0.02 * random.normal() + (row < 5900 ? 0 : rise),
      );
      return { ...history(1), values };
    };
    const bases = [0.1, 0.2, 0.3, 0.5, 0.6];
    const shares = learnOwnScale(
      { columns: ['x'], entities: bases.map((base) => share(base, 0)) },
      Int32Array.of(0),
      7,
    );
    expect(shares.bent[0]).toBe(0);
    expect(scale.bent[0]).toBe(1);
    const [little, much] = [0.1, 0.6].map((base) =>
      meanOf(viewsOf(share(base, 0.3), ROWS, 0, shares).change, 5900, 6000),
    );
    expect(little).toBeGreaterThan(3);
    expect(little! / much!).toBeCloseTo(1, 1);
  });

  test('a row knows nothing of later rows', () => {
    const whole = viewsOf(history(100));
    for (const rows of [5, 13, 300, 4000]) {
      const short = viewsOf(history(100), rows);
      expect(short.rarity).toEqual(whole.rarity.slice(0, rows));
      expect(short.change).toEqual(whole.change.slice(0, rows));
    }
  });

  test('two days of trouble do not become usual, two weeks do', () => {
    const { change } = viewsOf(history(100, (row) => (row < 1000 ? 1 : 4)));
    expect(meanOf(change, 1000 + 550, 1000 + 576)).toBeGreaterThan(0.6 * meanOf(change, 1000, 1020));
    expect(meanOf(change, 5900, 6000)).toBeLessThan(0.2 * meanOf(change, 1000, 1020));
  });

  test('a value that never moved is rare when it does, and no more than rare', () => {
    const still = { ...history(1), values: Float64Array.from({ length: ROWS }, (_, row) => (row < 5990 ? 5 : 50)) };
    const { rarity } = viewsOf(still);
    expect(rarity[5000]).toBe(0);
    expect(rarity[5995]).toBeGreaterThan(4);
    expect(rarity[5995]).toBeLessThan(8);
  });

  test('says nothing of what is missing, of too little, and of a column that is gone', () => {
    const holes = history(100);
    holes.values[4000] = Number.NaN;
    holes.values[4001] = Infinity;
    const { rarity, change } = viewsOf(holes);
    for (const row of [4000, 4001]) expect([rarity[row], change[row]]).toEqual([NaN, NaN]);
    expect(Number.isFinite(change[4002])).toBe(true);
    expect([rarity[11], change[11]]).toEqual([NaN, NaN]);
    expect(viewsOf(holes, ROWS, -1).change.every(Number.isNaN)).toBe(true);
  });
});
