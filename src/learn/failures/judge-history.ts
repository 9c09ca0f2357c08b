import type { EntityId } from '../../model/entity.ts';
import type { Event } from '../../model/event.ts';
import type { FailureDefinition } from '../../model/failure-definition.ts';
import type { Failure } from '../../model/failure.ts';
import type { FrameColumns, Store, TimeRange } from '../../store/store.ts';
import { FailureJudge, type FailureRow } from './failure-judge.ts';

type Reads = Pick<Store, 'frames' | 'events' | 'failures'>;

/** Rows of all entities together that are held at once. */
const ROWS_AT_ONCE = 50_000;
const LEAST_PART_MS = 600_000;
const MOST_ROWS = 4000;
const PAGE = 1000;
const MOST_PAGES = 20;
const MINUTE_MS = 60_000;

export interface HistoryToJudge {
  readonly entities: readonly EntityId[];
  readonly range: TimeRange;
  /** Frames of a step are kept from here on; before it there are those of a minute. */
  readonly stepsFrom: number;
  readonly stepMs: number;
}

/** Rows and events in the order in which they were known: an event before the row of its step. */
function playHistory(judge: FailureJudge, rows: readonly FailureRow[], events: readonly Event[]): Failure[] {
  const changed: Failure[] = [];
  const byTime = [...rows].sort((a, b) => a.time - b.time || (a.entity < b.entity ? -1 : 1));
  const coming = [...events].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
  let next = 0;
  for (const row of byTime) {
    while (next < coming.length && coming[next]!.time < row.time + row.stepMs)
      changed.push(...judge.event(coming[next++]!));
    changed.push(...judge.row(row));
  }
  while (next < coming.length) changed.push(...judge.event(coming[next++]!));
  return changed;
}

function* rowsOf(entity: EntityId, { times, features, mean, stepMs }: FrameColumns): Generator<FailureRow> {
  for (let i = 0; i < times.length; i++) {
    const values = Float32Array.from(mean, (column) => column[i]!);
    yield { entity, time: times[i]!, stepMs, features, values };
  }
}

async function eventsIn({ events }: Reads, range: TimeRange): Promise<readonly Event[]> {
  const all: Event[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found: { readonly items: readonly Event[]; readonly next: string | null } = await events.list({
      limit: PAGE,
      cursor,
      range,
    });
    all.push(...found.items);
    if (found.next === null) break;
    cursor = found.next;
  }
  return all;
}

/** The range in parts that are small enough, of frames of a minute and then of those of a step. */
function* partsOf({ entities, range, stepsFrom, stepMs }: HistoryToJudge) {
  const cut = Math.min(range.to, Math.max(range.from, Math.ceil(stepsFrom / MINUTE_MS) * MINUTE_MS));
  for (const { tier, from, to, rowMs } of [
    { tier: 'minute' as const, from: range.from, to: cut, rowMs: Math.max(MINUTE_MS, stepMs) },
    { tier: 'step' as const, from: cut, to: range.to, rowMs: stepMs },
  ]) {
    const fair = (ROWS_AT_ONCE / Math.max(1, entities.length)) * rowMs;
    const length = Math.min(MOST_ROWS * rowMs, Math.max(LEAST_PART_MS, fair));
    for (let at = from; at < to; at += length) yield { tier, range: { from: at, to: Math.min(to, at + length) } };
  }
}

/** What the definitions find in what the store holds; written as it is found. Resolves with how many failures. */
export async function judgeHistory(
  store: Reads,
  definitions: readonly FailureDefinition[],
  { history, signal }: { readonly history: HistoryToJudge; readonly signal: AbortSignal },
): Promise<number> {
  const judge = new FailureJudge(definitions);
  const found = new Set<string>();
  const keep = async (changed: readonly Failure[]): Promise<void> => {
    await store.failures.upsert(changed);
    for (const { id } of changed) found.add(id);
  };
  for (const { tier, range } of partsOf(history)) {
    if (signal.aborted) break;
    const rows: FailureRow[] = [];
    for (const entity of history.entities) {
      const columns = await store.frames.columns({ entity, tier, range, features: null, limit: MOST_ROWS });
      rows.push(...rowsOf(entity, columns));
    }
    await keep(playHistory(judge, rows, await eventsIn(store, range)));
  }
  await keep(judge.silences());
  return found.size;
}
