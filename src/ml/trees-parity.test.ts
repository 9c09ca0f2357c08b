import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { averagePathLength } from './average-path-length.ts';
import { fitGradientBoosting } from './gradient-boosting.ts';
import { fitIsolationForest, isolationForestFromTrees } from './isolation-forest.ts';
import { createMatrix, takeRows, type Matrix } from './matrix.ts';
import { fitRandomForest } from './random-forest.ts';
import { TreeBuilder } from './tree-builder.ts';
import type { TreeEnsemble } from './tree-ensemble.ts';
import { createTreeShap } from './tree-shap.ts';

type SklearnTree = { feature: number[]; threshold: number[]; left: number[]; right: number[]; samples: number[] };
type XgboostNode = {
  cover: number;
  leaf?: number;
  split?: string;
  split_condition?: number;
  yes?: number;
  missing?: number;
  children?: XgboostNode[];
};
type Measures = { auroc: number; logLoss: number };
type Fixture = {
  made: { seeds: number; trees: number; finest: number };
  scale: number;
  missing: number;
  fill: number;
  fixedForest: { subsample: number; columns: number; trees: SklearnTree[]; rows: string; scores: number[] };
  explained: { columns: number; rows: string; trees: XgboostNode[]; contributions: number[][]; base: number };
  outliers: { name: string; columns: number; data: string; outliers: number; auroc: number }[];
  classes: { name: string; columns: number; data: string; target: string; boosting: Measures; forest: Measures }[];
};

// Made by bench/peers/trees_fixture.py.
const fixture = JSON.parse(readFileSync(new URL('fixtures/trees.json', import.meta.url), 'utf8')) as Fixture;

function readMatrix(data: string, columns: number): Matrix {
  const bytes = Buffer.from(data, 'base64');
  const values = Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
    const whole = bytes.readInt16LE(2 * i);
    return whole === fixture.missing ? Number.NaN : whole / fixture.scale;
  });
  return createMatrix(values, values.length / columns, columns);
}

/** Area under the ROC curve: the share of pairs in the right order, ties half. */
function auroc(positives: Float64Array, negatives: Float64Array): number {
  let right = 0;
  for (const a of positives) for (const b of negatives) right += a > b ? 1 : a === b ? 0.5 : 0;
  return right / (positives.length * negatives.length);
}

function measure(target: Float64Array, shares: Float64Array): Measures {
  const positives = shares.filter((_, row) => target[row] === 1);
  const negatives = shares.filter((_, row) => target[row] === 0);
  const { finest } = fixture.made;
  const clipped = shares.map((p) => Math.min(1 - finest, Math.max(finest, p)));
  const losses = clipped.map((p, row) => -Math.log(target[row] === 1 ? p : 1 - p));
  return { auroc: auroc(positives, negatives), logLoss: losses.reduce((sum, x) => sum + x, 0) / losses.length };
}

const seeds = Array.from({ length: fixture.made.seeds }, (_, seed) => seed);
const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Trees of scikit-learn in our layout, with path lengths at the leaves. */
function importTrees(trees: readonly SklearnTree[], columns: number): TreeEnsemble {
  const builder = new TreeBuilder(columns, 1);
  for (const tree of trees) {
    const place = (theirs: number, ours: number, depth: number): void => {
      builder.cover[ours] = tree.samples[theirs]!;
      if (tree.left[theirs]! < 0) {
        builder.value[ours] = depth + averagePathLength(tree.samples[theirs]!);
        return;
      }
      const left = builder.split(ours, tree.feature[theirs]!, tree.threshold[theirs]!, false);
      place(tree.left[theirs]!, left, depth + 1);
      place(tree.right[theirs]!, left + 1, depth + 1);
    };
    place(0, builder.startTree(), 0);
  }
  return builder.finish();
}

/** Trees of XGBoost in our layout. */
function importBooster(trees: readonly XgboostNode[], columns: number): TreeEnsemble {
  const builder = new TreeBuilder(columns, 1);
  const place = (theirs: XgboostNode, ours: number): void => {
    builder.cover[ours] = theirs.cover;
    builder.value[ours] = theirs.leaf ?? 0;
    if (theirs.children === undefined) return;
    // Theirs goes left below the condition, ours up to the threshold; the data are multiples of 1/512.
    const threshold = theirs.split_condition! - 1e-5;
    const left = builder.split(ours, Number(theirs.split!.slice(1)), threshold, theirs.missing === theirs.yes);
    place(theirs.children[0]!, left);
    place(theirs.children[1]!, left + 1);
  };
  for (const tree of trees) place(tree, builder.startTree());
  return builder.finish();
}

