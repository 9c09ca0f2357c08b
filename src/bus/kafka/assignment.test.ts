import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assign, type Claim } from './assignment.ts';

const claim = (instance: string, held: readonly number[] = [], generation = 0): Claim => ({
  member: `member of ${instance}`,
  instance,
  held,
  generation,
});

/** Rounds of the group until nothing moves: each member gives up what it is not given, and joins again. */
function settle(instances: readonly string[], before: ReadonlyMap<string, readonly number[]>, partitions: number) {
  let held = new Map(instances.map((instance) => [instance, before.get(instance) ?? []]));
  for (let round = 1; round <= 3; round += 1) {
    const given = assign(
      [...held].map(([instance, mine]) => claim(instance, mine, round)),
      partitions,
    );
    const next = new Map(instances.map((instance) => [instance, given.get(`member of ${instance}`)!]));
    if (JSON.stringify([...next]) === JSON.stringify([...held])) return { held: next, rounds: round };
    held = next;
  }
  return { held, rounds: 4 };
}

const all = (map: ReadonlyMap<string, readonly number[]>) => [...map.values()].flat().toSorted((a, b) => a - b);
const range = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('assignment', () => {
  it('gives every partition to exactly one member, evenly, whoever was there before', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 40 }),
        (first, second, partitions) => {
          const before = settle(first, new Map(), partitions);
          expect(all(before.held)).toEqual(range(partitions));
          const after = settle(second, before.held, partitions);
          expect(all(after.held)).toEqual(range(partitions));
          expect(after.rounds).toBeLessThanOrEqual(3);
          const shares = [...after.held.values()].map(({ length }) => length);
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  it('never gives a partition away that somebody holds', () => {
    const given = assign([claim('a', range(6), 3), claim('b')], 6);
    const [a, b] = [given.get('member of a')!, given.get('member of b')!];
    expect(a).toHaveLength(3);
    expect(b).toEqual([]);
  });

  it('believes the later of two that claim the same partition', () => {
    const claims = [claim('a', range(6), 9), claim('b', range(6), 4)];
    const given = assign(claims, 6);
    expect(given.get('member of b')).toEqual([]);
    expect(given.get('member of a')!.length).toBe(3);
  });

  it('moves little when a member comes, and shares topics of equal size alike', () => {
    const { held } = settle(['a', 'b', 'c'], new Map(), 12);
    const { held: later } = settle(['a', 'b', 'c', 'd'], held, 12);
    const stayed = ['a', 'b', 'c'].flatMap((one) => later.get(one)!.filter((p) => held.get(one)!.includes(p)));
    expect(stayed.length).toBeGreaterThanOrEqual(6);
    expect(settle(['c', 'b', 'a'], new Map(), 12).held.get('a')).toEqual(held.get('a'));
  });
});
