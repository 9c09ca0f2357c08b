import type { Policy } from '../../model/policy.ts';

/**
 * Share of what is drawn that goes to what challengers would do. Weights of the evaluation are cut at 20, so with less than a
 * twentieth each nothing could ever be told of them.
 */
const TURNS = 0.1;

/**
 * The policy in force, which lets challengers have their turn where something may be tried to learn of it: where they would do
 * something else than it does, its own log holds next to nothing, and whether they are better could never be told. Shares stay
 * the exact propensities; everything else is said by the policy in force.
 */
export function withTurns(inForce: Policy, challengers: readonly Policy[]): Policy {
  if (challengers.length === 0) return inForce;
  return {
    kind: inForce.kind,
    toBytes: () => inForce.toBytes(),
    decide: (question) => {
      const opinions = inForce.decide(question);
      if (!question.explore) return opinions;
      const theirs = challengers.map((challenger) => challenger.decide({ ...question, explore: false }));
      return opinions.map((opinion, i) => {
        const turns = theirs.reduce((sum, said) => sum + said[i]!.share, 0) / challengers.length;
        return Object.assign({}, opinion, { share: (1 - TURNS) * opinion.share + TURNS * turns });
      });
    },
  };
}
