import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

function symmetric(n: number, seed: number): Float64Array {
  const random = createRandom(seed);
  const a = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = random.normal();
  return a;
}

describe('eigenvalues of symmetric matrices', () => {
  it('fit their vectors, which are orthonormal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.integer(), (n, seed) => {
        const a = symmetric(n, seed);
        const before = a.slice();
        const { values, vectors } = symmetricEigen(a, n);
        expect(a).toEqual(before);
        for (let k = 0; k < n; k++) {
          const v = vectors.subarray(k * n, (k + 1) * n);
          for (let i = 0; i < n; i++) {
            const image = v.reduce((sum, x, j) => sum + a[i * n + j]! * x, 0);
            expect(Math.abs(image - values[k]! * v[i]!)).toBeLessThan(1e-12 * n);
          }
          for (let other = 0; other <= k; other++) {
            const product = v.reduce((sum, x, j) => sum + x * vectors[other * n + j]!, 0);
            expect(Math.abs(product - (other === k ? 1 : 0))).toBeLessThan(1e-12 * n);
          }
          expect(values[k]).toBeLessThanOrEqual(values[Math.max(0, k - 1)]!);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of a matrix worked by hand', () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2);
    expect([...values]).toEqual([3, 1].map((x) => expect.closeTo(x, 14)));
    expect([...vectors.subarray(0, 2)]).toEqual([Math.SQRT1_2, Math.SQRT1_2].map((x) => expect.closeTo(x, 14)));
  });

  it('of a diagonal, of equal and of no values', () => {
    expect([...symmetricEigen(Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 3), 3).values]).toEqual([5, 3, 1]);
    expect([...symmetricEigen(Float64Array.of(2, 0, 0, 2), 2).values]).toEqual([2, 2]);
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
  });

  it.each([
    [Float64Array.of(1, 2, 3), 2, 'ML_SHAPE'],
    [Float64Array.of(1, Number.NaN, Number.NaN, 1), 2, 'ML_VALUE'],
    [new Float64Array(0), 5000, 'ML_TOO_LARGE'],
  ])('refuses what is none by code', (matrix, n, code) => {
    expect(() => symmetricEigen(matrix, n)).toThrow(expect.objectContaining({ code }));
  });
});
