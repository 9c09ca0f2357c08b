import {
  type Bandit,
  type BanditOptions,
  type BanditState,
  createBandit,
  posteriorOf,
  readBandit,
  rowOffset,
  shareAmongBest,
  startBandit,
} from './bandit.ts';
import { requireNumber } from './ml-error.ts';
import { type DecodeLimits, decodeModel, requireKind } from './serialize.ts';

export type LinUcbOptions = BanditOptions & {
  /** Standard deviations of optimism, 0 to 100. Default 1; the theory's bounds ask for more and learn more slowly. */
  readonly optimism?: number;
};

const KIND = 'lin-ucb';
const VERSION = 1;
const MAX_OPTIMISM = 100;

/**
 * LinUCB (Li, Chu, Langford and Schapire, 2010): takes the action whose score is largest when everything uncertain turns out
 * well, mean + optimism × standard deviation of the posterior. With a logistic posterior the same on the logit scale.
 *
 * The best action has the propensity 1 − uniformShare (equals divide it), plus everybody's uniform part: with a small share the
 * log says little of other actions; Thompson sampling's says more. Cost of a decision: O(actions × features²).
 *
 * Fails by waiting when outcomes come late: until `advance` it takes the same action in the same context.
 * Throws `ML_PARAMETER` and `ML_SHAPE`.
 */
export function createLinUcb(options: LinUcbOptions): Bandit {
  return linUcb(startBandit(options), requireNumber('optimism', options.optimism ?? 1, 0, MAX_OPTIMISM));
}

/** Loads what `toBytes` wrote. Throws the codes of `decodeModel`. */
export function loadLinUcb(bytes: Uint8Array, limits?: DecodeLimits): Bandit {
  const model = decodeModel(bytes, limits);
  requireKind(model, KIND, VERSION);
  return linUcb(readBandit(model), model.number('optimism', 0, MAX_OPTIMISM));
}

function linUcb(state: BanditState, optimism: number): Bandit {
  const spread = new Float64Array(state.learning[0]!.features);
  return createBandit(state, {
    kind: KIND,
    version: VERSION,
    header: { optimism },
    weigh: ({ posteriors, contexts, allowed, shares }) => {
      const bounds = Float64Array.from(allowed, (action) => {
        const posterior = posteriorOf(posteriors, action);
        const offset = rowOffset(contexts, action);
        return posterior.score(contexts.data, offset) + optimism * posterior.spread(contexts.data, spread, offset);
      });
      shareAmongBest(allowed, bounds, shares);
    },
  });
}
