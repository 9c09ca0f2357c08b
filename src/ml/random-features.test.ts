import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { createMatrix } from './matrix.ts';
import { fitOneClassSvm } from './one-class-svm.ts';
import { fitRandomFeatureSvm, loadRandomFeatureSvm } from './random-features.ts';

checkOutlierModel('random-feature SVM', {
  fit: (matrix, seed) => fitRandomFeatureSvm(matrix, { seed, features: 64, epochs: 5 }),
  load: loadRandomFeatureSvm,
});

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly columns: number;
    readonly nu: number;
    readonly gamma: number | null;
    readonly train: readonly number[];
    readonly test: readonly number[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/one-class-svm.json', import.meta.url), 'utf8')) as Fixture;
/** What bench/peers/random_features_fixture.py printed: rank agreement of scikit-learn 1.2.1's RBFSampler + SGDOneClassSVM. */
const SCIKIT_LEARN = [0.6594, 0.9711, 0.3837] as const;

function ranks(values: Float64Array): Float64Array {
  const order = [...values.keys()].sort((a, b) => values[a]! - values[b]!);
  const result = new Float64Array(values.length);
  order.forEach((row, rank) => (result[row] = rank));
  return result;
}

/** Spearman's rank correlation. */
function agreement(a: Float64Array, b: Float64Array): number {
  const [x, y] = [ranks(a), ranks(b)];
  const n = a.length;
  const squares = x.reduce((sum, rank, i) => sum + (rank - y[i]!) ** 2, 0);
  return 1 - (6 * squares) / (n * (n * n - 1));
}

describe('fitRandomFeatureSvm', () => {
  it.each(fixture.cases.map((fixed, i) => [fixed.name, fixed, SCIKIT_LEARN[i]!] as const))(
    'agrees with the exact machine no less than scikit-learn does: %s',
    (_, { columns, nu, gamma, train, test }, peer) => {
      const matrix = createMatrix(Float64Array.from(train), train.length / columns, columns);
      const rows = [...train, ...test];
      const all = createMatrix(Float64Array.from(rows), rows.length / columns, columns);
      const width = gamma === null ? {} : { gamma };
      const exact = fitOneClassSvm(matrix, { nu, ...width }).scoreBatch(all);
      const found = Array.from({ length: 10 }, (_seed, seed) =>
        agreement(fitRandomFeatureSvm(matrix, { nu, ...width, seed }).scoreBatch(all), exact),
      );
      const mean = found.reduce((sum, x) => sum + x, 0) / found.length;
      process.stdout.write(`rank agreement with the exact machine ${mean.toFixed(4)}, scikit-learn's ${peer}\n`);
      expect(mean).toBeGreaterThanOrEqual(peer);
    },
  );

  it('comes close to the exact machine with many features', () => {
    const matrix = gaussianMatrix(1000, 3, 5);
    const exact = fitOneClassSvm(matrix, { nu: 0.1, gamma: 0.2, tolerance: 1e-6 });
    const approximate = fitRandomFeatureSvm(matrix, { nu: 0.1, gamma: 0.2, features: 2048, epochs: 20, seed: 1 });
    const [a, b] = [approximate.scoreBatch(matrix), exact.scoreBatch(matrix)];
    expect(agreement(a, b)).toBeGreaterThan(0.95);
    expect(Math.abs(approximate.rho / (exact.rho / (0.1 * 1000)) - 1)).toBeLessThan(0.05);
  });

  it('leaves the share nu outside', () => {
    const matrix = gaussianMatrix(500, 4, 2);
    for (const nu of [0.05, 0.1, 0.5, 1]) {
      const machine = fitRandomFeatureSvm(matrix, { nu, seed: 1, epochs: 5 });
      const outside = machine.scoreBatch(matrix).filter((score) => score > 0).length;
      expect(Math.abs(outside - nu * matrix.rows)).toBeLessThanOrEqual(1);
    }
  });

  it.each([{ nu: 0 }, { nu: 1.1 }, { features: 0 }, { epochs: 0 }, { gamma: -1 }, { seed: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => fitRandomFeatureSvm(gaussianMatrix(10, 2), { seed: 1, ...options })).toThrow(
        expect.objectContaining({ code: 'ML_PARAMETER' }),
      );
    },
  );
});
