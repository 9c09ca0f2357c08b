import type { AnomalyKind } from '../model/anomaly.ts';
import type { DetectorScore } from '../model/detector.ts';
import type { Frame } from '../model/frame.ts';
import type { Phrase } from '../model/phrase.ts';
import type { FailureBound } from './failure-bounds.ts';
import type { Opinion } from './member-opinions.ts';
import type { SeverityThresholds } from './severity.ts';

/** One frame as the tracker of a group of features sees it. */
export interface Sighting {
  readonly frame: Frame;
  readonly score: DetectorScore;
  /** Tail probability of the group's score. */
  readonly p: number;
  /** How odd each feature is, 0 for those that are not of the group. */
  readonly strengths: (feature: number) => number;
  /** What each detector says. */
  readonly opinions: readonly Opinion[];
  /** Why it is of its kind, where the kind alone does not say it. */
  readonly reason?: Phrase;
}

/** What holds when something is told. */
export interface Circumstances {
  readonly minimumDurationMs: number;
  /** What a second of it counts as when it is decided whom to tell. */
  readonly pace: number;
  /** In force for an anomaly of a kind. */
  readonly thresholds: (kind: AnomalyKind) => SeverityThresholds;
  /** What the owner calls a failure of the entity. */
  readonly failures: readonly FailureBound[];
  readonly provisional: boolean;
  /** Groups of the entity that are abnormal now, and all that it has. */
  readonly groups: number;
  readonly allGroups: number;
  readonly detector: string;
  /** Whether another anomaly of the entity speaks for this group already; then this one does not open. */
  readonly held: boolean;
}
