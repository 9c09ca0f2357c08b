import type { MemberFactory } from './ensemble/member.ts';
import { JOINT_MEMBERS, priorWorth } from './ensemble/members.ts';
import { relationMember } from './relation-member.ts';

/** The joint members that watch live, beside those that a package brings. */
export const LIVE_MEMBERS: readonly MemberFactory[] = [...JOINT_MEMBERS, relationMember];

/** Live, relations are worth as much as the best: what each feature does alone is watched by its residual already. */
const RELATION_WORTH = 3;

/** What a member's word is worth before anything is known of it here, by its kind. */
export const liveWorth = (kind: string): number => (kind === relationMember.kind ? RELATION_WORTH : priorWorth(kind));
