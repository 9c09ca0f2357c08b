import type { Bus, Subscription } from '../bus/bus.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Store } from '../store/store.ts';

/** Keeps every event in the store, where pages, incidents and later training find it. Idempotent by the event's id. */
export function createEventKeeper(deps: { readonly bus: Bus; readonly store: Pick<Store, 'events'> }): Service {
  let subscription: Subscription | null = null;
  return {
    name: 'events',
    start: async () => {
      subscription = await deps.bus.subscribe(topics.events, 'events', (batch) =>
        deps.store.events.append(batch.map(({ value }) => value)),
      );
    },
    stop: async () => {
      await subscription?.stop();
      subscription = null;
    },
  };
}
