import { type Static, Type } from 'typebox';
import { Severity } from './anomaly.ts';
import { EntityId } from './entity.ts';
import { Phrase } from './phrase.ts';

/** One line of an incident's story. */
export const TimelineEntry = Type.Object({
  time: Type.Integer(),
  entity: Type.Union([EntityId, Type.Null()]),
  ref: Type.Union([Type.String(), Type.Null()], {
    description: 'Id of the anomaly, prediction, event, run or outcome.',
  }),
  type: Type.Enum(['anomaly', 'prediction', 'event', 'recommendation', 'run', 'outcome', 'note']),
  text: Phrase,
});
export type TimelineEntry = Static<typeof TimelineEntry>;

/** An entity where an incident may have begun. */
export const SuspectedRoot = Type.Object({
  entity: EntityId,
  share: Type.Number({
    minimum: 0,
    maximum: 1,
    description: 'How much of the suspicion it has: with those of all others, listed or not, it adds up to 1.',
  }),
  reason: Phrase,
});
export type SuspectedRoot = Static<typeof SuspectedRoot>;

/** Anomalies and predictions that belong together. It is the message of the topic `incidents`, sent at each change. */
export const Incident = Type.Object({
  id: Type.String(),
  fleet: Type.String(),
  state: Type.Enum(['open', 'resolved']),
  severity: Severity,
  title: Phrase,
  openedAt: Type.Integer(),
  updatedAt: Type.Integer(),
  resolvedAt: Type.Union([Type.Integer(), Type.Null()]),
  reopened: Type.Integer({ description: 'How often it was opened again.' }),
  root: EntityId,
  rootReason: Phrase,
  roots: Type.Optional(
    Type.Array(SuspectedRoot, { description: 'Where it may have begun, likeliest first; the first is `root`.' }),
  ),
  entities: Type.Array(EntityId),
  anomalyKinds: Type.Array(Type.String()),
  features: Type.Array(Type.String(), { description: 'The features that drive it, strongest first.' }),
  anomalies: Type.Array(Type.String(), { description: 'Ids.' }),
  predictions: Type.Array(Type.String(), { description: 'Ids.' }),
  pagedAt: Type.Union([Type.Integer(), Type.Null()], {
    description: 'When it took a page or warning from the budget.',
  }),
  timeline: Type.Array(TimelineEntry),
  silencedBy: Type.Optional(
    Type.Array(Type.String(), { description: 'Ids of the silences and maintenance windows that keep it quiet now.' }),
  ),
  mergedInto: Type.Optional(
    Type.String({ description: 'Id of the incident that this one turned out to be a part of; it is resolved then.' }),
  ),
  leftOut: Type.Optional(
    Type.Object(
      { signs: Type.Integer(), timeline: Type.Integer() },
      { description: 'How many of each are not listed, since there are too many.' },
    ),
  ),
});
export type Incident = Static<typeof Incident>;
