import type { EntityView } from '../../../src/api/contract/views.ts';

export interface EntityGroup {
  readonly kind: string;
  readonly entities: readonly EntityView[];
}

/** By kind, largest first; within a kind by name, so that an entity keeps its place and the eye finds it again. */
export function groupEntities(entities: readonly EntityView[]): readonly EntityGroup[] {
  const groups = new Map<string, EntityView[]>();
  for (const entity of entities) {
    const group = groups.get(entity.kind);
    if (group === undefined) groups.set(entity.kind, [entity]);
    else group.push(entity);
  }
  return [...groups]
    .map(([kind, members]) => ({
      kind,
      entities: members.toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
    }))
    .toSorted((a, b) => b.entities.length - a.entities.length || a.kind.localeCompare(b.kind));
}
