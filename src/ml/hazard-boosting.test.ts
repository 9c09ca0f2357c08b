import { describe, expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { checkSupervisedModel } from './check-supervised-model.ts';
import { cumulativeFromHazards, fitHazardBoosting, loadHazardBoosting, type HazardRows } from './hazard-boosting.ts';
import type { Matrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { createRandom } from './random.ts';

checkSupervisedModel('hazard boosting', {
  // Class 1 has the event in the last of three intervals, class 0 survives them.
  fit: (matrix, target, seed) =>
    fitHazardBoosting(
      {
        matrix,
        survived: target.map((y) => {
          if (!Number.isFinite(y)) throw new MlError('ML_VALUE', 'not a class');
          return y === 1 ? 2 : 3;
        }),
        event: target,
      },
      { intervals: 3, seed, trees: 20, maxLeaves: 8 },
    ),
  load: loadHazardBoosting,
});

const INTERVALS = 5;
const hazardOf = (x: number, interval: number): number => 1 / (1 + Math.exp(2.5 - 1.2 * x - 0.3 * interval));

/** Events drawn from known hazards, with a share of the rows censored at random. */
function simulate(rows: number, seed: number): HazardRows {
  const matrix = gaussianMatrix(rows, 3, seed);
  const random = createRandom(seed + 1);
  const survived = new Int32Array(rows);
  const event = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const leaves = random.next() < 0.3 ? random.int(INTERVALS) : INTERVALS;
    let k = 0;
    while (k < leaves && random.next() >= hazardOf(matrix.data[row * 3]!, k)) k++;
    survived[row] = k;
    event[row] = k < leaves ? 1 : 0;
  }
  return { matrix, survived, event };
}

const rowsOf = (matrix: Matrix): Float64Array[] =>
  Array.from({ length: matrix.rows }, (_, row) => Float64Array.from(matrix.data.subarray(row * 3, row * 3 + 3)));

describe('fitHazardBoosting', () => {
  const training = simulate(4000, 1);
  const model = fitHazardBoosting(training, {
    intervals: INTERVALS,
    seed: 1,
    trees: 300,
    maxLeaves: 6,
    validation: simulate(2000, 2),
  });

  it('finds the true hazards in spite of censoring', () => {
    const fresh = gaussianMatrix(500, 3, 3);
    let error = 0;
    const out = new Float64Array(INTERVALS);
    for (const row of rowsOf(fresh)) {
      model.predictRow(row, out);
      for (let k = 0; k < INTERVALS; k++) error += Math.abs(out[k]! - hazardOf(row[0]!, k));
    }
    expect(error / (500 * INTERVALS)).toBeLessThan(0.025);
    expect(model.importance[0]).toBeGreaterThan(0.7);
  });

  it('gives probabilities by horizon that never fall', () => {
    const hazards = model.predictRow(Float64Array.of(1, 0, 0), new Float64Array(INTERVALS));
    const survival = hazards.reduce((product, hazard) => product * (1 - hazard), 1);
    const cumulative = cumulativeFromHazards(hazards);
    expect(cumulative).toBe(hazards);
    expect([...cumulative]).toEqual([...cumulative].toSorted((a, b) => a - b));
    expect(cumulative[INTERVALS - 1]).toBeCloseTo(1 - survival, 12);
  });

  it('explains a logit', () => {
    const row = Float64Array.of(1.5, 0.2, -0.4);
    const phi = model.explainRow(row, new Float64Array(4), { interval: 2 });
    const sum = phi.reduce((total, x) => total + x, model.expectedLogit);
    expect(sum).toBeCloseTo(model.logitRow(row, 2), 9);
    expect(Math.max(...phi)).toBe(phi[0]);
    expect(() => model.logitRow(row, INTERVALS)).toThrowError('interval');
  });

  it.each<[string, Partial<HazardRows>]>([
    ['an event after the last interval', { survived: [5, 1], event: [1, 0] }],
    ['more survived than there are', { survived: [6, 1], event: [0, 0] }],
    ['half an interval', { survived: [0.5, 1], event: [0, 0] }],
    ['half an event', { survived: [0.5, 1], event: [0.5, 0] }],
    ['a negative time', { survived: [-1, 1], event: [1, 0] }],
  ])('refuses %s', (_, change) => {
    const rows = { matrix: gaussianMatrix(2, 3), survived: [1, 1], event: [0, 0], ...change };
    expect(() => fitHazardBoosting(rows, { intervals: 5, seed: 1 })).toThrowError(
      expect.objectContaining({ code: 'ML_VALUE' }),
    );
  });

  it('refuses rows that were never at risk', () => {
    const rows = { matrix: gaussianMatrix(2, 3), survived: [0, 0], event: [0, 0] };
    expect(() => fitHazardBoosting(rows, { intervals: 5, seed: 1 })).toThrowError(
      expect.objectContaining({ code: 'ML_EMPTY' }),
    );
  });

  it('throws a leaf of rare rows no farther than the bound on curvature lets it', () => {
    const rows = 20_000;
    const matrix = gaussianMatrix(rows, 3, 5);
    // A few rows far out in the second column always have the event.
    const event = Uint8Array.from({ length: rows }, (_, row) => (matrix.data[row * 3 + 1]! > 2.88 ? 1 : 0));
    const survived = Int32Array.from(event, (happened) => 1 - happened);
    const farthest = (leastHessian: number): number => {
      const shape = {
        trees: 1,
        maxLeaves: 2,
        minChildWeight: 0,
        l2: 0,
        learningRate: 1,
        fineTails: true,
        leastHessian,
      };
      const model = fitHazardBoosting({ matrix, survived, event }, { intervals: 1, seed: 1, ...shape });
      return Math.max(...model.trees.value) - Math.min(...model.trees.value, 0);
    };
    expect(farthest(0.2)).toBeGreaterThan(2.5);
    expect(farthest(0.2)).toBeLessThan(5);
    expect(farthest(0)).toBeGreaterThan(50);
  });
});
