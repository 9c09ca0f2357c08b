import type { EntityId } from '../model/entity.ts';
import type { Edge } from '../model/topology.ts';
import type { Store } from '../store/store.ts';
import type { Surroundings } from './limits.ts';

/** Edges of one entity that are looked at. */
const MAX_EDGES = 1000;
/** Wholes that are looked at: a host may carry parts of many services. */
const MAX_WHOLES = 50;

const edgesOf = async (store: Pick<Store, 'edges'>, entity: EntityId): Promise<readonly Edge[]> =>
  (await store.edges.list({ entity, limit: MAX_EDGES, cursor: null })).items;

/**
 * What an action on an entity reaches by the topology: what runs on it, the wholes that those are parts of, and what is
 * connected by calls. Parts of the entity itself are not counted as reached: restarting a service is the service's own
 * business, in what order and how many at once.
 */
export async function surroundingsOf(store: Pick<Store, 'edges'>, entity: EntityId): Promise<Surroundings> {
  const edges = await edgesOf(store, entity);
  const guests = edges.filter(({ kind, to }) => kind === 'runs_on' && to === entity).map(({ from }) => from);
  const calls = edges.filter(({ kind }) => kind === 'calls').map(({ from, to }) => (from === entity ? to : from));
  const affected = [entity, ...guests];
  const names = new Set(edges.filter(({ kind, from }) => kind === 'part_of' && from === entity).map(({ to }) => to));
  for (const guest of guests) {
    if (names.size >= MAX_WHOLES) break;
    for (const { kind, from, to } of await edgesOf(store, guest))
      if (kind === 'part_of' && from === guest) names.add(to);
  }
  const wholes = [...names].slice(0, MAX_WHOLES).map(async (whole) => {
    const parts = (await edgesOf(store, whole)).filter(({ kind, to }) => kind === 'part_of' && to === whole);
    return { whole, parts: parts.map(({ from }) => from) };
  });
  return { affected, wholes: await Promise.all(wholes), near: calls };
}

/** The machine and the wholes above an entity, two levels: what a maintenance window may name. */
export async function aboveOf(store: Pick<Store, 'edges'>, entity: EntityId): Promise<readonly EntityId[]> {
  const up = async (id: EntityId): Promise<EntityId[]> =>
    (await edgesOf(store, id)).filter(({ kind, from }) => kind !== 'calls' && from === id).map(({ to }) => to);
  const first = await up(entity);
  const second = await Promise.all(first.slice(0, MAX_WHOLES).map(up));
  return [...new Set([...first, ...second.flat()])];
}
