import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/ml/random.ts';
import { countedOnce } from '../system/log-counts.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { cleanUp, temporaryFolder } from '../system/vigia.ts';
import { type Cluster, startCluster } from './kafka-cluster.ts';
import { distributedMissing, type StagedVigia, startStaged } from './staged-vigia.ts';

const PLAN = ['collect', 'logs', 'prepare', 'api'] as const;
const KILLS = 6;
const PATIENCE_MS = 240_000;

describe.skipIf(distributedMissing !== null)(`lines of log over Kafka ${distributedMissing ?? ''}`, () => {
  let cluster: Cluster;
  let server: PostgresServer;
  let vigia: StagedVigia;
  const folder = temporaryFolder();
  const logs = join(folder, 'logs');
  const log = join(logs, 'app.log');
  let written = 0;
  const write = (lines: number): void => {
    const text = Array.from({ length: lines }, (_, at) => {
      // Of two services, so that two partitions are on their way.
      const service = (written + at) % 2 === 0 ? 'app' : 'shop';
      return `time=${new Date().toISOString()} level=info service=${service} msg="order ${written + at} was sent"`;
    });
    appendFileSync(log, `${text.join('\n')}\n`);
    written += lines;
  };

  beforeAll(async () => {
    mkdirSync(logs);
    cluster = await startCluster({ brokers: 1 });
    server = await startPostgres(findPostgres()!);
    const source = { name: 'app', paths: [join(logs, 'app.log*')], labels: { service: 'app' }, from: 'start' };
    const config = { step: '1s', collect: { host: { enabled: false }, logs: [source] } };
    write(1000);
    const { addresses: brokers } = cluster;
    vigia = await startStaged({ config, folder, brokers, database: server.url, plan: PLAN });
  }, PATIENCE_MS);
  afterAll(async () => {
    await vigia?.stop('SIGKILL');
    server?.stop();
    await cluster?.stop();
    cleanUp();
  });

  it(
    'every line counts once when who tails and who mines are killed while lines are in flight',
    async () => {
      const random = createRandom(20261123);
      const writing = setInterval(() => write(10), 20);
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          await delay(500 + random.next() * 2000);
          // What nobody reads meanwhile is rotated, and there is more than one commit of it.
          const reads = kill % 3 !== 1;
          if (kill % 2 === 0) {
            renameSync(log, `${log}.${kill + 1}`);
            write(3000);
          }
          await Promise.all([
            ...(reads ? [vigia.restart('collect')] : []),
            ...(kill % 3 === 0 ? [] : [vigia.restart('logs')]),
          ]);
        }
        await delay(1500);
      } finally {
        clearInterval(writing);
      }
      const [app, shop] = [Math.ceil(written / 2), Math.floor(written / 2)];
      expect(await countedOnce(vigia, 'service/app', app, PATIENCE_MS)).toBe(app);
      expect(await countedOnce(vigia, 'service/shop', shop, PATIENCE_MS)).toBe(shop);
    },
    3 * PATIENCE_MS,
  );
});
