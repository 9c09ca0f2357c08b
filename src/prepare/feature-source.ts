import { parseEntityId } from '../model/entity.ts';
import type { Feature } from '../model/frame.ts';
import { canonicalKey, type Labels } from '../model/labels.ts';
import type { Series } from '../model/series.ts';

/** How samples of a series become a feature: as they are, as a rate, or as one bucket of a histogram. */
export type FeatureSource =
  | { readonly role: 'ignore' }
  | { readonly role: 'level' | 'rate'; readonly feature: Feature }
  | { readonly role: 'bucket'; readonly upper: number; readonly group: string; readonly quantiles: readonly Feature[] };

const IGNORE: FeatureSource = { role: 'ignore' };

/** Quantiles that a histogram becomes. */
export const QUANTILES = [0.5, 0.99] as const;

/** Moments and ages: they grow with the clock, which says nothing about health. */
const CLOCK_LIKE = /(_created|_timestamp(_seconds|_ms)?|(^|_)(start|boot|build|node)_time_seconds|uptime(_seconds)?)$/;

/** Endings of counters in exporters that declare no type. */
const COUNTER_LIKE = /(_total|_count|_sum|_bucket)$/;

/**
 * Labels without those that only name the entity: value equal to the entity's id or name, to a part of
 * the name, or to `name:port`.
 * All entities of a kind so have the same feature names.
 */
function withoutEntity(labels: Labels, entity: string): Record<string, string> {
  const { name } = parseEntityId(entity);
  const parts = name.split('/');
  const kept: Record<string, string> = {};
  for (const [label, value] of Object.entries(labels)) {
    const names =
      value === name ||
      value === entity ||
      parts.includes(value) ||
      (label === 'instance' && value.startsWith(`${name}:`));
    if (!names) kept[label] = value;
  }
  return kept;
}

function rateUnit(unit: string): string {
  // A second of CPU per second is a share of a core; anything else keeps its unit, per second.
  if (unit === 'seconds') return 'ratio';
  return unit === '' ? 'per_second' : `${unit}_per_second`;
}

const isCounter = ({ type, name }: Series): boolean =>
  type === 'counter' || type === 'histogram' || (type !== 'gauge' && COUNTER_LIKE.test(name));

/** What a series contributes to the frames of its entity. */
export function featureSource(series: Series): FeatureSource {
  const { name, type, unit, entity } = series;
  if (type === 'info' || CLOCK_LIKE.test(name)) return IGNORE;
  const labels = withoutEntity(series.labels, entity);
  const upper = series.labels['le'];
  if (upper !== undefined && name.endsWith('_bucket')) return bucketSource(series, labels, upper);
  const feature = canonicalKey(name, labels);
  if (type === 'summary' && series.labels['quantile'] !== undefined)
    return { role: 'level', feature: { name: feature, metric: name, labels, kind: 'quantile', unit, limit: null } };
  if (isCounter(series))
    return {
      role: 'rate',
      feature: { name: feature, metric: name, labels, kind: 'rate', unit: rateUnit(countUnit(series)), limit: null },
    };
  return { role: 'level', feature: { name: feature, metric: name, labels, kind: 'level', unit, limit: null } };
}

/** `x_count` of a histogram in seconds counts events, not seconds. */
const countUnit = ({ name, unit }: Series): string => (name.endsWith('_count') ? '' : unit);

function bucketSource({ name, unit }: Series, allLabels: Labels, upperText: string): FeatureSource {
  const { le: _, ...labels } = allLabels;
  const metric = name.slice(0, -'_bucket'.length);
  const upper = /^\+?inf$/i.test(upperText) ? Number.POSITIVE_INFINITY : Number(upperText);
  if (Number.isNaN(upper)) return IGNORE;
  const quantiles = QUANTILES.map((q): Feature => {
    const withQuantile = { ...labels, quantile: String(q) };
    return {
      name: canonicalKey(metric, withQuantile),
      metric,
      labels: withQuantile,
      kind: 'quantile',
      unit,
      limit: null,
    };
  });
  return { role: 'bucket', upper, group: canonicalKey(metric, labels), quantiles };
}
