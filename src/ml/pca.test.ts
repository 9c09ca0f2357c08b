import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { createMatrix, type Matrix } from './matrix.ts';
import { fitPca, loadPca } from './pca.ts';
import { createRandom } from './random.ts';
import { encodeModel } from './serialize.ts';
import { fitWindowedPca, loadWindowedPca } from './windowed-pca.ts';

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly columns: number;
    readonly components: number;
    readonly standardise: boolean;
    readonly window: number;
    readonly data: readonly number[];
    readonly axes: readonly number[];
    readonly explainedVariance: readonly number[];
    readonly totalVariance: number;
    readonly scores: readonly number[];
    readonly residual: readonly number[];
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/pca.json', import.meta.url), 'utf8')) as Fixture;
const PARITY = 1e-6;

/** The largest difference of two lists of one length; NaN, which no bound admits, of unlike lengths. */
function gap(actual: Float64Array, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.NaN;
  return actual.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
}

/** Rows near a plane of `rank` dimensions; variances fall by half from one to the next. */
function nearPlane(rows: number, columns: number, rank: number): Matrix {
  const random = createRandom(3);
  const axes = Float64Array.from({ length: rank * columns }, () => random.normal());
  const data = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rank; k++) {
      const along = random.normal() * 2 ** -k;
      for (let c = 0; c < columns; c++) data[r * columns + c]! += along * axes[k * columns + c]!;
    }
    for (let c = 0; c < columns; c++) data[r * columns + c]! += 0.01 * random.normal();
  }
  return createMatrix(data, rows, columns);
}

checkOutlierModel('PCA', { fit: (matrix, seed) => fitPca(matrix, { seed }), load: (bytes) => loadPca(bytes) });
checkOutlierModel('randomised PCA', {
  fit: (matrix, seed) => fitPca(matrix, { method: 'randomised', seed }),
  load: (bytes) => loadPca(bytes),
});
checkOutlierModel('PCA over windows', {
  fit: (matrix) => fitWindowedPca(matrix, { window: 1 }),
  load: (bytes) => loadWindowedPca(bytes),
});

describe('PCA', () => {
  it.each(fixture.cases.filter(({ window }) => window === 1))('finds what scikit-learn finds: $name', (one) => {
    const { columns, components, standardise } = one;
    const matrix = createMatrix(Float64Array.from(one.data), one.data.length / columns, columns);
    const pca = fitPca(matrix, { components, standardise });
    expect(gap(pca.axes, one.axes)).toBeLessThan(PARITY);
    expect(gap(pca.scoreBatch(matrix), one.scores)).toBeLessThan(PARITY);
    expect(gap(pca.residualRow(matrix.data, new Float64Array(columns), 3 * columns), one.residual)).toBeLessThan(
      PARITY,
    );
    expect(pca.totalVariance).toBeCloseTo(one.totalVariance, 6);
    expect(gap(pca.explainedVariance, one.explainedVariance)).toBeLessThan(PARITY);
  });

  it('finds by random sketch what it finds exactly', () => {
    const matrix = nearPlane(400, 60, 6);
    const exact = fitPca(matrix, { components: 6, method: 'exact' });
    const sketched = fitPca(matrix, { components: 6, method: 'randomised', seed: 5 });
    expect(gap(sketched.explainedVariance, [...exact.explainedVariance])).toBeLessThan(PARITY);
    expect(gap(sketched.scoreBatch(matrix), [...exact.scoreBatch(matrix)])).toBeLessThan(PARITY);
  });

  it('takes the axes that the share of variance needs, and leaves one direction at least', () => {
    const matrix = nearPlane(300, 8, 2);
    const pca = fitPca(matrix, { share: 0.99 });
    expect(pca.components).toBe(2);
    expect(fitPca(matrix, { share: 1 }).components).toBe(7);
    expect(fitPca(gaussianMatrix(50, 1)).components).toBe(0);
  });

  it('projects on orthogonal coordinates whose variances are the eigenvalues', () => {
    const matrix = nearPlane(200, 5, 3);
    const pca = fitPca(matrix, { components: 2 });
    const out = new Float64Array(2);
    const sums = [0, 0, 0];
    for (let r = 0; r < matrix.rows; r++) {
      pca.projectRow(matrix.data, out, r * 5);
      sums[0]! += out[0]! ** 2 / 199;
      sums[1]! += out[1]! ** 2 / 199;
      sums[2]! += (out[0]! * out[1]!) / 199;
    }
    expect(gap(Float64Array.from(sums), [pca.explainedVariance[0]!, pca.explainedVariance[1]!, 0])).toBeLessThan(
      PARITY,
    );
  });

  it('blames the column that left the plane, and not one that is missing', () => {
    const matrix = nearPlane(300, 6, 2);
    const pca = fitPca(matrix, { components: 2 });
    const row = matrix.data.slice(0, 6);
    const before = pca.scoreRow(row);
    row[4]! += 5;
    const residual = pca.residualRow(row, new Float64Array(6)).map(Math.abs);
    expect(residual.indexOf(Math.max(...residual))).toBe(4);
    expect(pca.scoreRow(row)).toBeGreaterThan(50 * before);
    expect(pca.scoreRow(new Float64Array(6).fill(Number.NaN))).toBe(0);
  });

  it.each([{ components: -1 }, { components: 5 }, { share: 0 }, { share: 1.1 }])('refuses %o', (options) => {
    expect(() => fitPca(gaussianMatrix(10, 4), options)).toThrow(expect.objectContaining({ code: 'ML_PARAMETER' }));
  });

  it('refuses a file whose numbers would make scores that are none', () => {
    const sections = {
      axes: Float64Array.of(1, 0),
      explainedVariance: Float64Array.of(1),
      mean: new Float64Array(2),
      scale: Float64Array.of(1, 0),
    };
    const header = { columns: 2, components: 1, totalVariance: 2 };
    expect(() => loadPca(encodeModel('pca', 1, header, sections))).toThrow(
      expect.objectContaining({ code: 'ML_FORMAT' }),
    );
  });
});

