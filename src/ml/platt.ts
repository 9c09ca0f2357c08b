import { type Calibrator, checkBinaryPairs, createCalibrator, sigmoid } from './calibrator.ts';
import { fitLogistic } from './logistic-newton.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

/** sigmoid(slope × score + intercept). */
export type Platt = Calibrator & { readonly slope: number; readonly intercept: number };

const KIND = 'platt';
const VERSION = 1;

/**
 * Platt scaling (Platt, 1999, with the solver advice of Lin, Lin and Weng, 2007): a logistic curve through the scores, with
 * targets drawn in to (positives + 1) / (positives + 2) and 1 / (negatives + 2), so that it is finite where classes are apart
 * and near the base rate with few rows.
 *
 * Right when both classes' scores are about normal with one spread; wrong on probabilities that are good already (it cannot
 * be the identity: use beta) and on curves of another shape (isotonic, given data). O(rows). Throws `ML_SHAPE`,
 * `ML_EMPTY`, `ML_VALUE`.
 */
export function fitPlatt(scores: ArrayLike<number>, labels: ArrayLike<number>): Platt {
  const positives = checkBinaryPairs(scores, labels);
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (labels.length - positives + 2);
  const targets = Float64Array.from(labels, (label) => (label === 1 ? high : low));
  const { weights, intercept } = fitLogistic([Float64Array.from(scores)], targets, 0);
  return createPlatt(weights[0]!, intercept);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadPlatt(bytes: Uint8Array, limits?: DecodeLimits): Platt {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return createPlatt(model.number('slope'), model.number('intercept'));
}

function createPlatt(slope: number, intercept: number): Platt {
  const calibrator = createCalibrator(
    (score) => sigmoid(slope === 0 && score === score ? intercept : slope * score + intercept),
    () => encodeModel(KIND, VERSION, { slope, intercept }, {}),
  );
  return { ...calibrator, slope, intercept };
}
