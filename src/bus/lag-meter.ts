import type { Bus, Subscription } from './bus.ts';

/** A bus that remembers who subscribed, so that one place can tell how far behind each group is. */
export function createLagMeter(bus: Bus): { readonly bus: Bus; lags(): ReadonlyMap<string, number> } {
  const groups = new Map<string, Set<Subscription>>();
  return {
    bus: {
      start: () => bus.start(),
      stop: (timeoutMs) => bus.stop(timeoutMs),
      publish: (topic, messages, options) => bus.publish(topic, messages, options),
      subscribe: async (topic, group, handler, options) => {
        const subscription = await bus.subscribe(topic, group, handler, options);
        const members = groups.get(group) ?? new Set();
        groups.set(group, members.add(subscription));
        return {
          lag: () => subscription.lag(),
          assigned: () => subscription.assigned(),
          stop: () => {
            members.delete(subscription);
            return subscription.stop();
          },
        };
      },
    },
    lags: () =>
      new Map(
        [...groups].map(([group, members]) => [
          group,
          [...members].reduce((sum, subscription) => sum + subscription.lag(), 0),
        ]),
      ),
  };
}
