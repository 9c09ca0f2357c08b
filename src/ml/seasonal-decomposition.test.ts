import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { fitKMeans, loadKMeans } from './k-means.ts';
import { createMatrix } from './matrix.ts';
import { createRandom } from './random.ts';
import { decomposeSeasonal } from './seasonal-decomposition.ts';

interface Fixture {
  readonly seasons: readonly {
    readonly name: string;
    readonly values: readonly number[];
    readonly period: number;
    readonly seasonalSpan: number;
    readonly robust: boolean;
    readonly everyRow: boolean;
    readonly trend: readonly number[];
    readonly seasonal: readonly number[];
    readonly weights: readonly number[];
  }[];
  readonly groups: readonly {
    readonly name: string;
    readonly columns: number;
    readonly clusters: number;
    readonly data: readonly number[];
    readonly inertia: number;
  }[];
}

const fixture = JSON.parse(readFileSync(new URL('fixtures/online.json', import.meta.url), 'utf8')) as Fixture;

describe('seasonal decomposition', () => {
  it.each(fixture.seasons)('is that of statsmodels: $name', (one) => {
    const { period, seasonalSpan, robust, everyRow } = one;
    const found = decomposeSeasonal(one.values, { period, seasonalSpan, robust, everyRow });
    const gap = (a: Float64Array, b: readonly number[]): number => Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
    expect(gap(found.trend, one.trend)).toBeLessThan(1e-9);
    expect(gap(found.seasonal, one.seasonal)).toBeLessThan(1e-9);
    expect(gap(found.weights, one.weights)).toBeLessThan(1e-7);
  });

  const period = 24;
  const random = createRandom(1);
  const shape = (t: number): number => 0.01 * t + Math.sin((2 * Math.PI * t) / period);
  const series = Float64Array.from({ length: 20 * period }, (_, t) => shape(t) + 0.05 * random.normal());

  it('adds up, and is not moved by wild and missing values', () => {
    const broken = series.map((y, t) => (t % 50 === 7 ? y + 30 : t % 41 === 3 ? Number.NaN : y));
    const { trend, seasonal, remainder, weights } = decomposeSeasonal(broken, { period });
    let worst = 0;
    for (let t = 0; t < series.length; t++) worst = Math.max(worst, Math.abs(trend[t]! + seasonal[t]! - shape(t)));
    expect(worst).toBeLessThan(0.25);
    expect(remainder.findIndex(Number.isNaN)).toBe(3);
    expect(weights[7]).toBe(0);
    expect(weights[3]).toBe(0);
    expect(trend[100]! + seasonal[100]! + remainder[100]!).toBeCloseTo(broken[100]!, 12);
  });

  it.each([
    [series, { period: 300 }, 'ML_EMPTY'],
    [series, { period: 1 }, 'ML_PARAMETER'],
    [series, { period, seasonalSpan: 8 }, 'ML_PARAMETER'],
    [series.map((y, t) => (t === 5 ? Infinity : y)), { period }, 'ML_VALUE'],
    [new Float64Array(50).fill(Number.NaN), { period }, 'ML_VALUE'],
  ])('refuses what has no season by code', (values, options, code) => {
    expect(() => decomposeSeasonal(values, options)).toThrow(expect.objectContaining({ code }));
  });

  it('of a constant is the constant', () => {
    const { trend, seasonal } = decomposeSeasonal(new Float64Array(60).fill(4), { period: 6 });
    expect(Math.max(...trend.map((x) => Math.abs(x - 4)), ...seasonal.map(Math.abs))).toBeLessThan(1e-9);
  });
});

checkOutlierModel('k-means', {
  fit: (matrix, seed) => fitKMeans(matrix, { clusters: 1, seed }),
  load: (bytes) => loadKMeans(bytes),
});

describe('k-means', () => {
  it.each(fixture.groups)(
    'finds groups as tight as scikit-learn does: $name',
    ({ columns, clusters, data, inertia }) => {
      const matrix = createMatrix(Float64Array.from(data), data.length / columns, columns);
      const found = fitKMeans(matrix, { clusters, seed: 1, starts: 10 });
      expect(found.inertia).toBeCloseTo(inertia, 6);
      expect(found.sizes.reduce((sum, size) => sum + size, 0)).toBe(matrix.rows);
    },
  );

  it('puts every row with its nearest centre, and centres in the middle of their rows', () => {
    const matrix = gaussianMatrix(200, 2, 3);
    const { centres, clusterOf, sizes, scoreRow } = rowsAndCentres(matrix.data);
    const sums = new Float64Array(8);
    for (let r = 0; r < 200; r++) {
      const k = clusterOf(r);
      sums[2 * k]! += matrix.data[2 * r]! / sizes[k]!;
      sums[2 * k + 1]! += matrix.data[2 * r + 1]! / sizes[k]!;
      const distances = [0, 1, 2, 3].map((j) =>
        Math.hypot(matrix.data[2 * r]! - centres[2 * j]!, matrix.data[2 * r + 1]! - centres[2 * j + 1]!),
      );
      expect(scoreRow(r)).toBeCloseTo(Math.min(...distances), 9);
      expect(distances.indexOf(Math.min(...distances))).toBe(k);
    }
    expect(Math.max(...sums.map((x, i) => Math.abs(x - centres[i]!)))).toBeLessThan(1e-9);
  });

  it('asked for more clusters than there are different rows has none without a place', () => {
    const matrix = createMatrix(Float64Array.of(1, 1, 1, 5, 5, 9), 6, 1);
    const found = fitKMeans(matrix, { clusters: 5, seed: 1 });
    expect(found.inertia).toBe(0);
    expect(found.centres.every(Number.isFinite)).toBe(true);
    expect(() => fitKMeans(matrix, { clusters: 0, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'ML_PARAMETER' }),
    );
  });
});

function rowsAndCentres(data: ArrayLike<number>) {
  const matrix = createMatrix(Float64Array.from(data), data.length / 2, 2);
  const model = fitKMeans(matrix, { clusters: 4, seed: 2, standardise: false });
  return {
    centres: model.centres,
    sizes: model.sizes,
    clusterOf: (r: number): number => model.clusterOf(matrix.data, 2 * r),
    scoreRow: (r: number): number => model.scoreRow(matrix.data, 2 * r),
  };
}
