import { expect, it } from 'vitest';
import type { Source, SourceSample, SourceTools } from '../model/source.ts';
import { systemClock } from '../runtime/clock.ts';

const PATIENCE = 30_000;

/** Time that passes as fast as it is slept. */
function quickTools(): SourceTools {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => now,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      now += ms;
      await systemClock.sleep(1, signal);
    },
  };
}

/** What every source must keep to: it brings what can be read, waits for room, and ends when it is told to. */
export function checkSource(make: (tools: SourceTools) => Source): void {
  const collect = async (least: number): Promise<readonly SourceSample[]> => {
    const end = new AbortController();
    const taken: SourceSample[] = [];
    let busy = false;
    const outlet = {
      samples: async (samples: readonly SourceSample[]): Promise<void> => {
        expect(busy, 'hands over more before there is room').toBe(false);
        busy = true;
        await systemClock.sleep(1);
        busy = false;
        taken.push(...samples);
        if (taken.length >= least) end.abort();
      },
    };
    await make(quickTools())
      .run(outlet, end.signal)
      .catch((thrown: unknown) => expect(end.signal.aborted, String(thrown)).toBe(true));
    return taken;
  };

  it(
    'brings samples with names, labels and numbers, and ends when it is told to',
    async () => {
      const taken = await collect(3);
      expect(taken.length).toBeGreaterThanOrEqual(3);
      for (const { name, labels, value, time } of taken) {
        expect(name).toMatch(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/);
        expect(Object.values(labels).every((text) => typeof text === 'string')).toBe(true);
        expect(value).toBeTypeOf('number');
        expect(time === undefined || Number.isFinite(time)).toBe(true);
      }
    },
    PATIENCE,
  );

  it(
    'does nothing when it is told to end before it begins',
    async () => {
      const end = new AbortController();
      end.abort();
      let handed = 0;
      const outlet = { samples: async () => void (handed += 1) };
      await make(quickTools())
        .run(outlet, end.signal)
        .catch(() => undefined);
      expect(handed).toBeLessThanOrEqual(1);
    },
    PATIENCE,
  );
}
