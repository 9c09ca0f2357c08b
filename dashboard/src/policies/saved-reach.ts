import type { PolicyView } from '../../../src/model/policy.ts';

/** Minutes to either side of nothing that hold every interval, so that bars of several policies can be compared. */
export const savedReach = (policies: readonly Pick<PolicyView, 'evaluation'>[]): number =>
  Math.max(
    1,
    ...policies.flatMap(({ evaluation }) =>
      evaluation === null ? [] : [Math.abs(evaluation.saved.low), Math.abs(evaluation.saved.high)],
    ),
  );
