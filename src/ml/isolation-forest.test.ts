import { describe, expect, it } from 'vitest';
import { averagePathLength } from './average-path-length.ts';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { fitIsolationForest, loadIsolationForest } from './isolation-forest.ts';
import { createMatrix } from './matrix.ts';
import { encodeModel } from './serialize.ts';
import { TreeBuilder } from './tree-builder.ts';
import { treeSections } from './tree-ensemble.ts';

checkOutlierModel('isolation forest', {
  fit: (matrix, seed) => fitIsolationForest(matrix, { trees: 30, subsample: 64, seed }),
  load: loadIsolationForest,
});

describe('fitIsolationForest', () => {
  it('grows trees within the depth limit whose covers add up', () => {
    const { trees } = fitIsolationForest(gaussianMatrix(1000, 5), { trees: 10, subsample: 128, seed: 1 });
    const depth = new Int32Array(trees.feature.length);
    for (const [node, feature] of trees.feature.entries()) {
      expect(depth[node]).toBeLessThanOrEqual(7);
      if (feature < 0) continue;
      const left = trees.left[node]!;
      depth[left] = depth[left + 1] = depth[node]! + 1;
      expect(trees.cover[left]! + trees.cover[left + 1]!).toBe(trees.cover[node]);
      expect(Math.min(trees.cover[left]!, trees.cover[left + 1]!)).toBeGreaterThan(0);
    }
    for (const root of trees.roots) expect(trees.cover[root]).toBe(128);
  });

  it('gives every training row of a full sample a leaf of its own when depth allows', () => {
    const model = fitIsolationForest(createMatrix(Float64Array.of(0, 1), 2, 1), { trees: 5, subsample: 2, seed: 1 });
    expect(model.pathLength(Float64Array.of(0))).toBe(1);
    expect(model.scoreRow(Float64Array.of(1))).toBe(0.5);
  });

  it('gives constant data and a single row the neutral score', () => {
    const constant = createMatrix(new Float64Array(50).fill(2), 25, 2);
    expect(fitIsolationForest(constant, { seed: 1 }).scoreRow(Float64Array.of(2, 9))).toBeCloseTo(0.5, 12);
    expect(fitIsolationForest(gaussianMatrix(1, 2), { seed: 1 }).scoreRow(Float64Array.of(2, 9))).toBe(0.5);
  });

  it('sends missing values with the majority', () => {
    const matrix = gaussianMatrix(2000, 3, 3, 10);
    const model = fitIsolationForest(matrix, { seed: 2 });
    const { trees } = model;
    for (const [node, feature] of trees.feature.entries()) {
      if (feature < 0) continue;
      const left = trees.left[node]!;
      const difference = trees.cover[left]! - trees.cover[left + 1]!;
      expect(difference * (trees.missingLeft[node] === 1 ? 1 : -1)).toBeGreaterThanOrEqual(0);
    }
    expect(model.scoreRow(Float64Array.of(Number.NaN, Number.NaN, Number.NaN))).toBeLessThan(0.5);
  });

  it('attributes a score to the column that is off, and sums to log2 of the score', () => {
    const model = fitIsolationForest(gaussianMatrix(1000, 4), { trees: 50, seed: 5 });
    const row = Float64Array.of(0.1, -0.2, 7, 0.3);
    const parts = model.attributeRow(row, new Float64Array(4));
    expect(parts.indexOf(Math.max(...parts))).toBe(2);
    const neutral = parts.reduce((sum, x) => sum + x, 0) - Math.log2(model.scoreRow(row));
    const other = Float64Array.of(0, 0, 0, 0);
    const otherParts = model.attributeRow(other, new Float64Array(4));
    expect(otherParts.reduce((sum, x) => sum + x, 0) - Math.log2(model.scoreRow(other))).toBeCloseTo(neutral, 9);
  });

  it('says what each split saved on the way, which adds up to how much shorter the way was', () => {
    const model = fitIsolationForest(gaussianMatrix(1000, 4), { trees: 50, seed: 5 });
    const average = averagePathLength(256);
    for (const row of [Float64Array.of(0.1, -0.2, 7, 0.3), Float64Array.of(0, Number.NaN, 0, 0)]) {
      const gains = model.pathGains(row, new Float64Array(4));
      expect(gains.reduce((sum, x) => sum + x, 0)).toBeCloseTo(50 * (average - model.pathLength(row)), 6);
    }
    const gains = model.pathGains(Float64Array.of(0.1, -0.2, 7, 0.3), new Float64Array(4));
    expect(gains.indexOf(Math.max(...gains))).toBe(2);
  });

  it('refuses more nodes than memory is meant to hold, and a file without trees', () => {
    const matrix = gaussianMatrix(70_000, 1);
    expect(() => fitIsolationForest(matrix, { trees: 10_000, subsample: 65_536, seed: 1 })).toThrowError(
      expect.objectContaining({ code: 'ML_TOO_LARGE' }),
    );
    const none = { ...treeSections(new TreeBuilder(1, 1).finish()) };
    const bytes = encodeModel('isolation-forest', 1, { columns: 1, subsample: 2 }, none);
    expect(() => loadIsolationForest(bytes)).toThrowError(expect.objectContaining({ code: 'ML_FORMAT' }));
  });

  it.each([{ trees: 0 }, { trees: 1.5 }, { subsample: 0 }, { subsample: 1e9 }, { seed: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => fitIsolationForest(gaussianMatrix(10, 2), { seed: 1, ...options })).toThrowError(
        expect.objectContaining({ code: 'ML_PARAMETER' }),
      );
    },
  );
});

describe('averagePathLength', () => {
  it('follows equation 1', () => {
    expect([0, 1, 2].map(averagePathLength)).toEqual([0, 0, 1]);
    expect(averagePathLength(256)).toBeCloseTo(10.2448, 4);
  });
});
