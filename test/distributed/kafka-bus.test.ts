import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Admin, Consumer, Producer } from '@platformatic/kafka';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/bus/bus.ts';
import { checkBus } from '../../src/bus/check-bus.ts';
import { createConsumer } from '../../src/bus/kafka/client.ts';
import { Fetcher } from '../../src/bus/kafka/fetcher.ts';
import type { KafkaBusOptions } from '../../src/bus/kafka/options.ts';
import { partitionOf } from '../../src/bus/kafka/partition-of.ts';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import { type DeadLetter, type Topic, topics } from '../../src/model/topics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { type Cluster, kafkaMissing, startCluster } from './kafka-cluster.ts';

const user = { name: 'vigia', password: 'open-sesame' };
const topicDefaults = { partitions: 6, replication: 1, retentionMs: 3_600_000 };
const backoff = { firstMs: 5, maxMs: 20 };
const PATIENCE_MS = 60_000;

describe.skipIf(kafkaMissing !== null)(`one broker ${kafkaMissing ?? ''}`, () => {
  let cluster: Cluster;
  let processes = 0;
  const buses: Bus[] = [];
  beforeAll(async () => {
    cluster = await startCluster({ brokers: 1, user });
  });
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.stop(0);
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  const create = (
    options: Partial<KafkaBusOptions> = {},
    deadLetters: (letter: DeadLetter) => Promise<void> = async () => undefined,
  ): Bus => {
    processes += 1;
    return createKafkaBus(
      { brokers: cluster.addresses, clientId: `test-${processes}`, topicDefaults, sessionMs: 6000, ...options },
      { clock: systemClock, log: silentLog, metrics: createMetrics(), deadLetters, backoff },
    );
  };
  const open = async (...args: Parameters<typeof create>): Promise<Bus> => {
    const bus = create(...args);
    buses.push(bus);
    await bus.start();
    return bus;
  };
  const eventually = (predicate: () => boolean): Promise<void> =>
    expect.poll(predicate, { timeout: PATIENCE_MS, interval: 20 }).toBe(true);

  checkBus('the Kafka bus', { create: async (deadLetters) => create({}, deadLetters), patienceMs: PATIENCE_MS });

  const numbers: Topic<{ readonly n: number }> = { name: 'numbers', key: 'entity' };

  /** What comes back of a message. */
  async function speak(name: string, options: Partial<KafkaBusOptions>): Promise<readonly number[]> {
    const bus = await open(options);
    const seen: number[] = [];
    const take = async (batch: readonly { readonly value: { readonly n: number } }[]): Promise<void> => {
      seen.push(...batch.map(({ value }) => value.n));
    };
    await bus.subscribe({ ...numbers, name }, 'reader', take);
    await bus.publish({ ...numbers, name }, [{ key: 'k', value: { n: 7 } }], { durable: true });
    await eventually(() => seen.length > 0);
    return seen;
  }

  const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
  it.each(mechanisms)('speaks over TLS and signs in by SASL %s', async (mechanism) => {
    const heard = await speak(mechanism, {
      brokers: cluster.brokers.map(({ secureAddress }) => secureAddress),
      security: { tls: { ca: cluster.certificate }, sasl: { mechanism, username: user.name, password: user.password } },
    });
    expect(heard).toEqual([7]);
  });

  it.each(['none', 'gzip', 'snappy'] as const)('carries what is packed by %s', async (compression) => {
    expect(await speak(`packed-${compression}`, { compression })).toEqual([7]);
  });

  it('asks for no more of a partition while there is no room for it, and goes on where it was', async () => {
    const bus = await open();
    const topic: Topic<{ readonly n: number; readonly text: string }> = { name: 'pressed', key: 'entity' };
    const total = 300;
    for (let n = 0; n < total; n += 30) {
      const messages = Array.from({ length: 30 }, (_, i) => ({
        key: 'one',
        value: { n: n + i, text: randomBytes(512).toString('hex') },
      }));
      await bus.publish(topic, messages, { durable: true });
    }
    const options = { brokers: cluster.addresses, clientId: 'pressed', topicDefaults };
    const seen: bigint[] = [];
    let room = 50;
    const over = new AbortController();
    const fetcher = new Fetcher({
      clock: systemClock,
      signal: over.signal,
      topic: 'vigia.pressed',
      createConsumer: () => createConsumer(options, { groupId: 'pressed', sessionMs: 6000 }),
      hasRoom: () => seen.length < room,
      onRecords: (records) => void seen.push(...records.map(({ offset }) => offset)),
      onError: () => undefined,
    });
    try {
      fetcher.begin(partitionOf('one', topicDefaults.partitions), 0n);
      await eventually(() => seen.length >= room);
      const held = seen.length;
      expect(held).toBeLessThan(total);
      // Several times as long as a request may take that finds nothing.
      await delay(1500);
      expect(seen).toHaveLength(held);
      room = Number.POSITIVE_INFINITY;
      fetcher.wake();
      await eventually(() => seen.length === total);
      expect(seen).toEqual(Array.from({ length: total }, (_, n) => BigInt(n)));
    } finally {
      over.abort();
      await fetcher.close();
    }
  });

  it('speaks over TLS with brokers that want to know their clients, and is turned away when it cannot say who it is', async () => {
    const brokers = cluster.brokers.map(({ mutualAddress }) => mutualAddress);
    const { certificate: ca, client } = cluster;
    expect(await speak('mutual', { brokers, security: { tls: { ca, ...client } } })).toEqual([7]);
    const nobody = create({ brokers, startMs: 1, security: { tls: { ca } } }).start();
    // By TLS 1.3 the broker looks at certificates when the client thinks that all is well, and hangs up then.
    await expect(nobody).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE' });
  });

  it('says in one line what is wrong with the way to the brokers, and waits only where that can help', async () => {
    const secure = cluster.brokers.map(({ secureAddress }) => secureAddress);
    const sasl = { mechanism: 'plain' as const, username: user.name, password: 'wrong' };
    const begin = (options: Partial<KafkaBusOptions>) => create({ startMs: 1, ...options }).start();
    const wrongPassword = begin({
      startMs: 60_000,
      brokers: secure,
      security: { tls: { ca: cluster.certificate }, sasl },
    });
    await expect(wrongPassword).rejects.toMatchObject({ code: 'BUS_REFUSED' });
    for (const mechanism of ['scram-sha-256', 'scram-sha-512'] as const) {
      const security = { tls: { ca: cluster.certificate }, sasl: { ...sasl, mechanism } };
      await expect(begin({ startMs: 60_000, brokers: secure, security })).rejects.toMatchObject({
        code: 'BUS_REFUSED',
      });
    }
    const untrusted = begin({ startMs: 60_000, brokers: secure, security: { tls: {}, sasl } });
    await expect(untrusted).rejects.toMatchObject({ code: 'BUS_REFUSED' });
    const nobody = begin({ brokers: ['127.0.0.1:1'] });
    await expect(nobody).rejects.toMatchObject({ code: 'BUS_UNAVAILABLE', retryable: true });
    const copies = begin({ prefix: 'copies.', topicDefaults: { ...topicDefaults, replication: 3 } });
    await expect(copies).rejects.toMatchObject({ code: 'BUS_REPLICATION', retryable: true });
    await open();
    const more = begin({ startMs: 60_000, topicDefaults: { ...topicDefaults, partitions: 12 } });
    await expect(more).rejects.toMatchObject({ code: 'BUS_PARTITIONS', values: { found: 6, wanted: 12 } });
  });

  it('sends what it cannot read to the dead letters, as it came, with the reason', async () => {
    const letters: DeadLetter[] = [];
    const seen: string[] = [];
    const bus = await open({}, async (letter) => void letters.push(letter));
    await bus.subscribe(topics.samples, 'reader', async (batch) => void seen.push(...batch.map(({ key }) => key)));
    const producer = new Producer({ clientId: 'stranger', bootstrapBrokers: [...cluster.addresses] });
    const send = (key: string, value: string, headers: Record<string, string>) => {
      const pairs = new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)]));
      const message = { topic: 'vigia.samples', key: Buffer.from(key), value: Buffer.from(value), headers: pairs };
      return producer.send({ messages: [message], acks: -1 });
    };
    await send('newer', 'x', { vigia: '2', trace: 'abc' });
    await send('broken', 'this is no batch', { vigia: '1' });
    await send('strange', '{}', {});
    await producer.close();
    const good = { entity: 'host/a', fleet: 'f', source: 's', receivedAt: 1, series: [] };
    const value = { ...good, times: new Float64Array(0), values: new Float64Array(0) };
    await bus.publish(topics.samples, [{ key: 'host/a', value }], { durable: true });
    await eventually(() => letters.length === 3 && seen.length === 1);
    const reasons = Object.fromEntries(letters.map(({ key, reason }) => [key, reason]));
    expect(reasons['newer']).toMatch(/version 2 is not known/);
    expect(reasons['broken']).toMatch(/not a value of this topic/);
    expect(reasons['strange']).toMatch(/version none/);

    const reader = new Consumer({
      clientId: 'undertaker',
      groupId: 'undertaker',
      bootstrapBrokers: [...cluster.addresses],
    });
    const stream = await reader.consume({ topics: ['vigia.dead-letters'], mode: 'earliest', autocommit: false });
    const found = new Map<string, Record<string, string>>();
    for await (const { key, value: bytes, headers } of stream) {
      const text = [...headers].map(([name, content]) => [name.toString(), content.toString()]);
      found.set(key.toString(), { ...Object.fromEntries(text), value: bytes.toString() } as Record<string, string>);
      if (['newer', 'broken', 'strange'].every((one) => found.has(one))) break;
    }
    await new Promise<void>((resolve) => reader.close(true, () => resolve()));
    expect(found.get('newer')).toMatchObject({ value: 'x', vigia: '2', trace: 'abc', 'dead-topic': 'samples' });
    expect(found.get('newer')).toMatchObject({ 'dead-group': 'reader', 'dead-reason': reasons['newer'] });
    expect(found.get('broken')).toMatchObject({ value: 'this is no batch', vigia: '1' });
  });

  it('makes topics as it is told', async () => {
    const retentionMs = 7_200_000;
    await open({ prefix: 'made.', topicDefaults: { partitions: 3, replication: 1, retentionMs } });
    const admin = new Admin({ clientId: 'looker', bootstrapBrokers: [...cluster.addresses] });
    const { topics: found } = await admin.metadata({ topics: ['made.samples', 'made.dead-letters'] });
    expect([...found.values()].map(({ partitionsCount }) => partitionsCount)).toEqual([3, 3]);
    const [described] = await admin.describeConfigs({
      resources: [{ resourceType: 2, resourceName: 'made.samples', configurationKeys: ['retention.ms'] }],
    });
    expect(described?.configs.map(({ value }) => value)).toEqual([String(retentionMs)]);
    await admin.close();
  });

  it('refuses a message that no broker would take', async () => {
    const bus = await open();
    const huge: Topic<string> = { name: 'events', key: 'entity' };
    const sent = bus.publish(huge, [{ key: 'k', value: 'x'.repeat(1_100_000) }], { durable: true });
    await expect(sent).rejects.toMatchObject({ code: 'BUS_MESSAGE_TOO_LARGE' });
  });
});
