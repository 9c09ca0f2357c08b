import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { createKernels } from './kernels/kernels.ts';
import { layOutPanels, RbfRows } from './svm-kernel-rows.ts';

describe('the compiled Gaussian kernel', () => {
  /** Σ coefficient × exp(-gamma × squared) for vectors on a line, at the given squared distances from 0. */
  function sum(squared: readonly number[], coefficients: readonly number[], gamma: number): number {
    const kernels = createKernels('scoring');
    const data = Float64Array.from(squared, Math.sqrt);
    const { address, blocks } = layOutPanels(kernels, { data, rows: data.length, columns: 1 });
    const weights = kernels.allocate(2 * 4 * blocks);
    const own = kernels.allocate(2);
    kernels.doubles.set(coefficients, weights / 8);
    return kernels.run.rbfSum(own, address, weights, blocks, 1, gamma);
  }

  it('has the exponential to a few units in the last place', () => {
    const exponents = fc.double({ min: 0, max: 600, noNaN: true });
    fc.assert(
      fc.property(exponents, (x) => {
        const exact = Math.exp(-(Math.sqrt(x) ** 2));
        expect(Math.abs(sum([x], [1], 1) / exact - 1)).toBeLessThan(1e-14);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [0, 1],
    [1e5, 0],
    [Number.MAX_VALUE, 0],
    [Infinity, 0],
  ])('takes a squared distance of %d for a kernel value of %d', (squared, value) => {
    expect(sum([squared], [1], 1)).toBeCloseTo(value, 15);
  });

  it('adds up any number of vectors, whether they fill a panel or not', () => {
    for (let count = 1; count <= 9; count++) {
      const squared = Array.from({ length: count }, (_, i) => 0.3 * i);
      const coefficients = squared.map((x) => 1 - x / 2);
      const expected = squared.reduce((total, x, i) => total + coefficients[i]! * Math.exp(-0.7 * x), 0);
      expect(sum(squared, coefficients, 0.7)).toBeCloseTo(expected, 13);
    }
  });

  it('gives rows of the kernel matrix as float32', () => {
    const matrix = gaussianMatrix(23, 5, 3);
    const rows = new RbfRows(createKernels('scoring'), matrix, { gamma: 0.2, cacheBytes: 0 });
    for (let i = 0; i < 23; i++) {
      const row = rows.row(i);
      expect(row).toHaveLength(23);
      row.forEach((value, j) => {
        let squared = 0;
        for (let c = 0; c < 5; c++) squared += (matrix.data[i * 5 + c]! - matrix.data[j * 5 + c]!) ** 2;
        expect(Math.abs(value - Math.exp(-0.2 * squared))).toBeLessThan(1e-7);
      });
    }
  });
});
