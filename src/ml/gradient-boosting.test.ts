import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyBins, findBinEdges } from './binned-matrix.ts';
import { boostingSettings } from './boosting-options.ts';
import { boost } from './boosting.ts';
import { gaussianMatrix } from './check-outlier-model.ts';
import { checkSupervisedModel } from './check-supervised-model.ts';
import { fitGradientBoosting, loadGradientBoosting, type GradientBoostingOptions } from './gradient-boosting.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { createRandom } from './random.ts';

for (const objective of ['logistic', 'squared'] as const) {
  checkSupervisedModel(`${objective} gradient boosting`, {
    fit: (matrix, target, seed) =>
      fitGradientBoosting(
        { matrix, target },
        { objective, seed, trees: 20, maxLeaves: 8, rowSample: 0.8, columnSample: 0.75 },
      ),
    load: loadGradientBoosting,
  });
}

type Reference = { predict(row: ArrayLike<number>): number };

/** One squared-loss tree by definition: every cut of every column tried on the rows themselves, best gain first. */
function referenceTree(matrix: Matrix, target: ArrayLike<number>, maxLeaves: number, l2: number): Reference {
  type Node = { rows: number[]; cut?: { column: number; at: number; missingLeft: boolean; left: Node; right: Node } };
  const at = (row: number, column: number): number => matrix.data[row * matrix.columns + column]!;
  const mean = Array.from(target).reduce((sum, y) => sum + y, 0) / matrix.rows;
  const score = (rows: number[]): number =>
    rows.reduce((sum, row) => sum + mean - target[row]!, 0) ** 2 / (rows.length + l2);
  const bestCut = (node: Node) => {
    let best:
      | { gain: number; column: number; at: number; missingLeft: boolean; left: number[]; right: number[] }
      | undefined;
    for (let column = 0; column < matrix.columns; column++) {
      for (const missingLeft of [false, true]) {
        for (const cut of new Set(node.rows.map((row) => at(row, column)).filter((x) => !Number.isNaN(x)))) {
          const goes = (row: number): boolean => (Number.isNaN(at(row, column)) ? missingLeft : at(row, column) <= cut);
          const left = node.rows.filter(goes);
          const right = node.rows.filter((row) => !goes(row));
          if (left.length === 0 || right.length === 0) continue;
          const gain = score(left) + score(right) - score(node.rows);
          if (gain > (best?.gain ?? 1e-9) + 1e-12) best = { gain, column, at: cut, missingLeft, left, right };
        }
      }
    }
    return best;
  };
  const root: Node = { rows: Array.from({ length: matrix.rows }, (_, row) => row) };
  const leaves = [root];
  while (leaves.length < maxLeaves) {
    const cuts = leaves.map((leaf) => ({ leaf, cut: bestCut(leaf) })).filter(({ cut }) => cut !== undefined);
    const chosen = cuts.toSorted((a, b) => b.cut!.gain - a.cut!.gain)[0];
    if (chosen === undefined) break;
    const cut = chosen.cut!;
    const left = { rows: cut.left };
    const right = { rows: cut.right };
    chosen.leaf.cut = { column: cut.column, at: cut.at, missingLeft: cut.missingLeft, left, right };
    leaves.splice(leaves.indexOf(chosen.leaf), 1, left, right);
  }
  const value = (node: Node): number =>
    -node.rows.reduce((sum, row) => sum + mean - target[row]!, 0) / (node.rows.length + l2);
  return {
    predict: (row) => {
      let node = root;
      while (node.cut !== undefined) {
        const x = row[node.cut.column]!;
        const left = Number.isNaN(x) ? node.cut.missingLeft : x <= node.cut.at;
        node = left ? node.cut.left : node.cut.right;
      }
      return mean + value(node);
    },
  };
}

const labelled = (rows: number, seed: number, gap = 0): { matrix: Matrix; target: Float64Array } => {
  const matrix = gaussianMatrix(rows, 5, seed, gap);
  const random = createRandom(seed + 1000);
  const target = Float64Array.from({ length: rows }, (_, row) => {
    const [a = 0, b = 0, c = 0] = Array.from(matrix.data.subarray(row * 5, row * 5 + 5), (x) =>
      Number.isNaN(x) ? 2 : x,
    );
    return random.next() < 1 / (1 + Math.exp(-2 * (a + b * c))) ? 1 : 0;
  });
  return { matrix, target };
};

const logLoss = (target: Float64Array, p: Float64Array): number =>
  -target.reduce((sum, y, row) => sum + Math.log(y === 1 ? p[row]! : 1 - p[row]!), 0) / target.length;