describe('against scikit-learn and XGBoost', () => {
  it('TreeSHAP gives the values that XGBoost gives, in the precision of its float32', () => {
    const { columns, rows, trees, contributions, base } = fixture.explained;
    const shap = createTreeShap(importBooster(trees, columns));
    const { data } = readMatrix(rows, columns);
    for (const [row, theirs] of contributions.entries()) {
      const ours = shap.explainRow(data, new Float64Array(columns), { offset: row * columns });
      for (let column = 0; column < columns; column++) {
        expect(Math.abs(ours[column]! - theirs[column]!)).toBeLessThan(1e-5);
      }
      expect(Math.abs(shap.expected[0]! + base - theirs[columns]!)).toBeLessThan(1e-5);
    }
  });

  it('an isolation forest scores the same on the same trees', () => {
    const { trees, columns, subsample, rows, scores } = fixture.fixedForest;
    const forest = isolationForestFromTrees(importTrees(trees, columns), subsample);
    const ours = forest.scoreBatch(readMatrix(rows, columns));
    const test = readMatrix(rows, columns);
    for (const [row, score] of scores.entries()) {
      expect(Math.abs(ours[row]! - score)).toBeLessThan(1e-6);
      const path = -Math.log2(score) * averagePathLength(subsample);
      expect(Math.abs(forest.pathLength(test.data, row * columns) - path)).toBeLessThan(1e-6);
    }
  });

  it.each(fixture.outliers)(
    'an isolation forest ranks as well: $name',
    ({ data, columns, outliers, auroc: theirs }) => {
      const matrix = readMatrix(data, columns);
      const inside = matrix.rows - outliers;
      const ours = seeds.map((seed) => {
        const scores = fitIsolationForest(matrix, { seed, trees: fixture.made.trees }).scoreBatch(matrix);
        return auroc(scores.subarray(inside), scores.subarray(0, inside));
      });
      expect(Math.abs(mean(ours) - theirs)).toBeLessThan(0.01);
    },
  );

  const halves = ({ data, columns, target }: Fixture['classes'][number]) => {
    const matrix = readMatrix(data, columns);
    const labels = Float64Array.from(target, Number);
    const half = matrix.rows / 2;
    const rows = Array.from({ length: half }, (_, row) => row);
    const other = rows.map((row) => row + half);
    return {
      train: takeRows(matrix, rows),
      test: takeRows(matrix, other),
      learn: labels.subarray(0, half),
      truth: labels.subarray(half),
    };
  };

  it.each(fixture.classes)('gradient boosting predicts as well as XGBoost: $name', (set) => {
    const { train, test, learn, truth } = halves(set);
    const options = { objective: 'logistic', seed: 1, trees: 60, maxLeaves: 8 } as const;
    const ours = measure(truth, fitGradientBoosting({ matrix: train, target: learn }, options).predictBatch(test));
    expect(ours.auroc / set.boosting.auroc).toBeGreaterThan(0.99);
    expect(ours.logLoss / set.boosting.logLoss).toBeLessThan(1.01);
  });

  it.each(fixture.classes)('a random forest predicts as well as that of scikit-learn: $name', (set) => {
    const { train, test, learn, truth } = halves(set);
    const filled = ({ data, rows, columns }: Matrix): Matrix => {
      const values = data.map((x) => (Number.isNaN(x) ? fixture.fill : x));
      return createMatrix(values, rows, columns);
    };
    const ours = seeds.slice(0, 4).map((seed) => {
      const options = { task: 'classification', seed, minLeafRows: 5 } as const;
      const forest = fitRandomForest({ matrix: filled(train), target: learn }, options);
      const shares = forest.predictBatch(filled(test)).filter((_, i) => i % 2 === 1);
      return measure(truth, shares);
    });
    expect(mean(ours.map((one) => one.auroc)) / set.forest.auroc).toBeGreaterThan(0.99);
    expect(mean(ours.map((one) => one.logLoss)) / set.forest.logLoss).toBeLessThan(1.01);
  });
});
