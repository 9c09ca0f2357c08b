import { describe, expect, it } from 'vitest';
import { checkMember, memberRows } from './check-member.ts';
import { JOINT_MEMBERS } from './members.ts';

for (const factory of JOINT_MEMBERS) checkMember(factory);

describe('blame', () => {
  /** A load as high as it gets, which all columns follow but one. */
  const broken = Float64Array.of(1.8, 1.8, -1.8, 1.8, 1.8, 1.8, 1.8, 0);

  it.each(['pca', 'autoencoder', 'svm'])('of %s is that of the column that does not follow', (kind) => {
    const member = JOINT_MEMBERS.find((one) => one.kind === kind)!;
    const blame = new Float64Array(8);
    member.fit(memberRows(600, 1), { seed: 7, features: 8 }).blame(broken, blame);
    expect(blame.indexOf(Math.max(...blame))).toBe(2);
    expect(blame[2]! / blame.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.4);
  });
});
