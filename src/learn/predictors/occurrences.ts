import type { EntityId } from '../../model/entity.ts';
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

type Reads = Pick<Store, 'failures' | 'events' | 'anomalies' | 'runs' | 'restraints'>;

const MOST_DECISIONS = 50_000;

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

const earlier = (a: { readonly time: number }, b: { readonly time: number }): number => a.time - b.time;

/**
 * Failures, events, anomalies (as events with their score), and actions in a range. An action changes what would have
 * come, whatever it was meant for, so that the course of its entity is censored there.
 */
export async function readOccurrences(store: Reads, range: TimeRange): Promise<Occurrences> {
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
      real,
      ({ entity, startedAt }) => [entity, (startedAt ?? 0) / 1000],
      (a, b) => a - b,
    ),
  };
}
