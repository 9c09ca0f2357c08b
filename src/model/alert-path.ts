import type { AlertLine } from './alert.ts';
import type { Severity } from './anomaly.ts';
import type { EntityId } from './entity.ts';

/** An anomaly of the past, with what decides whether it would alert. Times are Unix ms. */
export interface PastSign {
  readonly id: string;
  readonly entity: EntityId;
  readonly fleet: string;
  readonly kind: string;
  readonly start: number;
  /** Null while it is open. */
  readonly end: number | null;
  /** When it could first be a warning, and first be critical. */
  readonly warnsAt: number;
  readonly pagesAt: number;
  /** 0 to 1. */
  readonly score: number;
  /** Shares by feature, strongest first. */
  readonly drivers: Readonly<Record<string, number>>;
}

/** An alert that an incident would have asked for. */
export interface WouldAlert {
  readonly time: number;
  readonly line: AlertLine;
  /** Weightiest sign of the incident at that time. */
  readonly lead: string;
  /** Everything that had been grouped into the incident when it was over. */
  readonly signs: readonly string[];
}

/**
 * The way from anomalies to alerts, played on the past: grouping, holding, clearing, with nothing refused. The
 * alerts are in order of time. Others get their turn while it plays.
 */
export type AlertPath = (
  signs: readonly PastSign[],
  severityOf: (sign: PastSign) => Severity,
) => Promise<readonly WouldAlert[]>;
