import type { EntityId } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import { TopologyGraph } from '../model/topology-graph.ts';
import { alive, type IncidentRecord } from './incident-record.ts';
import { driverOf, rankOf, resourceOf, type Signal } from './signal.ts';
import { StartBuckets } from './start-buckets.ts';

/** How near signs must be to belong together. */
export interface GroupingOptions {
  /** Signs of one entity about different things, ms. */
  readonly entityWindowMs: number;
  /** The same sign on neighbours of the fleet, ms. */
  readonly sharedWindowMs: number;
  /** Different signs of entities that are near in the topology, ms. */
  readonly topologyWindowMs: number;
  /** Edges between entities that count as near. */
  readonly distance: number;
  /** Signs after one change, on what was changed and on what is near to it, ms. */
  readonly changeWindowMs: number;
}

/** A sign in mind, with the incident that holds it; null while it waits for one. */
interface Entry {
  signal: Signal;
  readonly resources: Set<string>;
  record: IncidentRecord | null;
}

/** Signs of one entity that are compared; of more the oldest that are over are no longer. */
const MAX_PER_ENTITY = 64;
/** Signs in mind; in a storm what comes beyond is found by its entity, driver and neighbours, not by its id. */
const MAX_ENTRIES = 100_000;
/** Entities whose nearest are kept at hand. */
const MAX_KIN = 20_000;

const matters = (signal: Signal): boolean => rankOf(signal.severity) > 0;

/** Time between two signs; one that goes on ends now, or never when `endless`. */
function gap(a: Signal, b: Signal, endless: boolean): number {
  const end = (signal: Signal): number => signal.end ?? (endless ? Number.POSITIVE_INFINITY : signal.start);
  return Math.max(0, a.start - end(b), b.start - end(a));
}

/**
 * Finds the incidents that a sign belongs to, in a time that does not grow with how many are open. Whether two signs
 * belong together depends on these two alone, not on what came first, so that any order of arrival ends in the same
 * groups.
 */
export class SignIndex {
  readonly #options: GroupingOptions;
  readonly #reachMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #byEntity = new Map<EntityId, Entry[]>();
  readonly #drivers: StartBuckets;
  readonly #silences: StartBuckets;
  readonly #places: StartBuckets;
  readonly #ofChange = new Map<string, IncidentRecord>();
  #topology = new TopologyGraph();
  readonly #kin = new Map<EntityId, ReadonlySet<EntityId>>();

  /** `reachMs`: so long after its end, the same trouble is the same story. */
  constructor(options: GroupingOptions, reachMs: number) {
    this.#options = options;
    this.#reachMs = reachMs;
    this.#drivers = new StartBuckets(options.sharedWindowMs);
    this.#silences = new StartBuckets(options.entityWindowMs);
    this.#places = new StartBuckets(options.topologyWindowMs);
  }

  get topology(): TopologyGraph {
    return this.#topology;
  }

  setTopology(topology: TopologyGraph): void {
    this.#topology = topology;
    this.#kin.clear();
  }

  /** Whether it was taken before, by whichever incident. */
  knows(signal: Signal): boolean {
    return this.#entries.has(signal.id);
  }

