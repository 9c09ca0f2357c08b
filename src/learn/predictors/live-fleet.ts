import { type Entity, type EntityId } from '../../model/entity.ts';
import type { FleetScope, LiveFleet } from '../../model/live-fleet.ts';
import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';
import type { Store } from '../../store/store.ts';
import { type OccurrenceReads, type Occurrences, readOccurrences } from './occurrences.ts';

export type FleetReads = OccurrenceReads & Pick<Store, 'entities' | 'frames'>;

/** Numbers that all histories of a scope hold together: 64 MB. */
export const MOST_VALUES = 16_000_000;
/** Entities of one scope. */
export const MOST_ENTITIES = 10_000;
const PAGE = 1000;
/** Frames, and entities, of one statement: some MB, and nothing else waits long. */
const ROWS_AT_ONCE = 20_000;
const ENTITIES_AT_ONCE = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Rolled-up frames are written after their end: what is read once is not read again. */
const LATE_MS = { minute: 90_000, hour: 600_000 } as const;

const tierOf = (cadenceMs: number): 'hour' | 'minute' => (cadenceMs >= HOUR_MS ? 'hour' : 'minute');

/** Rows of one entity, with room to grow. */
class Rows {
  times = new Float64Array(64);
  values: Float32Array;
  count = 0;
  /** Unix ms up to which it was read. */
  readTo: number;
  readonly #width: number;
  /** Values in the newest row, by feature. */
  readonly #seen: Uint16Array;

  constructor(width: number, from: number) {
    this.#width = width;
    this.#seen = new Uint16Array(width);
    this.values = new Float32Array(64 * width);
    this.readTo = from;
  }

  /** Takes what was read, oldest first, and means what falls into one row. */
  add(times: Float64Array, values: Float32Array, cadenceMs: number): void {
    const width = this.#width;
    for (let i = 0; i < times.length; i++) {
      const end = (Math.floor(times[i]! / cadenceMs) * cadenceMs + cadenceMs) / 1000;
      if (this.count === 0 || this.times[this.count - 1] !== end) this.#begin(end);
      const at = (this.count - 1) * width;
      for (let f = 0; f < width; f++) {
        const value = values[i * width + f]!;
        if (!Number.isFinite(value)) continue;
        const seen = ++this.#seen[f]!;
        const before = this.values[at + f]!;
        this.values[at + f] = seen === 1 ? value : before + (value - before) / seen;
      }
    }
  }

  #begin(end: number): void {
    const width = this.#width;
    if (this.count === this.times.length) {
      const [times, values] = [new Float64Array(2 * this.count), new Float32Array(2 * this.count * width)];
      times.set(this.times);
      values.set(this.values);
      [this.times, this.values] = [times, values];
    }
    this.times[this.count] = end;
    this.values.fill(Number.NaN, this.count * width, (this.count + 1) * width);
    this.count += 1;
    this.#seen.fill(0);
  }
}

/** Entities by the time up to which they were read: most are read together. */
function byReadTo(rows: ReadonlyMap<EntityId, Rows>): Map<number, EntityId[]> {
  const groups = new Map<number, EntityId[]>();
  for (const [entity, { readTo }] of rows) {
    const group = groups.get(readTo);
    if (group === undefined) groups.set(readTo, [entity]);
    else group.push(entity);
  }
  return groups;
}

const NOTHING: Occurrences = { failures: new Map(), events: new Map(), actions: new Map(), decisions: new Map() };

/** Entities of a kind, by id; bounded. */
export async function entitiesOf(store: Pick<FleetReads, 'entities'>, kind: string): Promise<readonly Entity[]> {
  const all: Entity[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Entity[]; readonly next: string | null } = await store.entities.list({
      limit: PAGE,
      cursor,
      kind,
    });
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && all.length < MOST_ENTITIES);
  return all.slice(0, MOST_ENTITIES);
}

/** Histories from the store, read piece by piece; a row is named by its end, since only then is it known. */
export function openFleet(store: FleetReads, scope: FleetScope): LiveFleet {
  const { kind, from, cadenceMs, columns } = scope;
  const rows = new Map<EntityId, Rows>();
  const fleets = new Map<EntityId, string>();
  let occurred = NOTHING;
  let known = from;

  /** Rows of some entities that were read up to the same time, piece by piece. */
  async function read(some: readonly EntityId[], from: number, to: number): Promise<void> {
    const tier = tierOf(cadenceMs);
    const rowMs = tier === 'hour' ? HOUR_MS : MINUTE_MS;
    const piece = Math.max(cadenceMs, Math.floor(ROWS_AT_ONCE / some.length / (cadenceMs / rowMs)) * cadenceMs);
    for (let at = from; at < to; at += piece) {
      const range = { from: at, to: Math.min(to, at + piece) };
      const found = await store.frames.many({ entities: some, tier, range, features: columns });
      for (const [entity, { times, values }] of found) rows.get(entity)!.add(times, values, cadenceMs);
    }
    for (const entity of some) rows.get(entity)!.readTo = to;
  }

  return {
    scope,
    advance: async (now) => {
      const late = LATE_MS[tierOf(cadenceMs)];
      const to = Math.floor((now - late) / cadenceMs) * cadenceMs;
      const entities = await entitiesOf(store, kind);
      const start = Math.ceil(from / cadenceMs) * cadenceMs;
      for (const { id, fleet } of entities) {
        fleets.set(id, fleet);
        if (!rows.has(id)) rows.set(id, new Rows(columns.length, start));
      }
      for (const [readTo, all] of byReadTo(rows)) {
        for (let at = 0; at < all.length; at += ENTITIES_AT_ONCE) {
          const held = [...rows.values()].reduce((sum, { count }) => sum + count * columns.length, 0);
          // What does not fit into memory is not followed; the next training takes longer rows.
          if (held > MOST_VALUES) break;
          await read(all.slice(at, at + ENTITIES_AT_ONCE), readTo, to);
        }
      }
      occurred = await readOccurrences(store, { from, to: now });
      known = now;
    },
    fleet: (): FleetHistory => ({
      columns,
      entities: [...rows]
        .filter(([, { count }]) => count > 0)
        .map(([entity, own]) => historyOf(entity, own, { occurred, from, known, width: columns.length })),
    }),
    fleetOf: (entity) => fleets.get(entity) ?? 'default',
  };
}

interface Around {
  readonly occurred: Occurrences;
  readonly from: number;
  readonly known: number;
  readonly width: number;
}

function historyOf(
  entity: EntityId,
  { times, values, count }: Rows,
  { occurred, from, known, width }: Around,
): EntityHistory {
  const own = times.subarray(0, count);
  const acted = occurred.actions.get(entity);
  const decisions = occurred.decisions.get(entity);
  return {
    entity,
    times: own,
    values: values.subarray(0, count * width),
    failures: occurred.failures.get(entity) ?? [],
    events: occurred.events.get(entity) ?? [],
    observedFrom: from / 1000,
    observedTo: known / 1000,
    ...(acted !== undefined && { actedAt: actedAt(own, acted) }),
    ...(decisions !== undefined && { decisions }),
  };
}

/** Puts each action at the last row before it. */
function actedAt(times: Float64Array, actions: readonly number[]): Float64Array {
  const acted = new Float64Array(times.length).fill(Number.NaN);
  let row = 0;
  for (const action of actions) {
    while (row + 1 < times.length && times[row + 1]! <= action) row++;
    if (times.length > 0 && times[row]! <= action) acted[row] = Number.isNaN(acted[row]!) ? action : acted[row]!;
  }
  return acted;
}
