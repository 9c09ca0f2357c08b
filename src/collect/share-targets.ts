import { createHash } from 'node:crypto';

/** Members whose weights are known, so that a share is looked up, not worked out anew. */
const MAX_KNOWN = 100_000;

const weight = (member: string, target: string): number =>
  createHash('sha256').update(`${member}\0${target}`).digest().readUIntBE(0, 6);

/**
 * Which of the members has a target: the one with the highest weight for it (rendezvous hashing, Thaler and Ravishankar
 * 1998). Everybody who knows the same members says the same, without asking anybody; when a member comes or goes, only
 * its own targets move. Null without members.
 */
export function memberFor(target: string, members: readonly string[]): string | null {
  let best: string | null = null;
  let most = -1;
  for (const member of members) {
    const found = weight(member, target);
    if (found < most || (found === most && best !== null && member > best)) continue;
    best = member;
    most = found;
  }
  return best;
}

/** Whether a target is this member's share. Without members it is: better twice than not at all. */
export function createShare(self: string, members: () => readonly string[]): (target: string) => boolean {
  let seen = '';
  const known = new Map<string, boolean>();
  return (target) => {
    const now = members();
    const mark = now.join('\0');
    if (mark !== seen || known.size >= MAX_KNOWN) {
      known.clear();
      seen = mark;
    }
    let mine = known.get(target);
    if (mine === undefined) {
      mine = (memberFor(target, now) ?? self) === self;
      known.set(target, mine);
    }
    return mine;
  };
}
