import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, type Random } from './random.ts';
import { TreeBuilder } from './tree-builder.ts';
import { sumRow, type TreeEnsemble } from './tree-ensemble.ts';
import { createTreeShap } from './tree-shap.ts';

/** Trees with random splits, so that a column often appears twice on one path. */
function randomTrees(random: Random, columns: number, trees: number, depth: number): TreeEnsemble {
  const builder = new TreeBuilder(columns, 1, 1);
  const grow = (node: number, level: number, cover: number): void => {
    builder.cover[node] = cover;
    builder.value[node] = random.normal();
    if (level === 0 || random.next() < 0.2) return;
    const left = builder.split(node, random.int(columns), random.normal(), random.next() < 0.5);
    const share = random.next() < 0.1 ? 0 : random.next();
    grow(left, level - 1, cover * share);
    grow(left + 1, level - 1, cover * (1 - share));
  };
  for (let tree = 0; tree < trees; tree++) grow(builder.startTree(), depth, 100);
  return builder.finish();
}

/** Expected answer when only the columns in `known` (a bit set) are known: the definition that TreeSHAP computes. */
function conditional(trees: TreeEnsemble, node: number, row: Float64Array, known: number): number {
  const feature = trees.feature[node]!;
  if (feature < 0) return trees.value[node]!;
  const left = trees.left[node]!;
  const x = row[feature]!;
  if ((known & (1 << feature)) !== 0) {
    const goesLeft = Number.isNaN(x) ? trees.missingLeft[node] === 1 : x <= trees.threshold[node]!;
    return conditional(trees, goesLeft ? left : left + 1, row, known);
  }
  const sum = trees.cover[left]! + trees.cover[left + 1]!;
  const share = sum > 0 ? trees.cover[left]! / sum : 0.5;
  return share * conditional(trees, left, row, known) + (1 - share) * conditional(trees, left + 1, row, known);
}

function bruteForce(trees: TreeEnsemble, row: Float64Array): Float64Array {
  const { columns } = trees;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  const answer = (known: number): number =>
    trees.roots.reduce((sum, root) => sum + conditional(trees, root, row, known), 0);
  const phi = new Float64Array(columns);
  for (let column = 0; column < columns; column++) {
    for (let set = 0; set < 1 << columns; set++) {
      if ((set & (1 << column)) !== 0) continue;
      const size = set.toString(2).replaceAll('0', '').length;
      const weight = (factorial(size) * factorial(columns - size - 1)) / factorial(columns);
      phi[column]! += weight * (answer(set | (1 << column)) - answer(set));
    }
  }
  return phi;
}

describe('createTreeShap', () => {
  it('equals Shapley values by brute force, and sums to the prediction', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 5 }), (seed, columns) => {
        const random = createRandom(seed);
        const trees = randomTrees(random, columns, 3, 6);
        const row = Float64Array.from({ length: columns }, () => (random.next() < 0.2 ? Number.NaN : random.normal()));
        const shap = createTreeShap(trees);
        const phi = shap.explainRow(row, new Float64Array(columns));
        const exact = bruteForce(trees, row);
        for (let column = 0; column < columns; column++) expect(phi[column]).toBeCloseTo(exact[column]!, 9);
        const sum = phi.reduce((total, x) => total + x, shap.expected[0]!);
        expect(sum).toBeCloseTo(sumRow(trees, row, 0), 9);
      }),
      { numRuns: 60 },
    );
  });

  it('reads a row at an offset and refuses outputs and rows that are not there', () => {
    const trees = randomTrees(createRandom(1), 3, 2, 4);
    const shap = createTreeShap(trees);
    const data = Float64Array.of(9, 9, 0.1, -0.4, 0.7);
    const alone = shap.explainRow(data.slice(2), new Float64Array(3));
    expect(shap.explainRow(data, new Float64Array(3), { offset: 2 })).toEqual(alone);
    expect(() => shap.explainRow(data, new Float64Array(3), { output: 1 })).toThrowError('no output 1');
    expect(() => shap.explainRow(data, new Float64Array(2))).toThrowError('needs 3 values');
    expect(() => shap.explainRow(data, new Float64Array(3), { offset: 3 })).toThrowError('needs 3 values');
  });

  it('refuses a tree too deep to explain instead of overflowing the stack', () => {
    const builder = new TreeBuilder(1, 1);
    let node = builder.startTree();
    for (let depth = 0; depth < 1100; depth++) node = builder.split(node, 0, -depth, false);
    const shap = createTreeShap(builder.finish());
    expect(() => shap.explainRow(new Float64Array(1), new Float64Array(1))).toThrowError(
      expect.objectContaining({ code: 'ML_TOO_LARGE' }),
    );
  });
});
