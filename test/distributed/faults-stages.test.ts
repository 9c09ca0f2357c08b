import { setTimeout as delay } from 'node:timers/promises';
import { Admin, Producer } from '@platformatic/kafka';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus, Subscription } from '../../src/bus/bus.ts';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import { topics } from '../../src/model/topics.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { createSender, type Sender } from '../system/acknowledged.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, eventually, temporaryFolder } from '../system/vigia.ts';
import { type CutProxy, startCutProxy } from './cut-proxy.ts';
import { type Broker, type Cluster, startCluster } from './kafka-cluster.ts';
import { checkBusFaults } from './faults-bus.ts';
import { buildVersion } from './other-version.ts';
import { distributedMissing, type StagedVigia, startStaged } from './staged-vigia.ts';

/** As few processes as have to be killed one by one. */
const PLAN = ['api', 'collect,logs,prepare', 'detect,predict', 'correlate,recommend,act', 'learn'] as const;
const PATIENCE_MS = 120_000;
/** How long what is promised to be survived for a minute goes on. */
const MINUTE_MS = 60_000;
const PARTITIONS = 6;

describe.skipIf(distributedMissing !== null)(`three brokers ${distributedMissing ?? ''}`, () => {
  let cluster: Cluster;
  /** Stand before the brokers. */
  const brokerProxies: CutProxy[] = [];

  beforeAll(async () => {
    cluster = await startCluster({
      brokers: 3,
      advertise: async (_id, port) => {
        const proxy = await startCutProxy(() => port);
        brokerProxies.push(proxy);
        return proxy.port;
      },
    });
  });
  afterAll(async () => {
    await cluster?.stop();
    for (const proxy of brokerProxies) await proxy.stop();
  });

  describe('and what happens to them', () => {
    checkBusFaults(() => ({ cluster, proxies: brokerProxies }));
  });

  describe('with many processes under load', () => {
    let server: PostgresServer;
    let vigia: StagedVigia;
    let sender: Sender;
    /** Stands before the database. */
    let databaseProxy: CutProxy | undefined;
    /** A release that reads what the next one writes, and that next one. */
    let older: string;
    let newer: string;
    const over = new AbortController();
    let sending: Promise<void>;

    beforeAll(async () => {
      older = buildVersion('1.0.0', { writes: '1', reads: ['1', '2'] });
      newer = buildVersion('2.0.0', { writes: '2', reads: ['1', '2'] });
      server = await startPostgres(findPostgres()!);
      databaseProxy = await startCutProxy(() => Number(new URL(server.url).port));
      const database = new URL(server.url);
      database.port = String(databaseProxy.port);
      const config = { step: '1s', collect: { host: { enabled: false } }, detect: { warmUp: 20 } };
      const folder = temporaryFolder();
      const brokers = cluster.addresses;
      vigia = await startStaged({ config, folder, brokers, database: database.href, plan: PLAN, main: older });
      sender = createSender('host/under-load');
      sending = sender.send(vigia, over.signal);
      await grows(300);
    });
    afterAll(async () => {
      over.abort();
      await sending;
      await vigia?.stop('SIGKILL');
      server?.stop();
      await databaseProxy?.stop();
      cleanUp();
    });

    /** More is acknowledged than before. */
    const grows = async (count = 50): Promise<void> => {
      const { size } = sender.acknowledged;
      await eventually('more is acknowledged', PATIENCE_MS, async () => sender.acknowledged.size > size + count);
    };
    /** All say that they are ready, or none does. */
    const say = async (ready: boolean): Promise<void> => {
      await eventually(`${ready ? 'all are' : 'none is'} ready`, PATIENCE_MS, async () => {
        const said = await Promise.all(
          [...vigia.processes].map(async ([key, one]) => [key, await one.ready()] as const),
        );
        const others = said.filter(([, is]) => is !== ready).map(([key]) => key);
        if (others.length === 0) return true;
        throw new Error(`not so ${others.join(', ')}`);
      });
    };
    /** The broker that leads the partition with the most to do. */
    async function leader(): Promise<Broker> {
      const admin = new Admin({ clientId: 'looker', bootstrapBrokers: [...cluster.addresses] });
      const { topics: found } = await admin.metadata({ topics: ['vigia.samples'] });
      await admin.close();
      const id = found.get('vigia.samples')!.partitions[0]!.leader;
      return cluster.brokers.find((broker) => broker.id === id)!;
    }

    it('goes on when each process is killed and started again', async () => {
      for (const stages of PLAN) {
        await vigia.restart(stages.replaceAll(',', '-'));
        await grows();
      }
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on when a broker that leads is killed and returns', async () => {
      const broker = await leader();
      await broker.kill();
      await grows();
      await broker.start();
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on when all brokers have been down for a minute', async () => {
      await Promise.all(cluster.brokers.map((broker) => broker.kill()));
      await Promise.all([say(false), delay(MINUTE_MS)]);
      await Promise.all(cluster.brokers.map((broker) => broker.start()));
      await grows();
      await say(true);
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on when the network to one broker, and then to all of them, was cut and heals', async () => {
      // The others hold one for well that nobody can reach.
      for (const cut of [brokerProxies.slice(0, 1), brokerProxies]) {
        for (const proxy of cut) proxy.cut();
        await delay(10_000);
        for (const proxy of cut) proxy.heal();
        await grows();
      }
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on when the database is restarted in good order', async () => {
      server.restart();
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on when the database is killed in the middle of a batch and comes back', async () => {
      server.down();
      await Promise.all([say(false), delay(5000)]);
      server.up();
      await grows();
      await say(true);
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on while the database is slow', async () => {
      databaseProxy!.slow(100);
      await grows(5);
      await delay(15_000);
      databaseProxy!.slow(0);
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on while everybody has to share anew every second for a minute', async () => {
      const buses: Bus[] = [];
      const open = async (name: string): Promise<Bus> => {
        const bus = createKafkaBus(
          {
            brokers: cluster.addresses,
            clientId: name,
            topicDefaults: { partitions: PARTITIONS, replication: 3, retentionMs: 3_600_000 },
            sessionMs: 6000,
          },
          { clock: systemClock, log: silentLog, metrics: createMetrics(), deadLetters: async () => undefined },
        );
        buses.push(bus);
        await bus.start();
        return bus;
      };
      // It takes partitions and does nothing with them, so that all of it is left for whoever gets them next.
      const idle = (): Promise<never> => Promise.reject(Object.assign(new Error('not now'), { retryable: true }));
      const stranger = await open('stranger');
      const joined: Subscription[] = [];
      const until = Date.now() + MINUTE_MS;
      while (Date.now() < until) {
        if (joined.length === 0) {
          joined.push(await stranger.subscribe(topics.samples, 'prepare', idle));
          joined.push(await stranger.subscribe(topics.frames, 'detect', idle));
        } else await Promise.all(joined.splice(0).map((one) => one.stop()));
        await delay(1000);
      }
      await Promise.all(joined.map((one) => one.stop()));
      for (const bus of buses) await bus.stop(0);
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('goes on while processes of two releases work side by side, each with an encoding of its own', async () => {
      // Readers and writers of both encodings, in whichever order.
      await vigia.add('detect-newer', 'detect,predict', newer);
      await grows();
      await vigia.restart('collect-logs-prepare', 'SIGTERM', newer);
      await grows();
      await vigia.restart('detect-predict', 'SIGTERM', newer);
      await vigia.restart('collect-logs-prepare', 'SIGTERM', older);
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
      // Nobody met anything that it could not read.
      for (const one of vigia.processes.values()) expect(await one.metric('vigia_bus_dead_letters_total')).toBe(0);
    });

    it('puts a poisonous message of each kind aside, and goes on', async () => {
      const producer = new Producer({ clientId: 'stranger', bootstrapBrokers: [...cluster.addresses] });
      const poison = Object.values(topics).map(({ name }) => name);
      const current = { vigia: '1' };
      const kinds: Readonly<Record<string, { readonly headers: Record<string, string>; readonly value?: string }>> = {
        later: { headers: { vigia: '99' }, value: 'from a later version' },
        strange: { headers: {}, value: 'of nobody that says what it is' },
        noise: { headers: current, value: '\u0000\u0001 neither protobuf nor JSON' },
        misfit: { headers: current, value: '{"entity":"host/under-load"}' },
        hollow: { headers: current, value: '' },
        nothing: { headers: current },
      };
      for (const topic of poison) {
        for (const [kind, { headers, value }] of Object.entries(kinds)) {
          const message = {
            topic: `vigia.${topic}`,
            key: Buffer.from(kind),
            ...(value !== undefined && { value: Buffer.from(value) }),
            headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
          };
          await producer.send({ messages: [message], acks: -1 });
        }
      }
      await producer.close();
      const database = new pg.Pool({ connectionString: server.url, max: 1 });
      await eventually('all are dead letters', PATIENCE_MS, async () => {
        const { rows } = await database.query<{ topic: string; n: string }>(
          'select topic, count(distinct key) as n from dead_letters group by topic',
        );
        const found = new Map(rows.map(({ topic, n }) => [topic, Number(n)]));
        const short = poison.filter((topic) => (found.get(topic) ?? 0) < Object.keys(kinds).length);
        if (short.length === 0) return true;
        throw new Error(short.map((topic) => `${found.get(topic) ?? 0} of ${topic}`).join(', '));
      });
      await database.end();
      await grows();
      expect(sender.acknowledged.size).toBeGreaterThan(300);
    });

    it('has lost nothing acknowledged, doubled nothing, alerted nothing twice', async () => {
      over.abort();
      await sending;
      expect(sender.acknowledged.size).toBeGreaterThan(300);
      await sender.check(vigia, { storedMs: PATIENCE_MS, seenMs: PATIENCE_MS });
    });
  });
});
