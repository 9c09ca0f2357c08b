import type { MemberFactory } from './ensemble/member.ts';
import { JOINT_MEMBERS, priorWorth } from './ensemble/members.ts';
import { relationMember } from './relation-member.ts';

/** The joint members that watch live, beside those that a package brings. */
export const LIVE_MEMBERS: readonly MemberFactory[] = [...JOINT_MEMBERS, relationMember];

/**
 * Live, relations are worth about as much as all the others together, until feedback says otherwise: on generated fleets they
 * find small faults that the others do not, and what each feature does alone is watched by its residual already.
 */
const RELATION_WORTH = 8;

/** What a member's word is worth before anything is known of it here, by its kind. */
export const liveWorth = (kind: string): number => (kind === relationMember.kind ? RELATION_WORTH : priorWorth(kind));
