import { type Static, Type } from 'typebox';
import { Severity } from './anomaly.ts';
import { EntityId } from './entity.ts';
import { Phrase } from './phrase.ts';

const NullableTime = Type.Union([Type.Integer(), Type.Null()]);

/** The probability that an entity fails within each horizon. It is the message of the topic `predictions`. */
export const Prediction = Type.Object({
  id: Type.String({ description: 'Made of entity, kind, feature and the time it opened.' }),
  entity: EntityId,
  fleet: Type.String(),
  kind: Type.Enum(['capacity', 'failure']),
  feature: Type.Union([Type.String(), Type.Null()], { description: 'The feature that runs out, for kind capacity.' }),
  unit: Type.String(),
  madeAt: Type.Integer({ description: 'End of the newest frame it rests on, Unix ms.' }),
  openedAt: Type.Integer({ description: 'When this risk was first said, Unix ms.' }),
  closedAt: NullableTime,
  state: Type.Enum(['open', 'cleared', 'happened']),
  severity: Severity,
  horizons: Type.Array(
    Type.Object({ seconds: Type.Integer({ minimum: 1 }), probability: Type.Number({ minimum: 0, maximum: 1 }) }),
    { description: 'Grows with the horizon.' },
  ),
  expectedAt: NullableTime,
  earliest: NullableTime,
  latest: Type.Union([Type.Integer(), Type.Null()], {
    description: 'earliest and latest hold the true time with 80 %; null where it lies beyond the largest horizon.',
  }),
  current: Type.Union([Type.Number(), Type.Null()]),
  limit: Type.Union([Type.Number(), Type.Null()]),
  slope: Type.Union([Type.Number(), Type.Null()], { description: 'Units a second.' }),
  drivers: Type.Array(Type.Object({ feature: Type.String(), share: Type.Number(), reason: Phrase })),
  reason: Phrase,
  model: Type.Object({ kind: Type.String(), version: Type.String() }),
});
export type Prediction = Static<typeof Prediction>;