  /** The incident that holds this very sign. */
  holder({ id }: Signal): IncidentRecord | null {
    return alive(this.#entries.get(id)?.record ?? null);
  }

  /** Every incident that a sign belongs to. Information joins one, and joins none together. */
  related(signal: Signal, changes: readonly Event[]): ReadonlySet<IncidentRecord> {
    const found = new Set<IncidentRecord>();
    const own = this.holder(signal);
    if (own !== null) found.add(own);
    if (!matters(signal)) {
      if (own === null) this.#nearestOfEntity(signal, found);
      return found;
    }
    this.#sameEntity(signal, found);
    this.#sameDriver(signal, found);
    if (signal.type === 'anomaly') this.#near(signal, changes, found);
    return found;
  }

  /** Incidents with signs on a changed entity, or on what is near to it, soon after the change. */
  afterChange(event: Event): ReadonlySet<IncidentRecord> {
    const found = new Set<IncidentRecord>();
    for (const id of [event.entity, ...this.#kinOf(event.entity)]) {
      for (const { signal, record } of this.#byEntity.get(id) ?? []) {
        const holder = alive(record);
        if (holder !== null && matters(signal) && this.#follows(signal, event)) found.add(holder);
      }
    }
    for (const record of found) this.#ofChange.set(event.id, record);
    return found;
  }

  /** Information about an entity that waits for an incident and belongs to what this sign tells of. */
  waiting(signal: Signal): readonly Signal[] {
    return (this.#byEntity.get(signal.entity) ?? [])
      .filter((entry) => entry.record === null && this.#together(entry, signal))
      .map((entry) => entry.signal);
  }

  /** Incidents of one entity. */
  ofEntity(entity: EntityId): ReadonlySet<IncidentRecord> {
    const found = new Set<IncidentRecord>();
    for (const entry of this.#byEntity.get(entity) ?? []) {
      const record = alive(entry.record);
      if (record !== null) found.add(record);
    }
    return found;
  }

  /** Keeps a sign in mind; with a record, the record is found by it. */
  add(record: IncidentRecord | null, signal: Signal, changes: readonly Event[]): void {
    this.#keep(record, signal);
    if (record === null || !matters(signal)) return;
    const driver = driverOf(signal);
    if (driver !== null) this.#bucketsOf(signal).add(`${signal.fleet}\u0000${driver}`, signal.start, record);
    if (signal.type !== 'anomaly') return;
    this.#places.add(signal.entity, signal.start, record);
    for (const change of this.#behind(signal, changes)) this.#ofChange.set(change.id, record);
  }

  /** Forgets what no incident holds any more, and what has waited in vain. */
  prune(now: number): void {
    for (const [entity, entries] of this.#byEntity) {
      const kept = entries.filter((entry) => this.#isAlive(entry, now));
      if (kept.length === 0) this.#byEntity.delete(entity);
      else if (kept.length < entries.length) this.#byEntity.set(entity, kept);
    }
    for (const [id, entry] of this.#entries) if (!this.#isAlive(entry, now)) this.#entries.delete(id);
    for (const buckets of [this.#drivers, this.#silences, this.#places]) buckets.prune();
    for (const [id, record] of this.#ofChange) if (alive(record) === null) this.#ofChange.delete(id);
  }

  #isAlive({ record, signal }: Entry, now: number): boolean {
    if (record !== null) return alive(record) !== null;
    return now - Math.max(signal.updatedAt, signal.end ?? 0) < this.#options.entityWindowMs;
  }

  #keep(record: IncidentRecord | null, signal: Signal): void {
    const known = this.#entries.get(signal.id);
    if (known !== undefined) {
      if (known.signal.updatedAt <= signal.updatedAt) known.signal = signal;
      known.record = record ?? known.record;
      for (const feature of signal.features) known.resources.add(resourceOf(feature));
      return;
    }
    const entry: Entry = { signal, record, resources: new Set(signal.features.map(resourceOf)) };
    if (this.#entries.size < MAX_ENTRIES) this.#entries.set(signal.id, entry);
    const entries = this.#byEntity.get(signal.entity);
    if (entries === undefined) {
      this.#byEntity.set(signal.entity, [entry]);
      return;
    }
    entries.push(entry);
    if (entries.length <= MAX_PER_ENTITY) return;
    const over = entries.findIndex((other) => other.signal.end !== null || other.record === null);
    entries.splice(Math.max(0, over), 1);
  }

  /** One entity: about the same thing while the one may follow from the other, about anything when near in time. */
  #together({ signal: other, resources }: Entry, signal: Signal): boolean {
    if (other.id === signal.id) return false;
    if (gap(other, signal, false) <= this.#options.entityWindowMs) return true;
    const same = signal.features.some((feature) => resources.has(resourceOf(feature)));
    return same && gap(other, signal, true) <= this.#reachMs;
  }

  #sameEntity(signal: Signal, found: Set<IncidentRecord>): void {
    for (const entry of this.#byEntity.get(signal.entity) ?? []) {
      if (!matters(entry.signal) || !this.#together(entry, signal)) continue;
      const record = alive(entry.record);
      if (record !== null) found.add(record);
    }
  }

  /** In the topology, or after one change. */
  #near(signal: Signal, changes: readonly Event[], found: Set<IncidentRecord>): void {
    for (const id of this.#kinOf(signal.entity)) this.#places.near(id, signal.start, found);
    for (const change of this.#behind(signal, changes)) {
      const record = alive(this.#ofChange.get(change.id) ?? null);
      if (record !== null) found.add(record);
    }
  }

  #nearestOfEntity(signal: Signal, found: Set<IncidentRecord>): void {
    let least = Number.POSITIVE_INFINITY;
    let nearest: IncidentRecord | null = null;
    for (const entry of this.#byEntity.get(signal.entity) ?? []) {
      const record = alive(entry.record);
      const apart = Math.abs(entry.signal.start - signal.start);
      if (record === null || apart >= least || !matters(entry.signal) || !this.#together(entry, signal)) continue;
      least = apart;
      nearest = record;
    }
    if (nearest !== null) found.add(nearest);
  }

  /** Entities are silent after their own usual interval, so silence has the longer window. */
  #bucketsOf({ kind }: Signal): StartBuckets {
    return kind === 'missing' ? this.#silences : this.#drivers;
  }

  #sameDriver(signal: Signal, found: Set<IncidentRecord>): void {
    const driver = driverOf(signal);
    if (driver !== null) this.#bucketsOf(signal).near(`${signal.fleet}\u0000${driver}`, signal.start, found);
  }

  #follows({ start, type }: Signal, { time }: Event): boolean {
    return type === 'anomaly' && start >= time && start - time <= this.#options.changeWindowMs;
  }

  #behind(signal: Signal, changes: readonly Event[]): readonly Event[] {
    return changes.filter(
      (change) =>
        this.#follows(signal, change) &&
        (change.entity === signal.entity || this.#kinOf(change.entity).has(signal.entity)),
    );
  }

  #kinOf(entity: EntityId): ReadonlySet<EntityId> {
    const known = this.#kin.get(entity);
    if (known !== undefined) return known;
    const kin = this.#topology.kin(entity, this.#options.distance);
    if (this.#kin.size >= MAX_KIN) this.#kin.clear();
    this.#kin.set(entity, kin);
    return kin;
  }
}
