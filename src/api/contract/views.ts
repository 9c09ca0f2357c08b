import { type Static, type TSchema, Type } from 'typebox';
import { ActionMode, Outcome, Recommendation, Run } from '../../model/action.ts';
import { Anomaly, Severity } from '../../model/anomaly.ts';
import { Entity, EntityId } from '../../model/entity.ts';
import { Event } from '../../model/event.ts';
import { Feedback } from '../../model/failure.ts';
import { Incident } from '../../model/incident.ts';
import { Phrase } from '../../model/phrase.ts';
import { Prediction } from '../../model/prediction.ts';
import { Silence, SILENCE_STATES } from '../../model/silence.ts';

const Time = Type.Integer({ description: 'Unix time in milliseconds.' });
const NullableTime = Type.Union([Time, Type.Null()]);
const NullableNumber = Type.Union([Type.Number(), Type.Null()]);

/** One page of a list. */
export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });

/** RFC 9457. `code` is stable, `detail` is in the reader's language. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  values: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()])),
});
export type Problem = Static<typeof Problem>;

/** An earlier anomaly that is like another one, and how it ended (`anomaly.ending` says by what). */
export const SimilarAnomaly = Type.Object({
  anomaly: Anomaly,
  similarity: Type.Number({ minimum: 0, maximum: 1, description: 'By kind, and by the shares of what drives them.' }),
  incident: Type.Union([Type.String(), Type.Null()], { description: 'The incident that it belonged to.' }),
  verdict: Type.Union([Feedback.properties.verdict, Type.Null()], { description: 'What somebody said of either.' }),
  outcome: Type.Union([Type.Object({ action: Type.String(), verdict: Outcome.properties.verdict }), Type.Null()], {
    description: 'What the last action on that incident brought.',
  }),
});
export type SimilarAnomaly = Static<typeof SimilarAnomaly>;

/** How far an entity has been learnt. */
export const Learning = Type.Object({
  ready: Type.Boolean(),
  frames: Type.Integer({ description: 'Frames seen so far, at most `needed`.' }),
  needed: Type.Integer(),
  readyAt: NullableTime,
});
export type Learning = Static<typeof Learning>;

/** An entity with what is known of it now; the state in words is made of these. */
export const EntityView = Type.Object({
  ...Entity.properties,
  state: Type.Enum(['learning', 'calm', 'info', 'warning', 'critical', 'silent']),
  learning: Learning,
  risk: Type.Union([
    Type.Object({
      prediction: Type.String(),
      probability: Type.Number(),
      seconds: Type.Integer({ description: 'Horizon of that probability.' }),
      expectedAt: NullableTime,
    }),
    Type.Null(),
  ]),
  openAnomalies: Type.Integer(),
  lastFrame: NullableTime,
});
export type EntityView = Static<typeof EntityView>;

/** A feature of an entity with its newest value and band. */
export const FeatureView = Type.Object({
  name: Type.String(),
  metric: Type.String(),
  labels: Type.Record(Type.String(), Type.String()),
  unit: Type.String(),
  kind: Type.Enum(['level', 'rate', 'quantile']),
  value: NullableNumber,
  expected: NullableNumber,
  low: NullableNumber,
  high: NullableNumber,
  score: Type.Number({ description: 'How abnormal now, 0 to 1.' }),
  hasLimit: Type.Boolean(),
});
export type FeatureView = Static<typeof FeatureView>;

/** Values of some features over a time range, reduced so that peaks survive. Arrays are index-aligned with `times`. */
export const Chart = Type.Object({
  entity: EntityId,
  tier: Type.Enum(['step', 'minute', 'hour', 'day']),
  stepMs: Type.Integer(),
  from: Time,
  to: Type.Integer({ description: 'Exclusive.' }),
  times: Type.Array(Time),
  features: Type.Array(
    Type.Object({
      name: Type.String(),
      unit: Type.String(),
      mean: Type.Array(NullableNumber),
      low: Type.Array(NullableNumber),
      high: Type.Array(NullableNumber),
      bandLow: Type.Array(NullableNumber),
      bandHigh: Type.Array(NullableNumber),
    }),
  ),
});
export type Chart = Static<typeof Chart>;

const BudgetLine = Type.Object({ limit: Type.Number(), used: Type.Number() });
/** What the alert budget allows per window and what has been used of it. */
export const BudgetView = Type.Object({
  pages: BudgetLine,
  warnings: BudgetLine,
  windowSeconds: Type.Integer(),
  resetsAt: NullableTime,
  provisional: Type.Boolean(),
});
export type BudgetView = Static<typeof BudgetView>;

/** The four questions of the overview in one answer. */
export const Overview = Type.Object({
  time: Time,
  incidents: Type.Array(Incident, { description: 'Open, worst first, at most 50.' }),
  counts: Type.Object({
    entities: Type.Integer(),
    incidents: Type.Integer(),
    critical: Type.Integer(),
    warning: Type.Integer(),
    info: Type.Integer(),
    learning: Type.Integer(),
    silent: Type.Integer(),
  }),
  next: Type.Array(Prediction, { description: 'Open, soonest first, at most 50.' }),
  waiting: Type.Array(Run, { description: 'Waiting for approval, oldest first.' }),
  budget: BudgetView,
  entities: Type.Array(EntityView, { description: 'For the map, at most 2000.' }),
});
export type Overview = Static<typeof Overview>;

