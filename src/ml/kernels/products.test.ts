import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Matrix, createMatrix } from '../matrix.ts';
import { createRandom } from '../random.ts';
import { createKernels } from './kernels.ts';
import { multiply, multiplyTransposedLeft, multiplyTransposedRight, squaredDistances } from './products.ts';

function randomMatrix(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return createMatrix(
    Float64Array.from({ length: rows * columns }, () => random.normal()),
    rows,
    columns,
  );
}

/** Plain loops in double precision over `term(i, j, k)`. */
function sums(
  rows: number,
  columns: number,
  depth: number,
  term: (i: number, j: number, k: number) => number,
): Float64Array {
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) for (let k = 0; k < depth; k++) data[i * columns + j]! += term(i, j, k);
  }
  return data;
}

/** Largest relative difference; infinite when the sizes are not those expected. */
function error(actual: Matrix, rows: number, columns: number, expected: Float64Array): number {
  if (actual.rows !== rows || actual.columns !== columns || actual.data.length !== rows * columns) return Infinity;
  let worst = 0;
  for (const [i, value] of expected.entries()) {
    worst = Math.max(worst, Math.abs(actual.data[i]! - value) / (1 + Math.abs(value)));
  }
  return worst;
}

const sizes = fc.tuple(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 40 }),
  fc.integer(),
);

describe('matrix products', () => {
  it('equal plain loops for every size', () => {
    fc.assert(
      fc.property(sizes, ([m, n, k, seed]) => {
        const a = randomMatrix(m, k, seed);
        const b = randomMatrix(k, n, seed + 1);
        const bRows = randomMatrix(n, k, seed + 2);
        const aTall = randomMatrix(k, m, seed + 3);
        const at = (x: Matrix, i: number, j: number): number => x.data[i * x.columns + j]!;
        expect(
          error(
            multiply(a, b),
            m,
            n,
            sums(m, n, k, (i, j, l) => at(a, i, l) * at(b, l, j)),
          ),
        ).toBeLessThan(1e-5);
        expect(
          error(
            multiplyTransposedRight(a, bRows),
            m,
            n,
            sums(m, n, k, (i, j, l) => at(a, i, l) * at(bRows, j, l)),
          ),
        ).toBeLessThan(1e-5);
        expect(
          error(
            multiplyTransposedLeft(aTall, b),
            m,
            n,
            sums(m, n, k, (i, j, l) => at(aTall, l, i) * at(b, l, j)),
          ),
        ).toBeLessThan(1e-5);
        expect(
          error(
            squaredDistances(a, bRows),
            m,
            n,
            sums(m, n, k, (i, j, l) => (at(a, i, l) - at(bRows, j, l)) ** 2),
          ),
        ).toBeLessThan(1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('work in pieces when there are many rows', () => {
    const a = randomMatrix(700, 9, 1);
    const b = randomMatrix(700, 5, 2);
    const expected = sums(9, 5, 700, (i, j, l) => a.data[l * 9 + i]! * b.data[l * 5 + j]!);
    expect(error(multiplyTransposedLeft(a, b), 9, 5, expected)).toBeLessThan(1e-5);
    const c = randomMatrix(9, 3, 3);
    const plain = sums(700, 3, 9, (i, j, l) => a.data[i * 9 + l]! * c.data[l * 3 + j]!);
    expect(error(multiply(a, c), 700, 3, plain)).toBeLessThan(1e-5);
  });

  it('take empty operands and refuse sizes that do not fit', () => {
    expect(multiply(randomMatrix(0, 3, 1), randomMatrix(3, 2, 1))).toMatchObject({ rows: 0, columns: 2 });
    expect([...multiply(randomMatrix(2, 0, 1), randomMatrix(0, 2, 1)).data]).toEqual([0, 0, 0, 0]);
    const refused = expect.objectContaining({ code: 'ML_SHAPE' });
    expect(() => multiply(randomMatrix(2, 3, 1), randomMatrix(2, 3, 1))).toThrowError(refused);
    expect(() => multiplyTransposedLeft(randomMatrix(2, 3, 1), randomMatrix(3, 3, 1))).toThrowError(refused);
  });
});

describe('kernel memory', () => {
  it('is zeroed, aligned, and refuses to grow without bound', () => {
    const kernels = createKernels('scoring');
    const first = kernels.allocate(100_000);
    kernels.floats.fill(7, first / 4, first / 4 + 100_000);
    kernels.release(first);
    const again = kernels.allocate(100_000);
    expect(again).toBe(first);
    expect(again % 64).toBe(0);
    expect(kernels.floats[again / 4 + 99_999]).toBe(0);
    expect(() => kernels.allocate(2 ** 29)).toThrowError(expect.objectContaining({ code: 'ML_TOO_LARGE' }));
    expect(() => kernels.allocate(Number.NaN)).toThrowError(expect.objectContaining({ code: 'ML_TOO_LARGE' }));
  });

  it('scores by the strict build: it holds no relaxed instruction', () => {
    const strict = readFileSync(new URL('./kernels.wasm', import.meta.url));
    const relaxed = readFileSync(new URL('./kernels-relaxed.wasm', import.meta.url));
    const relaxedMultiplyAdd = Buffer.of(0xfd, 0x85, 0x02);
    expect(strict.includes(relaxedMultiplyAdd)).toBe(false);
    expect(relaxed.includes(relaxedMultiplyAdd)).toBe(true);
  });
});
