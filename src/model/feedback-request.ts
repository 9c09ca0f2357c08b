import { type Static, Type } from 'typebox';
import { AnomalyKind, Severity } from './anomaly.ts';
import { EntityId } from './entity.ts';
import { Feedback } from './failure.ts';
import { FeedbackRule, RuleLevel } from './feedback-rule.ts';
import { Phrase } from './phrase.ts';

/** The longest that a rule may be asked to hold: a year. Without a length it holds until it is undone. */
const MAX_SECONDS = 366 * 86_400;

/** What a person says, and how far it shall reach. */
export const FeedbackRequest = Type.Object({
  ...Type.Pick(Feedback, ['target', 'verdict']).properties,
  targetId: Type.String({ minLength: 1, maxLength: 600 }),
  note: Type.String({ maxLength: 4000, default: '' }),
  reach: Type.Union([RuleLevel, Type.Literal('nothing')], {
    default: 'entity',
    description: 'Whose look-alikes it changes; `nothing` only keeps the word.',
  }),
  seconds: Type.Optional(
    Type.Union([Type.Integer({ minimum: 60, maximum: MAX_SECONDS }), Type.Null()], {
      description: 'How long the rule holds; null until it is undone.',
    }),
  ),
  missed: Type.Optional(
    Type.Object(
      {
        from: Type.Integer({ minimum: 0 }),
        to: Type.Integer({ minimum: 0, description: 'Exclusive.' }),
        kind: Type.Optional(Type.Union([AnomalyKind, Type.Null()])),
        features: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 2000 }), { maxItems: 50 })),
      },
      { description: 'For the verdict `missed` on an entity: when, and if known what.' },
    ),
  ),
});
export type FeedbackRequest = Static<typeof FeedbackRequest>;

/** An alert that a rule concerns. */
export const ConcernedAlert = Type.Object({
  incident: Type.String(),
  title: Phrase,
  root: EntityId,
  openedAt: Type.Integer(),
  severity: Severity,
  confirmed: Type.Boolean({ description: 'Somebody said that it was real, or a failure is on record.' }),
  why: Type.Union([Phrase, Type.Null()], { description: 'Why it would stay; null when it would not.' }),
});
export type ConcernedAlert = Static<typeof ConcernedAlert>;

/** What feedback would change, told on the last 30 days. */
export const FeedbackPreview = Type.Object({
  summary: Phrase,
  rule: Type.Union([FeedbackRule, Type.Null()]),
  adopts: Type.Array(Type.String(), { description: 'Open anomalies that would become the new normal at once.' }),
  since: Type.Integer(),
  alike: Type.Integer({ description: 'Alerts like the judged ones, however strong.' }),
  removed: Type.Integer({ description: 'Of these, alerts that would not have come.' }),
  lost: Type.Integer({ description: 'Of the removed, those that were confirmed.' }),
  added: Type.Integer({ description: 'Anomalies that would have been warnings.' }),
  complete: Type.Boolean({ description: 'False when there were more than could be looked at; the newest were.' }),
  alerts: Type.Object({
    removed: Type.Array(ConcernedAlert, { description: 'Confirmed ones first, then the newest; at most 50.' }),
    kept: Type.Array(ConcernedAlert, { description: 'Newest first, at most 50.' }),
  }),
});
export type FeedbackPreview = Static<typeof FeedbackPreview>;

/** The door for feedback. Refuses with a VigiaError: `NOT_FOUND`, `BODY_INVALID` and the codes that begin with `FEEDBACK_`. */
export interface FeedbackPort {
  /** What it would change; changes nothing. */
  preview(request: FeedbackRequest, by: string): Promise<FeedbackPreview>;
  /** In force when it resolves. `repeated` when the same was said before and stands: then that is the answer. */
  give(
    request: FeedbackRequest,
    by: string,
  ): Promise<{ readonly feedback: Feedback; readonly repeated: boolean; readonly replaced: string | null }>;
  /** Takes it back, and with it what it changed. */
  undo(id: string, by: string): Promise<Feedback>;
}
