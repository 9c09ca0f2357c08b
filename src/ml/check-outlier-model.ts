import { describe, expect, it } from 'vitest';
import { createMatrix, type Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import { createRandom } from './random.ts';

/** How the suite makes and loads models of one kind. Options other than the seed are the adapter's. */
export type OutlierAdapter = {
  fit(matrix: Matrix, seed: number): OutlierModel;
  load(bytes: Uint8Array): OutlierModel;
};

/** Rows × columns of normals; every `gap`-th value is missing when a gap is given. */
export function gaussianMatrix(rows: number, columns: number, seed = 1, gap = 0): Matrix {
  const random = createRandom(seed);
  const data = new Float64Array(rows * columns);
  for (let i = 0; i < data.length; i++) data[i] = gap > 0 && i % gap === gap - 1 ? Number.NaN : random.normal();
  return createMatrix(data, rows, columns);
}

/** Runs `act`; passes when it returns or throws an `MlError`, fails on any other exception. */
export function resultOrCode<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof MlError) return undefined;
    throw error;
  }
}

function expectFinite(values: Float64Array): void {
  expect(values.every(Number.isFinite)).toBe(true);
}

/** The contract of every outlier model: declare it once beside the model's own tests. */
export function checkOutlierModel(name: string, adapter: OutlierAdapter): void {
  describe(`${name} keeps the contract of an outlier model`, () => {
    const matrix = gaussianMatrix(200, 4);
    const model = adapter.fit(matrix, 1);

    it('changes neither its training data nor what it scores', () => {
      const training = gaussianMatrix(200, 4, 1, 9);
      const before = training.data.slice();
      resultOrCode(() => adapter.fit(training, 1).scoreBatch(training));
      expect(training.data).toEqual(before);
    });

    it('gives the same bytes for the same seed', () => {
      expect(adapter.fit(matrix, 7).toBytes()).toEqual(adapter.fit(matrix, 7).toBytes());
    });

    it('scores a row alone, at an offset, in a batch and after other rows to the same bit', () => {
      const batch = model.scoreBatch(matrix);
      expectFinite(batch);
      for (let row = matrix.rows - 1; row >= 0; row -= 7) {
        const alone = matrix.data.slice(row * 4, row * 4 + 4);
        expect(model.scoreRow(alone)).toBe(batch[row]);
        expect(model.scoreRow(matrix.data, row * 4)).toBe(batch[row]);
      }
      const out = new Float64Array(matrix.rows).fill(9);
      expect(model.scoreBatch(matrix, out)).toBe(out);
      expect(out).toEqual(batch);
    });

    it('scores float32 as it scores the same numbers in float64', () => {
      const narrow = createMatrix(Float32Array.from(matrix.data), matrix.rows, 4);
      const wide = createMatrix(Float64Array.from(narrow.data), matrix.rows, 4);
      expect(model.scoreBatch(narrow)).toEqual(model.scoreBatch(wide));
    });

    it('ranks a far row above a central one', () => {
      expect(model.scoreRow(Float64Array.of(8, 8, 8, 8))).toBeGreaterThan(model.scoreRow(new Float64Array(4)));
    });

    it('comes back from bytes exactly', () => {
      const loaded = adapter.load(model.toBytes());
      expect(loaded.columns).toBe(4);
      expect(loaded.scoreBatch(matrix)).toEqual(model.scoreBatch(matrix));
      expect(loaded.toBytes()).toEqual(model.toBytes());
    });

    it('refuses bytes that are cut, changed or of another kind', () => {
      const bytes = model.toBytes();
      for (const length of [0, 7, 23, 24, Math.floor(bytes.length / 2), bytes.length - 1]) {
        expect(() => adapter.load(bytes.subarray(0, length))).toThrowError(MlError);
      }
      for (let index = 0; index < bytes.length; index += Math.ceil(bytes.length / 50)) {
        const damaged = bytes.slice();
        damaged[index]! ^= 0x41;
        expect(() => adapter.load(damaged)).toThrowError(MlError);
      }
    });

    it('refuses nothing to learn from, other columns and short rows by code', () => {
      expect(() => adapter.fit(gaussianMatrix(0, 4), 1)).toThrowError(expect.objectContaining({ code: 'ML_EMPTY' }));
      expect(() => adapter.fit(gaussianMatrix(5, 0), 1)).toThrowError(expect.objectContaining({ code: 'ML_EMPTY' }));
      expect(() => model.scoreBatch(gaussianMatrix(3, 5))).toThrowError(expect.objectContaining({ code: 'ML_SHAPE' }));
      expect(() => model.scoreRow(new Float64Array(3))).toThrowError(expect.objectContaining({ code: 'ML_SHAPE' }));
      expect(() => model.scoreRow(new Float64Array(4), 1)).toThrowError(expect.objectContaining({ code: 'ML_SHAPE' }));
      expect(model.scoreBatch(gaussianMatrix(0, 4))).toHaveLength(0);
    });

    it.each<[string, Matrix]>([
      ['constant', createMatrix(new Float64Array(80).fill(3), 20, 4)],
      ['one row', gaussianMatrix(1, 4)],
      ['two rows', gaussianMatrix(2, 4)],
      ['one column', gaussianMatrix(30, 1)],
      ['missing values', gaussianMatrix(60, 4, 1, 5)],
      ['a column all missing', columnOf(Number.NaN)],
      ['all missing', createMatrix(new Float64Array(40).fill(Number.NaN), 10, 4)],
      ['a column of infinities', columnOf(Infinity)],
      ['huge values', scaledMatrix(1e307)],
      ['tiny values', scaledMatrix(1e-310)],
    ])('answers %s by finite scores or a coded error', (_, data) => {
      const fitted = resultOrCode(() => adapter.fit(data, 1));
      const scores = fitted && resultOrCode(() => fitted.scoreBatch(data));
      expect(scores?.every(Number.isFinite) ?? true).toBe(true);
    });

    it.each([Number.NaN, Infinity, -Infinity, 1e300])('answers a row of %d by a finite score or a coded error', (x) => {
      const score = resultOrCode(() => model.scoreRow(new Float64Array(4).fill(x)));
      expect(Number.isFinite(score ?? 0)).toBe(true);
    });
  });
}

function scaledMatrix(factor: number): Matrix {
  const matrix = gaussianMatrix(20, 4);
  return createMatrix(
    matrix.data.map((x) => x * factor),
    20,
    4,
  );
}

function columnOf(value: number): Matrix {
  const matrix = gaussianMatrix(20, 4);
  return createMatrix(
    matrix.data.map((x, i) => (i % 4 === 2 ? value : x)),
    20,
    4,
  );
}
