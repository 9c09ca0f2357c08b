import type { Anomaly } from '../../model/anomaly.ts';
import { parseEntityId } from '../../model/entity.ts';
import type { Feedback } from '../../model/failure.ts';
import type { Store } from '../../store/store.ts';
import { MOST, tellableAt } from '../severity.ts';
import type { AlertHistory, HistorySign } from './solve-thresholds.ts';

/** Three weeks: long enough for a window in twenty to be an outbreak, short enough to forget how things once were. */
const HISTORY_MS = 21 * 86_400_000;
/** In its first day nothing is known of anything, and what is strange then says nothing of later days; the ceiling holds it. */
const LEARNING_MS = 86_400_000;
const PAGE = 500;
/** Anomalies that could be a warning; of more the newest are looked at, and history is as long as they reach. */
const MAX_SIGNS = 5000;
const MAX_VERDICTS = 2000;

export interface HistorySource {
  readonly store: Pick<Store, 'anomalies' | 'feedback' | 'entities'>;
  /** Whether what people said keeps an anomaly from alerting; then it is no part of history. */
  readonly hides: (anomaly: Anomaly) => boolean;
}

/** Ids of the anomalies that were judged so. */
async function judged(
  { feedback }: HistorySource['store'],
  verdict: Feedback['verdict'],
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  let read = 0;
  do {
    const page = await feedback.list({ limit: PAGE, cursor, verdict, standing: true });
    for (const { target, targetId, anomalies } of page.items)
      for (const id of anomalies ?? (target === 'anomaly' ? [targetId] : [])) ids.add(id);
    cursor = page.next;
    read += page.items.length;
  } while (cursor !== null && read < MAX_VERDICTS);
  return ids;
}

function signOf(anomaly: Anomaly, confirmed: boolean, falseAlarm: boolean): HistorySign {
  const { id, entity, fleet, kind, start, end, score, severity, needs = null } = anomaly;
  const contributions = [...anomaly.contributions].sort((a, b) => b.share - a.share);
  return {
    id,
    entity,
    entityKind: parseEntityId(entity).kind,
    fleet,
    kind,
    start,
    end,
    score,
    ...tellableAt(anomaly),
    drivers: Object.fromEntries(contributions.map(({ feature, share }) => [feature, share])),
    needs,
    severity,
    confirmed,
    falseAlarm,
  };
}

/** When anything began to be watched; of a thousand entities the first that was seen. */
async function watchedSince({ entities }: HistorySource['store'], now: number): Promise<number> {
  const { items } = await entities.list({ limit: 1000, cursor: null });
  return items.reduce((first, { firstSeen }) => Math.min(first, firstSeen), now);
}

/** What could have alerted in the last three weeks but for the first day of all, in bounded pages, as little of each as the solver needs. */
export async function readHistory(source: HistorySource, now: number): Promise<AlertHistory> {
  const { store, hides } = source;
  const [right, wrong] = [await judged(store, 'real'), await judged(store, 'false_alarm')];
  const signs: HistorySign[] = [];
  let from = Math.max(now - HISTORY_MS, Math.min(now, (await watchedSince(store, now)) + LEARNING_MS));
  let cursor: string | null = null;
  do {
    const range = { from, to: now + 1 };
    const page = await store.anomalies.list({ limit: PAGE, cursor, range, warnsAt: MOST.warning });
    for (const anomaly of page.items)
      if (!hides(anomaly)) signs.push(signOf(anomaly, right.has(anomaly.id), wrong.has(anomaly.id)));
    cursor = page.next;
    if (cursor !== null && signs.length >= MAX_SIGNS) from = Math.max(from, signs.at(-1)!.start);
  } while (cursor !== null && signs.length < MAX_SIGNS);
  return { from, to: now, signs: signs.toReversed() };
}
