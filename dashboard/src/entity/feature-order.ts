import type { FeatureView } from '../../../src/api/contract/views.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';

/** What an operator looks at first when nothing is wrong, in this order: beginnings of metric names. */
const WELL_KNOWN = [
  'cpu',
  'load',
  'memory',
  'swap',
  'filesystem',
  'disk',
  'network',
  'pressure',
  'http',
  'request',
  'latency',
  'error',
  'up',
];

/** From this score on a feature is worth a look by itself. */
const NOTABLE = 0.9;

function knownRank({ metric, hasLimit }: FeatureView): number {
  const name = metric.replace(/^(host|node|container)_/, '');
  const found = WELL_KNOWN.findIndex((beginning) => name.startsWith(beginning));
  const rank = found < 0 ? WELL_KNOWN.length : found;
  return hasLimit ? rank - 0.5 : rank;
}

/** Series of one metric that stand among the first; the others of its kind (each CPU mode, each disk) come later. */
const OF_ONE_METRIC = 2;

/** Features that may stand among the first: of each metric the largest, and none without a value. */
function leading(features: readonly FeatureView[]): ReadonlySet<string> {
  const taken = new Map<string, number>();
  const names = features
    .filter(({ value }) => value !== null)
    .toSorted((a, b) => Math.abs(b.value ?? 0) - Math.abs(a.value ?? 0) || a.name.localeCompare(b.name))
    .filter(({ metric }) => {
      const before = taken.get(metric) ?? 0;
      taken.set(metric, before + 1);
      return before < OF_ONE_METRIC;
    });
  return new Set(names.map(({ name }) => name));
}

/** What drives open anomalies first, by share; then what scores high; then the well-known ones, in an order that hardly changes. */
export function orderFeatures(features: readonly FeatureView[], open: readonly Anomaly[]): readonly FeatureView[] {
  const shares = new Map<string, number>();
  for (const { feature, share } of open.flatMap(({ contributions }) => contributions)) {
    shares.set(feature, Math.max(shares.get(feature) ?? 0, share));
  }
  const leads = leading(features);
  const notable = ({ score }: FeatureView): number => (score >= NOTABLE ? score : 0);
  const late = ({ name, value }: FeatureView): number => (leads.has(name) ? 0 : value === null ? 2 : 1);
  return features.toSorted(
    (a, b) =>
      (shares.get(b.name) ?? 0) - (shares.get(a.name) ?? 0) ||
      notable(b) - notable(a) ||
      late(a) - late(b) ||
      knownRank(a) - knownRank(b) ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}
