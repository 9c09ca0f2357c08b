import { toError, VigiaError } from '../runtime/errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { type Metrics, SECONDS_BUCKETS } from '../runtime/metrics.ts';
import type { Bus } from './bus.ts';

/** When Vigía made a message, by the field that says so; null where none does. */
function madeAt(value: unknown): number | null {
  const fields = value as Readonly<Record<string, unknown>> | null | undefined;
  const found = MADE.map((field) => fields?.[field]).find((time) => typeof time === 'number');
  return found === undefined ? null : (found as number);
}

/** Of samples, frames, anomalies and incidents, predictions, outcomes, and all others. */
const MADE = ['receivedAt', 'closedAt', 'updatedAt', 'madeAt', 'decidedAt', 'time'] as const;

/** A bus that counts what each stage does: how many messages, how long a batch takes, what goes wrong with it. */
export function createMeteredBus(
  bus: Bus,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics },
): Bus {
  const both = ['stage', 'topic'] as const;
  const messages = metrics.counter('vigia_stage_messages_total', 'Messages that a stage has processed.', both);
  const duration = metrics.histogram(
    'vigia_stage_batch_duration_seconds',
    'How long a stage takes for one batch, its writes included.',
    SECONDS_BUCKETS,
    both,
  );
  const delay = metrics.histogram(
    'vigia_stage_delay_seconds',
    'How old the newest message of a batch is when a stage has done with it.',
    SECONDS_BUCKETS,
    both,
  );
  const errors = metrics.counter('vigia_stage_errors_total', 'Batches that failed and come again, by code.', [
    ...both,
    'code',
  ]);
  const letters = metrics.counter('vigia_bus_dead_letters_total', 'Messages that cannot be processed', [
    'topic',
    'group',
  ]);
  return {
    start: () => bus.start(),
    stop: (timeoutMs) => bus.stop(timeoutMs),
    publish: (topic, given, options) => bus.publish(topic, given, options),
    subscribe: (topic, stage, handler, options) => {
      const labels = { stage, topic: topic.name };
      // From zero on, so that the first one is seen as an increase.
      messages.inc(labels, 0);
      letters.inc({ topic: topic.name, group: stage }, 0);
      return bus.subscribe(
        topic,
        stage,
        async (batch, signal) => {
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
        },
        options,
      );
    },
  };
}
