import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import type { Policy, PolicyFactory } from '../../model/policy.ts';
import { rowOf } from './context-row.ts';
import { onlyTheBest, thompsonShares, withFloor } from './shares.ts';
import { believe, fitSuccess, loadSuccess, type SuccessModel } from './success-model.ts';
import { opinionOf } from './tally-policy.ts';

const KIND = 'bandit';

function banditPolicy(success: SuccessModel, exploration: number): Policy {
  return {
    kind: KIND,
    decide: ({ context, options, explore }) => {
      const row = rowOf(context, success.vocabulary);
      const found = options.map(({ action }) => success.evidence(action, row));
      const beliefs = options.map((option, i) => believe(option, found[i]!));
      const opinions = options.map((option, i) => opinionOf(option, beliefs[i]!));
      const shares = explore
        ? withFloor(options, thompsonShares(options, beliefs), exploration)
        : onlyTheBest(
            options,
            opinions.map(({ value }) => value),
          );
      return opinions.map((opinion, i) => Object.assign(opinion, { share: shares[i]!, alike: found[i]?.alike ?? [] }));
    },
    toBytes: () => encodeModel(KIND, 1, { exploration }, { success: success.toBytes() }),
  };
}

/** A contextual bandit: a random forest over contexts for what is believed of each action, Thompson sampling to choose. */
export const banditFactory: PolicyFactory = {
  kind: KIND,
  fit: async (episodes, { seed, exploration }) =>
    episodes.length === 0 ? null : banditPolicy(await fitSuccess(episodes, seed), exploration),
  load: (bytes) => {
    const model = decodeModel(bytes);
    requireKind(model, KIND, 1);
    return banditPolicy(loadSuccess(model.section('success', 'u8')), model.number('exploration', 0, 1));
  },
};
