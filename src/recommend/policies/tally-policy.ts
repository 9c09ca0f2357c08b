import { betaQuantile } from '../../ml/beta-distribution.ts';
import type { Policy, PolicyFactory, PolicyOpinion, PolicyOption, PolicyQuestion } from '../../model/policy.ts';
import { type Belief, gainOf, onlyTheBest, thompsonShares, withFloor } from './shares.ts';

/** The 80 % interval that is shown. */
const INTERVAL = [0.1, 0.9] as const;
/** Harm weighs as much as three times having been of no use. */
export const HARM_WEIGHT = 3;

/** What the catalogue believed and what was counted on this kind of entity. */
export function tallied({ prior, tally }: PolicyOption): Belief {
  const { resolved = 0, ineffective = 0, harmful = 0 } = tally;
  const tried = prior.resolved + prior.failed + resolved + ineffective + harmful;
  return {
    a: prior.resolved + resolved,
    b: prior.failed + ineffective + HARM_WEIGHT * harmful,
    harm: harmful / tried,
  };
}

/** An opinion without its share. */
export function opinionOf(
  option: PolicyOption,
  { a, b, harm }: Belief,
  worth?: number,
): Omit<PolicyOpinion, 'share' | 'alike'> {
  const probability = a / (a + b);
  const low = betaQuantile(INTERVAL[0], a, b);
  const high = betaQuantile(INTERVAL[1], a, b);
  return {
    probability,
    low,
    high,
    value: gainOf(option, { success: probability, harm, ...(worth !== undefined && { worth }) }),
  };
}

/** Share of exploration spread evenly, so that what comes after this one can be judged from its log. */
const UNIFORM = 0.05;

/**
 * Counts alone: a Beta posterior of success for an action on a kind of entity. Needs no model, so it is there on the first
 * day; where it may explore, it does so by Thompson sampling, and its log is what the first learnt policy is judged by.
 */
export const tallyPolicy: Policy = {
  kind: 'beta',
  decide: ({ options, explore }: PolicyQuestion) => {
    const beliefs = options.map(tallied);
    const opinions = options.map((option, i) => opinionOf(option, beliefs[i]!));
    // Success first: this one has always ranked so, and people rely on it; disruption decides among equals.
    const values = opinions.map(({ probability }) => probability);
    const drawn = explore ? thompsonShares(options, beliefs) : onlyTheBest(options, values);
    const shares = explore ? withFloor(options, drawn, { uniform: UNIFORM, plausible: drawn }) : drawn;
    return opinions.map((opinion, i) => Object.assign(opinion, { value: values[i]!, share: shares[i]!, alike: [] }));
  },
  toBytes: () => new Uint8Array(0),
};

export const tallyFactory: PolicyFactory = {
  kind: 'beta',
  fit: async () => tallyPolicy,
  load: () => tallyPolicy,
};
