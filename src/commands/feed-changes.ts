import type { Changes } from '../api/changes.ts';
import type { StreamMessage } from '../api/contract/views.ts';
import type { Bus, Subscription } from '../bus/bus.ts';
import type { Run } from '../model/action.ts';
import type { Service } from '../model/service.ts';
import { type Topic, topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';

type Told = Pick<StreamMessage, 'type' | 'id' | 'entity' | 'severity'>;

export const runChange = (run: Run, time: number): StreamMessage => ({
  type: 'run',
  id: run.id,
  entity: run.entity,
  severity: null,
  time,
});

/** Tells the live stream what the stages publish; it reads the bus as a group of its own, which all replicas share. */
export function feedChanges(bus: Bus, changes: Changes, clock: Clock): Service {
  let subscriptions: Subscription[] = [];
  const listen = <T>(topic: Topic<T>, told: (value: T) => Told): Promise<Subscription> =>
    bus.subscribe(
      topic,
      'api',
      async (batch) => {
        for (const { value } of batch) changes.publish({ ...told(value), time: clock.now() });
      },
      { from: 'latest' },
    );
  return {
    name: 'changes',
    start: async () => {
      subscriptions = await Promise.all([
        listen(topics.anomalies, ({ id, entity, severity }) => ({ type: 'anomaly', id, entity, severity })),
        listen(topics.predictions, ({ id, entity, severity }) => ({ type: 'prediction', id, entity, severity })),
        listen(topics.incidents, ({ id, root, severity }) => ({ type: 'incident', id, entity: root, severity })),
        listen(topics.recommendations, ({ incident }) => ({
          type: 'recommendation',
          id: incident,
          entity: null,
          severity: null,
        })),
        listen(topics.outcomes, ({ id, entity }) => ({ type: 'outcome', id, entity, severity: null })),
      ]);
    },
    stop: async () => {
      await Promise.all(subscriptions.map((subscription) => subscription.stop()));
      subscriptions = [];
    },
  };
}
