import { autoencoderMember } from './autoencoder-member.ts';
import { forestMember } from './forest-member.ts';
import type { MemberFactory } from './member.ts';
import { pcaMember } from './pca-member.ts';
import { svmMember } from './svm-member.ts';

/** The joint members of the tree, in the order in which they are shown. */
export const JOINT_MEMBERS: readonly MemberFactory[] = [pcaMember, forestMember, autoencoderMember, svmMember];

/**
 * What a member's word is worth before anything is known of it here: in the order of what published comparisons on server
 * data find (TSB-AD), and within a plateau measured on our own. A member from a package begins like the least of them.
 */
const PRIOR_WORTH: Readonly<Record<string, number>> = { pca: 3, svm: 2, forest: 2, autoencoder: 1 };

export const priorWorth = (kind: string): number => PRIOR_WORTH[kind] ?? 1;
