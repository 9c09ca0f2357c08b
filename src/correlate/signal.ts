import type { Anomaly, Severity } from '../model/anomaly.ts';
import type { EntityId } from '../model/entity.ts';
import type { Phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';

/** What correlate needs of an anomaly or a prediction: the two are grouped by the same rules. */
export interface Signal {
  readonly id: string;
  readonly type: 'anomaly' | 'prediction';
  /** The kind of anomaly, `capacity` or `failure`. */
  readonly kind: string;
  readonly entity: EntityId;
  readonly fleet: string;
  readonly start: number;
  /** When it was over; null while it is not. */
  readonly end: number | null;
  /** What was predicted has come true. */
  readonly happened: boolean;
  readonly severity: Severity;
  readonly severityReason: Phrase;
  /** 0 to 1: peak score of an anomaly, highest probability of a prediction. */
  readonly strength: number;
  /** Strongest first, at most `MAX_FEATURES`. */
  readonly features: readonly string[];
  readonly updatedAt: number;
}

/** More than five features of one anomaly explain nothing to a person. */
const MAX_FEATURES = 5;
/** A feature below a tenth of the evidence does not drive an anomaly. */
const MIN_SHARE = 0.1;

const RANKS: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };
export const rankOf = (severity: Severity): number => RANKS[severity];
export const worst = (a: Severity, b: Severity): Severity => (rankOf(b) > rankOf(a) ? b : a);

export function anomalySignal(anomaly: Anomaly): Signal {
  const driving = [...anomaly.contributions].sort((a, b) => b.share - a.share);
  const strong = driving.filter(({ share }, place) => place === 0 || share >= MIN_SHARE);
  return {
    id: anomaly.id,
    type: 'anomaly',
    kind: anomaly.kind,
    entity: anomaly.entity,
    fleet: anomaly.fleet,
    start: anomaly.start,
    end: anomaly.end,
    happened: false,
    severity: anomaly.severity,
    severityReason: anomaly.severityReason,
    strength: anomaly.score,
    features: strong.slice(0, MAX_FEATURES).map(({ feature }) => feature),
    updatedAt: anomaly.updatedAt,
  };
}

/**
 * A failure that has happened goes on after its prediction is closed (a full disk stays full), so its sign is held
 * for `happenedHoldMs` longer.
 */
export function predictionSignal(prediction: Prediction, happenedHoldMs: number): Signal {
  const driving = [...prediction.drivers].sort((a, b) => b.share - a.share).map(({ feature }) => feature);
  const own = prediction.feature === null ? [] : [prediction.feature];
  const hold = prediction.state === 'happened' ? happenedHoldMs : 0;
  return {
    id: prediction.id,
    type: 'prediction',
    kind: prediction.kind,
    entity: prediction.entity,
    fleet: prediction.fleet,
    start: prediction.openedAt,
    end: prediction.state === 'open' ? null : (prediction.closedAt ?? prediction.madeAt) + hold,
    happened: prediction.state === 'happened',
    severity: prediction.severity,
    severityReason: prediction.reason,
    strength: prediction.horizons.reduce((most, { probability }) => Math.max(most, probability), 0),
    features: [...new Set([...own, ...driving])].slice(0, MAX_FEATURES),
    updatedAt: prediction.madeAt,
  };
}

/** Prefixes that say who exported a metric, not what it is of. */
const EXPORTER = /^(?:node|container|kube|process)_/;

/**
 * What a feature is a measure of: `filesystem` with its labels for used and free bytes of one mount alike. Two signs
 * of one entity and one resource are one story.
 */
export function resourceOf(feature: string): string {
  const brace = feature.indexOf('{');
  const metric = brace < 0 ? feature : feature.slice(0, brace);
  const family = metric.replace(EXPORTER, '').split('_')[0] ?? metric;
  return brace < 0 ? family : family + feature.slice(brace);
}

/** What a sign may share with neighbours at the same time; null for predictions, which are each entity's own. */
export function driverOf(signal: Signal): string | null {
  if (signal.type === 'prediction') return null;
  const strongest = signal.features[0];
  // A whole entity is silent; with features, only those no longer come.
  if (signal.kind === 'missing' && strongest === undefined) return 'missing';
  return strongest === undefined ? signal.kind : `${signal.kind} ${strongest.split('{')[0] ?? ''}`;
}
