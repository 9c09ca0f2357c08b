import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { checkSupervisedModel } from './check-supervised-model.ts';
import { fitExtraTrees } from './extra-trees.ts';
import type { ForestOptions } from './forest-options.ts';
import { outOfBagScore } from './forest-out-of-bag.ts';
import { loadForest, mergeForests, type Forest } from './forest.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { createRandom } from './random.ts';
import { fitRandomForest } from './random-forest.ts';
import type { LabelledRows } from './supervised-rows.ts';

type Fit = (rows: LabelledRows, options: ForestOptions) => Forest;
const METHODS: readonly [string, Fit][] = [
  ['random forest', fitRandomForest],
  ['extremely randomised trees', fitExtraTrees],
];

for (const [name, fit] of METHODS) {
  for (const task of ['classification', 'regression'] as const) {
    checkSupervisedModel(`${task} by ${name}`, {
      fit: (matrix, target, seed) => fit({ matrix, target }, { task, seed, trees: 15 }),
      load: loadForest,
    });
  }
}

/** Three classes by two columns out of four. */
function threeClasses(rows: number, seed: number): { matrix: Matrix; target: Float64Array } {
  const matrix = gaussianMatrix(rows, 4, seed);
  const target = Float64Array.from({ length: rows }, (_, row) => {
    const [a = 0, b = 0] = matrix.data.subarray(row * 4, row * 4 + 2);
    return a > 0.5 ? 2 : b > 0 ? 1 : 0;
  });
  return { matrix, target };
}

const accuracy = (forest: Forest, { matrix, target }: { matrix: Matrix; target: Float64Array }): number => {
  const shares = forest.predictBatch(matrix);
  const right = target.filter((y, row) => {
    const mine = shares.subarray(row * forest.outputs, (row + 1) * forest.outputs);
    return mine.indexOf(Math.max(...mine)) === y;
  });
  return right.length / target.length;
};

/** Smallest squared error that one cut can leave, by trying all of them. */
function bestStump(values: readonly number[], target: readonly number[]): number {
  const error = (rows: readonly number[]): number => {
    const mean = rows.reduce((sum, row) => sum + target[row]!, 0) / rows.length;
    return rows.reduce((sum, row) => sum + (target[row]! - mean) ** 2, 0);
  };
  const all = values.map((_, row) => row);
  let best = error(all);
  for (const cut of values) {
    for (const missingLeft of [false, true]) {
      const left = all.filter((row) => values[row]! <= cut || (Number.isNaN(values[row]) && missingLeft));
      const right = all.filter((row) => !left.includes(row));
      if (left.length > 0 && right.length > 0) best = Math.min(best, error(left) + error(right));
    }
  }
  return best;
}

describe.each(METHODS)('%s', (_, fit) => {
  it('tells three classes apart, with probabilities that sum to one', () => {
    const forest = fit(threeClasses(1500, 1), { task: 'classification', seed: 1, trees: 40 });
    const fresh = threeClasses(500, 2);
    expect(forest.outputs).toBe(3);
    expect(accuracy(forest, fresh)).toBeGreaterThan(0.93);
    const shares = forest.predictBatch(fresh.matrix);
    for (let row = 0; row < 500; row++) {
      const sum = shares.subarray(row * 3, row * 3 + 3).reduce((total, share) => total + share, 0);
      expect(sum).toBeCloseTo(1, 12);
    }
    expect(forest.importance[0]! + forest.importance[1]!).toBeGreaterThan(0.75);
  });

  it('fits its training rows closely when leaves may hold one row', () => {
    const { matrix, target } = threeClasses(200, 3);
    const deep = fit({ matrix, target }, { task: 'classification', seed: 1, trees: 30 });
    expect(accuracy(deep, { matrix, target })).toBeGreaterThan(0.98);
  });

  it('learns a number far from zero as well as one near it', () => {
    const matrix = gaussianMatrix(400, 3, 4);
    const near = Float64Array.from({ length: 400 }, (__, row) => Math.sin(matrix.data[row * 3]!));
    const far = near.map((y) => y + 1e8);
    const options = { task: 'regression', seed: 1, trees: 20 } as const;
    const a = fit({ matrix, target: near }, options).predictBatch(matrix);
    const b = fit({ matrix, target: far }, options).predictBatch(matrix);
    for (const [row, y] of a.entries()) expect(Math.abs(b[row]! - 1e8 - y)).toBeLessThan(0.05);
  });

  it('explains a row: values sum to the prediction', () => {
    const rows = threeClasses(300, 5);
    const forest = fit(rows, { task: 'classification', seed: 1, trees: 10 });
    const phi = new Float64Array(4);
    const out = new Float64Array(3);
    for (let row = 0; row < 20; row++) {
      forest.predictRow(rows.matrix.data, out, row * 4);
      for (let output = 0; output < 3; output++) {
        forest.explainRow(rows.matrix.data, phi, { offset: row * 4, output });
        const sum = phi.reduce((total, x) => total + x, forest.expected[output]!);
        expect(sum).toBeCloseTo(out[output]!, 9);
      }
    }
  });

  it('merges parts grown apart into what one fit grows', () => {
    const rows = threeClasses(300, 6);
    const options = { task: 'classification', seed: 3 } as const;
    const whole = fit(rows, { ...options, trees: 12 });
    const first = fit(rows, { ...options, trees: 5 });
    const second = fit(rows, { ...options, trees: 7, firstTree: 5 });
    const merged = mergeForests([first, loadForest(second.toBytes(), undefined, second.outOfBag)]);
    expect(merged.trees).toEqual(whole.trees);
    expect(merged.predictBatch(rows.matrix)).toEqual(whole.predictBatch(rows.matrix));
    for (const [column, gain] of merged.gain.entries()) expect(gain).toBeCloseTo(whole.gain[column]!, 6);
    expect(merged.outOfBag?.trees).toEqual(whole.outOfBag?.trees);
    const other = fit(threeClasses(300, 6), { ...options, trees: 2, classes: 4 });
    expect(() => mergeForests([first, other])).toThrowError(expect.objectContaining({ code: 'ML_SHAPE' }));
  });

  it('counts a row as its weight says, and not at all at zero', () => {
    const { matrix, target } = threeClasses(300, 7);
    const weights = target.map((y) => (y === 1 ? 0 : 1));
    const forest = fit({ matrix, target, weights }, { task: 'classification', seed: 1, trees: 10 });
    const shares = forest.predictBatch(matrix);
    for (let row = 0; row < 300; row++) expect(shares[row * 3 + 1]).toBe(0);
  });

  it('keeps its limits on depth and leaves', () => {
    const rows = threeClasses(500, 8);
    const shallow = fit(rows, { task: 'classification', seed: 1, trees: 3, maxDepth: 2 });
    expect(shallow.trees.feature.length).toBeLessThanOrEqual(21);
    const { trees } = fit(rows, { task: 'regression', seed: 1, trees: 3, minLeafRows: 40 });
    for (const cover of trees.cover) expect(cover).toBeGreaterThanOrEqual(40);
  });

  it('reports trees and stops on a signal', () => {
    const signal = { aborted: false };
    const seen: number[] = [];
    const onTree = (trees: number): void => {
      seen.push(trees);
      signal.aborted = trees === 2;
    };
    expect(() => fit(threeClasses(50, 9), { task: 'classification', seed: 1, signal, onTree })).toThrowError(
      expect.objectContaining({ code: 'ML_CANCELLED' }),
    );
    expect(seen).toEqual([1, 2]);
  });

  it.each<[string, number[], Partial<ForestOptions>]>([
    ['ML_VALUE', [0, 0.5], {}],
    ['ML_VALUE', [0, -1], {}],
    ['ML_VALUE', [0, 256], {}],
    ['ML_VALUE', [0, 2], { classes: 2 }],
    ['ML_VALUE', [0, 1e200], { task: 'regression' }],
    ['ML_PARAMETER', [0, 1], { classes: 1 }],
    ['ML_PARAMETER', [0, 1], { trees: 0 }],
    ['ML_PARAMETER', [0, 1], { firstTree: -1 }],
    ['ML_PARAMETER', [0, 1], { columnsPerSplit: 0 }],
    ['ML_PARAMETER', [0, 1], { minLeafRows: 0 }],
    ['ML_PARAMETER', [0, 1], { maxDepth: 513 }],
  ])('answers %s to targets %o with %o', (code, target, options) => {
    const rows = { matrix: gaussianMatrix(2, 3), target };
    expect(() => fit(rows, { task: 'classification', seed: 1, ...options })).toThrowError(
      expect.objectContaining({ code }),
    );
  });
});

