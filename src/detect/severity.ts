import type { Anomaly, Needs, Severity } from '../model/anomaly.ts';
import { type Phrase, phrase } from '../model/phrase.ts';

/** At most so many within any such stretch of time. */
interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

/** Alerts that the owner wants at most. */
export interface AlertBudget {
  readonly pages: Rate;
  readonly warnings: Rate;
}

/** Tail probability, the mean over an anomaly's frames, below which a severity may be given. */
export interface SeverityThresholds {
  readonly warning: number;
  readonly critical: number;
}

const DAY_MS = 86_400_000;
/** How long something must last before anybody is told, and before somebody is woken. */
const WARNING_MS = 60_000;
const PROVISIONAL_WARNING_MS = 300_000;
const CRITICAL_MS = 300_000;
/** A budget is a ceiling, never a quota: however few entities there are, these are the highest thresholds. */
export const MOST: SeverityThresholds = { warning: 1e-4, critical: 1e-5 };
/** Share of the budget that thresholds aim at; the rest is for what calibration gets wrong. */
const AIM = 0.5;

const aDay = ({ count, windowMs }: Rate): number => (count * DAY_MS) / windowMs;

/**
 * Thresholds at which the expected number of stretches beyond them stays below the budget for all entities together: a
 * day has so many chances for a stretch of the length that a severity asks for.
 */
export function severityThresholds(budget: AlertBudget, entities: number): SeverityThresholds {
  const chances = (lastingMs: number): number => (Math.max(1, entities) * DAY_MS) / lastingMs;
  return {
    warning: Math.min(MOST.warning, (AIM * aDay(budget.warnings)) / chances(WARNING_MS)),
    critical: Math.min(MOST.critical, (AIM * aDay(budget.pages)) / chances(CRITICAL_MS)),
  };
}

/** When an anomaly could first be a warning, and first be critical. */
export function tellableAt({ openedAt, start, provisional }: Pick<Anomaly, 'openedAt' | 'start' | 'provisional'>): {
  readonly warnsAt: number;
  readonly pagesAt: number;
} {
  const lasting = provisional ? PROVISIONAL_WARNING_MS : WARNING_MS;
  return { warnsAt: Math.max(openedAt, start + lasting), pagesAt: Math.max(openedAt, start + CRITICAL_MS) };
}

/** What speaks for or against a severity. */
export interface Evidence {
  /** Smallest tail probability seen. */
  readonly pValue: number;
  readonly durationMs: number;
  /** Features with a notable part in it. */
  readonly features: number;
  /** Groups of features of the entity that are abnormal at the same time, of so many. */
  readonly groups: number;
  readonly allGroups: number;
  /** How much of a limit is used, 0 to 1, by the feature nearest to its limit; 0 without limits. */
  readonly limitUsed: number;
  /** The kind of failure that this limit is the bound of, where the owner defined it as one. */
  readonly failure?: string | null;
  /** Less than a day of history. */
  readonly provisional: boolean;
  /** How long until what is said next is news; default a minute. */
  readonly chanceMs?: number;
}

const NEAR_LIMIT = 0.95;
/** So many features of so many resources; of an entity with few resources most of them. */
const BROAD_FEATURES = 3;
const BROAD_GROUPS = 3;
const BROAD_SHARE = 0.6;
const LEAST_GROUPS = 2;

export interface JudgedSeverity {
  readonly severity: Severity;
  readonly reason: Phrase;
}

function said(severity: Severity, key: string, evidence: Evidence): JudgedSeverity {
  const values = {
    seconds: Math.round(evidence.durationMs / 1000),
    p: evidence.pValue.toExponential(1),
    groups: evidence.groups,
    used: evidence.limitUsed,
    ...(evidence.failure != null && { failure: evidence.failure }),
  };
  return { severity, reason: phrase(key, values) };
}

const isBroad = ({ groups, allGroups, features }: Evidence): boolean =>
  features >= BROAD_FEATURES &&
  (groups >= BROAD_GROUPS || (groups >= LEAST_GROUPS && groups >= BROAD_SHARE * allGroups));

/** The tail probability, as if there had been a chance for it each minute: what thresholds are of. */
const rarity = ({ pValue, chanceMs = WARNING_MS }: Evidence): number => (pValue * WARNING_MS) / chanceMs;

/** Critical only for what is strongly abnormal, lasts, and is broad or close to a limit. */
export function judgeSeverity(evidence: Evidence, thresholds: SeverityThresholds): JudgedSeverity {
  const { durationMs, limitUsed, provisional } = evidence;
  const rare = rarity(evidence);
  const warns = rare <= thresholds.warning && durationMs >= (provisional ? PROVISIONAL_WARNING_MS : WARNING_MS);
  if (!warns) return said('info', provisional ? 'detect.infoProvisional' : 'detect.infoMild', evidence);
  if (limitUsed >= NEAR_LIMIT && durationMs >= CRITICAL_MS)
    return said(
      'critical',
      evidence.failure == null ? 'detect.criticalNearLimit' : 'detect.criticalNearFailure',
      evidence,
    );
  // A day tells what a backup or a build does here; before it nobody is woken for breadth alone.
  const wakes = !provisional && rare <= thresholds.critical && durationMs >= CRITICAL_MS;
  if (wakes && isBroad(evidence)) return said('critical', 'detect.criticalBroad', evidence);
  return said('warning', 'detect.warningLasting', evidence);
}

/** The lowest thresholds at which this evidence makes a warning, and a critical anomaly: what thresholds are solved from. */
export function thresholdsNeeded(evidence: Evidence): Needs {
  const rare = rarity(evidence);
  const all = judgeSeverity(evidence, { warning: rare, critical: rare }).severity;
  // No tail probability is below 0, so only a near limit is left to make it critical.
  const nearLimit = judgeSeverity(evidence, { warning: rare, critical: -1 }).severity === 'critical';
  return { warning: all === 'info' ? null : rare, critical: all === 'critical' ? rare : null, nearLimit };
}

/** The easier of two: what it needed at any time of its life. */
export function easier(a: Needs | null, b: Needs): Needs {
  if (a === null) return b;
  const least = (x: number | null, y: number | null): number | null =>
    x === null ? y : y === null ? x : Math.min(x, y);
  return {
    warning: least(a.warning, b.warning),
    critical: least(a.critical, b.critical),
    nearLimit: a.nearLimit || b.nearLimit,
  };
}
