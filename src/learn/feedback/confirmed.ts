import type { EntityId } from '../../model/entity.ts';
import type { Failure } from '../../model/failure.ts';
import type { Incident } from '../../model/incident.ts';
import type { Store } from '../../store/store.ts';

const PAGE = 500;
/** Verdicts and failures that are looked at, the newest. */
const MOST = 5000;
/** A failure this long before or after an incident is what it was about. */
const NEAR_MS = 3_600_000;

/** What is known to have been right. */
export interface Confirmed {
  /** Whether somebody said so of the incident or of one of its anomalies, or a failure of one of its entities is near. */
  incident(incident: Incident, now: number): boolean;
}

/** Reads what people confirmed and what failed since then. */
export async function readConfirmed(store: Pick<Store, 'feedback' | 'failures'>, since: number): Promise<Confirmed> {
  const right = new Set<string>();
  let cursor: string | null = null;
  let read = 0;
  do {
    const page = await store.feedback.list({ limit: PAGE, cursor, verdict: 'real', standing: true });
    for (const { targetId, anomalies } of page.items) for (const id of [targetId, ...(anomalies ?? [])]) right.add(id);
    read += page.items.length;
    cursor = page.next;
  } while (cursor !== null && read < MOST);
  const failures = new Map<EntityId, Failure[]>();
  cursor = null;
  read = 0;
  do {
    const page = await store.failures.list({ limit: PAGE, cursor });
    const recent = page.items.filter(({ start }) => start >= since - NEAR_MS);
    for (const failure of recent) failures.set(failure.entity, [...(failures.get(failure.entity) ?? []), failure]);
    read += page.items.length;
    cursor = recent.length < page.items.length ? null : page.next;
  } while (cursor !== null && read < MOST);
  return {
    incident: (incident, now) => {
      if (right.has(incident.id) || incident.anomalies.some((id) => right.has(id))) return true;
      const until = (incident.resolvedAt ?? now) + NEAR_MS;
      return incident.entities.some((entity) =>
        (failures.get(entity) ?? []).some(
          ({ start, end }) => start <= until && (end ?? Number.POSITIVE_INFINITY) >= incident.openedAt - NEAR_MS,
        ),
      );
    },
  };
}
