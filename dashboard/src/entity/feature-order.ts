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

/** What drives open anomalies first, by share; then what scores high; then the well-known ones, in an order that does not change. */
export function orderFeatures(features: readonly FeatureView[], open: readonly Anomaly[]): readonly FeatureView[] {
  const shares = new Map<string, number>();
  for (const { feature, share } of open.flatMap(({ contributions }) => contributions)) {
    shares.set(feature, Math.max(shares.get(feature) ?? 0, share));
  }
  const notable = ({ score }: FeatureView): number => (score >= NOTABLE ? score : 0);
  return features.toSorted(
    (a, b) =>
      (shares.get(b.name) ?? 0) - (shares.get(a.name) ?? 0) ||
      notable(b) - notable(a) ||
      knownRank(a) - knownRank(b) ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
}
