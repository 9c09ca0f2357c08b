import { type Static, Type } from 'typebox';
import type { EntityId } from './entity.ts';
import type { ModelReport, RiskCone } from './model-report.ts';
import { Phrase } from './phrase.ts';

/** Kind under which the registry lists models that predict failures. */
export const FAILURE_MODEL = 'failure';

const Figure = Type.Union([
  Type.Object({ value: Type.Number(), low: Type.Number(), high: Type.Number() }, { description: '95 % interval.' }),
  Type.Null(),
]);

/** How a model did at one horizon, on rows later than all that it learnt from. */
export const HorizonFigures = Type.Object({
  seconds: Type.Integer(),
  rows: Type.Integer(),
  positives: Type.Integer(),
  baseRate: Type.Number(),
  averagePrecision: Figure,
  brierSkill: Figure,
  expectedOverObserved: Figure,
  reliability: Type.Array(
    Type.Object({
      low: Type.Number(),
      high: Type.Number(),
      said: Type.Number(),
      came: Type.Number(),
      count: Type.Integer(),
    }),
    { description: 'What was said against what came, by level.' },
  ),
  threshold: Type.Union([Type.Number(), Type.Null()], {
    description: 'From this probability on a page keeps what the owner asks of pages; null when no threshold does.',
  }),
  precision: Type.Union([Type.Number(), Type.Null()]),
  recall: Type.Union([Type.Number(), Type.Null()], { description: 'Share of the failures that such pages announce.' }),
  byLead: Type.Optional(
    Type.Array(
      Type.Object({
        lead: Type.Integer({ description: 'Seconds.' }),
        precision: Type.Union([Type.Number(), Type.Null()]),
        recall: Type.Union([Type.Number(), Type.Null()]),
      }),
      { description: 'The same when a page must come at least so long before; from that threshold on.' },
    ),
  ),
});
export type HorizonFigures = Static<typeof HorizonFigures>;

const Settings = Type.Record(Type.String(), Type.Number());

/** What a search for better settings came to; each was judged on time later than what it had learnt from. */
export const PredictorSearch = Type.Object({
  chosen: Settings,
  fixedLoss: Type.Union([Type.Number(), Type.Null()], {
    description: 'Mean log loss of the fixed settings; null when not even they were done in time.',
  }),
  tried: Type.Array(Type.Object({ parameters: Settings, loss: Type.Number() }), {
    description: 'Every candidate that was done in time, best first.',
  }),
  trainings: Type.Integer(),
  complete: Type.Boolean({ description: 'False when the budget ended first.' }),
  budgetSeconds: Type.Number(),
});
export type PredictorSearch = Static<typeof PredictorSearch>;

/** What the registry knows of a failure model beside what it knows of every model. */
export const FailureModelDetail = Type.Object({
  factory: Type.String({ description: 'Kind of the predictor that reads the artefact.' }),
  parent: Type.Union([Type.String(), Type.Null()], { description: 'The model in force when it was trained.' }),
  before: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description:
        'The model that it took over from; that one serves again when it goes. Null where none was, and before it ever served.',
    }),
  ),
  columns: Type.Array(Type.String(), { description: 'Features that it reads.' }),
  cadenceMs: Type.Integer({ minimum: 1000 }),
  judgedTo: Type.Integer({ description: 'Its figures are of rows from `trainedTo` up to here.' }),
  rows: Type.Integer(),
  entities: Type.Integer(),
  failures: Type.Integer(),
  horizons: Type.Array(HorizonFigures),
  bins: Type.Array(Type.Array(Type.Number()), { description: 'Deciles of each feature in training.' }),
  scoreBins: Type.Optional(
    Type.Array(Type.Array(Type.Number()), { description: 'Deciles of what it said when it was judged, by horizon.' }),
  ),
  trainingSeconds: Type.Optional(Type.Number({ description: 'How long its training took.' })),
  search: Type.Optional(PredictorSearch),
});
export type FailureModelDetail = Static<typeof FailureModelDetail>;

/** One network as a file: `model.json`, and the bytes of its weights. */
export const TensorFlowNetwork = Type.Object({
  modelJson: Type.String(),
  weights: Type.String({ description: 'Base64.' }),
});
export type TensorFlowNetwork = Static<typeof TensorFlowNetwork>;

/** Where learning of one scope stands. */
export const LearningState = Type.Object({
  scope: Type.String({ description: 'Entity kind.' }),
  state: Type.Enum(['waiting', 'training', 'trained', 'missing', 'failed']),
  why: Type.String({ description: 'What it was trained for: first, schedule, drift, demand, horizons.' }),
  missing: Type.Union([Phrase, Type.Null()], { description: 'What is missing for a model.' }),
  progress: Type.Number({ minimum: 0, maximum: 1 }),
  step: Type.String({ description: 'What is being done: read, features, search, models, final, judge, done.' }),
  budgetMs: Type.Optional(Type.Integer({ description: 'About how long it may take.' })),
  tried: Type.Optional(Type.Integer({ description: 'Trainings made so far in search of better settings.' })),
  startedAt: Type.Integer(),
  endedAt: Type.Union([Type.Integer(), Type.Null()]),
});
export type LearningState = Static<typeof LearningState>;

/** The door to models that predict failures. Refuses with a VigiaError: `NOT_FOUND`, `MODEL_STATE`, `BODY_INVALID`. */
export interface FailureModelPort {
  learning(): Promise<readonly LearningState[]>;
  /** Trains as soon as possible; does not wait for it. */
  train(scope: string): Promise<void>;
  promote(id: string, by: string): Promise<void>;
  /** Puts the model before the champion back in force, or none. */
  rollback(scope: string, by: string): Promise<void>;
  /** Everything that a page about it shows. */
  report(id: string): Promise<ModelReport>;
  /** What the model in force said of an entity, Unix ms; at most 1000 times, the newest. */
  cone(entity: EntityId, range: { readonly from: number; readonly to: number }): Promise<RiskCone>;
  exportModel(id: string): Promise<Uint8Array>;
  /** Its networks in the Layers format of TensorFlow.js; `MODEL_STATE` when it has none. */
  exportTensorFlow(id: string): Promise<readonly TensorFlowNetwork[]>;
  /** Enters it as a challenger; resolves with its id. */
  importModel(bytes: Uint8Array, by: string): Promise<string>;
  /** Enters the model with other networks as a challenger; resolves with its id. */
  importTensorFlow(id: string, networks: readonly TensorFlowNetwork[], by: string): Promise<string>;
}
