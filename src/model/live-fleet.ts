import type { EntityId } from './entity.ts';
import type { FleetHistory } from './predictor.ts';

/** Which histories are followed. */
export interface FleetScope {
  /** Entity kind. */
  readonly kind: string;
  /** Unix ms at which histories begin. */
  readonly from: number;
  /** A row stands for so long, ms. */
  readonly cadenceMs: number;
  readonly columns: readonly string[];
}

/** Histories of the entities of a kind, in seconds, growing as time goes on. */
export interface LiveFleet {
  readonly scope: FleetScope;
  /** Reads what has come up to then (Unix ms). */
  advance(to: number): Promise<void>;
  /** What is known up to the last `advance`, by entity id. */
  fleet(): FleetHistory;
  fleetOf(entity: EntityId): string;
}

export type OpenFleet = (scope: FleetScope) => LiveFleet;
