import { describe, expect, it } from 'vitest';
import { createMatrix } from './matrix.ts';
import { decodeModel, encodeModel, type SectionArray } from './serialize.ts';
import { TreeBuilder } from './tree-builder.ts';
import { addBatch, addRow, findLeaf, readTrees, sumRow, treeSections, type TreeEnsemble } from './tree-ensemble.ts';

/** Two stumps with two outputs: x0 <= 1 (missing left), x1 <= 0 (missing right). */
function stumps(): TreeEnsemble {
  const builder = new TreeBuilder(2, 2, 1);
  for (const [feature, threshold] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const root = builder.startTree();
    const left = builder.split(root, feature, threshold, feature === 0);
    builder.value.set([1, 10, 2, 20], left * 2);
    builder.cover.set([4], root);
    builder.cover.set([3, 1], left);
  }
  return builder.finish();
}

const damaged = (change: Record<string, SectionArray>): (() => TreeEnsemble) => {
  const bytes = encodeModel('trees', 1, {}, { ...treeSections(stumps()), ...change });
  return () => readTrees(decodeModel(bytes), 2, 2);
};

describe('tree ensembles', () => {
  it('walk left on equal, right on greater, and by rule on missing', () => {
    const trees = stumps();
    expect(findLeaf(trees, 0, Float64Array.of(1, 0), 0)).toBe(1);
    expect(findLeaf(trees, 0, Float64Array.of(1.5, 0), 0)).toBe(2);
    expect(findLeaf(trees, 0, Float64Array.of(Number.NaN, 0), 0)).toBe(1);
    expect(findLeaf(trees, 3, Float64Array.of(0, Number.NaN), 0)).toBe(5);
    expect(sumRow({ ...trees, outputs: 1 }, Float64Array.of(0, 0), 0)).toBeTypeOf('number');
  });

  it('add up the same for a row and for a batch', () => {
    const trees = stumps();
    const matrix = createMatrix(Float64Array.of(0, -1, 5, 5, Number.NaN, Number.NaN), 3, 2);
    const batch = new Float64Array(6);
    addBatch(trees, matrix, batch);
    expect([...batch]).toEqual([2, 20, 4, 40, 3, 30]);
    for (let row = 0; row < 3; row++) {
      const out = new Float64Array(2);
      addRow(trees, matrix.data, row * 2, out);
      expect(out).toEqual(batch.slice(row * 2, row * 2 + 2));
    }
  });

  it('come back from a file', () => {
    expect(damaged({})()).toEqual(stumps());
  });

  it.each<[string, Record<string, SectionArray>, string]>([
    ['column outside', { feature: Int32Array.of(2, -1, -1, 1, -1, -1) }, 'splits on column 2'],
    ['column below -1', { feature: Int32Array.of(0, -2, -1, 1, -1, -1) }, 'splits on column -2'],
    ['child before its parent', { left: Int32Array.of(1, 0, 0, 1, 0, 0) }, 'unsound child 1'],
    ['child of its own', { left: Int32Array.of(0, 0, 0, 4, 0, 0) }, 'unsound child 0'],
    ['child past the end', { left: Int32Array.of(5, 0, 0, 4, 0, 0) }, 'unsound child 5'],
    ['child that is a root', { left: Int32Array.of(2, 0, 0, 4, 0, 0) }, 'unsound child 2'],
    ['two parents', { left: Int32Array.of(4, 0, 0, 4, 0, 0) }, 'unsound child 4'],
    ['root outside', { roots: Int32Array.of(0, 6) }, 'not a sound root'],
    ['root twice', { roots: Int32Array.of(0, 0) }, 'not a sound root'],
    ['missing threshold', { threshold: new Float64Array(6).fill(Number.NaN) }, 'has no threshold'],
    ['negative cover', { cover: new Float64Array(6).fill(-1) }, 'sound cover'],
    ['value not finite', { value: new Float64Array(12).fill(Infinity) }, 'not finite'],
    ['arrays of unequal length', { left: new Int32Array(5) }, 'expected 6'],
  ])('refuse a file with a %s', (_, change, message) => {
    expect(damaged(change)).toThrowError(
      expect.objectContaining({ code: 'ML_FORMAT', message: expect.stringContaining(message) }),
    );
  });
});
