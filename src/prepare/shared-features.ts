import type { Feature } from '../model/frame.ts';

/** Features told apart before all are forgotten, and kept anew as they come. */
const MOST_FEATURES = 20_000;

const known = new Map<string, Feature>();

/** The one object for a feature that many entities have: all entities of a kind have the same ones. */
export function sharedFeature(feature: Feature): Feature {
  if (feature.limit !== null) return feature;
  const id = `${feature.name}\u0000${feature.kind}\u0000${feature.unit}`;
  const shared = known.get(id);
  if (shared !== undefined) return shared;
  if (known.size >= MOST_FEATURES) known.clear();
  known.set(id, feature);
  return feature;
}
