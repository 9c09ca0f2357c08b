import { parseEntityId } from '../../model/entity.ts';
import type { FleetScope } from '../../model/live-fleet.ts';
import type { TimeRange } from '../../store/store.ts';
import { entitiesOf, type FleetReads, MOST_VALUES } from './live-fleet.ts';

const MOST_COLUMNS = 48;
const MOST_KINDS = 50;
/** Layouts that are looked at to see which features most entities have. */
const LAYOUTS = 50;
/** Lengths of a row, from which the shortest that keeps histories within bounds is taken. */
const CADENCES_MS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 1440].map((minutes) => minutes * 60_000);
/** Learning may take this part of what serving holds: histories grow until the next training. */
const TRAINING_SHARE = 0.25;

/** Kinds that have frames, sorted. */
export async function kindsOf(store: Pick<FleetReads, 'frames'>): Promise<readonly string[]> {
  const kinds = new Set([...(await store.frames.newest()).keys()].map((entity) => parseEntityId(entity).kind));
  return [...kinds].sort().slice(0, MOST_KINDS);
}

/** What histories of a kind look like: the features that most entities have, and rows as short as memory allows. */
export async function scopeOf(store: FleetReads, kind: string, range: TimeRange): Promise<FleetScope | null> {
  const entities = await entitiesOf(store, kind);
  if (entities.length === 0) return null;
  const stride = Math.max(1, Math.floor(entities.length / LAYOUTS));
  const seen = new Map<string, number>();
  for (let i = 0; i < entities.length; i += stride) {
    const layout = await store.frames.layout(entities[i]!.id);
    for (const { name } of layout?.features ?? []) seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  const columns = [...seen]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, MOST_COLUMNS)
    .map(([name]) => name);
  const first = Math.min(...entities.map(({ firstSeen }) => firstSeen));
  const from = Math.max(range.from, Math.floor(first / CADENCES_MS[0]!) * CADENCES_MS[0]!);
  const values = (cadence: number): number =>
    ((range.to - from) / cadence) * entities.length * Math.max(1, columns.length);
  const cadenceMs =
    CADENCES_MS.find((cadence) => values(cadence) <= TRAINING_SHARE * MOST_VALUES) ?? CADENCES_MS.at(-1)!;
  return { kind, from, cadenceMs, columns };
}
