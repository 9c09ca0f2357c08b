import type { Bus, Subscription } from './bus.ts';

/** A bus that remembers who subscribed, so that one place can tell how far behind each group is. */
export interface LagMeter {
  readonly bus: Bus;
  /** Messages not yet committed, by group. */
  lags(): ReadonlyMap<string, number>;
  /** Whether everybody who subscribed holds partitions, and has prepared for them. */
  assigned(): boolean;
}

export function createLagMeter(bus: Bus): LagMeter {
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
    assigned: () => [...groups.values()].every((members) => [...members].every((one) => one.assigned() > 0)),
    lags: () =>
      new Map(
        [...groups].map(([group, members]) => [
          group,
          [...members].reduce((sum, subscription) => sum + subscription.lag(), 0),
        ]),
      ),
  };
}
