import { afterEach, describe, expect, it } from 'vitest';
import type { DeadLetter, Topic } from '../model/topics.ts';
import type { Bus, Delivery, SubscribeOptions } from './bus.ts';
import { VigiaError } from '../runtime/errors.ts';

/** What the suite needs of an adapter. Pauses between tries should be short, some ms. */
export interface BusUnderTest {
  create(deadLetters: (letter: DeadLetter) => Promise<void>): Promise<Bus>;
  /** Longest time for messages to arrive, ms. */
  readonly patienceMs: number;
}

type Payload = { readonly n: number };

/** How long one member waits for another at most, so that a bus that gives all work to one is found out. */
const WAIT_MS = 1000;

let topicNumber = 0;
const freshTopic = (): Topic<Payload> => ({ name: `check-${process.pid}-${(topicNumber += 1)}`, key: 'entity' });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const numbers = (count: number, key: string) => Array.from({ length: count }, (_, n) => ({ key, value: { n } }));

/** The promises of `bus.ts`, held against an adapter. Every bus passes this suite. */
export function checkBus(name: string, subject: BusUnderTest): void {
  describe(`${name} keeps the promises of a bus`, () => {
    const letters: DeadLetter[] = [];
    const buses: Bus[] = [];
    const open = async (): Promise<Bus> => {
      letters.length = 0;
      const bus = await subject.create(async (letter) => {
        letters.push(letter);
      });
      buses.push(bus);
      await bus.start();
      return bus;
    };
    const eventually = (predicate: () => boolean): Promise<void> =>
      expect.poll(predicate, { timeout: subject.patienceMs, interval: 2 }).toBe(true);
    afterEach(async () => {
      for (const bus of buses.splice(0)) await bus.stop(50);
    });

    it('delivers every message to every group, in order by key', async () => {
      const bus = await open();
      const topic = freshTopic();
      const seen: Record<string, Map<string, number[]>> = { a: new Map(), b: new Map() };
      for (const group of ['a', 'b']) {
        await bus.subscribe(topic, group, async (batch) => {
          for (const { key, value } of batch) {
            const list = seen[group]!.get(key) ?? [];
            list.push(value.n);
            seen[group]!.set(key, list);
          }
        });
      }
      for (let n = 0; n < 200; n += 1) {
        await bus.publish(topic, [
          { key: `key-${n % 7}`, value: { n } },
          { key: 'all', value: { n } },
        ]);
      }
      const total = (group: string) => [...seen[group]!.values()].reduce((sum, list) => sum + list.length, 0);
      await eventually(() => total('a') === 400 && total('b') === 400);
      for (const group of ['a', 'b']) {
        for (const list of seen[group]!.values()) expect(list).toEqual([...list].sort((x, y) => x - y));
        expect(seen[group]!.get('all')).toHaveLength(200);
      }
    });

    it('carries the place in a trace with a message, and none where none was given', async () => {
      const bus = await open();
      const topic = freshTopic();
      const seen = new Map<string, string | undefined>();
      await bus.subscribe(topic, 'group', async (batch) => {
        for (const { key, trace } of batch) seen.set(key, trace);
      });
      const trace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      await bus.publish(topic, [
        { key: 'followed', value: { n: 1 }, trace },
        { key: 'plain', value: { n: 2 } },
      ]);
      await eventually(() => seen.size === 2);
      expect(seen.get('followed')).toBe(trace);
      expect(seen.get('plain')).toBeUndefined();
    });

    it('shares the partitions of a group among its members', async () => {
      const bus = await open();
      const topic = freshTopic();
      const ownersByKey = new Map<string, Set<string>>();
      let count = 0;
      let working = 0;
      let together = 0;
      let meet: () => void = () => undefined;
      const met = new Promise<void>((resolve) => {
        meet = resolve;
      });
      const member = (id: string) => async (batch: readonly Delivery<Payload>[]) => {
        working += 1;
        together = Math.max(together, working);
        if (working === 2) meet();
        // Whoever is first waits for the other, who may be a little late.
        await Promise.race([met, pause(WAIT_MS)]);
        for (const { key } of batch) ownersByKey.set(key, (ownersByKey.get(key) ?? new Set()).add(id));
        count += batch.length;
        working -= 1;
      };
      const members = [
        await bus.subscribe(topic, 'group', member('one'), { maxBatch: 10 }),
        await bus.subscribe(topic, 'group', member('two'), { maxBatch: 10 }),
      ];
      await eventually(() => members.every((one) => one.assigned() > 0));
      await bus.publish(
        topic,
        Array.from({ length: 300 }, (_, n) => ({ key: `key-${n % 100}`, value: { n } })),
      );
      await eventually(() => count === 300);
      expect(together).toBe(2);
      expect(ownersByKey.size).toBe(100);
    });

    it('never works on one key twice at the same time', async () => {
      const bus = await open();
      const topic = freshTopic();
      const busy = new Set<string>();
      let count = 0;
      let clashes = 0;
      await bus.subscribe(
        topic,
        'group',
        async (batch) => {
          const keys = new Set(batch.map(({ key }) => key));
          for (const key of keys) {
            if (busy.has(key)) clashes += 1;
            busy.add(key);
          }
          await new Promise((resolve) => setTimeout(resolve, 1));
          for (const key of keys) busy.delete(key);
          count += batch.length;
        },
        { maxBatch: 5, concurrency: 4 },
      );
      await bus.publish(
        topic,
        Array.from({ length: 400 }, (_, n) => ({ key: `key-${n % 20}`, value: { n } })),
      );
      await eventually(() => count === 400);
      expect(clashes).toBe(0);
    });

    it('hands over at most maxBatch messages', async () => {
      const bus = await open();
      const topic = freshTopic();
      const sizes: number[] = [];
      await bus.subscribe(topic, 'group', async (batch) => void sizes.push(batch.length), { maxBatch: 30 });
      await bus.publish(topic, numbers(100, 'one'));
      await eventually(() => sizes.reduce((sum, size) => sum + size, 0) === 100);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(30);
    });

    it('brings a failed batch again, in order, and counts the attempts', async () => {
      const bus = await open();
      const topic = freshTopic();
      const attempts: number[] = [];
      const done: number[] = [];
      await bus.subscribe(topic, 'group', async (batch) => {
        attempts.push(batch[0]!.attempt);
        if (attempts.length < 3) throw new Error('not yet');
        for (const { value } of batch) done.push(value.n);
      });
      await bus.publish(topic, numbers(10, 'one'));
      await eventually(() => done.length === 10);
      expect(attempts.slice(0, 3)).toEqual([1, 2, 3]);
      expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(letters).toEqual([]);
    });

    it('isolates a poisonous message: it goes to the dead letters, all others are processed', async () => {
      const bus = await open();
      const topic = freshTopic();
      const done = new Set<number>();
      await bus.subscribe(topic, 'group', async (batch) => {
        if (batch.some(({ value }) => value.n === 4)) throw new Error('four is poison');
        for (const { value } of batch) done.add(value.n);
      });
      await bus.publish(topic, numbers(10, 'one'));
      await eventually(() => done.size === 9 && letters.length === 1);
      expect(letters[0]).toMatchObject({ topic: topic.name, group: 'group', key: 'one', reason: 'four is poison' });
      expect(JSON.parse(letters[0]!.payload)).toEqual({ n: 4 });
      expect(letters[0]!.attempts).toBeGreaterThanOrEqual(3);
      await bus.publish(topic, [{ key: 'one', value: { n: 99 } }]);
      await eventually(() => done.has(99));
    });

    it('sends the messages that a handler names to the dead letters and commits the rest', async () => {
      const bus = await open();
      const topic = freshTopic();
      let calls = 0;
      const subscription = await bus.subscribe(topic, 'group', async (batch) => {
        calls += batch.length;
        return batch
          .filter(({ value }) => value.n % 2 === 1)
          .map((message) => ({ message, reason: `odd ${message.value.n}` }));
      });
      await bus.publish(topic, numbers(6, 'one'), { durable: true });
      await eventually(() => letters.length === 3 && subscription.lag() === 0);
      expect(letters.map(({ reason }) => reason).sort()).toEqual(['odd 1', 'odd 3', 'odd 5']);
      expect(calls).toBe(6);
    });

    it('tries a retryable failure for ever and loses nothing', async () => {
      const bus = await open();
      const topic = freshTopic();
      let failures = 0;
      const done: number[] = [];
      await bus.subscribe(
        topic,
        'group',
        async (batch) => {
          failures += 1;
          if (failures <= 8) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'test' });
          for (const { value } of batch) done.push(value.n);
        },
        { maxAttempts: 2 },
      );
      await bus.publish(topic, numbers(5, 'one'));
      await eventually(() => done.length === 5);
      expect(done).toEqual([0, 1, 2, 3, 4]);
      expect(letters).toEqual([]);
    });

    it('tells how far behind a group is', async () => {
      const bus = await open();
      const topic = freshTopic();
      let open_: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        open_ = resolve;
      });
      const subscription = await bus.subscribe(topic, 'group', () => gate);
      await bus.publish(topic, numbers(12, 'one'));
      await eventually(() => subscription.lag() === 12);
      open_();
      await eventually(() => subscription.lag() === 0);
      expect(letters).toEqual([]);
    });

    it('takes no more after a subscription has stopped, and the group goes on where it was', async () => {
      const bus = await open();
      const topic = freshTopic();
      const first: number[] = [];
      const second: number[] = [];
      const subscription = await bus.subscribe(topic, 'group', async (batch) => {
        for (const { value } of batch) first.push(value.n);
      });
      await bus.publish(topic, numbers(3, 'one'));
      await eventually(() => first.length === 3);
      await subscription.stop();
      await subscription.stop();
      await bus.publish(topic, [{ key: 'one', value: { n: 3 } }]);
      await bus.subscribe(topic, 'group', async (batch) => {
        for (const { value } of batch) second.push(value.n);
      });
      await eventually(() => second.includes(3));
      expect(first).toEqual([0, 1, 2]);
    });

    it('hands partitions over: prepared before they deliver, given up after what was in hand', async () => {
      const bus = await open();
      const topic = freshTopic();
      const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`);
      const holders = new Map<string, string>();
      const wrong: string[] = [];
      const done = new Map<string, Set<number>>();
      const join = async (id: string) => {
        const ready = new Set<string>();
        const options: SubscribeOptions = {
          maxBatch: 5,
          onAssigned: async (owns) => {
            const mine = keys.filter(owns);
            for (const key of mine) {
              if (holders.has(key)) wrong.push(`${id} was given ${key} of ${holders.get(key)}`);
              holders.set(key, id);
            }
            await pause(10);
            for (const key of mine) ready.add(key);
          },
          onRevoked: async (owns) => {
            const mine = keys.filter(owns);
            if (mine.some((key) => busy.has(key))) wrong.push(`${id} was asked too early`);
            for (const key of mine) ready.delete(key);
            await pause(10);
            for (const key of mine) if (holders.get(key) === id) holders.delete(key);
          },
        };
        const busy = new Set<string>();
        return bus.subscribe(
          topic,
          'group',
          async (batch) => {
            for (const { key } of batch) {
              if (!ready.has(key)) wrong.push(`${id} got ${key} and did not hold it`);
              busy.add(key);
            }
            await pause(2);
            for (const { key, value } of batch) done.set(key, (done.get(key) ?? new Set()).add(value.n));
            busy.clear();
          },
          options,
        );
      };
      const publishRound = (round: number) =>
        bus.publish(
          topic,
          keys.map((key) => ({ key, value: { n: round } })),
        );
      const total = () => [...done.values()].reduce((sum, rounds) => sum + rounds.size, 0);
      const one = await join('one');
      expect(one.assigned()).toBe(0);
      await publishRound(0);
      await eventually(() => total() === 40);
      const all = one.assigned();
      const two = await join('two');
      for (let round = 1; round <= 5; round += 1) await publishRound(round);
      await eventually(() => total() === 240 && two.assigned() > 0 && one.assigned() + two.assigned() === all);
      await one.stop();
      await publishRound(6);
      await eventually(() => total() === 280);
      expect(two.assigned()).toBe(all);
      await two.stop();
      expect(holders.size).toBe(0);
      expect(wrong).toEqual([]);
    });

    it('asks again when a member could not prepare, and delivers only then', async () => {
      const bus = await open();
      const topic = freshTopic();
      let calls = 0;
      const callsAtDelivery: number[] = [];
      await bus.subscribe(topic, 'group', async () => void callsAtDelivery.push(calls), {
        onAssigned: async () => {
          calls += 1;
          if (calls < 3) throw new VigiaError('STORE_UNAVAILABLE', { detail: 'test' });
        },
      });
      await bus.publish(topic, numbers(3, 'one'));
      await eventually(() => callsAtDelivery.length > 0);
      expect(Math.min(...callsAtDelivery)).toBeGreaterThanOrEqual(3);
    });

    it('drains on stop, through several topics, and then refuses', async () => {
      const bus = await open();
      const from = freshTopic();
      const to = freshTopic();
      const done: number[] = [];
      await bus.subscribe(to, 'second', async (batch) => {
        for (const { value } of batch) done.push(value.n);
      });
      await bus.subscribe(
        from,
        'first',
        async (batch) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          await bus.publish(
            to,
            batch.map(({ key, value }) => ({ key, value })),
          );
        },
        { maxBatch: 10 },
      );
      await bus.publish(from, numbers(50, 'one'));
      await bus.stop(subject.patienceMs);
      expect(new Set(done).size).toBe(50);
      await expect(bus.publish(from, numbers(1, 'one'))).rejects.toMatchObject({ code: 'BUS_STOPPED' });
    });

    it('ends within the time limit although a handler hangs, and tells the handler', async () => {
      const bus = await open();
      const topic = freshTopic();
      let told = false;
      let started = false;
      await bus.subscribe(topic, 'group', async (_batch, signal) => {
        started = true;
        await new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
        told = true;
      });
      await bus.publish(topic, numbers(1, 'one'));
      await eventually(() => started);
      await bus.stop(20);
      await eventually(() => told);
      await expect(bus.publish(topic, numbers(1, 'one'))).rejects.toMatchObject({ code: 'BUS_STOPPED' });
    });
  });
}