const logistic = (options: Partial<GradientBoostingOptions> = {}): GradientBoostingOptions => ({
  objective: 'logistic',
  seed: 1,
  trees: 30,
  ...options,
});

describe('fitGradientBoosting', () => {
  it('grows the tree that trying every cut would, with missing values', () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 2, max: 40 }),
        fc.integer({ min: 2, max: 6 }),
        (seed, rows, maxLeaves) => {
          const random = createRandom(seed);
          const data = Float64Array.from({ length: rows * 3 }, () =>
            random.next() < 0.15 ? Number.NaN : random.int(8),
          );
          const matrix = createMatrix(data, rows, 3);
          const target = Float64Array.from({ length: rows }, () => random.normal());
          const options = {
            objective: 'squared',
            seed: 1,
            trees: 1,
            learningRate: 1,
            minChildWeight: 0,
            l2: 0.5,
          } as const;
          const model = fitGradientBoosting({ matrix, target }, { ...options, maxLeaves });
          const reference = referenceTree(matrix, target, maxLeaves, 0.5);
          const loss = (predict: (row: number) => number): number =>
            target.reduce((sum, y, row) => sum + (y - predict(row)) ** 2, 0);
          // Equal gains may be broken either way, so the losses are compared, not the trees.
          const ours = loss((row) => model.marginRow(data, row * 3));
          const theirs = loss((row) => reference.predict(data.subarray(row * 3, row * 3 + 3)));
          expect(ours).toBeCloseTo(theirs, 6);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps few histograms and grows the same trees', () => {
    const { matrix, target } = labelled(500, 3, 7);
    const binned = applyBins(matrix, findBinEdges(matrix, 255, 1));
    const rows = { matrix: binned, target, weights: undefined };
    const settings = boostingSettings({ seed: 1, trees: 5 });
    const roomy = boost('logistic', rows, settings).trees;
    const tight = boost('logistic', rows, { ...settings, maxHistogramBytes: 1 } as typeof settings).trees;
    expect(tight.feature).toEqual(roomy.feature);
    expect(tight.threshold).toEqual(roomy.threshold);
    for (const [node, value] of tight.value.entries()) expect(value).toBeCloseTo(roomy.value[node]!, 10);
  });

  it('stops early at the best round and beats the same fit without a stop', () => {
    const training = labelled(400, 4);
    const validation = labelled(400, 5);
    const fresh = labelled(2000, 6);
    const stopped = fitGradientBoosting(training, logistic({ trees: 400, validation, patience: 10 }));
    const through = fitGradientBoosting(training, logistic({ trees: 400 }));
    const best = stopped.validationLosses.indexOf(Math.min(...stopped.validationLosses)) + 1;
    expect(stopped.trees.roots).toHaveLength(best);
    expect(stopped.validationLosses).toHaveLength(best + 10);
    expect(logLoss(validation.target, stopped.predictBatch(validation.matrix))).toBeCloseTo(
      stopped.validationLosses[best - 1]!,
      9,
    );
    const ours = logLoss(fresh.target, stopped.predictBatch(fresh.matrix));
    expect(ours).toBeLessThan(logLoss(fresh.target, through.predictBatch(fresh.matrix)));
  });

  it('learns where missing values belong', () => {
    const values = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? Number.NaN : i));
    const matrix = createMatrix(Float64Array.from(values), 200, 1);
    const target = values.map((x) => (Number.isNaN(x) ? 1 : 0));
    const model = fitGradientBoosting({ matrix, target }, logistic());
    const out = new Float64Array(1);
    expect(model.predictRow(Float64Array.of(Number.NaN), out)[0]).toBeGreaterThan(0.9);
    expect(model.predictRow(Float64Array.of(3), out)[0]).toBeLessThan(0.1);
  });

  it('takes a weight of two as the row given twice', () => {
    const { matrix, target } = labelled(100, 7);
    const doubled = createMatrix(Float64Array.from([...matrix.data, ...matrix.data]), 200, 5);
    const twice = fitGradientBoosting({ matrix: doubled, target: [...target, ...target] }, logistic());
    const weighted = fitGradientBoosting({ matrix, target, weights: new Float64Array(100).fill(2) }, logistic());
    const [a, b] = [twice.predictBatch(matrix), weighted.predictBatch(matrix)];
    for (const [row, p] of a.entries()) expect(p).toBeCloseTo(b[row]!, 9);
  });

  it('does not care about the order of columns', () => {
    const { matrix, target } = labelled(400, 12, 11);
    const reversed = createMatrix(
      matrix.data.map((_, i) => matrix.data[i - 2 * (i % 5) + 4]!),
      400,
      5,
    );
    // Large leaves: in small ones two columns often cut the same rows apart, and the first of equals wins.
    const options = logistic({ minChildWeight: 10 });
    const a = fitGradientBoosting({ matrix, target }, options).predictBatch(matrix);
    const b = fitGradientBoosting({ matrix: reversed, target }, options).predictBatch(reversed);
    for (const [row, p] of a.entries()) expect(p).toBeCloseTo(b[row]!, 9);
  });

  it('keeps its limits on leaves, depth and weight', () => {
    const { trees } = fitGradientBoosting(
      labelled(500, 8),
      logistic({ maxLeaves: 100, maxDepth: 3, minChildWeight: 20 }),
    );
    for (const [tree, root] of trees.roots.entries()) {
      const end = trees.roots[tree + 1] ?? trees.feature.length;
      expect(end - root).toBeLessThanOrEqual(15);
    }
    for (const cover of trees.cover) expect(cover).toBeGreaterThanOrEqual(20);
  });

  it('gives importance to the columns that matter, and explains a row to its margin', () => {
    const rows = labelled(1500, 9);
    const model = fitGradientBoosting(rows, logistic({ maxLeaves: 8 }));
    expect(model.importance.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
    expect(Math.min(...model.importance.subarray(0, 3))).toBeGreaterThan(2 * Math.max(...model.importance.subarray(3)));
    const phi = new Float64Array(5);
    for (let row = 0; row < 50; row++) {
      model.explainRow(rows.matrix.data, phi, row * 5);
      const sum = phi.reduce((total, x) => total + x, model.expectedMargin);
      expect(sum).toBeCloseTo(model.marginRow(rows.matrix.data, row * 5), 9);
    }
  });

  it('samples rows and columns, differently for every seed', () => {
    const rows = labelled(300, 10);
    const options = { rowSample: 0.5, columnSample: 0.4 };
    const a = fitGradientBoosting(rows, logistic(options));
    expect(fitGradientBoosting(rows, logistic({ ...options, seed: 2 })).toBytes()).not.toEqual(a.toBytes());
    for (const [tree, root] of a.trees.roots.entries()) {
      const end = a.trees.roots[tree + 1] ?? a.trees.feature.length;
      const used = new Set(a.trees.feature.subarray(root, end).filter((column) => column >= 0));
      expect(used.size).toBeLessThanOrEqual(2);
    }
  });

  it('reports rounds and stops on a signal', () => {
    const rows = labelled(100, 11);
    const seen: number[] = [];
    const signal = { aborted: false };
    const fit = (): unknown =>
      fitGradientBoosting(
        rows,
        logistic({
          signal,
          onRound: (round) => {
            seen.push(round);
            signal.aborted = round === 3;
          },
        }),
      );
    expect(fit).toThrowError(expect.objectContaining({ code: 'ML_CANCELLED' }));
    expect(seen).toEqual([1, 2, 3]);
  });

  it.each<Partial<GradientBoostingOptions>>([
    { trees: 0 },
    { learningRate: 0 },
    { maxLeaves: 1 },
    { maxDepth: 65 },
    { l2: -1 },
    { minChildWeight: Number.NaN },
    { rowSample: 0 },
    { columnSample: 1.1 },
    { maxBins: 256 },
    { patience: 0 },
  ])('refuses %o', (options) => {
    expect(() => fitGradientBoosting(labelled(10, 1), logistic(options))).toThrowError(
      expect.objectContaining({ code: 'ML_PARAMETER' }),
    );
  });

  it('refuses targets and weights that its loss is not defined for', () => {
    const { matrix } = labelled(2, 1);
    const failure = expect.objectContaining({ code: 'ML_VALUE' });
    expect(() => fitGradientBoosting({ matrix, target: [0, 2] }, logistic())).toThrowError(failure);
    expect(() => fitGradientBoosting({ matrix, target: [0, 1e200] }, logistic({ objective: 'squared' }))).toThrowError(
      failure,
    );
    expect(() => fitGradientBoosting({ matrix, target: [0, 1], weights: [0, 0] }, logistic())).toThrowError(failure);
    expect(() => fitGradientBoosting({ matrix, target: [0, 1], weights: [-1, 1] }, logistic())).toThrowError(failure);
  });
});
