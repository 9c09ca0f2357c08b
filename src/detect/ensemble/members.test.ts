import { describe, expect, it } from 'vitest';
import { checkMember, memberRows } from './check-member.ts';
import { type MemberEvidence, memberWeights } from './member-weights.ts';
import { JOINT_MEMBERS, priorWorth } from './members.ts';

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

describe('weights of members', () => {
  const kinds = JOINT_MEMBERS.map(({ kind }) => kind);
  const nothing: MemberEvidence = { right: 0, missed: 0, wrong: 0, agreed: 0, alone: 0 };
  const weights = (evidence: Readonly<Record<string, Partial<MemberEvidence>>>): Map<string, number> => {
    const known = new Map(Object.entries(evidence).map(([kind, one]) => [kind, { ...nothing, ...one }]));
    return new Map([...memberWeights(kinds, priorWorth, known)].map((weight, i) => [kinds[i]!, weight]));
  };

  it('are in the order of the worth beforehand without evidence, and add up to 1', () => {
    const found = weights({});
    expect([...found.values()].reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(found.get('pca')).toBeGreaterThan(found.get('forest')!);
    expect(found.get('forest')).toBeGreaterThan(found.get('autoencoder')!);
  });

  it('rise with what was right and fall with false alarms and what was missed', () => {
    const before = weights({}).get('autoencoder')!;
    expect(weights({ autoencoder: { right: 20 } }).get('autoencoder')).toBeGreaterThan(1.3 * before);
    expect(weights({ autoencoder: { wrong: 20 } }).get('autoencoder')).toBeLessThan(before);
    expect(weights({ autoencoder: { missed: 20 } }).get('autoencoder')).toBeLessThan(before);
  });

  it('hardly move by a single judgement, and by agreement less than by truth', () => {
    const before = weights({}).get('svm')!;
    expect(weights({ svm: { wrong: 1 } }).get('svm')! / before).toBeGreaterThan(0.9);
    const agreed = weights({ svm: { agreed: 10 } }).get('svm')!;
    expect(agreed).toBeGreaterThan(before);
    expect(agreed).toBeLessThan(weights({ svm: { right: 10 } }).get('svm')!);
  });

  it('leave a member alive however wrong it has been', () => {
    const dead = weights({ forest: { wrong: 1e6, missed: 1e6 } }).get('forest')!;
    expect(dead).toBeGreaterThan(0.05);
  });
});
