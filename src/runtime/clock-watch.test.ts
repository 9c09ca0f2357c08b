import { expect, it } from 'vitest';
import { type Clock, systemClock } from './clock.ts';
import { createClockWatch } from './clock-watch.ts';
import { type Log, silentLog } from './log.ts';
import { createMetrics } from './metrics.ts';

it('tells once when the clock is set back or forward, says what to do, and counts it', async () => {
  let shift = 0;
  const clock: Clock = {
    now: () => systemClock.now() + shift,
    monotonic: () => systemClock.monotonic(),
    sleep: (_ms, signal) => systemClock.sleep(5, signal),
  };
  const said: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => said.push(message) };
  const metrics = createMetrics();
  const watch = createClockWatch({ clock, log, metrics });
  await watch.start();
  shift = -3_600_000;
  await expect.poll(() => said.length).toBe(1);
  shift = 0;
  await expect.poll(() => said.length).toBe(2);
  await systemClock.sleep(30);
  await watch.stop();
  expect(said).toHaveLength(2);
  expect(said[0]).toMatch(/3600 s.*time synchronisation/);
  const { text } = await metrics.expose();
  expect(text).toContain('vigia_runtime_clock_jumps_total{direction="back"} 1');
  expect(text).toContain('vigia_runtime_clock_jumps_total{direction="forward"} 1');
});
