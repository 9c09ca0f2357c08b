import { type Entity, type EntityId, parseEntityId } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { SampleBatch } from '../model/series.ts';

/** Labels that say what or where an entity is, and so are kept with it. */
const TELLING = [
  'host', 'hostname', 'node', 'instance', 'job', 'service', 'namespace', 'pod', 'cluster', 'region', 'zone', 'env',
  'environment', 'team', 'version', 'deployment', 'statefulset', 'daemonset',
] as const; // prettier-ignore

/** An entity that went on as before is told again after this long, so that `lastSeen` is not far off; ms. */
const REPEAT_MS = 60_000;
/** One that was not seen for so long is forgotten here; the store keeps it. */
const FORGET_MS = 3_600_000;
const MAX_ENTITIES = 200_000;

interface Known {
  entity: Entity;
  /** `lastSeen` as it was last told; NaN before the first time. */
  told: number;
}

/** Every entity that samples came from, so that new ones are told of at once and old ones now and then. */
export class KnownEntities {
  readonly #known = new Map<EntityId, Known>();

  see(batches: readonly SampleBatch[]): void {
    for (const { entity, fleet, receivedAt, series } of batches) {
      const known = this.#known.get(entity);
      if (known === undefined) this.#add(entity, fleet, receivedAt, series[0]?.labels ?? {});
      else if (receivedAt > known.entity.lastSeen) known.entity = { ...known.entity, fleet, lastSeen: receivedAt };
    }
  }

  /** Entities to tell of, at most `limit`; `told` is to be called when they have been. */
  due(now: number, limit: number): { readonly entities: readonly Entity[]; readonly told: () => void } {
    const due: Known[] = [];
    for (const [id, known] of this.#known) {
      const { lastSeen } = known.entity;
      if (!(lastSeen - known.told < REPEAT_MS) && lastSeen !== known.told) due.push(known);
      else if (now - lastSeen > FORGET_MS) this.#known.delete(id);
      if (due.length >= limit) break;
    }
    const entities = due.map(({ entity }) => entity);
    return {
      entities,
      told: () => {
        for (const [i, known] of due.entries()) known.told = entities[i]!.lastSeen;
      },
    };
  }

  #add(id: EntityId, fleet: string, time: number, labels: Labels): void {
    if (this.#known.size >= MAX_ENTITIES) return;
    const telling = TELLING.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]]));
    const entity: Entity = {
      id,
      ...parseEntityId(id),
      fleet,
      labels: Object.fromEntries(telling) as Labels,
      firstSeen: time,
      lastSeen: time,
    };
    this.#known.set(id, { entity, told: Number.NaN });
  }
}
