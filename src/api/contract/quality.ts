import { type Static, Type } from 'typebox';
import { EntityQuality, FeatureChoice, FeatureProfile } from '../../model/data-quality.ts';

/** The data of one entity, with what is known of its features. */
export const QualityDetail = Type.Object({
  quality: EntityQuality,
  choice: Type.Union([FeatureChoice, Type.Null()], { description: 'Of its kind; null before the first one.' }),
  profile: Type.Array(FeatureProfile, { description: 'Of its own last day.' }),
});
export type QualityDetail = Static<typeof QualityDetail>;

/** What became of letters that were to be sent again. */
export const Replayed = Type.Object({
  sent: Type.Integer(),
  /** They hold less than the message did. */
  unreadable: Type.Integer(),
});
export type Replayed = Static<typeof Replayed>;
