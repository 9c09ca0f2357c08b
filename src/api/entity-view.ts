import type { Severity } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import type { Prediction } from '../model/prediction.ts';
import type { EntityView, FeatureView, Learning } from './contract/views.ts';
import type { CurrentFeatures } from './deps.ts';

/** What is known of an entity, to be put into one view. */
export interface EntityFacts {
  /** Open ones, by severity. */
  readonly anomalies: readonly { readonly severity: Severity; readonly count: number }[];
  readonly predictions: readonly Prediction[];
  /** Open ones that are suspected to have begun here: what people are told of it is what its own signs made together. */
  readonly incidents: readonly { readonly severity: Severity }[];
  /** Start of its newest frame; null when there is none. */
  readonly lastFrame: number | null;
  readonly learning: Learning | null;
}

/** Steps without a frame after which an entity counts as silent, and the least time for that. */
const SILENT_STEPS = 6;
const SILENT_AT_LEAST_MS = 60_000;

/** An entity that another process learns, or that has no frame yet. */
const UNKNOWN: Learning = { ready: false, frames: 0, needed: 0, readyAt: null };

const RANK: Readonly<Record<Severity, number>> = { info: 1, warning: 2, critical: 3 };

const worst = (severities: readonly Severity[]): Severity | null =>
  severities.toSorted((a, b) => RANK[b] - RANK[a])[0] ?? null;

/** Probability at which a failure is more likely than not. */
const LIKELY = 0.5;

/** The risk that matters most: the most severe, then the soonest; at the first horizon where failure is likely. */
export function riskOf(predictions: readonly Prediction[]): EntityView['risk'] {
  const soonest = (prediction: Prediction): number => prediction.expectedAt ?? Number.POSITIVE_INFINITY;
  const [first] = predictions.toSorted((a, b) => {
    const bySeverity = RANK[b.severity] - RANK[a.severity];
    return bySeverity !== 0 ? bySeverity : Math.sign(soonest(a) - soonest(b)) || 0;
  });
  if (first === undefined) return null;
  const horizon = first.horizons.find(({ probability }) => probability >= LIKELY) ?? first.horizons.at(-1);
  if (horizon === undefined) return null;
  return {
    prediction: first.id,
    probability: horizon.probability,
    seconds: horizon.seconds,
    expectedAt: first.expectedAt,
  };
}

function stateOf(entity: Entity, facts: EntityFacts, now: { readonly time: number; readonly stepMs: number }) {
  const open = [...facts.anomalies, ...facts.predictions, ...facts.incidents].map(({ severity }) => severity);
  const severity = worst(open);
  if (severity === 'critical' || severity === 'warning') return severity;
  const patience = Math.max(SILENT_AT_LEAST_MS, SILENT_STEPS * now.stepMs);
  if (now.time - Math.max(facts.lastFrame ?? 0, entity.lastSeen) > patience) return 'silent' as const;
  if (severity === 'info') return severity;
  return facts.learning?.ready === true ? ('calm' as const) : ('learning' as const);
}

/** Whole milliseconds, as everywhere. */
const learningView = (learning: Learning): Learning => ({
  ...learning,
  readyAt: learning.readyAt === null ? null : Math.round(learning.readyAt),
});

/** An entity as lists and pages show it. */
export function entityView(
  entity: Entity,
  facts: EntityFacts,
  now: { readonly time: number; readonly stepMs: number },
): EntityView {
  return {
    ...entity,
    state: stateOf(entity, facts, now),
    learning: learningView(facts.learning ?? UNKNOWN),
    risk: riskOf(facts.predictions),
    openAnomalies: facts.anomalies.reduce((sum, { count }) => sum + count, 0),
    lastFrame: facts.lastFrame,
  };
}

const finite = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value;

/** The features of an entity with what they are now, the most abnormal first, then by name. */
export function featureViews(current: CurrentFeatures): FeatureView[] {
  const views = current.layout.features.map((feature, index): FeatureView => ({
    name: feature.name,
    metric: feature.metric,
    labels: { ...feature.labels },
    unit: feature.unit,
    kind: feature.kind,
    value: finite(current.values[index]),
    expected: finite(current.expected[index]),
    low: finite(current.low[index]),
    high: finite(current.high[index]),
    score: finite(current.scores[index]) ?? 0,
    hasLimit: feature.limit !== null,
  }));
  return views.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1));
}
