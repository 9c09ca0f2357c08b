import { type Static, Type } from 'typebox';
import { HorizonFigures, LearningState } from './failure-model.ts';
import { ModelCheck } from './model-check.ts';
import { Phrase } from './phrase.ts';

const NullableNumber = Type.Union([Type.Number(), Type.Null()]);

/** How a model stands beside another on the very same rows, newer than the training of both. */
export const ModelComparison = Type.Object({
  rival: Type.Union([Type.String(), Type.Null()], { description: 'Id of the other model; null for the base rate.' }),
  gain: Type.Number({ description: 'Log loss saved a row and horizon; above 0 this one is better.' }),
  z: Type.Number({ description: 'Gain over its standard error; 1.645 decides.' }),
  entityDays: Type.Integer(),
  failures: Type.Integer(),
  verdict: Type.Enum(['better', 'worse', 'open']),
  reason: Phrase,
});
export type ModelComparison = Static<typeof ModelComparison>;

/** What a page for a coming failure must satisfy, and what that buys. */
export const LeadTimeContract = Type.Object({
  precision: Type.Number(),
  minLeadSeconds: Type.Number(),
  seconds: Type.Union([Type.Integer(), Type.Null()], { description: 'Horizon that pages; null when nothing does.' }),
  threshold: NullableNumber,
  recall: NullableNumber,
  reason: Phrase,
});
export type LeadTimeContract = Static<typeof LeadTimeContract>;

/** Everything that a page about one model shows beside its record. */
export const ModelReport = Type.Object({
  model: Type.String(),
  horizons: Type.Array(HorizonFigures, {
    description: 'Reliability diagram, precision and recall by lead time, and figures with intervals, by horizon.',
  }),
  contract: LeadTimeContract,
  versus: Type.Union([ModelComparison, Type.Null()], {
    description: 'A challenger beside the champion, a champion beside the base rate; null for what is retired.',
  }),
  drift: Type.Array(ModelCheck, { description: 'What was measured since it serves, oldest first, at most 500.' }),
  weighting: Type.Object({
    share: Type.Number({ description: '`predict.doNothingShare`.' }),
    decided: Type.Integer({ description: 'Predictions left to chance within the window that models learn from.' }),
    left: Type.Integer({ description: 'Those of them that were left alone.' }),
    possible: Type.Boolean(),
    reason: Phrase,
  }),
  cost: Type.Object({
    artefactBytes: Type.Integer(),
    memoryBytes: Type.Integer({ description: 'What is held to ask it: its artefact and the histories that it reads.' }),
    trainingSeconds: NullableNumber,
    millisecondsAnEntity: Type.Union([Type.Number(), Type.Null()], {
      description: 'CPU of the last look at one entity; null while it has not been asked here.',
    }),
    ageMs: Type.Integer(),
  }),
  learning: Type.Union([LearningState, Type.Null()]),
});
export type ModelReport = Static<typeof ModelReport>;

/** What was said of one entity over time. */
export const RiskCone = Type.Object({
  model: Type.Union([Type.String(), Type.Null()], { description: 'Null when no model is in force for its kind.' }),
  horizons: Type.Array(Type.Integer({ description: 'Seconds.' })),
  points: Type.Array(Type.Object({ time: Type.Integer(), probabilities: Type.Array(Type.Number()) }), {
    description: 'Oldest first; probabilities by horizon.',
  }),
});
export type RiskCone = Static<typeof RiskCone>;
