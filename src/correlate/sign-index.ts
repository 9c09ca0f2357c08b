import type { EntityId } from '../model/entity.ts';
import { type IncidentRecord, resourceKey } from './incident-record.ts';
import { driverOf, rankOf, type Signal } from './signal.ts';

/** How near in time signs must be to belong together. */
export interface GroupingOptions {
  /** Signs of one entity about different things, ms. */
  readonly entityWindowMs: number;
  /** The same sign on neighbours of the fleet, ms. */
  readonly sharedWindowMs: number;
}

/** Why a sign belongs to an incident. */
export type Tie = 'member' | 'resource' | 'entity' | 'driver';

/** From this many entities on, an incident is about what they share, and other trouble of one of them is its own. */
const WIDE = 4;
/** An entity is in few incidents at once; looking at more would be a cost without a use. */
const MAX_LOOKED_AT = 20;

const fleetDriver = (signal: Signal, driver: string): string => `${signal.fleet}\u0000${driver}`;

/** Finds the incident of a sign in constant time, however many are open. */
export class IncidentIndex {
  readonly #byId = new Map<string, IncidentRecord>();
  readonly #bySignal = new Map<string, IncidentRecord>();
  readonly #byEntity = new Map<EntityId, Set<IncidentRecord>>();
  readonly #byDriver = new Map<string, { readonly record: IncidentRecord; readonly time: number }>();
  readonly #options: GroupingOptions;

  constructor(options: GroupingOptions) {
    this.#options = options;
  }

  get(id: string): IncidentRecord | undefined {
    return this.#byId.get(id);
  }

  records(): IterableIterator<IncidentRecord> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  ofEntity(entity: EntityId): Iterable<IncidentRecord> {
    return this.#byEntity.get(entity) ?? [];
  }

  insert(record: IncidentRecord): void {
    this.#byId.set(record.incident.id, record);
  }

  /** Makes the record findable by one of its signs. */
  link(record: IncidentRecord, signal: Signal): void {
    this.#bySignal.set(signal.id, record);
    const records = this.#byEntity.get(signal.entity);
    if (records === undefined) this.#byEntity.set(signal.entity, new Set([record]));
    else records.add(record);
    const driver = driverOf(signal);
    if (driver === null || rankOf(signal.severity) === 0) return;
    const key = fleetDriver(signal, driver);
    const known = this.#byDriver.get(key);
    if (known?.record === record && known.time >= signal.start) return;
    record.drivers.add(key);
    this.#byDriver.set(key, { record, time: signal.start });
  }

  remove(record: IncidentRecord): void {
    this.#byId.delete(record.incident.id);
    for (const signal of record.signals.values()) {
      if (this.#bySignal.get(signal.id) === record) this.#bySignal.delete(signal.id);
      const records = this.#byEntity.get(signal.entity);
      records?.delete(record);
      if (records?.size === 0) this.#byEntity.delete(signal.entity);
    }
    for (const key of record.drivers) {
      if (this.#byDriver.get(key)?.record === record) this.#byDriver.delete(key);
    }
  }

  /** The incident that a sign belongs to, by the strongest tie. */
  find(signal: Signal): { readonly record: IncidentRecord; readonly tie: Tie } | null {
    const own = this.#bySignal.get(signal.id);
    if (own !== undefined) return { record: own, tie: 'member' };
    return this.#ofSameEntity(signal) ?? this.#ofSameDriver(signal);
  }

  #ofSameEntity(signal: Signal): { readonly record: IncidentRecord; readonly tie: Tie } | null {
    let near: IncidentRecord | null = null;
    let past: IncidentRecord | null = null;
    let looked = 0;
    for (const record of this.#byEntity.get(signal.entity) ?? []) {
      if (++looked > MAX_LOOKED_AT) break;
      const open = record.incident.state === 'open';
      if (signal.features.some((feature) => record.resources.has(resourceKey(signal, feature)))) {
        if (open) return { record, tie: 'resource' };
        past = record;
      } else if (open && record.incident.entities.length < WIDE && this.#isNear(record, signal)) {
        near = record;
      }
    }
    if (past !== null) return { record: past, tie: 'resource' };
    return near === null ? null : { record: near, tie: 'entity' };
  }

  #isNear(record: IncidentRecord, signal: Signal): boolean {
    const { entityWindowMs } = this.#options;
    const from = record.incident.openedAt - entityWindowMs;
    return signal.start <= record.lastSign + entityWindowMs && (signal.end ?? Number.POSITIVE_INFINITY) >= from;
  }

  #ofSameDriver(signal: Signal): { readonly record: IncidentRecord; readonly tie: Tie } | null {
    const driver = driverOf(signal);
    const shared = driver === null ? undefined : this.#byDriver.get(fleetDriver(signal, driver));
    if (shared === undefined || shared.record.incident.state !== 'open') return null;
    const near = Math.abs(signal.start - shared.time) <= this.#options.sharedWindowMs;
    return near ? { record: shared.record, tie: 'driver' } : null;
  }
}