describe('fitRandomForest', () => {
  it('finds the best cut of a column, with missing values on the better side', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 2, max: 200 }), (seed, count) => {
        const random = createRandom(seed);
        const values = Array.from({ length: count }, () => (random.next() < 0.2 ? Number.NaN : random.int(20)));
        const target = values.map(() => random.normal());
        const matrix = createMatrix(Float64Array.from(values), count, 1);
        const options = { task: 'regression', seed: 1, trees: 1, maxDepth: 1, minLeafRows: 1 } as const;
        const stump = fitRandomForest({ matrix, target }, options);
        // The cut is the best one for the rows that were drawn, each as often as it was.
        const sample = bootstrapOf(count, 1);
        const predicted = stump.predictBatch(matrix);
        const error = sample.reduce((sum, row) => sum + (target[row]! - predicted[row]!) ** 2, 0);
        const best = bestStump(
          sample.map((row) => values[row]!),
          sample.map((row) => target[row]!),
        );
        expect(error).toBeCloseTo(best, 6);
      }),
      { numRuns: 60 },
    );
  });

  it('estimates its own accuracy out of bag', () => {
    const rows = threeClasses(800, 10);
    const forest = fitRandomForest(rows, { task: 'classification', seed: 1, trees: 60 });
    const estimate = outOfBagScore('classification', forest.outOfBag!, rows.target);
    expect(Math.abs(estimate - accuracy(forest, threeClasses(3000, 11)))).toBeLessThan(0.03);
    expect(forest.outOfBag!.trees.reduce((sum, x) => sum + x, 0) / (800 * 60)).toBeCloseTo(1 / Math.E, 1);
  });

  it('estimates its explained variance out of bag', () => {
    const matrix = gaussianMatrix(600, 3, 12);
    const target = Float64Array.from({ length: 600 }, (_, row) => 5 + matrix.data[row * 3]!);
    const forest = fitRandomForest({ matrix, target }, { task: 'regression', seed: 1, trees: 40, columnsPerSplit: 3 });
    expect(outOfBagScore('regression', forest.outOfBag!, target)).toBeGreaterThan(0.95);
    const noise = target.map((_, row) => createRandom(row).normal());
    const useless = fitRandomForest({ matrix, target: noise }, { task: 'regression', seed: 1, trees: 40 });
    expect(outOfBagScore('regression', useless.outOfBag!, noise)).toBeLessThan(0.1);
    expect(() => outOfBagScore('regression', useless.outOfBag!, [1])).toThrowError('as many targets');
  });
});

/** The sample that the first tree of a forest with this seed draws. */
function bootstrapOf(rows: number, seed: number): number[] {
  const random = createRandom(seed).fork(0);
  return Array.from({ length: rows }, () => random.int(rows));
}
