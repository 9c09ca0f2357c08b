import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { createMatrix } from './matrix.ts';
import { fitOneClassSvm, loadOneClassSvm } from './one-class-svm.ts';

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly columns: number;
    readonly nu: number;
    readonly gamma: number | null;
    readonly train: readonly number[];
    readonly test: readonly number[];
    readonly decision: readonly number[];
    readonly trainDecision: readonly number[];
    readonly support: number;
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/one-class-svm.json', import.meta.url), 'utf8')) as Fixture;
const PARITY = 1e-5;

checkOutlierModel('one-class SVM', {
  fit: (matrix) => fitOneClassSvm(matrix),
  load: (bytes) => loadOneClassSvm(bytes),
});

describe('one-class SVM', () => {
  it.each(fixture.cases)(
    'decides as LIBSVM does: $name',
    ({ columns, nu, gamma, train, test, decision, trainDecision, support }) => {
      const matrix = createMatrix(Float64Array.from(train), train.length / columns, columns);
      const machine = fitOneClassSvm(matrix, { nu, tolerance: 1e-8, ...(gamma === null ? {} : { gamma }) });
      const scores = machine.scoreBatch(createMatrix(Float64Array.from(test), test.length / columns, columns));
      decision.forEach((expected, i) => expect(Math.abs(-scores[i]! - expected)).toBeLessThan(PARITY));
      trainDecision.forEach((expected, i) =>
        expect(Math.abs(-machine.scoreRow(matrix.data, i * columns) - expected)).toBeLessThan(PARITY),
      );
      expect(machine.supportVectors.rows).toBe(support);
    },
  );

  it('keeps the promise of nu: at most that share outside, at least that share supports', () => {
    const matrix = gaussianMatrix(600, 5, 4);
    for (const nu of [0.05, 0.2, 0.5]) {
      const machine = fitOneClassSvm(matrix, { nu });
      const outside = machine.scoreBatch(matrix).filter((score) => score > 1e-3).length / matrix.rows;
      expect(outside).toBeLessThanOrEqual(nu + 0.01);
      expect(machine.supportVectors.rows / matrix.rows).toBeGreaterThanOrEqual(nu - 1e-9);
    }
  });

  it('gives the same machine with a cache of a few rows', () => {
    const matrix = gaussianMatrix(300, 4, 6);
    expect(fitOneClassSvm(matrix, { cacheBytes: 1 }).toBytes()).toEqual(fitOneClassSvm(matrix).toBytes());
  });

  it('finds what lies far off', () => {
    const machine = fitOneClassSvm(gaussianMatrix(400, 3, 2));
    expect(machine.scoreRow([9, 9, 9] as unknown as Float64Array)).toBeGreaterThan(
      machine.scoreRow(new Float64Array(3)),
    );
  });

  it('says when it did not converge', () => {
    expect(() => fitOneClassSvm(gaussianMatrix(200, 3), { tolerance: 1e-10, maxIterations: 3 })).toThrow(
      expect.objectContaining({ code: 'ML_NOT_CONVERGED' }),
    );
  });
});
