import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import type { Bus, Subscription } from '../../src/bus/bus.ts';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import type { DeadLetter, Topic } from '../../src/model/topics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import type { CutProxy } from './cut-proxy.ts';
import type { Cluster } from './kafka-cluster.ts';

type Numbered = { readonly n: number };

/** What may be wrong for so long, ms; a loaded machine takes its time. */
const PATIENCE_MS = 60_000;

/** The bus alone, on the cluster whose proxies stand before its brokers: what becomes of them, and of what it carries. */
export function checkBusFaults(
  within: () => { readonly cluster: Cluster; readonly proxies: readonly CutProxy[] },
): void {
  const buses: Bus[] = [];
  let processes = 0;
  const letters: DeadLetter[] = [];

  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.stop(0)));
  });
  const open = async (): Promise<Bus> => {
    const bus = createKafkaBus(
      {
        brokers: within().cluster.addresses,
        prefix: 'alone.',
        clientId: `process-${(processes += 1)}`,
        topicDefaults: { partitions: 6, replication: 3, retentionMs: 3_600_000 },
        sessionMs: 6000,
      },
      {
        clock: systemClock,
        log: silentLog,
        metrics: createMetrics(),
        deadLetters: async (letter) => void letters.push(letter),
      },
    );
    buses.push(bus);
    await bus.start();
    return bus;
  };

  /** Numbers flow from a sender through two members of a stage into a store, each on connections of its own. */
  async function startFlow(name: string) {
    const from: Topic<Numbered> = { name: `${name}-from`, key: 'entity' };
    const to: Topic<Numbered> = { name: `${name}-to`, key: 'entity' };
    const stored = new Map<number, string>();
    const acknowledged: number[] = [];
    const join = async (): Promise<Subscription> => {
      const bus = await open();
      return bus.subscribe(from, 'stage', async (batch) => {
        await bus.publish(
          to,
          batch.map(({ key, value }) => ({ key, value })),
        );
      });
    };
    await join();
    await join();
    const store = await open();
    await store.subscribe(to, 'store', async (batch) => {
      for (const { key, value } of batch) stored.set(value.n, key);
    });
    const sender = await open();
    const over = new AbortController();
    const sent = (async () => {
      for (let n = 0; !over.signal.aborted; n += 20) {
        const numbers = Array.from({ length: 20 }, (_, i) => n + i);
        const messages = numbers.map((number) => ({ key: `key-${number % 50}`, value: { n: number } }));
        // Only what was promised counts.
        await sender.publish(from, messages, { durable: true }).then(
          () => acknowledged.push(...numbers),
          () => undefined,
        );
        await delay(10);
      }
    })();
    const grows = async (): Promise<void> => {
      const { length } = acknowledged;
      await expect
        .poll(() => acknowledged.length, { timeout: PATIENCE_MS, interval: 100 })
        .toBeGreaterThan(length + 500);
      const { size } = stored;
      await expect.poll(() => stored.size, { timeout: PATIENCE_MS, interval: 100 }).toBeGreaterThan(size + 500);
    };
    await grows();
    return {
      grows,
      join,
      /** Nothing that was acknowledged is missing. */
      finish: async (): Promise<void> => {
        over.abort();
        await sent;
        const missing = () => acknowledged.filter((n) => stored.get(n) !== `key-${n % 50}`).length;
        await expect.poll(missing, { timeout: PATIENCE_MS, interval: 100 }).toBe(0);
      },
    };
  }

  it('loses nothing when one broker after the other is killed and returns', async () => {
    const flow = await startFlow('kill');
    for (const broker of within().cluster.brokers.slice(1)) {
      await broker.kill();
      await flow.grows();
      await broker.start();
      await delay(2000);
    }
    await flow.finish();
    expect(letters).toEqual([]);
  });

  it('loses nothing when the network to a broker is cut, and when it heals', async () => {
    const flow = await startFlow('cut');
    const { proxies } = within();
    for (const proxy of proxies) proxy.cut();
    await delay(7000);
    for (const proxy of proxies) proxy.heal();
    await flow.grows();
    await flow.finish();
    expect(letters).toEqual([]);
  });

  it('loses nothing while members come and go every second', async () => {
    const flow = await startFlow('come-and-go');
    let member: Subscription | undefined;
    for (let second = 0; second < 10; second += 1) {
      if (member === undefined) member = await flow.join();
      else {
        await member.stop();
        member = undefined;
      }
      await delay(1000);
    }
    await flow.grows();
    await flow.finish();
    expect(letters).toEqual([]);
  });
}
