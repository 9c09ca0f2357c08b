import { FAULTS } from '../fault-catalogue.ts';
import type { Second } from '../messages.ts';
import type { ActionRecord } from '../supervisor/admin-api.ts';
import { ACTION_TARGET, type FaultPlan, LAB_ACTIONS, type LabAction, replicaName } from '../world.ts';

/** What somebody said beforehand about an entity, as seconds since the fault began. */
export interface Sign {
  readonly atS: number;
  readonly entity: string;
  readonly kind: 'prediction' | 'anomaly' | 'incident';
  readonly detail: string;
}

/** What an action on a fault was, by the catalogue of faults. */
export type Fitness = 'helps' | 'useless' | 'harms';

export interface DoneAction {
  readonly atS: number;
  readonly action: string;
  readonly entity: string;
  readonly by: string;
  readonly ok: boolean;
  readonly fitness: Fitness;
}

/** One fault as it went. */
export interface FaultRecord {
  readonly index: number;
  readonly plan: FaultPlan;
  readonly requests: number;
  readonly failed: number;
  readonly slow: number;
  /** Seconds from the beginning of the fault until users noticed; null when they never did. */
  readonly visibleS: number | null;
  readonly actions: readonly DoneAction[];
  readonly signs: readonly Sign[];
}

/** Users notice when more than this share of some seconds is lost. */
const VISIBLE_SHARE = 0.05;
const VISIBLE_OVER_S = 5;
/** One lost request out of few is chance. */
const VISIBLE_LEAST = 2;

/** When users noticed, as seconds since the first of `seconds`; a request that is slow is lost. */
export function visibleFrom(seconds: readonly Second[]): number | null {
  const ordered = seconds.toSorted((a, b) => a.second - b.second);
  const first = ordered[0]?.second ?? 0;
  for (let end = 0; end < ordered.length; end++) {
    const window = ordered.slice(Math.max(0, end - VISIBLE_OVER_S + 1), end + 1);
    const requests = window.reduce((sum, one) => sum + one.requests, 0);
    const lost = window.reduce((sum, one) => sum + one.failed + one.slow, 0);
    if (lost >= VISIBLE_LEAST && lost > VISIBLE_SHARE * requests) return ordered[end]!.second - first;
  }
  return null;
}

/** Where an action would be right: the service, one of its replicas, or anywhere. */
function inPlace(
  plan: FaultPlan,
  action: LabAction,
  entity: string,
): { readonly near: boolean; readonly exact: boolean } {
  // Load is shed at the door, whoever suffers.
  if (action === 'shed-load') return { near: true, exact: true };
  const near = entity === `service/${plan.service}` || entity.startsWith(`replica/${plan.service}-`);
  const target = plan.replica === null ? null : `replica/${replicaName(plan.service, plan.replica)}`;
  return { near, exact: ACTION_TARGET[action] === 'service' ? near : entity === target };
}

/** By the catalogue: the right thing on the wrong replica is of no use, what harms does so wherever it is done in the service. */
export function fitnessOf(plan: FaultPlan, action: string, entity: string): Fitness {
  const { helps, harms } = FAULTS[plan.kind];
  const known = LAB_ACTIONS.find((one) => one === action);
  if (known === undefined) return 'useless';
  const { near, exact } = inPlace(plan, known, entity);
  if (harms.includes(known) && near) return 'harms';
  return helps.includes(known) && exact ? 'helps' : 'useless';
}

export const doneAction = (plan: FaultPlan, beganAt: number, record: ActionRecord): DoneAction => ({
  atS: (record.at - beganAt) / 1000,
  action: record.action,
  entity: record.entity,
  by: record.by,
  ok: record.ok,
  fitness: fitnessOf(plan, record.action, record.entity),
});

/** Share of requests that failed or were slow. */
export function unavailability(records: readonly Pick<FaultRecord, 'requests' | 'failed' | 'slow'>[]): number {
  const requests = records.reduce((sum, record) => sum + record.requests, 0);
  const lost = records.reduce((sum, record) => sum + record.failed + record.slow, 0);
  return requests === 0 ? 0 : lost / requests;
}