describe('PCA over windows', () => {
  it.each(fixture.cases.filter(({ window }) => window > 1))('finds what scikit-learn finds: $name', (one) => {
    const { columns, components, standardise, window } = one;
    const series = createMatrix(Float64Array.from(one.data), one.data.length / columns, columns);
    const pca = fitWindowedPca(series, { components, standardise, window });
    const scores = pca.scoreSeries(series);
    expect(gap(scores.subarray(window - 1), one.scores)).toBeLessThan(PARITY);
    expect(scores.subarray(0, window - 1).every(Number.isNaN)).toBe(true);
    expect(gap(pca.explainedVariance, one.explainedVariance)).toBeLessThan(PARITY);
    const features = new Float64Array(columns);
    one.residual.forEach((value, c) => (features[c % columns]! += value ** 2 / window));
    expect(gap(pca.residualFeatures(series.data, new Float64Array(columns), 3 * columns), [...features])).toBeLessThan(
      PARITY,
    );
  });

  it('finds a break of rhythm that no single value shows, and the feature that broke it', () => {
    const make = (broken: boolean): Matrix => {
      const data = new Float64Array(600 * 2);
      for (let t = 0; t < 600; t++) {
        const held = broken && t >= 300 && t < 320;
        data[2 * t] = Math.sin((t * Math.PI) / 10);
        data[2 * t + 1] = Math.cos(((held ? 300 : t) * Math.PI) / 10);
      }
      return createMatrix(data, 600, 2);
    };
    const pca = fitWindowedPca(make(false), { window: 20, share: 0.999 });
    const broken = make(true);
    const scores = pca.scoreSeries(broken);
    const worst = scores.indexOf(Math.max(...scores.subarray(19)));
    expect(worst).toBeGreaterThan(300);
    expect(worst).toBeLessThan(345);
    expect(scores[250]).toBeLessThan(1e-9);
    const [first, second] = pca.residualFeatures(broken.data, new Float64Array(2), (worst - 19) * 2);
    expect(second).toBeGreaterThan(first!);
  });

  it('comes back from bytes with its window, and refuses a series shorter than it', () => {
    const pca = fitWindowedPca(gaussianMatrix(100, 3), { window: 5, step: 2 });
    const loaded = loadWindowedPca(pca.toBytes());
    expect([loaded.window, loaded.features, loaded.columns]).toEqual([5, 3, 15]);
    const series = gaussianMatrix(40, 3, 9);
    expect(loaded.scoreSeries(series)).toEqual(pca.scoreSeries(series));
    expect(() => fitWindowedPca(gaussianMatrix(4, 3), { window: 5 })).toThrow(
      expect.objectContaining({ code: 'ML_EMPTY' }),
    );
    expect(() => loadPca(pca.toBytes())).toThrow(expect.objectContaining({ code: 'ML_KIND' }));
  });
});
