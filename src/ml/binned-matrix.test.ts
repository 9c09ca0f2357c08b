import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyBins, findBinEdges, MISSING_BIN, splitThreshold } from './binned-matrix.ts';
import { createMatrix } from './matrix.ts';
import { createRandom } from './random.ts';

const column = (values: number[]): ReturnType<typeof createMatrix> =>
  createMatrix(Float64Array.from(values), values.length, 1);

describe('binned matrices', () => {
  it('give every distinct value a bin of its own when they are few', () => {
    const matrix = column([3, 1, 2, 2, Number.NaN, 1]);
    const edges = findBinEdges(matrix, 255, 1);
    expect(edges).toEqual([Float64Array.of(1.5, 2.5)]);
    expect([...applyBins(matrix, edges).bins[0]!]).toEqual([2, 0, 1, 1, MISSING_BIN, 0]);
    expect(splitThreshold(edges[0]!, 1)).toBe(2.5);
    expect(splitThreshold(edges[0]!, 2)).toBe(Infinity);
  });

  it('cut many values into bins of about equal counts', () => {
    const random = createRandom(1);
    const matrix = column(Array.from({ length: 100_000 }, () => random.normal()));
    const { bins } = applyBins(matrix, findBinEdges(matrix, 100, 1));
    const counts = new Int32Array(100);
    for (const bin of bins[0]!) counts[bin]! += 1;
    expect(Math.min(...counts)).toBeGreaterThan(700);
    expect(Math.max(...counts)).toBeLessThan(1300);
  });

  it('tell one row in a thousand apart at both ends where asked to', () => {
    const random = createRandom(1);
    const matrix = column(Array.from({ length: 50_000 }, () => random.normal()));
    const outermost = (fineTails: boolean): [number, number, number] => {
      const edges = findBinEdges(matrix, 255, 1, fineTails);
      const counts = new Int32Array(255);
      for (const bin of applyBins(matrix, edges).bins[0]!) counts[bin]! += 1;
      return [counts[0]!, counts[edges[0]!.length]!, edges[0]!.length];
    };
    const [low, high, edges] = outermost(true);
    expect(Math.max(low, high)).toBeLessThan(50);
    expect(edges).toBeLessThan(255);
    expect(edges).toBeGreaterThan(230);
    expect(Math.min(...outermost(false).slice(0, 2))).toBeGreaterThan(100);
  });

  it('keep a heavy value apart from its neighbours', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i < 700 ? 0 : i));
    const edges = findBinEdges(column(values), 16, 1)[0]!;
    expect(edges).toHaveLength(15);
    expect(edges[0]).toBe(350);
  });

  it('agree with the raw comparison that a tree makes, for any values', () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(0, -0, Infinity, -Infinity, 5e-324),
      fc.integer({ min: -3, max: 3 }),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 2, max: 9 }),
        (values, maxBins) => {
          const matrix = column(values);
          const edges = findBinEdges(matrix, maxBins, 1);
          expect(findBinEdges(matrix, maxBins, 1, true)).toEqual(edges);
          expect(edges[0]!.length).toBeLessThan(maxBins);
          const bins = applyBins(matrix, edges).bins[0]!;
          for (const [row, x] of values.entries()) {
            expect(bins[row] === MISSING_BIN).toBe(Number.isNaN(x));
            for (const [bin, edge] of edges[0]!.entries()) {
              expect(bins[row]! <= bin).toBe(x <= edge);
            }
          }
        },
      ),
    );
  });

  it('leave a column without values uncut', () => {
    const matrix = column([Number.NaN, Number.NaN]);
    const edges = findBinEdges(matrix, 255, 1);
    expect(edges[0]).toHaveLength(0);
    expect([...applyBins(matrix, edges).bins[0]!]).toEqual([MISSING_BIN, MISSING_BIN]);
  });

  it('refuse other columns than they were made for', () => {
    const edges = findBinEdges(column([1, 2]), 255, 1);
    expect(() => applyBins(createMatrix(new Float64Array(4), 2, 2), edges)).toThrowError('fitted on 1 columns');
  });
});
