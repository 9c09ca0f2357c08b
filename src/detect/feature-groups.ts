import type { Feature, FrameLayout } from '../model/frame.ts';

/** Features that measure one resource: they are abnormal together, so together they make one anomaly. */
export interface FeatureGroups {
  readonly names: readonly string[];
  /** Place in `names` of each feature. */
  readonly of: Uint8Array;
  /** Features in each group. */
  readonly sizes: readonly number[];
}

/** Who exported a metric says nothing of what it measures. */
const EXPORTER = /^(?:node|host|container|kube|windows)_/;
/** Beyond so many, features share one group. */
const MAX_GROUPS = 24;
const REST = 'other';

/** `node_filesystem_avail_bytes` and `filesystem_files` both measure `filesystem`. */
const groupOf = ({ metric }: Feature): string => metric.replace(EXPORTER, '').split(/[_:.]/, 1)[0] || metric;

const known = new WeakMap<FrameLayout, FeatureGroups>();

function group(layout: FrameLayout): FeatureGroups {
  const names: string[] = [];
  const sizes: number[] = [];
  const of = Uint8Array.from(layout.features, (feature) => {
    const name = groupOf(feature);
    const wanted = names.includes(name) || names.length < MAX_GROUPS - 1 ? name : REST;
    const at = names.indexOf(wanted);
    const place = at < 0 ? names.push(wanted) - 1 : at;
    sizes[place] = (sizes[place] ?? 0) + 1;
    return place;
  });
  return { names, of, sizes };
}

/** The groups of a layout, in the order of their first features, so that a longer layout keeps their places. */
export function featureGroups(layout: FrameLayout): FeatureGroups {
  let groups = known.get(layout);
  if (groups === undefined) {
    groups = group(layout);
    known.set(layout, groups);
  }
  return groups;
}

/** Score of each group: the 4-norm of its features' scores, so that one strong one counts, and many together more. */
export function groupScores(groups: FeatureGroups, features: Float32Array): Float64Array {
  const scores = new Float64Array(groups.names.length);
  // Products and roots: powers are some ten times slower, and this is done for every frame.
  for (let f = 0; f < features.length; f++) {
    const square = features[f]! * features[f]!;
    scores[groups.of[f]!] = scores[groups.of[f]!]! + square * square;
  }
  for (let g = 0; g < scores.length; g++) scores[g] = Math.sqrt(Math.sqrt(scores[g]!));
  return scores;
}
