import type { Anomaly } from '../model/anomaly.ts';
import type { EntityId } from '../model/entity.ts';
import type { Store, TimeRange } from '../store/store.ts';

/** Anomalies that began so long before a window may reach into it. */
const REACH_MS = 86_400_000;
const PAGE = 500;
const MOST_PAGES = 4;
/**
 * What is only shown may be left out of training up to this share of the time; beyond it is no exception but how the
 * entity is, and a model that never saw it would find it abnormal for ever.
 */
const MOST_MILD = 0.2;

type Reads = Pick<Store, 'anomalies' | 'failures' | 'feedback'>;

async function pagesOf<T>(
  list: (query: { limit: number; cursor: string | null }) => Promise<{
    readonly items: readonly T[];
    readonly next: string | null;
  }>,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next } = await list({ limit: PAGE, cursor });
    all.push(...items);
    if (next === null) break;
    cursor = next;
  }
  return all;
}

/** Ids of the anomalies that a person called false alarms or expected, and has not taken back: normal, and to be learnt. */
export async function falseAlarms(store: Pick<Store, 'feedback'>): Promise<ReadonlySet<string>> {
  const said = await pagesOf((query) => store.feedback.list(query));
  const innocent = said.filter(
    ({ verdict, undone }) => (verdict === 'false_alarm' || verdict === 'expected') && (undone ?? null) === null,
  );
  return new Set(
    innocent.flatMap(({ target, targetId, anomalies }) => anomalies ?? (target === 'anomaly' ? [targetId] : [])),
  );
}

const total = (ranges: readonly TimeRange[]): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** When an entity was abnormal or failed, in order: what it must not be learnt from. What was adopted is normal. */
export async function abnormalRanges(
  store: Reads,
  entity: EntityId,
  { range, innocent, marginMs }: { range: TimeRange; innocent: ReadonlySet<string>; marginMs: number },
): Promise<readonly TimeRange[]> {
  const reach = { from: range.from - REACH_MS, to: range.to };
  const anomalies = await pagesOf((query) => store.anomalies.list({ ...query, entity, range: reach }));
  const failures = await pagesOf((query) => store.failures.list({ ...query, entity }));
  const counts = ({ id, ending, kind }: Anomaly): boolean =>
    kind !== 'missing' && ending?.by !== 'adopted' && !innocent.has(id);
  const widened = ({ start, end }: { start: number; end: number | null }): TimeRange => ({
    from: start - marginMs,
    to: (end ?? range.to) + marginMs,
  });
  const abnormal = anomalies.filter(counts);
  const mild = abnormal.filter(({ severity }) => severity === 'info').map(widened);
  const strong = [...abnormal.filter(({ severity }) => severity !== 'info'), ...failures].map(widened);
  const kept = total(mild) <= MOST_MILD * (range.to - range.from) ? [...strong, ...mild] : strong;
  return kept.filter(({ from, to }) => to > range.from && from < range.to).sort((a, b) => a.from - b.from);
}
