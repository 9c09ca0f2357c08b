import { matchesPattern } from '../model/action-definition.ts';
import type { Feature, FeatureLimit } from '../model/frame.ts';
import { canonicalKey, type Labels } from '../model/labels.ts';

/** A limit that the owner gives; wins over the natural ones. Without `value` and `feature` there is none. */
export interface LimitRule {
  /** Metric name, with `*` for anything. */
  readonly metric: string;
  /** Label values that a feature must have, with `*` for anything. */
  readonly labels?: Labels | undefined;
  readonly value?: number | undefined;
  /** Metric of the same entity, with the same labels or without any, that is the bound. */
  readonly feature?: string | undefined;
  readonly side: 'above' | 'below';
}

/** What is used, by the end of its metric name, and the end of the metric that says how much there is. */
interface UsedOf {
  readonly used: string;
  readonly total: readonly string[];
}

/**
 * Natural limits by the endings that exporters agree on: node_exporter, cAdvisor, kubelet, JVM and process collectors,
 * OpenTelemetry's host metrics in Prometheus spelling, and our own host metrics.
 */
const USED_OF: readonly UsedOf[] = [
  { used: '_used_bytes', total: ['_size_bytes', '_total_bytes', '_capacity_bytes', '_limit_bytes', '_max_bytes'] },
  { used: '_inodes_used', total: ['_inodes_total', '_inodes'] },
  { used: '_files_used', total: ['_files_total', '_files'] },
  { used: '_allocated', total: ['_maximum', '_max'] },
  { used: '_open_fds', total: ['_max_fds'] },
  { used: '_entries', total: ['_entries_limit', '_entries_max'] },
  { used: '_connections_active', total: ['_connections_max', '_connections_limit'] },
  { used: '_memory_working_set_bytes', total: ['_spec_memory_limit_bytes'] },
  { used: '_used', total: ['_limit', '_maximum', '_max', '_total', '_capacity', '_size'] },
];

/** What is left, where nothing says how much is used: it may not fall to 0. `of` names the same resource as used. */
const LEFT: readonly { readonly left: string; readonly used: readonly string[] }[] = [
  { left: '_avail_bytes', used: ['_used_bytes'] },
  { left: '_available_bytes', used: ['_used_bytes'] },
  { left: '_files_free', used: ['_files_used', '_inodes_used'] },
  { left: '_inodes_free', used: ['_inodes_used', '_files_used'] },
  { left: '_memory_MemAvailable_bytes', used: ['_memory_used_bytes'] },
  { left: '_memory_SwapFree_bytes', used: ['_swap_used_bytes', '_memory_swap_used_bytes'] },
];

const swapEnding = (metric: string, from: string, to: string): string => metric.slice(0, -from.length) + to;

/** Finds features of one frame by metric and labels. */
type Has = (name: string) => boolean;

function usedLimit({ metric, labels }: Feature, has: Has): FeatureLimit | null {
  for (const { used, total } of USED_OF) {
    if (!metric.endsWith(used)) continue;
    for (const ending of total) {
      const feature = canonicalKey(swapEnding(metric, used, ending), labels);
      if (has(feature)) return { side: 'above', value: { feature } };
    }
  }
  return null;
}

function leftLimit({ metric, labels }: Feature, has: Has): FeatureLimit | null {
  for (const { left, used } of LEFT) {
    if (!metric.endsWith(left)) continue;
    // One resource gets one forecast: where used and total are there, they tell more.
    const told = used.some((ending) => has(canonicalKey(swapEnding(metric, left, ending), labels)));
    return told ? null : { side: 'below', value: 0 };
  }
  return null;
}

const matches = (rule: LimitRule, { metric, labels }: Feature): boolean =>
  matchesPattern(rule.metric, metric) &&
  Object.entries(rule.labels ?? {}).every(([label, pattern]) => matchesPattern(pattern, labels[label] ?? ''));

function ruledLimit({ side, value, feature }: LimitRule, { labels }: Feature, has: Has): FeatureLimit | null {
  if (value !== undefined) return { side, value };
  if (feature === undefined) return null;
  const bound = [canonicalKey(feature, labels), feature].find(has);
  return bound === undefined ? null : { side, value: { feature: bound } };
}

/** The same features with the limits that hold among them; a later rule wins over an earlier one. */
export function withLimits(features: readonly Feature[], rules: readonly LimitRule[]): readonly Feature[] {
  const names = new Set(features.map((feature) => feature.name));
  const has: Has = (name) => names.has(name);
  return features.map((feature) => {
    const rule = rules.findLast((candidate) => matches(candidate, feature));
    const natural = (): FeatureLimit | null =>
      feature.kind === 'level' ? (usedLimit(feature, has) ?? leftLimit(feature, has)) : null;
    const limit = rule === undefined ? natural() : ruledLimit(rule, feature, has);
    return sameLimit(feature.limit, limit) ? feature : { ...feature, limit };
  });
}

function sameLimit(a: FeatureLimit | null, b: FeatureLimit | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.side !== b.side) return false;
  if (typeof a.value === 'number' || typeof b.value === 'number') return a.value === b.value;
  return a.value.feature === b.value.feature;
}
