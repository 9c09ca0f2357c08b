import { type Static, Type } from 'typebox';
import { Phrase } from './phrase.ts';

/** One figure of a model in service, against what it was like in training. */
export const ModelMeasure = Type.Object({
  of: Type.Enum(['features', 'scores', 'calibration']),
  value: Type.Union([Type.Number(), Type.Null()], {
    description:
      'features: share of them that shifted; scores: population stability index; calibration: expected over observed. Null when there is too little to say.',
  }),
  low: Type.Union([Type.Number(), Type.Null()]),
  high: Type.Union([Type.Number(), Type.Null()], {
    description: 'low and high are its 95 % interval, where it has one.',
  }),
  threshold: Type.Object({
    least: Type.Union([Type.Number(), Type.Null()]),
    most: Type.Number(),
  }),
  drifted: Type.Boolean(),
  reason: Phrase,
});
export type ModelMeasure = Static<typeof ModelMeasure>;

/** What was measured of a model at one time. */
export const ModelCheck = Type.Object({
  model: Type.String(),
  time: Type.Integer(),
  measures: Type.Array(ModelMeasure),
});
export type ModelCheck = Static<typeof ModelCheck>;
