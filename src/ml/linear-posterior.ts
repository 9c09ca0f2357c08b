import { GaussianWeights } from './gaussian-weights.ts';
import { MlError, requireNumber } from './ml-error.ts';
import { checkFeatures, checkPrior, type PriorOptions, type RewardPosterior } from './reward-posterior.ts';
import { type DecodeLimits, decodeModel, encodeModel, requireKind } from './serialize.ts';

export type LinearPosteriorOptions = PriorOptions & {
  /** Standard deviation of a reward about its mean. Default 0.5: no reward between 0 and 1 has a larger one. */
  readonly noise?: number;
};

const KIND = 'linear-posterior';
const VERSION = 1;

/**
 * Bayesian linear regression with known noise: reward ~ N(xᵀw, noise²), w ~ N(priorMean, priorDeviation²) (Bishop, 2006, 3.3).
 * The posterior is exact, whatever the order of the observations; every one costs O(features²) by an update of the Cholesky
 * factor of the precision. `expected` is the score itself and is not kept between 0 and 1.
 *
 * Fails when rewards are far from linear in the features, and when the world changes: it never forgets.
 * Throws `ML_PARAMETER` and `ML_SHAPE`.
 */
export function createLinearPosterior(options: LinearPosteriorOptions): RewardPosterior {
  const { mean, deviation } = checkPrior(options);
  const noise = requireNumber('noise', options.noise ?? 0.5, 1e-6, 1e6);
  return linearPosterior(GaussianWeights.isotropic(mean, deviation), noise);
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadLinearPosterior(bytes: Uint8Array, limits?: DecodeLimits): RewardPosterior {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return linearPosterior(GaussianWeights.fromModel(model), model.number('noise', 1e-6, 1e6));
}

function linearPosterior(weights: GaussianWeights, noise: number): RewardPosterior {
  const features = weights.mean.length;
  const score: RewardPosterior['score'] = (row, offset = 0) => {
    checkFeatures(row, offset, features);
    return weights.score(row, offset);
  };
  return {
    features,
    mean: weights.mean,
    get count() {
      return weights.count;
    },
    score,
    expected: score,
    spread: (row, out, offset = 0) => {
      checkFeatures(row, offset, features);
      return weights.spread(row, out, offset);
    },
    observe: (row, reward, { offset = 0, weight = 1 } = {}) => {
      checkFeatures(row, offset, features);
      requireNumber('weight', weight, Number.MIN_VALUE);
      if (!Number.isFinite(reward)) throw new MlError('ML_VALUE', `a reward must be a finite number, got ${reward}`);
      const residual = reward - weights.score(row, offset);
      weights.learn(row, offset, (deviation) => ({
        curvature: weight / (noise * noise),
        pull: (weight * residual) / (noise * noise + weight * deviation * deviation),
      }));
    },
    clone: () => linearPosterior(weights.clone(), noise),
    toBytes: () => encodeModel(KIND, VERSION, { features, noise, count: weights.count }, weights.sections()),
  };
}
