import { type Calibrator, checkBinaryPairs, createCalibrator, sigmoid } from './calibrator.ts';
import { fitLogistic, type LogisticFit } from './logistic-newton.ts';
import { MlError } from './ml-error.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

/** sigmoid(a · ln p − b · ln(1 − p) + c), with a and b at least 0. */
export type BetaCalibration = Calibrator & { readonly a: number; readonly b: number; readonly c: number };

const KIND = 'beta-calibration';
const VERSION = 1;
/** Inputs are kept this far from 0 and 1, where the logarithms end. */
const MARGIN = 1e-12;
/** Keeps coefficients finite where classes are apart; a change of some 1e-6 elsewhere. */
const RIDGE = 1e-6;

/**
 * Beta calibration (Kull, Silva Filho and Flach, 2017): the right curve when each class's probabilities follow a beta
 * distribution. Three numbers, of which a = b = 1, c = 0 is the identity: unlike Platt scaling it leaves good probabilities
 * alone. Where a coefficient comes out below 0, which would not be monotone, it is set to 0 and the others are fitted again.
 *
 * Takes probabilities in [0, 1] and labels 0 or 1; wants some tens of each class. O(rows). Throws `ML_SHAPE`, `ML_EMPTY`
 * and `ML_VALUE` (also unless both labels occur).
 */
export function fitBetaCalibration(probabilities: ArrayLike<number>, labels: ArrayLike<number>): BetaCalibration {
  const positives = checkBinaryPairs(probabilities, labels);
  if (positives === 0 || positives === labels.length) throw new MlError('ML_VALUE', 'needs both labels');
  const inner = Float64Array.from(probabilities, (p, i) => {
    if (!(p >= 0 && p <= 1)) throw new MlError('ML_VALUE', `probability ${i} must be from 0 to 1, got ${p}`);
    return Math.min(1 - MARGIN, Math.max(MARGIN, p));
  });
  const up = inner.map((p) => Math.log(p));
  const down = inner.map((p) => -Math.log1p(-p));
  const targets = Float64Array.from(labels);
  const [a, b, c] = risingFit(up, down, targets);
  return createBetaCalibration(a, b, c);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadBetaCalibration(bytes: Uint8Array, limits?: DecodeLimits): BetaCalibration {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return createBetaCalibration(model.number('a', 0), model.number('b', 0), model.number('c'));
}

function risingFit(up: Float64Array, down: Float64Array, targets: Float64Array): [number, number, number] {
  const both = fitLogistic([up, down], targets, RIDGE);
  const [a, b] = [both.weights[0]!, both.weights[1]!];
  if (a >= 0 && b >= 0) return [a, b, both.intercept];
  const alone = (fit: LogisticFit): [number, number] =>
    fit.weights[0]! >= 0 ? [fit.weights[0]!, fit.intercept] : [0, fitLogistic([], targets, 0).intercept];
  if (a < 0) {
    const [weight, c] = alone(fitLogistic([down], targets, RIDGE));
    return [0, weight, c];
  }
  const [weight, c] = alone(fitLogistic([up], targets, RIDGE));
  return [weight, 0, c];
}

function createBetaCalibration(a: number, b: number, c: number): BetaCalibration {
  const calibrator = createCalibrator(
    (probability) => {
      const p = Math.min(1 - MARGIN, Math.max(MARGIN, probability));
      return sigmoid(a * Math.log(p) - b * Math.log1p(-p) + c);
    },
    () => encodeModel(KIND, VERSION, { a, b, c }, {}),
  );
  return { ...calibrator, a, b, c };
}
