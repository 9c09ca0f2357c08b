import { type Static, Type } from 'typebox';
import { EntityId } from './entity.ts';

const Time = Type.Integer({ description: 'Unix time in milliseconds.' });

/** What was done to the unit of a metric. */
export const UnitChange = Type.Object({
  metric: Type.String({ description: 'As it was sent.' }),
  from: Type.String({ description: 'Its unit then.' }),
  to: Type.String(),
  scale: Type.Number({ description: 'Values were multiplied by this.' }),
});
export type UnitChange = Static<typeof UnitChange>;

/** How good the data of one entity is, as the process that prepares it counts since `since`. */
export const EntityQuality = Type.Object({
  entity: EntityId,
  updatedAt: Time,
  since: Type.Integer({ description: 'From when on the counts are.' }),
  lastSample: Type.Integer({ description: 'Newest time of a sample that was believed.' }),
  sources: Type.Array(Type.String(), { description: 'At most 8.' }),
  samples: Type.Integer(),
  drops: Type.Record(Type.String(), Type.Integer(), {
    description:
      '`late`, `repeated`, `future`: samples; `no_room`: series beyond the feature budget; `step/reason`: samples.',
  }),
  series: Type.Integer(),
  newSeries: Type.Integer({ description: 'Of them, first seen in the last one to two hours.' }),
  worst: Type.Array(Type.Object({ metric: Type.String(), series: Type.Integer() }), {
    description: 'Metrics with the most series beyond the budget.',
  }),
  features: Type.Integer(),
  gaps: Type.Integer({ description: 'Stretches without any frame.' }),
  gapMs: Type.Integer({ description: 'Their length together.' }),
  skewMs: Type.Union([Type.Integer(), Type.Null()], {
    description: 'How far its newest time stamps lay behind our clock at best; negative: ahead. Null: not known yet.',
  }),
  units: Type.Array(UnitChange, { description: 'At most 50.' }),
});
export type EntityQuality = Static<typeof EntityQuality>;

/** Why a feature is not given to models that look at many features together. */
export const REFUSALS = ['constant', 'missing', 'duplicate', 'collinear', 'noise', 'budget'] as const;

export const FeatureVerdict = Type.Object({
  feature: Type.String(),
  chosen: Type.Boolean(),
  why: Type.Union([Type.Enum([...REFUSALS]), Type.Null()]),
  of: Type.Union([Type.String(), Type.Null()], { description: 'The feature that says the same.' }),
  value: Type.Union([Type.Number(), Type.Null()], {
    description: 'What was measured: a share of missing values, a correlation, how much of it is not noise.',
  }),
  since: Type.Integer({ description: 'Since when this is so, Unix ms.' }),
});
export type FeatureVerdict = Static<typeof FeatureVerdict>;

/** The usual values of a feature among all entities of a kind. */
export const FeatureProfile = Type.Object({
  feature: Type.String(),
  median: Type.Number(),
  low: Type.Number({ description: '5 % of values lie below.' }),
  high: Type.Number({ description: '5 % of values lie above.' }),
  missing: Type.Number({ description: 'Share of rows without it.' }),
});
export type FeatureProfile = Static<typeof FeatureProfile>;

/** Which features of an entity kind models are given, and what is usual in them. */
export const FeatureChoice = Type.Object({
  scope: Type.String({ description: 'Entity kind.' }),
  version: Type.String({ description: 'Another one whenever another set is chosen.' }),
  madeAt: Time,
  budget: Type.Integer(),
  enforced: Type.Boolean({ description: 'Whether models are trained on the chosen features alone.' }),
  entities: Type.Integer({ description: 'Whose rows were looked at.' }),
  rows: Type.Integer(),
  verdicts: Type.Array(FeatureVerdict),
  profile: Type.Array(FeatureProfile),
});
export type FeatureChoice = Static<typeof FeatureChoice>;

/** What one model was trained on. */
export const Lineage = Type.Object({
  model: Type.String(),
  time: Time,
  scope: Type.String(),
  preparation: Type.String({ description: 'Hash of the steps below.' }),
  steps: Type.Array(Type.Object({ name: Type.String(), version: Type.String() })),
  choice: Type.Union([Type.String(), Type.Null()], {
    description: 'Version of the choice of features; null: all of them.',
  }),
  reads: Type.Array(
    Type.Object({
      entity: EntityId,
      tier: Type.String(),
      from: Time,
      to: Time,
      rows: Type.Integer(),
    }),
    { description: 'By entity and tier, at most 200; what goes beyond is in `rows` and `digest` all the same.' },
  ),
  entities: Type.Integer(),
  rows: Type.Integer(),
  digest: Type.String({ description: 'SHA-256 of every value in the order of reading.' }),
});
export type Lineage = Static<typeof Lineage>;
