import type { FleetHistory } from '../../model/predictor.ts';
import type { TrainingRows } from './training-rows.ts';

export interface KnownFailures {
  readonly fleet: FleetHistory;
  readonly rows: TrainingRows;
}

/** Names the failure that a row leads to. */
export const failureOf = ({ entity, failure }: TrainingRows, i: number): string => `${entity[i]} ${failure[i]}`;

/** Kind of the failure that a row leads to, as far as it is known; undefined without one. */
export const kindOf = ({ fleet, rows }: KnownFailures, i: number): string | undefined =>
  rows.failed[i] === 1 ? fleet.entities[rows.entity[i]!]!.failures[rows.failure[i]!]?.kind : undefined;

/** Kinds of the failures that some rows lead to, most frequent first, each failure counted once. */
export function countKinds(known: KnownFailures, picked: Iterable<number>): { kind: string; count: number }[] {
  const failures = new Map<string, Set<string>>();
  for (const i of picked) {
    const kind = kindOf(known, i);
    if (kind === undefined) continue;
    failures.set(kind, (failures.get(kind) ?? new Set<string>()).add(failureOf(known.rows, i)));
  }
  return [...failures]
    .map(([kind, all]) => ({ kind, count: all.size }))
    .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1));
}
