import { type NormalRange, normalRange } from '../ml/normal-range.ts';
import { type EntityId, parseEntityId } from '../model/entity.ts';
import { type Deviation, type Evidence, evidenceOf, SILENT } from '../model/evidence.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FrameColumns, Store } from '../store/store.ts';
import { deviationOf } from './deviations.ts';

export interface EvidenceDeps {
  readonly store: Pick<Store, 'frames' | 'edges' | 'events'>;
  readonly clock: Clock;
  readonly stepMs: number;
  /** How far back an event counts as news, ms. */
  readonly newsMs: number;
}

/** So many steps before trouble began are what is normal, and the newest so many are how it is now. */
const NORMAL_STEPS = 300;
const NEWEST_STEPS = 3;
/** Frames are stored a little after they end. */
const LATE_STEPS = 3;
/** Trouble has mostly begun a little before it is noticed. */
const BEFORE_STEPS = 5;
const MOST_ENTITIES = 20;
const MOST_EDGES = 200;
const MOST_INCIDENTS = 200;
const MOST_EVENTS = 300;
/** Where a limit is known, a fiftieth of it is little: a heap that is swept now and then goes up and down by more than it did. */
const LEAST_OF_LIMIT = 0.02;
/** What Vigía and its watchdogs say of themselves is no change of the system. */
const OURS = 'vigia';

const normalEnd = ({ openedAt }: Pick<Incident, 'openedAt'>, stepMs: number): number =>
  openedAt - BEFORE_STEPS * stepMs;

/** Where an entity stands: others of its kind that are part of the same, and what it calls. */
interface Place {
  readonly wholes: readonly EntityId[];
  readonly peers: readonly EntityId[];
  readonly needs: readonly EntityId[];
}

/** The name of an event, and when it was, Unix ms. */
type Happening = Pick<Event, 'name' | 'time'>;

/** What does not change while an incident lasts. */
interface Known {
  readonly places: Map<EntityId, Place>;
  readonly normals: Map<EntityId, ReadonlyMap<string, NormalRange>>;
  /** What was seen lately: before the next frame nothing is new. */
  readonly seen: Map<EntityId, { readonly at: number; readonly deviations: readonly Deviation[] }>;
}

/**
 * What of each entity of an incident is far from its own normal now, by its frames: what anomalies and predictions speak of,
 * and also what nobody has spoken of yet. What is normal is read once an incident, the newest frames each time.
 */
export class EvidenceBook {
  readonly #deps: EvidenceDeps;
  readonly #known = new Map<string, Known>();

  constructor(deps: EvidenceDeps) {
    this.#deps = deps;
  }

