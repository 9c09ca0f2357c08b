import type { Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';

/** scikit-learn's default: 1 / (columns × variance over all cells); 1 where all cells are equal. */
export function scaleGamma({ data, columns }: Matrix): number {
  let mean = 0;
  for (const value of data) mean += value / data.length;
  let variance = 0;
  for (const value of data) variance += (value - mean) ** 2 / data.length;
  return variance > 0 ? 1 / (columns * variance) : 1;
}

/** Mean of every column over what is not missing, 0 where all is. Throws `ML_VALUE` on infinite values. */
export function columnMeans({ data, rows, columns }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let c = 0; c < columns; c++) {
    let count = 0;
    for (let r = 0; r < rows; r++) {
      const value = data[r * columns + c]!;
      if (Number.isNaN(value)) continue;
      if (!Number.isFinite(value)) throw new MlError('ML_VALUE', `row ${r}, column ${c} is infinite`);
      means[c]! += value;
      count++;
    }
    means[c] = count > 0 ? means[c]! / count : 0;
  }
  return means;
}

/** A float64 copy with missing values replaced. */
export function fillMissing({ data, rows, columns }: Matrix, means: Float64Array): Matrix {
  const filled = Float64Array.from(data);
  for (let i = 0; i < filled.length; i++) if (Number.isNaN(filled[i]!)) filled[i] = means[i % columns]!;
  return { data: filled, rows, columns };
}
