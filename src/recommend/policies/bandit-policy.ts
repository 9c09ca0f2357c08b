import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import type { Policy, PolicyFactory } from '../../model/policy.ts';
import { rowsOf } from './context-row.ts';
import { type CostToGo, fitCostToGo, loadCostToGo } from './cost-to-go.ts';
import { onlyTheBest, thompsonShares, withFloor } from './shares.ts';
import { believe, fitSuccess, loadSuccess, type SuccessModel } from './success-model.ts';
import { opinionOf } from './tally-policy.ts';

const KIND = 'bandit';

interface Learnt {
  readonly success: SuccessModel;
  readonly toGo: CostToGo;
  readonly exploration: number;
}

function banditPolicy({ success, toGo, exploration }: Learnt): Policy {
  return {
    kind: KIND,
    decide: ({ context, options, explore }) => {
      const rows = rowsOf(context, options, success.vocabulary);
      // The incident is one, whatever is done about it: what a try in vain costs is believed from all targets together.
      const worth = rows.reduce((sum, row) => sum + toGo.of(row), 0) / Math.max(1, rows.length);
      const found = options.map(({ action }, i) => success.evidence(action, rows[i]!));
      const beliefs = options.map((option, i) => believe(option, found[i]!));
      const opinions = options.map((option, i) => opinionOf(option, beliefs[i]!, worth));
      const values = opinions.map(({ value }) => value);
      const drawn = explore ? thompsonShares(options, beliefs, worth) : onlyTheBest(options, values);
      const shares = explore ? withFloor(options, drawn, { uniform: exploration, plausible: drawn }) : drawn;
      return opinions.map((opinion, i) => Object.assign(opinion, { share: shares[i]!, alike: found[i]?.alike ?? [] }));
    },
    toBytes: () =>
      encodeModel(
        KIND,
        1,
        { exploration, planned: toGo.forest !== null },
        { success: success.toBytes(), ...(toGo.forest !== null && { toGo: toGo.forest.toBytes() }) },
      ),
  };
}

/** A contextual bandit: a random forest over contexts for what is believed of each action, Thompson sampling to choose. */
export const banditFactory: PolicyFactory = {
  kind: KIND,
  fit: async (episodes, { seed, exploration }) => {
    if (episodes.length === 0) return null;
    const success = await fitSuccess(episodes, seed);
    return banditPolicy({ success, toGo: await fitCostToGo(episodes, success.vocabulary, seed), exploration });
  },
  load: (bytes) => {
    const model = decodeModel(bytes);
    requireKind(model, KIND, 1);
    const toGo = loadCostToGo(model.header['planned'] === true ? model.section('toGo', 'u8') : null);
    return banditPolicy({
      success: loadSuccess(model.section('success', 'u8')),
      toGo,
      exploration: model.number('exploration', 0, 1),
    });
  },
};
