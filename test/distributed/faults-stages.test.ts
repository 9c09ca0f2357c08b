import { setTimeout as delay } from 'node:timers/promises';
import { Producer } from '@platformatic/kafka';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSender, type Sender } from '../system/acknowledged.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, eventually, temporaryFolder } from '../system/vigia.ts';
import { type Cluster, startCluster } from './kafka-cluster.ts';
import { distributedMissing, type StagedVigia, startStaged } from './staged-vigia.ts';

/** As few processes as have to be killed one by one. */
const PLAN = ['api', 'collect,logs,prepare', 'detect,predict', 'correlate,recommend,act', 'learn'] as const;
const PATIENCE_MS = 120_000;

describe.skipIf(distributedMissing !== null)(`many processes under load ${distributedMissing ?? ''}`, () => {
  let cluster: Cluster;
  let server: PostgresServer;
  let vigia: StagedVigia;
  let sender: Sender;
  const over = new AbortController();
  let sending: Promise<void>;

  beforeAll(async () => {
    cluster = await startCluster({ brokers: 3 });
    server = await startPostgres(findPostgres()!);
    const config = { step: '1s', collect: { host: { enabled: false } }, detect: { warmUp: 20 } };
    const folder = temporaryFolder();
    vigia = await startStaged({ config, folder, brokers: cluster.addresses, database: server.url, plan: PLAN });
    sender = createSender('host/under-load');
    sending = sender.send(vigia, over.signal);
    await grows(300);
  });
  afterAll(async () => {
    over.abort();
    await sending;
    await vigia?.stop('SIGKILL');
    server?.stop();
    await cluster?.stop();
    cleanUp();
  });

  /** More is acknowledged than before. */
  const grows = async (count = 50): Promise<void> => {
    const { size } = sender.acknowledged;
    await eventually('more is acknowledged', PATIENCE_MS, async () => sender.acknowledged.size > size + count);
  };

  it('goes on when each process is killed and started again', async () => {
    for (const stages of PLAN) {
      await vigia.restart(stages.replaceAll(',', '-'));
      await grows();
    }
    expect(sender.acknowledged.size).toBeGreaterThan(300);
  });

  it('goes on when a broker is killed and returns', async () => {
    await cluster.brokers[0]!.kill();
    await grows();
    await cluster.brokers[0]!.start();
    await grows();
    expect(sender.acknowledged.size).toBeGreaterThan(300);
  });

  it('goes on when the database is killed in the middle of a batch and comes back', async () => {
    server.down();
    await delay(5000);
    server.up();
    await grows();
    expect(sender.acknowledged.size).toBeGreaterThan(300);
  });

  it('puts a poisonous message of each kind aside, and goes on', async () => {
    const producer = new Producer({ clientId: 'stranger', bootstrapBrokers: [...cluster.addresses] });
    const poison = ['samples', 'logs', 'events', 'frames', 'anomalies', 'predictions', 'incidents', 'recommendations'];
    const kinds = [
      { version: '99', value: 'from a later version' },
      { version: '1', value: '\u0000\u0001 neither protobuf nor JSON' },
    ];
    for (const topic of poison) {
      for (const { version, value } of kinds) {
        const headers = new Map([[Buffer.from('vigia'), Buffer.from(version)]]);
        const message = { topic: `vigia.${topic}`, key: Buffer.from(version), value: Buffer.from(value), headers };
        await producer.send({ messages: [message], acks: -1 });
      }
    }
    await producer.close();
    const database = new pg.Pool({ connectionString: server.url, max: 1 });
    await eventually('all are dead letters', PATIENCE_MS, async () => {
      const { rows } = await database.query<{ topic: string; n: string }>(
        'select topic, count(distinct key) as n from dead_letters group by topic',
      );
      const found = new Set(rows.filter(({ n }) => Number(n) >= kinds.length).map(({ topic }) => topic));
      return poison.every((topic) => found.has(topic));
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
