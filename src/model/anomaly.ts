import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';
import { Phrase } from './phrase.ts';

export const ANOMALY_KINDS = [
  'spike',
  'dip',
  'level_shift',
  'trend',
  'variance',
  'seasonality_break',
  'flatline',
  'missing',
  'relation_broken',
  'new_log_pattern',
  'vanished_log_pattern',
  'rate_change',
  'log_sequence',
] as const;
export const AnomalyKind = Type.Enum([...ANOMALY_KINDS]);
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** `critical` pages a person, `warning` is for reading by day, `info` is only shown. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export const Severity = Type.Enum([...SEVERITIES]);
export type Severity = (typeof SEVERITIES)[number];

/** How much one feature has to do with an anomaly. The shares of one anomaly add up to 1. */
export const Contribution = Type.Object({
  feature: Type.String(),
  share: Type.Number({ minimum: 0, maximum: 1 }),
  value: Type.Union([Type.Number(), Type.Null()]),
  expected: Type.Union([Type.Number(), Type.Null()]),
  low: Type.Union([Type.Number(), Type.Null()], { description: 'Lower end of the expected band.' }),
  high: Type.Union([Type.Number(), Type.Null()], { description: 'Upper end of the expected band.' }),
  unit: Type.String(),
  detector: Type.String(),
});
export type Contribution = Static<typeof Contribution>;

/** What one detector says of an anomaly's most telling frame. */
export const MemberOpinion = Type.Object({
  detector: Type.String(),
  pValue: Type.Number({ minimum: 0, maximum: 1 }),
  agrees: Type.Boolean({ description: 'Whether it finds the entity abnormal too.' }),
});
export type MemberOpinion = Static<typeof MemberOpinion>;

/**
 * What ended an anomaly: it went back to normal, it became the new normal, nothing came any more, its feature went away,
 * or nobody could tell after a restart.
 */
export const ENDINGS = ['calm', 'adopted', 'silence', 'gone', 'lost'] as const;
export const Ending = Type.Object({ by: Type.Enum([...ENDINGS]), reason: Phrase });
export type Ending = Static<typeof Ending>;

/**
 * How low a threshold of the tail probability may be set for it still to be a warning, or critical, all else being as it
 * was; null when no threshold would do. With `nearLimit` it is critical as soon as it is a warning. It is what
 * thresholds are solved from, and it knows nothing of the thresholds in force.
 */
export const Needs = Type.Object({
  warning: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
  critical: Type.Union([Type.Number({ minimum: 0, maximum: 1 }), Type.Null()]),
  nearLimit: Type.Boolean(),
});
export type Needs = Static<typeof Needs>;

/** A stretch of frames of one entity that is abnormal. It is the message of the topic `anomalies`, sent at each change. */
export const Anomaly = Type.Object({
  id: Type.String({ description: 'Made of entity and start, so that a replay finds the same anomaly.' }),
  entity: EntityId,
  fleet: Type.String(),
  start: Type.Integer({ description: 'Start of the first abnormal step, Unix ms.' }),
  end: Type.Union([Type.Integer(), Type.Null()], {
    description: 'End of the last abnormal step, exclusive; null while open.',
  }),
  openedAt: Type.Integer({
    description: 'Close (`Frame.closedAt`) of the frame that opened it: when it could first be said. Unix ms.',
  }),
  kind: AnomalyKind,
  kindReason: Type.Optional(Type.Union([Phrase, Type.Null()], { description: 'Why it is of that kind.' })),
  severity: Severity,
  severityReason: Phrase,
  score: Type.Number({ minimum: 0, maximum: 1, description: 'Peak score.' }),
  pValue: Type.Number({ minimum: 0, maximum: 1, description: 'Smallest tail probability seen.' }),
  frames: Type.Integer({ description: 'Abnormal frames so far.' }),
  contributions: Type.Array(Contribution),
  members: Type.Optional(
    Type.Union([Type.Array(MemberOpinion), Type.Null()], {
      description: 'Which detectors agree; null when not asked.',
    }),
  ),
  ending: Type.Optional(Type.Union([Ending, Type.Null()], { description: 'What ended it; null while open.' })),
  needs: Type.Optional(
    Type.Union([Needs, Type.Null()], { description: 'Thresholds it would take; null when none decide over it.' }),
  ),
  provisional: Type.Boolean({ description: 'True while there is less than a day of history behind the threshold.' }),
  heldBack: Type.Union([Phrase, Type.Null()], {
    description: 'Why it was kept below the severity it would have had (alert budget); null when it was not.',
  }),
  updatedAt: Type.Integer(),
});
export type Anomaly = Static<typeof Anomaly>;
