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
  severity: Severity,
  severityReason: Phrase,
  score: Type.Number({ minimum: 0, maximum: 1, description: 'Peak score.' }),
  pValue: Type.Number({ minimum: 0, maximum: 1, description: 'Smallest tail probability seen.' }),
  frames: Type.Integer({ description: 'Abnormal frames so far.' }),
  contributions: Type.Array(Contribution),
  provisional: Type.Boolean({ description: 'True while there is less than a day of history behind the threshold.' }),
  heldBack: Type.Union([Phrase, Type.Null()], {
    description: 'Why it was kept below the severity it would have had (alert budget); null when it was not.',
  }),
  updatedAt: Type.Integer(),
});
export type Anomaly = Static<typeof Anomaly>;
