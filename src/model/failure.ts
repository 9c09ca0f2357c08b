import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';
import { FailureModelDetail } from './failure-model.ts';
import { FeedbackRule, MissedAnomaly } from './feedback-rule.ts';

/** Something that the owner calls a failure. */
export const Failure = Type.Object({
  id: Type.String(),
  entity: EntityId,
  kind: Type.String({ maxLength: 100 }),
  start: Type.Integer(),
  end: Type.Union([Type.Integer(), Type.Null()]),
  source: Type.String({ description: 'Which definition or who said so.' }),
  note: Type.String({ maxLength: 4000 }),
  correction: Type.Optional(
    Type.Union([Type.Object({ by: Type.String(), time: Type.Integer(), withdrawn: Type.Boolean() }), Type.Null()], {
      description: 'Who corrected it, and when; what definitions find never overwrites that. Withdrawn: it was none.',
    }),
  ),
});
export type Failure = Static<typeof Failure>;

export const VERDICTS_GIVEN = ['real', 'false_alarm', 'useful', 'not_useful', 'missed', 'expected'] as const;

/** What a person said about an anomaly, prediction, incident or recommendation, or about an entity where something was missed. */
export const Feedback = Type.Object({
  id: Type.String(),
  target: Type.Enum(['anomaly', 'prediction', 'incident', 'recommendation', 'entity']),
  targetId: Type.String(),
  verdict: Type.Enum([...VERDICTS_GIVEN]),
  note: Type.String({ maxLength: 4000 }),
  by: Type.String(),
  time: Type.Integer(),
  anomalies: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.Null()], { description: 'Ids of the anomalies that it judges.' }),
  ),
  missed: Type.Optional(
    Type.Union([MissedAnomaly, Type.Null()], { description: 'What should have been found; for the verdict `missed`.' }),
  ),
  rule: Type.Optional(Type.Union([FeedbackRule, Type.Null()], { description: 'What it changes; null when nothing.' })),
  adopted: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.Null()], {
      description: 'Ids of the anomalies that became the new normal by it; that cannot be undone.',
    }),
  ),
  undone: Type.Optional(
    Type.Union([Type.Object({ by: Type.String(), time: Type.Integer() }), Type.Null()], {
      description: 'Who took it back and when; null while it stands.',
    }),
  ),
});
export type Feedback = Static<typeof Feedback>;

/** A trained artefact as the registry lists it. */
export const Model = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  version: Type.String(),
  scope: Type.String({ description: 'Entity kind or entity that it serves.' }),
  state: Type.Enum(['challenger', 'champion', 'retired']),
  trainedFrom: Type.Union([Type.Integer(), Type.Null()]),
  trainedTo: Type.Union([Type.Integer(), Type.Null()]),
  metrics: Type.Record(Type.String(), Type.Number()),
  reason: Type.String(),
  createdAt: Type.Integer(),
  detail: Type.Optional(Type.Union([FailureModelDetail, Type.Null()], { description: 'For kind `failure`.' })),
});
export type Model = Static<typeof Model>;

/** One line of the audit log: who changed what. */
export const AuditEntry = Type.Object({
  id: Type.String(),
  time: Type.Integer(),
  actor: Type.String(),
  verb: Type.String(),
  target: Type.String(),
  detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
});
export type AuditEntry = Static<typeof AuditEntry>;
