import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createShare, memberFor } from './share-targets.ts';

const targets = Array.from({ length: 1000 }, (_, i) => `http://10.0.${i >> 8}.${i & 255}:9100/metrics`);
const membersOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `collect-${i}`);
const spread = (members: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map(members.map((member) => [member, 0]));
  for (const target of targets) {
    const member = memberFor(target, members)!;
    counts.set(member, counts.get(member)! + 1);
  }
  return counts;
};

describe('targets shared among collectors', () => {
  it('each has one collector, whoever is asked and in whatever order they are known', () => {
    fc.assert(
      fc.property(
        fc.webUrl(),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }),
        (url, all) => {
          const shares = all.map((self) => createShare(self, () => all.toReversed())(url));
          expect(shares.filter(Boolean)).toHaveLength(1);
          expect(shares[all.indexOf(memberFor(url, all)!)]).toBe(true);
        },
      ),
    );
  });

  it('move only to who comes and from who goes, and no more than their share', () => {
    for (const count of [1, 2, 4, 7]) {
      const [before, after] = [membersOf(count), membersOf(count + 1)];
      const moved = targets.filter((target) => memberFor(target, before) !== memberFor(target, after));
      expect(new Set(moved.map((target) => memberFor(target, after)))).toEqual(new Set([`collect-${count}`]));
      expect(moved.length).toBeLessThan((1.3 * targets.length) / (count + 1));
      expect(moved.length).toBeGreaterThan((0.7 * targets.length) / (count + 1));
    }
  });

  it('are spread evenly', () => {
    for (const [, count] of spread(membersOf(4))) expect(Math.abs(count - 250)).toBeLessThan(60);
  });

  it('are everybody’s while nobody is known, and follow a change of members', () => {
    let members: string[] = [];
    const mine = createShare('a', () => members);
    expect(targets.every(mine)).toBe(true);
    members = ['a', 'b'];
    const half = targets.filter(mine).length;
    expect(half).toBeGreaterThan(400);
    expect(half).toBeLessThan(600);
    members = ['b'];
    expect(targets.some(mine)).toBe(false);
  });
});
