import { type Entity, type EntityId } from '../../model/entity.ts';
import type { FleetScope, LiveFleet } from '../../model/live-fleet.ts';
import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';
import type { Store } from '../../store/store.ts';
import { meansOf } from '../training-history.ts';
import { type Occurrences, readOccurrences } from './occurrences.ts';

export type FleetReads = Pick<Store, 'entities' | 'frames' | 'failures' | 'events' | 'anomalies' | 'runs'>;

/** Numbers that all histories of a scope hold together: 64 MB. */
export const MOST_VALUES = 16_000_000;
/** Entities of one scope. */
export const MOST_ENTITIES = 10_000;
const PAGE = 1000;
const PIECE_ROWS = 1440;
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

  constructor(width: number, from: number) {
    this.#width = width;
    this.values = new Float32Array(64 * width);
    this.readTo = from;
  }

  push(time: number, row: Float32Array): void {
    if (this.count === this.times.length) {
      const [times, values] = [new Float64Array(2 * this.count), new Float32Array(2 * this.count * this.#width)];
      times.set(this.times);
      values.set(this.values);
      [this.times, this.values] = [times, values];
    }
    this.times[this.count] = time;
    this.values.set(row, this.count * this.#width);
    this.count += 1;
  }
}

const NOTHING: Occurrences = { failures: new Map(), events: new Map(), actions: new Map() };

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

  /** Minutes, or hours where a row is as long. */
  async function read(entity: EntityId, own: Rows, to: number): Promise<void> {
    const tier = tierOf(cadenceMs);
    const piece = PIECE_ROWS * (tier === 'hour' ? HOUR_MS : MINUTE_MS);
    for (let at = own.readTo; at < to; at += piece) {
      const range = { from: at, to: Math.min(to, at + piece) };
      const found = await store.frames.columns({ entity, tier, range, features: columns, limit: PIECE_ROWS });
      const { times, rows: means } = meansOf(found, columns, cadenceMs);
      for (const [i, time] of times.entries()) own.push((time + cadenceMs) / 1000, means[i]!);
    }
    own.readTo = to;
  }

  return {
    scope,
    advance: async (now) => {
      const late = LATE_MS[tierOf(cadenceMs)];
      const to = Math.floor((now - late) / cadenceMs) * cadenceMs;
      const entities = await entitiesOf(store, kind);
      let held = [...rows.values()].reduce((sum, { count }) => sum + count * columns.length, 0);
      for (const { id, fleet } of entities) {
        fleets.set(id, fleet);
        let own = rows.get(id);
        if (own === undefined) {
          if (held > MOST_VALUES) continue;
          rows.set(id, (own = new Rows(columns.length, Math.ceil(from / cadenceMs) * cadenceMs)));
        }
        const before = own.count;
        await read(id, own, to);
        held += (own.count - before) * columns.length;
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
  return {
    entity,
    times: own,
    values: values.subarray(0, count * width),
    failures: occurred.failures.get(entity) ?? [],
    events: occurred.events.get(entity) ?? [],
    observedFrom: from / 1000,
    observedTo: known / 1000,
    ...(acted !== undefined && { actedAt: actedAt(own, acted) }),
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
