import { type Entity, type EntityId, parseEntityId, serviceOf } from '../model/entity.ts';
import type { Service } from '../model/service.ts';
import type { Clock } from '../runtime/clock.ts';
import { every } from '../runtime/every.ts';
import type { Log } from '../runtime/log.ts';
import type { EntityStore } from './store.ts';

/** Which entity is part of which service, in memory: it is asked for every frame. */
export interface EntityServices extends Service {
  of(entity: EntityId): string | null;
  /** Takes in what was just found or changed its labels. */
  note(entities: readonly Entity[]): void;
}

const REFRESH_MS = 60_000;
const PAGE = 1000;
/** Entities kept in mind; of more, later ones have no service. */
const MOST = 100_000;

/** Reads labels once a minute, while `wanted`: without a rule about services nobody asks. */
export function createEntityServices(deps: {
  readonly store: EntityStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly wanted: () => boolean;
}): EntityServices {
  const { store, clock, log, wanted } = deps;
  const known = new Map<EntityId, string>();
  let end = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  const note = (entities: readonly Entity[]): void => {
    for (const entity of entities) {
      const service = serviceOf(entity);
      if (service === null) known.delete(entity.id);
      else if (known.size < MOST) known.set(entity.id, service);
    }
  };
  const refresh = async (): Promise<void> => {
    let cursor: string | null = null;
    for (let read = 0; wanted() && read < MOST; read += PAGE) {
      const page = await store.list({ limit: PAGE, cursor });
      note(page.items);
      cursor = page.next;
      if (cursor === null) return;
    }
  };
  return {
    name: 'entity services',
    of: (entity) => {
      const found = known.get(entity);
      if (found !== undefined) return found;
      const { kind, name } = parseEntityId(entity);
      return kind === 'service' ? name : null;
    },
    note,
    start: async () => {
      end = new AbortController();
      await refresh();
      const failed = ({ message }: Error): void => log.warn({ error: message }, 'services of entities are read later');
      loop = every(REFRESH_MS, refresh, { clock, signal: end.signal, failed });
    },
    stop: async () => {
      end.abort();
      await loop;
    },
  };
}
