import type { Run } from '../../model/action.ts';
import type { EntityId } from '../../model/entity.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { PastDecision, PastEvent, PastFailure } from '../../model/predictor.ts';
import type { Page, PageQuery, Store, TimeRange } from '../../store/store.ts';

const PAGE = 1000;
const MOST_PAGES = 50;

/** What happened to entities beside their rows; times in seconds. */
export interface Occurrences {
  readonly failures: ReadonlyMap<EntityId, readonly PastFailure[]>;
  readonly events: ReadonlyMap<EntityId, readonly PastEvent[]>;
  /** Predictions on which it was left to chance whether to act. */
  readonly decisions: ReadonlyMap<EntityId, readonly PastDecision[]>;
  /** When an action was carried out. */
  readonly actions: ReadonlyMap<EntityId, readonly number[]>;
}

export type OccurrenceReads = Pick<
  Store,
  'failures' | 'events' | 'anomalies' | 'runs' | 'restraints' | 'incidents' | 'predictions'
>;

const MOST_DECISIONS = 50_000;
/** Predictions of one incident that are looked up. */
const MOST_PREDICTIONS = 50;

/** Pages of a list, newest first, until `enough` says so; bounded. */
async function gather<T>(list: (query: PageQuery) => Promise<Page<T>>, enough: (last: T) => boolean): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next }: Page<T> = await list({ limit: PAGE, cursor });
    all.push(...items);
    if (next === null || items.length === 0 || enough(items.at(-1)!)) break;
    cursor = next;
  }
  return all;
}

function byEntity<T, V>(items: readonly T[], read: (item: T) => readonly [EntityId, V], order: (a: V, b: V) => number) {
  const grouped = new Map<EntityId, V[]>();
  for (const item of items) {
    const [entity, value] = read(item);
    const own = grouped.get(entity);
    if (own === undefined) grouped.set(entity, [value]);
    else own.push(value);
  }
  for (const own of grouped.values()) own.sort(order);
  return grouped;
}

interface Acted {
  readonly entity: EntityId;
  readonly startedAt: number;
}

/** Where runs have changed what would have come: at their targets, and where the incident that they were for had predicted something by then. */
async function changedBy(store: OccurrenceReads, runs: readonly Run[]): Promise<readonly Acted[]> {
  const changed: Acted[] = [];
  const predicted = new Map<string, readonly Prediction[]>();
  for (const { entity, incident: id, startedAt } of runs) {
    if (startedAt === null) continue;
    changed.push({ entity, startedAt });
    if (id === null) continue;
    const known = predicted.get(id) ?? (await predictionsOf(store, id));
    predicted.set(id, known);
    const others = known.filter((one) => one.entity !== entity && one.openedAt <= startedAt);
    for (const other of new Set(others.map((one) => one.entity))) changed.push({ entity: other, startedAt });
  }
  return changed;
}

async function predictionsOf(store: OccurrenceReads, incident: string): Promise<readonly Prediction[]> {
  const ids = (await store.incidents.get(incident))?.predictions.slice(0, MOST_PREDICTIONS) ?? [];
  const found = await Promise.all(ids.map((id) => store.predictions.get(id)));
  return found.filter((one) => one !== null);
}

const earlier = (a: { readonly time: number }, b: { readonly time: number }): number => a.time - b.time;

/**
 * Failures, events, anomalies (as events with their score), and actions in a range. An action changes what would have
 * come, whatever it was meant for, so that the course of its entity is censored there, and that of entities whose failure the
 * incident had predicted: the cure is often carried out elsewhere.
 */
export async function readOccurrences(store: OccurrenceReads, range: TimeRange): Promise<Occurrences> {
  const never = (): boolean => false;
  const failures = await gather((query) => store.failures.list({ ...query, range }), never);
  const events = await gather((query) => store.events.list({ ...query, range }), never);
  const anomalies = await gather((query) => store.anomalies.list({ ...query, range, atLeast: 'warning' }), never);
  const runs = await gather(
    (query) => store.runs.list(query),
    ({ requestedAt }) => requestedAt < range.from,
  );
  const decided = await store.restraints.read(range, MOST_DECISIONS);
  const real = runs.filter(({ dryRun, startedAt }) => !dryRun && startedAt !== null && startedAt < range.to);
  const happened = [
    ...events.map(({ entity, time, name }) => ({ entity, time: time / 1000, name, value: Number.NaN })),
    // Known from when it was said, not from when it began.
    ...anomalies
      .filter(({ openedAt }) => openedAt < range.to)
      .map(({ entity, openedAt, kind, score }) => ({
        entity,
        time: openedAt / 1000,
        name: `anomaly_${kind}`,
        value: score,
      })),
  ];
  return {
    failures: byEntity(failures, ({ entity, start, kind }) => [entity, { time: start / 1000, kind }], earlier),
    events: byEntity(happened, ({ entity, time, name, value }) => [entity, { time, name, value }], earlier),
    decisions: byEntity(
      decided,
      ({ entity, time, notActing, acted }) => [entity, { time: time / 1000, notActing, acted }],
      earlier,
    ),
    actions: byEntity(
      await changedBy(store, real),
      ({ entity, startedAt }) => [entity, startedAt / 1000],
      (a, b) => a - b,
    ),
  };
}
