import { createHash } from 'node:crypto';

/** What a member says of itself when it joins. */
export interface Claim {
  readonly member: string;
  /** Names the process and the subscription in it; the same in every topic, so that partitions stay together. */
  readonly instance: string;
  /** Partitions that it holds, and since which generation of the group. */
  readonly held: readonly number[];
  readonly generation: number;
}

const weight = (instance: string, partition: number): string =>
  createHash('sha256').update(`${instance}\u0000${partition}`).digest('hex');

/**
 * Who should hold which partition: rendezvous hashing (Thaler, Ravishankar 1998) with a bound on the load, so that
 * shares are even to one, little moves when members come and go, and topics with as many partitions are shared alike.
 */
function wanted(claims: readonly Claim[], partitions: number): readonly Claim[] {
  const load = new Map<Claim, number>(claims.map((claim) => [claim, 0]));
  const limit = Math.ceil(partitions / claims.length);
  let full = partitions % claims.length === 0 ? claims.length : partitions % claims.length;
  return Array.from({ length: partitions }, (_, partition) => {
    const room = claims.filter((claim) => load.get(claim)! < (full > 0 ? limit : limit - 1));
    const best = room.reduce((a, b) => (weight(b.instance, partition) > weight(a.instance, partition) ? b : a));
    const now = load.get(best)! + 1;
    load.set(best, now);
    if (now === limit) full -= 1;
    return best;
  });
}

/** Who holds a partition now; of two that say so, the one of the later generation is right. */
function holders(claims: readonly Claim[]): ReadonlyMap<number, Claim> {
  const map = new Map<number, Claim>();
  for (const claim of claims) {
    for (const partition of claim.held) {
      if (claim.generation > (map.get(partition)?.generation ?? -1)) map.set(partition, claim);
    }
  }
  return map;
}

/**
 * Partitions by member for one topic. A partition that should move stays with nobody until its holder, which finds
 * itself without it, has given it up and joins again (KIP-429, incremental cooperative rebalancing).
 */
export function assign(claims: readonly Claim[], partitions: number): ReadonlyMap<string, readonly number[]> {
  const sorted = claims.toSorted((a, b) => (a.instance < b.instance ? -1 : a.instance > b.instance ? 1 : 0));
  const held = holders(sorted);
  const result = new Map<string, number[]>(sorted.map(({ member }) => [member, []]));
  wanted(sorted, partitions).forEach((claim, partition) => {
    const holder = held.get(partition);
    if (holder === undefined || holder === claim) result.get(claim.member)!.push(partition);
  });
  return result;
}
