import { describe, expect, it } from 'vitest';
import {
  checkColumns,
  checkMatrix,
  checkRow,
  checkTrainingMatrix,
  createMatrix,
  matrixFromRows,
  outputArray,
  takeRows,
} from './matrix.ts';

const coded = (code: string): unknown => expect.objectContaining({ name: 'MlError', code });

describe('matrices', () => {
  it('wrap data without a copy', () => {
    const data = Float32Array.of(1, 2, 3, 4, 5, 6);
    expect(createMatrix(data, 2, 3).data).toBe(data);
    expect(createMatrix(new Float64Array(0), 0, 3).rows).toBe(0);
  });

  it('are copied from rows of equal length', () => {
    expect(matrixFromRows([[1, 2], Float32Array.of(3, Number.NaN)])).toEqual({
      data: Float64Array.of(1, 2, 3, Number.NaN),
      rows: 2,
      columns: 2,
    });
    expect(matrixFromRows([])).toEqual({ data: new Float64Array(0), rows: 0, columns: 0 });
    expect(() => matrixFromRows([[1, 2], [3]])).toThrowError('row 1 has 1 values, row 0 has 2');
  });

  it('give rows in any order, in their own precision', () => {
    const matrix = createMatrix(Float32Array.of(1, 2, 3, 4), 2, 2);
    expect(takeRows(matrix, [1, 1, 0])).toEqual(createMatrix(Float32Array.of(3, 4, 3, 4, 1, 2), 3, 2));
    expect(takeRows(createMatrix(new Float64Array(2), 1, 2), [0]).data).toBeInstanceOf(Float64Array);
    for (const row of [2, -1, Number.NaN]) expect(() => takeRows(matrix, [row])).toThrowError(coded('ML_SHAPE'));
  });

  it.each([
    [2, 2, 'ML_SHAPE'],
    [-1, -3, 'ML_SHAPE'],
    [1.5, 2, 'ML_SHAPE'],
    [Number.NaN, 3, 'ML_SHAPE'],
    [2 ** 20, 2 ** 20, 'ML_TOO_LARGE'],
  ])('refuse %d × %d over three values', (rows, columns, code) => {
    expect(() => checkMatrix({ data: new Float64Array(3), rows, columns })).toThrowError(coded(code));
  });

  it('refuse to be trained on empty, scored on other columns, read past the end or written to other lengths', () => {
    const matrix = createMatrix(new Float64Array(6), 2, 3);
    expect(() => checkTrainingMatrix(matrix, 3)).toThrowError(coded('ML_EMPTY'));
    expect(() => checkTrainingMatrix(createMatrix(new Float64Array(0), 5, 0))).toThrowError(coded('ML_EMPTY'));
    expect(() => checkColumns(matrix, 4)).toThrowError(coded('ML_SHAPE'));
    expect(() => checkRow(matrix.data, 4, 3)).toThrowError(coded('ML_SHAPE'));
    expect(() => checkRow(matrix.data, -1, 3)).toThrowError(coded('ML_SHAPE'));
    expect(() => outputArray(new Float64Array(1), 2)).toThrowError(coded('ML_SHAPE'));
    expect(outputArray(undefined, 2)).toEqual(new Float64Array(2));
  });
});
