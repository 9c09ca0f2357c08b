import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeadLetter, Topic } from '../model/topics.ts';
import { systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { checkBus } from './check-bus.ts';
import { createMemoryBus, type MemoryBusDeps } from './memory-bus.ts';

const backoff = { firstMs: 1, maxMs: 4 };
const createBus = (deps: Partial<MemoryBusDeps> = {}) =>
  createMemoryBus({
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics(),
    deadLetters: async () => undefined,
    backoff,
    ...deps,
  });

checkBus('the memory bus', {
  create: async (deadLetters) => createBus({ deadLetters }),
  patienceMs: 30_000,
});

const topic: Topic<number> = { name: 'numbers', key: 'entity' };
const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 5));

/** A handler that stays in its first batch until it is let go. */
function gated() {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { gate, open: () => open() };
}

describe('memory bus', () => {
  it('makes publishers wait while a group is behind, and keeps their order', async () => {
    const bus = createBus({ capacity: 4 });
    const { gate, open } = gated();
    const seen: number[] = [];
    const subscription = await bus.subscribe(topic, 'slow', async (batch) => {
      await gate;
      for (const { value } of batch) seen.push(value);
    });
    const finished: string[] = [];
    const first = bus.publish(
      topic,
      [0, 1, 2, 3, 4, 5].map((value) => ({ key: 'k', value })),
    );
    const second = bus.publish(
      topic,
      [6, 7].map((value) => ({ key: 'k', value })),
    );
    void first.then(() => finished.push('first'));
    void second.then(() => finished.push('second'));
    await tick();
    expect(finished).toEqual([]);
    expect(subscription.lag()).toBe(4);
    open();
    await Promise.all([first, second]);
    await bus.stop();
    expect(finished).toEqual(['first', 'second']);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('resolves a durable publish only when every group has committed', async () => {
    const bus = createBus();
    const { gate, open } = gated();
    await bus.subscribe(topic, 'fast', async () => undefined);
    await bus.subscribe(topic, 'slow', () => gate);
    let durable = false;
    const publishing = (async () => {
      await bus.publish(topic, [{ key: 'k', value: 1 }], { durable: true });
      durable = true;
    })();
    await bus.publish(topic, [{ key: 'k', value: 2 }]);
    await tick();
    expect(durable).toBe(false);
    open();
    await publishing;
    expect(durable).toBe(true);
    await bus.stop();
  });

  it('rejects a durable publish and publishers in line when it ends before they were served', async () => {
    const bus = createBus({ capacity: 1 });
    await bus.subscribe(topic, 'stuck', () => new Promise(() => undefined));
    const durable = bus.publish(topic, [{ key: 'k', value: 1 }], { durable: true });
    const waiting = bus.publish(topic, [{ key: 'k', value: 2 }]);
    const both = Promise.allSettled([durable, waiting]);
    await bus.stop(10);
    for (const result of await both) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'BUS_STOPPED' } });
    }
  });

  it('tells durable publishers while nothing can be committed, keeps what it has, and goes on afterwards', async () => {
    const bus = createBus({ capacity: 3, patienceMs: 10 });
    let full = true;
    const seen: number[] = [];
    await bus.subscribe(topic, 'store', async (batch) => {
      if (full) throw new VigiaError('STORE_FULL', { folder: 'x' });
      for (const { value } of batch) seen.push(value);
    });
    const publish = (...values: number[]) =>
      bus.publish(
        topic,
        values.map((value) => ({ key: 'k', value })),
        { durable: true },
      );
    for (const result of await Promise.allSettled([publish(2, 3, 4, 5), publish(1)])) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FULL' } });
    }
    await expect(publish(9)).rejects.toMatchObject({ code: 'STORE_FULL' });
    full = false;
    await expect.poll(() => seen.length).toBeGreaterThan(1);
    await publish(7);
    expect(seen.at(-1)).toBe(7);
    expect(seen).not.toContain(9);
    await bus.stop();
  });

  it('drops and counts what nobody listens to', async () => {
    const metrics = createMetrics();
    const bus = createBus({ metrics });
    await bus.publish(
      topic,
      [
        { key: 'k', value: 1 },
        { key: 'k', value: 2 },
      ],
      { durable: true },
    );
    expect((await metrics.expose()).text).toContain('vigia_bus_unheard_total{topic="numbers"} 2');
    await bus.stop();
  });

  it('tries again when the dead letters cannot be kept for lack of the store', async () => {
    const letters: DeadLetter[] = [];
    let tries = 0;
    const bus = createBus({
      deadLetters: async (letter) => {
        tries += 1;
        if (tries < 3) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'test' });
        letters.push(letter);
      },
    });
    await bus.subscribe(topic, 'group', async () => {
      throw new Error('never');
    });
    await bus.publish(topic, [{ key: 'k', value: Number.NaN }], { durable: true });
    expect(letters).toMatchObject([{ payload: '"NaN"', attempts: expect.any(Number), reason: 'never' }]);
    await bus.stop();
  });

  it('does not let a letter that cannot be kept block the rest', async () => {
    const bus = createBus({
      deadLetters: async () => {
        throw new Error('no room for letters');
      },
    });
    const seen: number[] = [];
    await bus.subscribe(topic, 'group', async (batch) => {
      for (const { value } of batch) if (value === 1) throw new Error('bad');
      for (const { value } of batch) seen.push(value);
    });
    await bus.publish(
      topic,
      [1, 2, 3].map((value) => ({ key: 'k', value })),
      { durable: true },
    );
    expect(seen).toEqual([2, 3]);
    await bus.stop();
  });

  it('cuts huge payloads of dead letters and shows columns', async () => {
    const letters: DeadLetter[] = [];
    const bus = createBus({ deadLetters: async (letter) => void letters.push(letter) });
    const columns: Topic<{ values: Float64Array; text: string }> = { name: 'columns', key: 'entity' };
    await bus.subscribe(columns, 'group', async (batch) => batch.map((message) => ({ message, reason: 'no' })));
    const values = new Float64Array(1_000_000).fill(0.5);
    await bus.publish(columns, [{ key: 'k', value: { values, text: 'x'.repeat(100_000) } }], { durable: true });
    expect(letters[0]!.payload).toMatch(/^\{"values":\[0\.5,0\.5/);
    expect(letters[0]!.payload.length).toBeLessThanOrEqual(64 * 1024);
    await bus.stop();
  });

  it('keeps every message exactly in order by key, whatever fails on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 3 }),
        async (plan, maxBatch, concurrency) => {
          const bus = createBus({ capacity: 10, backoff: { firstMs: 0, maxMs: 0 } });
          const failOnce = new Set(plan.flatMap(([, fails], n) => (fails ? [n] : [])));
          const seen = new Map<string, number[]>();
          await bus.subscribe(
            topic,
            'group',
            async (batch) => {
              const poisoned = batch.find(({ value }) => failOnce.delete(value));
              if (poisoned !== undefined) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'test' });
              for (const { key, value } of batch) seen.set(key, [...(seen.get(key) ?? []), value]);
            },
            { maxBatch, concurrency },
          );
          await bus.publish(
            topic,
            plan.map(([key], n) => ({ key: `k${key}`, value: n })),
            { durable: true },
          );
          await bus.stop();
          const expected = new Map<string, number[]>();
          plan.forEach(([key], n) => expected.set(`k${key}`, [...(expected.get(`k${key}`) ?? []), n]));
          expect(seen).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
  });
});
