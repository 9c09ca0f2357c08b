import { type Entity, type EntityId, parseEntityId } from '../model/entity.ts';
import type { Store } from '../store/store.ts';

/** What one model serves, and whom it may learn from. */
export interface TrainingScope {
  /** An entity kind, or an entity's id. */
  readonly scope: string;
  /** Those with the longest history first. */
  readonly entities: readonly { readonly id: EntityId; readonly from: number; readonly to: number }[];
}

/** Siblings that a model learns from: more say the same again. */
const MOST_SIBLINGS = 64;
const MOST_KINDS = 50;
/** Owners may give so many entities a model of their own. */
export const MOST_OWN = 50;
const PAGE = 1000;
const MOST_PAGES = 20;

type Reads = { readonly entities: Pick<Store['entities'], 'list'>; readonly frames: Pick<Store['frames'], 'newest'> };

/** Every scope that has frames: kinds first, then entities with a model of their own. */
export async function trainingScopes(store: Reads, own: (entity: EntityId) => boolean): Promise<TrainingScope[]> {
  const newest = await store.frames.newest();
  const kinds = new Map<string, { id: EntityId; from: number; to: number }[]>();
  const owned: TrainingScope[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page++) {
    const found: { readonly items: readonly Entity[]; readonly next: string | null } = await store.entities.list({
      limit: PAGE,
      cursor,
    });
    for (const { id, firstSeen } of found.items) {
      const to = newest.get(id);
      if (to === undefined) continue;
      const one = { id, from: Math.min(firstSeen, to), to };
      const { kind } = parseEntityId(id);
      const siblings = kinds.get(kind);
      if (siblings !== undefined) siblings.push(one);
      else if (kinds.size < MOST_KINDS) kinds.set(kind, [one]);
      if (owned.length < MOST_OWN && own(id)) owned.push({ scope: id, entities: [one] });
    }
    if (found.next === null) break;
    cursor = found.next;
  }
  const longest = [...kinds].map(([scope, all]) => ({
    scope,
    entities: all.sort((a, b) => b.to - b.from - (a.to - a.from) || (a.id < b.id ? -1 : 1)).slice(0, MOST_SIBLINGS),
  }));
  return [...longest, ...owned];
}
