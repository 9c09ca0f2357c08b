import { expect, it } from 'vitest';
import type { Topic } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createMemoryBus } from './memory-bus.ts';
import { createMeteredBus } from './metered-bus.ts';

it('counts messages, time and errors of each stage', async () => {
  const metrics = createMetrics();
  const clock = systemClock;
  const memory = createMemoryBus({ clock, log: silentLog, metrics, deadLetters: async () => undefined });
  const bus = createMeteredBus(memory, { clock, metrics });
  const topic: Topic<number> = { name: 'numbers', key: 'entity' };
  let failing = true;
  await bus.start();
  await bus.subscribe(topic, 'detect', async () => {
    if (failing) {
      failing = false;
      throw new VigiaError('STORE_BUSY');
    }
  });
  await bus.publish(topic, [
    { key: 'a', value: 1 },
    { key: 'a', value: 2 },
  ]);
  await bus.stop(5000);
  const { text } = await metrics.expose();
  expect(text).toContain('vigia_stage_messages_total{stage="detect",topic="numbers"} 2');
  expect(text).toContain('vigia_stage_errors_total{stage="detect",topic="numbers",code="STORE_BUSY"} 1');
  expect(text).toContain('vigia_stage_batch_duration_seconds_count{stage="detect",topic="numbers"} 2');
});
