import { describe, expect, it } from 'vitest';
import { gaussianMatrix, resultOrCode } from './check-outlier-model.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { SupervisedModel } from './model-contract.ts';

/** How the suite makes and loads models of one kind. Targets are 0 and 1, so that both classes and numbers fit. */
export type SupervisedAdapter = {
  fit(matrix: Matrix, target: Float64Array, seed: number): SupervisedModel;
  load(bytes: Uint8Array): SupervisedModel;
};

const coded = (code: string): unknown => expect.objectContaining({ name: 'MlError', code });

function classes(matrix: Matrix): Float64Array {
  return Float64Array.from({ length: matrix.rows }, (_, row) => {
    const [a = 0, b = 0] = matrix.data.subarray(row * matrix.columns, (row + 1) * matrix.columns);
    return a + 0.5 * b > 0 ? 1 : 0;
  });
}

function meanError(model: SupervisedModel, matrix: Matrix, target: Float64Array): number {
  const predictions = model.predictBatch(matrix);
  let sum = 0;
  for (let row = 0; row < matrix.rows; row++) {
    // The last output: the probability of class 1, or the number itself.
    sum += Math.abs(predictions[(row + 1) * model.outputs - 1]! - target[row]!);
  }
  return sum / matrix.rows;
}

/** The contract of every supervised model: declare it once beside the model's own tests. */
export function checkSupervisedModel(name: string, adapter: SupervisedAdapter): void {
  describe(`${name} keeps the contract of a supervised model`, () => {
    const matrix = gaussianMatrix(300, 4);
    const target = classes(matrix);
    const model = adapter.fit(matrix, target, 1);

    it('learns what can be learned', () => {
      const fresh = gaussianMatrix(300, 4, 2);
      expect(meanError(model, fresh, classes(fresh))).toBeLessThan(0.3);
    });

    it('changes neither its training data nor what it predicts from', () => {
      const training = gaussianMatrix(300, 4, 1, 9);
      const labels = classes(training);
      const before = [training.data.slice(), labels.slice()];
      resultOrCode(() => adapter.fit(training, labels, 1).predictBatch(training));
      expect([training.data, labels]).toEqual(before);
    });

    it('gives the same bytes for the same seed', () => {
      expect(adapter.fit(matrix, target, 7).toBytes()).toEqual(adapter.fit(matrix, target, 7).toBytes());
    });

    it('predicts a row alone, at an offset, in a batch and after other rows to the same bit', () => {
      const batch = model.predictBatch(matrix);
      expect(batch).toHaveLength(matrix.rows * model.outputs);
      const out = new Float64Array(model.outputs);
      for (let row = matrix.rows - 1; row >= 0; row -= 7) {
        const expected = batch.slice(row * model.outputs, (row + 1) * model.outputs);
        expect(model.predictRow(matrix.data.slice(row * 4, row * 4 + 4), out)).toBe(out);
        expect(out).toEqual(expected);
        expect(model.predictRow(matrix.data, out, row * 4)).toEqual(expected);
      }
      const reused = new Float64Array(batch.length).fill(9);
      expect(model.predictBatch(matrix, reused)).toBe(reused);
      expect(reused).toEqual(batch);
    });

    it('predicts the same from float32 as from the same numbers in float64', () => {
      const narrow = createMatrix(Float32Array.from(matrix.data), matrix.rows, 4);
      const wide = createMatrix(Float64Array.from(narrow.data), matrix.rows, 4);
      expect(model.predictBatch(narrow)).toEqual(model.predictBatch(wide));
    });

    it('comes back from bytes exactly', () => {
      const loaded = adapter.load(model.toBytes());
      expect([loaded.columns, loaded.outputs]).toEqual([4, model.outputs]);
      expect(loaded.predictBatch(matrix)).toEqual(model.predictBatch(matrix));
      expect(loaded.toBytes()).toEqual(model.toBytes());
    });

    it('refuses bytes that are cut or changed', () => {
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

    it('refuses nothing to learn from, targets that do not fit, other columns and short rows by code', () => {
      const fit = (data: Matrix, labels: Float64Array) => () => adapter.fit(data, labels, 1);
      expect(fit(gaussianMatrix(0, 4), new Float64Array(0))).toThrowError(coded('ML_EMPTY'));
      expect(fit(gaussianMatrix(3, 0), new Float64Array(3))).toThrowError(coded('ML_EMPTY'));
      expect(fit(gaussianMatrix(3, 4), new Float64Array(2))).toThrowError(coded('ML_SHAPE'));
      expect(fit(gaussianMatrix(3, 4), Float64Array.of(0, Number.NaN, 1))).toThrowError(coded('ML_VALUE'));
      expect(fit(gaussianMatrix(3, 4), Float64Array.of(0, Infinity, 1))).toThrowError(coded('ML_VALUE'));
      expect(() => model.predictBatch(gaussianMatrix(3, 5))).toThrowError(coded('ML_SHAPE'));
      expect(() => model.predictRow(new Float64Array(3), new Float64Array(model.outputs))).toThrowError(
        coded('ML_SHAPE'),
      );
      expect(model.predictBatch(gaussianMatrix(0, 4))).toHaveLength(0);
    });

    it.each<[string, Matrix]>([
      ['constant columns', createMatrix(new Float64Array(80).fill(3), 20, 4)],
      ['one row', gaussianMatrix(1, 4)],
      ['two rows', gaussianMatrix(2, 4)],
      ['one column', gaussianMatrix(30, 1)],
      ['missing values', gaussianMatrix(60, 4, 1, 5)],
      ['all missing', createMatrix(new Float64Array(40).fill(Number.NaN), 10, 4)],
      ['infinities', replaceColumn(Infinity)],
      ['a column all missing', replaceColumn(Number.NaN)],
      ['huge values', scaled(1e307)],
      ['tiny values', scaled(1e-310)],
    ])('answers %s by finite predictions or a coded error', (_, data) => {
      for (const labels of [classes(data), new Float64Array(data.rows).fill(1), new Float64Array(data.rows)]) {
        const predictions = resultOrCode(() => adapter.fit(data, labels, 1).predictBatch(data));
        expect(predictions?.every(Number.isFinite) ?? true).toBe(true);
      }
    });

    it.each([Number.NaN, Infinity, -Infinity, 1e300])('answers a row of %d by finite numbers or a coded error', (x) => {
      const out = resultOrCode(() => model.predictRow(new Float64Array(4).fill(x), new Float64Array(model.outputs)));
      expect(out?.every(Number.isFinite) ?? true).toBe(true);
    });
  });
}

function replaceColumn(value: number): Matrix {
  const matrix = gaussianMatrix(20, 4);
  const data = matrix.data.map((x, i) => (i % 4 === 2 && i % 8 !== 2 ? value : x));
  return createMatrix(data, 20, 4);
}

function scaled(factor: number): Matrix {
  const matrix = gaussianMatrix(20, 4);
  const data = matrix.data.map((x) => x * factor);
  return createMatrix(data, 20, 4);
}
