import { afterAll, beforeAll, describe } from 'vitest';
import { calm, checkMachineInTrouble } from '../system/machine-trouble.ts';
import { findPostgres, type PostgresServer, startPostgres } from '../system/postgres.ts';
import { type Cluster, startCluster } from './kafka-cluster.ts';
import { distributedMissing, EVERY_STAGE, startStaged } from './staged-vigia.ts';

describe.skipIf(distributedMissing !== null)(
  `every stage a process, on three brokers ${distributedMissing ?? ''}`,
  () => {
    let cluster: Cluster;
    let server: PostgresServer;
    beforeAll(async () => {
      cluster = await startCluster({ brokers: 3 });
      server = await startPostgres(findPostgres()!);
    });
    afterAll(async () => {
      server?.stop();
      await cluster?.stop();
    });

    checkMachineInTrouble('this machine in trouble, over many processes', async ({ folder, config }) => {
      const plan = EVERY_STAGE.filter((stages) => stages !== 'collect');
      const vigia = await startStaged({ folder, config, plan, brokers: cluster.addresses, database: server.url });
      await calm();
      await vigia.add('collect', 'collect');
      return vigia;
    });
  },
);
