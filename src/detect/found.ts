import { cauchyCombination } from '../ml/cauchy-combination.ts';
import { ABNORMAL_P, type AnomalyTracker } from './anomaly-tracker.ts';
import type { FeatureGroups } from './feature-groups.ts';
import type { GroupWatch } from './group-watch.ts';
import type { Relation } from './joint-part.ts';

/** How much a frame teaches: fully, when it looks odd, when it is part of an anomaly. */
export const WEIGHT = { calm: 1, odd: 0.2, abnormal: 0.05 } as const;
/** A group's own finding is helped by the joint members from here on, if so much of their blame is the group's. */
const MILD_P = 0.05;
const HELPED_SHARE = 0.25;

/** What was found of a group in a frame; `own` is null for a look at all features together. */
export interface Found {
  readonly p: number;
  readonly own: number | null;
  readonly strengths: (feature: number) => number;
  readonly held: boolean;
  /** Whose finding it is. */
  readonly detector: string;
}

/** How much each group of features has to do with what is open. */
export const sharesOf = ({ tracker }: GroupWatch, groups: FeatureGroups): Float64Array =>
  tracker.sharesBy(groups.of, groups.names.length);

/** Whether people have been told of what is open, if anything is. */
export const warned = (group: GroupWatch | null): group is GroupWatch =>
  group?.tracker.open != null && group.tracker.open.severity !== 'info';

/**
 * A group's own probability, helped by the joint members where both see something in the same place. Where even that makes
 * nothing of it, nobody is asked for the place, which costs more than all else.
 */
export function helped(own: number, relation: Relation | null, g: number): number {
  if (relation === null || own > MILD_P || relation.look.p >= own) return own;
  const together = Math.min(own, cauchyCombination([own, relation.look.p]));
  return together > ABNORMAL_P || relation.share(g) < HELPED_SHARE ? own : together;
}

/** How much the frame teaches, as far as this anomaly goes. */
export function weightOf(tracker: AnomalyTracker): number {
  if (tracker.open !== null) return WEIGHT.abnormal;
  return tracker.active ? WEIGHT.odd : WEIGHT.calm;
}
