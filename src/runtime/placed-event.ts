import type { EntityId } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { ToldEvent } from '../model/told-event.ts';
import { stableId } from './ids.ts';

/** The event as it is published, of the entity that its labels mean. The same one told again has the same id. */
export function placedEvent(
  { identity, ...rest }: ToldEvent,
  { entity, fleet }: { readonly entity: EntityId; readonly fleet: string },
): Event {
  return { id: stableId('event', entity, ...identity), entity, fleet, ...rest };
}
