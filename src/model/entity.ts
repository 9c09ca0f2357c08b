import { type Static, Type } from 'typebox';

/** `kind/name`, for example `host/web-1` or `pod/shop/cart-0`; the name may hold slashes, the kind may not. */
export const EntityId = Type.String({ minLength: 3, maxLength: 512, pattern: '^[a-z][a-z0-9_-]*/.+$' });
export type EntityId = Static<typeof EntityId>;

/** What can fail and be acted upon. */
export const Entity = Type.Object({
  id: EntityId,
  kind: Type.String(),
  name: Type.String(),
  fleet: Type.String({ description: 'Entities that are judged and acted upon together.' }),
  labels: Type.Record(Type.String(), Type.String()),
  firstSeen: Type.Integer({ description: 'Unix time in milliseconds.' }),
  lastSeen: Type.Integer({ description: 'Unix time in milliseconds.' }),
});
export type Entity = Static<typeof Entity>;

/** The fleet of every entity for which no rule names another. */
export const DEFAULT_FLEET = 'default';

/** Splits an entity id at its first slash. */
export function parseEntityId(id: EntityId): { readonly kind: string; readonly name: string } {
  const slash = id.indexOf('/');
  return { kind: id.slice(0, slash), name: id.slice(slash + 1) };
}

/** Labels that name the service of an entity, the surest first. */
const SERVICE_LABELS = ['service', 'service_name', 'app_kubernetes_io_name', 'app'] as const;

/** The service that an entity is, or is part of by its labels; null when they do not say. */
export function serviceOf({ kind, name, labels }: Pick<Entity, 'kind' | 'name' | 'labels'>): string | null {
  if (kind === 'service') return name;
  const label = SERVICE_LABELS.find((one) => (labels[one] ?? '') !== '');
  return label === undefined ? null : (labels[label] ?? null);
}
