import fc from 'fast-check';
import { expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { fitIsolationForest } from './isolation-forest.ts';
import { sumRow } from './tree-ensemble.ts';
import { lockstepTrees, sumInStep } from './tree-lockstep.ts';

const COLUMNS = 4;
const value = fc.oneof(
  fc.double({ min: -4, max: 4, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
);

it('gives the same sum to the bit as one tree after the other, for any number of trees and any values', () => {
  const forests = Array.from({ length: 9 }, (_, n) =>
    // Small samples, so that trees are of uneven depth, and some are a leaf.
    fitIsolationForest(gaussianMatrix(60, COLUMNS), { trees: n + 1, subsample: 1 + 5 * n, seed: n }),
  );
  const ready = forests.map(({ trees }) => lockstepTrees(trees));
  fc.assert(
    fc.property(fc.nat(8), fc.array(value, { minLength: COLUMNS + 1, maxLength: COLUMNS + 1 }), (n, values) => {
      const row = Float64Array.from(values);
      expect(sumInStep(ready[n]!, row, 1)).toBe(sumRow(forests[n]!.trees, row, 1));
    }),
    { numRuns: 500 },
  );
});