/** An incident with all that an operator needs to decide. */
export const IncidentDetail = Type.Object({
  incident: Incident,
  anomalies: Type.Array(Anomaly),
  predictions: Type.Array(Prediction),
  recommendation: Type.Union([Recommendation, Type.Null()]),
  runs: Type.Array(Run),
  outcomes: Type.Array(Outcome),
  events: Type.Array(Event),
  feedback: Type.Array(Feedback),
});
export type IncidentDetail = Static<typeof IncidentDetail>;

/** A silence or maintenance window, and whether it is in force. */
export const SilenceView = Type.Object({ ...Silence.properties, state: Type.Enum([...SILENCE_STATES]) });
export type SilenceView = Static<typeof SilenceView>;

/** One of them with the others that silence some of the same at some of the same time. */
export const SilenceDetail = Type.Object({
  ...SilenceView.properties,
  overlaps: Type.Array(Type.String(), { description: 'Ids, at most 20. What either is about is silenced.' }),
});
export type SilenceDetail = Static<typeof SilenceDetail>;

/** One source of data: is it alive, what did it bring, what was dropped and why. */
export const SourceView = Type.Object({
  name: Type.String(),
  kind: Type.Enum(['host', 'scrape', 'push', 'events', 'package', 'logs']),
  state: Type.Enum(['up', 'down', 'idle']),
  lastSuccess: NullableTime,
  lastError: Type.Union([Type.Object({ time: Time, phrase: Phrase }), Type.Null()]),
  samples: Type.Integer({ description: 'Of events and logs: events, lines.' }),
  series: Type.Integer(),
  drops: Type.Record(Type.String(), Type.Integer()),
  skewMs: Type.Optional(
    Type.Union([Type.Integer(), Type.Null()], {
      description: 'How far its newest time stamps lie behind our clock at best; negative: ahead. Null: not known.',
    }),
  ),
  worst: Type.Optional(
    Type.Array(Type.Object({ metric: Type.String(), refused: Type.Integer() }), {
      description: 'The metrics that most often found no room within the limit of series, the worst first.',
    }),
  ),
  logs: Type.Optional(
    Type.Object(
      {
        perSecond: Type.Number({ description: 'Lines, over the last minute.' }),
        files: Type.Optional(Type.Integer({ description: 'Files that are open.' })),
        behindBytes: Type.Optional(Type.Integer({ description: 'Bytes of these that are not read yet.' })),
        connections: Type.Optional(Type.Integer()),
      },
      { description: 'Of a source of log lines.' },
    ),
  ),
});
export type SourceView = Static<typeof SourceView>;

/** An entry of the catalogue with the mode in force. */
export const ActionView = Type.Object({
  id: Type.String(),
  title: Type.Object({ en: Type.String(), es: Type.String() }),
  executor: Type.String(),
  mode: ActionMode,
  disruption: Type.Enum(['none', 'low', 'medium', 'high']),
  entityKinds: Type.Array(Type.String()),
  anomalyKinds: Type.Array(Type.String()),
  features: Type.Array(Type.String()),
  settleSeconds: Type.Integer(),
  cooldownSeconds: Type.Integer(),
  tally: Type.Record(Type.String(), Type.Integer(), { description: 'Outcomes so far by verdict.' }),
});
export type ActionView = Static<typeof ActionView>;

/** What may be changed while it runs. */
export const Settings = Type.Object({
  language: Type.Enum(['en', 'es']),
  alertBudget: Type.Object({ pages: Type.Number({ minimum: 0 }), warnings: Type.Number({ minimum: 0 }) }),
  killSwitch: Type.Boolean({ description: 'True stops every action, at once.' }),
  modes: Type.Record(Type.String(), ActionMode, { description: 'Mode by action id; wins over the configuration.' }),
});
export type Settings = Static<typeof Settings>;

/** How Vigía itself is doing. */
export const Status = Type.Object({
  version: Type.String(),
  startedAt: Time,
  ready: Type.Boolean(),
  stepMs: Type.Integer(),
  language: Type.Enum(['en', 'es']),
  stages: Type.Array(Type.Object({ name: Type.String(), lag: Type.Integer() })),
  store: Type.Object({ kind: Type.String(), bytes: Type.Integer(), budgetBytes: Type.Integer() }),
  residentBytes: Type.Integer(),
});
export type Status = Static<typeof Status>;

/** What the live stream sends: that something of this type changed. Clients load it anew, so a lost message does no harm. */
export const StreamMessage = Type.Object({
  type: Type.Enum([
    'entity',
    'anomaly',
    'prediction',
    'incident',
    'recommendation',
    'run',
    'outcome',
    'settings',
    'silence',
  ]),
  id: Type.String(),
  entity: Type.Union([EntityId, Type.Null()]),
  severity: Type.Union([Severity, Type.Null()]),
  time: Time,
});
export type StreamMessage = Static<typeof StreamMessage>;
