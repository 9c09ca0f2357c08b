import { toError, VigiaError } from '../runtime/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Metrics, SECONDS_BUCKETS } from '../runtime/metrics.ts';
import type { Bus, Handler, SubscribeOptions } from './bus.ts';
import type { Topic } from '../model/topics.ts';

/** When Vigía made a message, by the field that says so; null where none does. */
function madeAt(value: unknown): number | null {
  const fields = value as Readonly<Record<string, unknown>> | null | undefined;
  for (const field of MADE) {
    const time = fields?.[field];
    if (typeof time === 'number') return time;
  }
  return null;
}

/** Of samples, frames, anomalies and incidents, predictions, outcomes, and all others. */
const MADE = ['receivedAt', 'closedAt', 'updatedAt', 'madeAt', 'decidedAt', 'time'] as const;

function createStageMetrics(metrics: Metrics) {
  const both = ['stage', 'topic'] as const;
  return {
    messages: metrics.counter('vigia_stage_messages_total', 'Messages that a stage has processed.', both),
    duration: metrics.histogram(
      'vigia_stage_batch_duration_seconds',
      'How long a stage takes for one batch, its writes included.',
      SECONDS_BUCKETS,
      both,
    ),
    delay: metrics.histogram(
      'vigia_stage_delay_seconds',
      'How old the newest message of a batch is when a stage has done with it.',
      SECONDS_BUCKETS,
      both,
    ),
    errors: metrics.counter('vigia_stage_errors_total', 'Batches that failed and come again, by code.', [
      ...both,
      'code',
    ]),
    letters: metrics.counter('vigia_bus_dead_letters_total', 'Messages that cannot be processed', ['topic', 'group']),
  };
}

/** The stage of a group; a group of one process alone has the name of the process after it. */
export const stageOf = (group: string): string => group.split('.', 1)[0] ?? group;

/** A bus that counts what each stage does: how many messages, how long a batch takes, what goes wrong with it. */
export function createMeteredBus(
  bus: Bus,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
): Bus {
  const { messages, duration, delay, errors, letters } = createStageMetrics(metrics);
  return {
    start: () => bus.start(),
    stop: (timeoutMs) => bus.stop(timeoutMs),
    publish: (topic, given, options) => bus.publish(topic, given, options),
    subscribe: <T>(topic: Topic<T>, group: string, handler: Handler<T>, options?: SubscribeOptions) => {
      const labels = { stage: stageOf(group), topic: topic.name };
      // From zero on, so that the first one is seen as an increase.
      messages.inc(labels, 0);
      letters.inc({ topic: topic.name, group }, 0);
      const metered: Handler<T> = async (batch, signal) => {
        const began = clock.monotonic();
        try {
          const rejected = await handler(batch, signal);
          messages.inc(labels, batch.length);
          const made = madeAt(batch.at(-1)?.value);
          if (made !== null) delay.observe(labels, Math.max(0, clock.now() - made) / 1000);
          return rejected;
        } catch (thrown) {
          errors.inc({ ...labels, code: thrown instanceof VigiaError ? thrown.code : toError(thrown).name });
          throw thrown;
        } finally {
          duration.observe(labels, (clock.monotonic() - began) / 1000);
        }
      };
      return bus.subscribe(topic, group, metered, options);
    },
  };
}
