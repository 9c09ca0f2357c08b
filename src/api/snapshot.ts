import type { Entity, EntityId } from '../model/entity.ts';
import type { Prediction } from '../model/prediction.ts';
import { type Cached, createCached } from './cached.ts';
import type { EntityView } from './contract/views.ts';
import type { ApiDeps } from './deps.ts';
import { entityView } from './entity-view.ts';

/** Entities kept in memory for lists and the map; beyond that, lists are read from the store. */
const MAX_ENTITIES = 20_000;
/** Open predictions that are looked at; more than that at once is a storm, and one of it is enough to see. */
const MAX_OPEN = 5_000;
/** Open incidents that colour the map; the alert budget keeps real numbers far below. */
export const MAX_OPEN_INCIDENTS = 1_000;
const PAGE = 1_000;
const DEFAULT_CACHE_MS = 1_000;

/** Everything that lists of entities and the overview show, read together once in a while. */
export interface Snapshot {
  /** By id, ascending. */
  readonly entities: readonly Entity[];
  /** Whether `entities` holds all of them. */
  readonly complete: boolean;
  readonly predictions: readonly Prediction[];
  /** An entity by its id; null when it is not here. */
  find(id: EntityId): Entity | null;
  view(entity: Entity): EntityView;
}

function byEntity<T extends { readonly entity: EntityId }>(items: readonly T[]): ReadonlyMap<EntityId, readonly T[]> {
  const groups = new Map<EntityId, T[]>();
  for (const item of items) {
    const group = groups.get(item.entity);
    if (group === undefined) groups.set(item.entity, [item]);
    else group.push(item);
  }
  return groups;
}

async function allEntities({ store }: ApiDeps): Promise<{ readonly entities: Entity[]; readonly complete: boolean }> {
  const entities: Entity[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly Entity[]; readonly next: string | null } = await store.entities.list({
      limit: PAGE,
      cursor,
    });
    entities.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && entities.length < MAX_ENTITIES);
  return { entities, complete: cursor === null };
}

/** Makes the snapshot, at most once a second however many ask. */
export function createSnapshots(deps: ApiDeps): Cached<Snapshot> {
  const { store, clock, options } = deps;
  const load = async (): Promise<Snapshot> => {
    const [{ entities, complete }, anomalies, predictions, incidents, newest] = await Promise.all([
      allEntities(deps),
      store.anomalies.openCounts(),
      store.predictions.open(MAX_OPEN),
      store.incidents.open(MAX_OPEN_INCIDENTS),
      store.frames.newest(),
    ]);
    const anomaliesOf = byEntity(anomalies);
    const predictionsOf = byEntity(predictions);
    const incidentsOf = byEntity(incidents.map(({ root, severity }) => ({ entity: root, severity })));
    const byId = new Map(entities.map((entity) => [entity.id, entity]));
    return {
      entities,
      complete,
      predictions,
      find: (id) => byId.get(id) ?? null,
      view: (entity) =>
        entityView(
          entity,
          {
            anomalies: anomaliesOf.get(entity.id) ?? [],
            predictions: predictionsOf.get(entity.id) ?? [],
            incidents: incidentsOf.get(entity.id) ?? [],
            lastFrame: newest.get(entity.id) ?? null,
            learning: deps.learning(entity.id),
          },
          { time: clock.now(), stepMs: options.stepMs },
        ),
    };
  };
  return createCached(load, clock, options.cacheMs ?? DEFAULT_CACHE_MS);
}
