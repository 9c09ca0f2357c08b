import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { crc32 } from './crc32.ts';
import { fitExtraTrees } from './extra-trees.ts';
import { loadForest } from './forest.ts';
import { fitGradientBoosting, loadGradientBoosting } from './gradient-boosting.ts';
import { fitHazardBoosting, loadHazardBoosting } from './hazard-boosting.ts';
import { fitIsolationForest, loadIsolationForest } from './isolation-forest.ts';
import { MlError } from './ml-error.ts';

const matrix = gaussianMatrix(60, 3);
const target = Float64Array.from({ length: 60 }, (_, row) => (matrix.data[row * 3]! > 0 ? 1 : 0));
const rows = { matrix, target };
const row = Float64Array.of(0.3, Number.NaN, -1);

/** Every kind of tree model: a file of it, and everything that a loaded model does with a row. */
const KINDS: readonly [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  [
    'isolation forest',
    fitIsolationForest(matrix, { seed: 1, trees: 3, subsample: 16 }).toBytes(),
    (bytes) => {
      const model = loadIsolationForest(bytes);
      return [model.scoreRow(row), model.scoreBatch(matrix), model.attributeRow(row, new Float64Array(3))];
    },
  ],
  [
    'gradient boosting',
    fitGradientBoosting(rows, { objective: 'logistic', seed: 1, trees: 3 }).toBytes(),
    (bytes) => {
      const model = loadGradientBoosting(bytes);
      return [model.predictBatch(matrix), model.explainRow(row, new Float64Array(3)), model.expectedMargin];
    },
  ],
  [
    'hazard boosting',
    fitHazardBoosting({ matrix, survived: target, event: target }, { intervals: 3, seed: 1, trees: 3 }).toBytes(),
    (bytes) => {
      const model = loadHazardBoosting(bytes);
      return [model.predictBatch(matrix), model.explainRow(row, new Float64Array(4), { interval: 0 })];
    },
  ],
  [
    'forest',
    fitExtraTrees(rows, { task: 'classification', seed: 1, trees: 3 }).toBytes(),
    (bytes) => {
      const model = loadForest(bytes);
      return [model.predictBatch(matrix), model.explainRow(row, new Float64Array(3)), model.expected];
    },
  ],
];

/** Sets the checksum right again: what somebody who means harm would do. */
function sign(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(20, crc32(bytes.subarray(24)), true);
  return bytes;
}

function outcome(act: () => unknown): 'used' | 'refused' {
  try {
    act();
    return 'used';
  } catch (error) {
    if (error instanceof MlError) return 'refused';
    throw error;
  }
}

describe.each(KINDS)('a file of a %s with a valid checksum', (_, bytes, use) => {
  it('is used when nothing was changed', () => {
    expect(outcome(() => use(sign(bytes.slice())))).toBe('used');
  });

  it('is used or refused by code whatever bytes were changed, and ends either way', () => {
    const change = fc.tuple(fc.nat(bytes.length - 25), fc.constantFrom(0, 1, 127, 128, 255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const forged = bytes.slice();
        for (const [at, value] of changes) forged[24 + at] = value;
        expect(['used', 'refused']).toContain(outcome(() => use(sign(forged))));
      }),
      { numRuns: 400 },
    );
  });

  it('is refused as another kind', () => {
    for (const [, other] of KINDS.filter(([, candidate]) => candidate !== bytes)) {
      expect(() => use(other)).toThrowError(expect.objectContaining({ code: 'ML_KIND' }));
    }
  });
});