  /**
   * In the order of the incident's entities; those that nothing is known of are left out. What happened to an entity until
   * `settled`, Unix ms, is no news: an action there, or at another part of the same whole, has helped since.
   */
  async of(incident: Incident, settled: ReadonlyMap<EntityId, number> = new Map()): Promise<readonly Evidence[]> {
    const known = this.#remember(incident);
    const own = [...new Set([incident.root, ...incident.entities])].slice(0, MOST_ENTITIES);
    for (const entity of own) if (!known.places.has(entity)) known.places.set(entity, await this.#placeOf(entity));
    const all = new Set([...own, ...own.flatMap((entity) => known.places.get(entity)?.peers ?? [])]);
    const deviations = new Map<EntityId, readonly Deviation[]>();
    for (const entity of [...all].slice(0, 2 * MOST_ENTITIES)) {
      deviations.set(entity, await this.#look(incident, entity, known));
    }
    const events = await this.#events(incident);
    return own.flatMap((entity) => {
      const found = deviations.get(entity) ?? [];
      const { peers: others = [], wholes = [], needs = [] } = known.places.get(entity) ?? {};
      const peers = others.map((peer) => deviations.get(peer) ?? []);
      const since = Math.max(0, ...[entity, ...others, ...wholes].map((one) => settled.get(one) ?? 0));
      const told = (events.get(entity) ?? []).filter(({ time }) => time > since).map(({ name }) => name);
      if (found.length + told.length === 0) return [];
      return [evidenceOf({ entity, needs, events: [...new Set(told)] }, found, peers)];
    });
  }

  /** What happened lately to each entity. */
  async #events({ openedAt, fleet }: Incident): Promise<ReadonlyMap<EntityId, readonly Happening[]>> {
    const { store, clock, newsMs } = this.#deps;
    const range = { from: openedAt - newsMs, to: clock.now() + newsMs };
    const { items } = await store.events.list({ range, limit: MOST_EVENTS, cursor: null });
    const byEntity = new Map<EntityId, Happening[]>();
    for (const { entity, name, time, source, fleet: of } of items) {
      if (source === OURS || of !== fleet) continue;
      const known = byEntity.get(entity);
      if (known === undefined) byEntity.set(entity, [{ name, time }]);
      else known.push({ name, time });
    }
    return byEntity;
  }

  #remember({ id, reopened }: Incident): Known {
    const key = `${id} ${reopened}`;
    const known = this.#known.get(key) ?? { places: new Map(), normals: new Map(), seen: new Map() };
    // Put last again: who has not been asked for longest goes first.
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_INCIDENTS && oldest !== undefined) this.#known.delete(oldest);
    return known;
  }

  async #placeOf(entity: EntityId): Promise<Place> {
    const { edges } = this.#deps.store;
    const { kind } = parseEntityId(entity);
    const list = async (of: EntityId) => (await edges.list({ entity: of, limit: MOST_EDGES, cursor: null })).items;
    const out = (await list(entity)).filter(({ from }) => from === entity);
    const wholes = out.filter((edge) => edge.kind === 'part_of');
    const peers = new Set<EntityId>();
    for (const { to } of wholes) {
      for (const edge of await list(to)) if (edge.kind === 'part_of' && edge.to === to) peers.add(edge.from);
    }
    peers.delete(entity);
    return {
      wholes: wholes.map(({ to }) => to),
      peers: [...peers].filter((peer) => parseEntityId(peer).kind === kind),
      needs: out.filter((edge) => edge.kind === 'calls').map(({ to }) => to),
    };
  }

  async #normals(
    { openedAt }: Incident,
    entity: EntityId,
    { normals }: Known,
  ): Promise<ReadonlyMap<string, NormalRange>> {
    const before = normals.get(entity);
    if (before !== undefined) return before;
    const { stepMs } = this.#deps;
    const to = normalEnd({ openedAt }, stepMs);
    const columns = await this.#columns(entity, to - NORMAL_STEPS * stepMs, to);
    const made = new Map<string, NormalRange>();
    const layout = await this.#deps.store.frames.layout(entity);
    const limits = new Map(layout?.features.map(({ name, limit }) => [name, limit?.value]));
    const rows = new Map(columns.features.map((feature, row) => [feature, columns.mean[row] ?? []]));
    const limitOf = (feature: string): number => {
      const limit = limits.get(feature);
      const size = typeof limit === 'object' ? Array.from(rows.get(limit.feature) ?? []).at(-1) : limit;
      return Math.abs(size ?? 0) || 0;
    };
    for (const [feature, values] of rows) {
      const normal = normalRange(values, LEAST_OF_LIMIT * limitOf(feature));
      if (normal !== null) made.set(feature, normal);
    }
    normals.set(entity, made);
    return made;
  }

  async #look(incident: Incident, entity: EntityId, known: Known): Promise<readonly Deviation[]> {
    const { clock, stepMs } = this.#deps;
    const now = clock.monotonic();
    const before = known.seen.get(entity);
    if (before !== undefined && now - before.at < stepMs) return before.deviations;
    const deviations = await this.#deviations(incident, entity, known);
    known.seen.set(entity, { at: now, deviations });
    return deviations;
  }

  async #deviations(incident: Incident, entity: EntityId, known: Known): Promise<readonly Deviation[]> {
    const { clock, stepMs } = this.#deps;
    const normals = await this.#normals(incident, entity, known);
    if (normals.size === 0) return [];
    const now = clock.now();
    const newest = await this.#columns(entity, now - (NEWEST_STEPS + LATE_STEPS) * stepMs, now + stepMs);
    if (newest.times.length === 0) return [SILENT];
    const ahead = Math.round((now - normalEnd(incident, stepMs)) / stepMs);
    const places = new Map(newest.features.map((feature, row) => [feature, row]));
    return [...normals].flatMap(([feature, normal]) => {
      const column = newest.mean[places.get(feature) ?? -1];
      const values = column === undefined ? [] : Array.from(column).slice(-NEWEST_STEPS);
      return deviationOf(feature, normal, { newest: values, ahead }) ?? [];
    });
  }

  #columns(entity: EntityId, from: number, to: number): Promise<FrameColumns> {
    const { frames } = this.#deps.store;
    return frames.columns({
      entity,
      tier: 'step',
      range: { from, to },
      features: null,
      limit: NORMAL_STEPS,
    });
  }
}
