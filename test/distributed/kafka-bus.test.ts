import { afterAll, beforeAll, describe } from 'vitest';
import { checkBus } from '../../src/bus/check-bus.ts';
import { createKafkaBus } from '../../src/bus/kafka-bus.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { createMetrics } from '../../src/runtime/metrics.ts';
import { type Cluster, kafkaMissing, startCluster } from './kafka-cluster.ts';

const user = { name: 'vigia', password: 'open-sesame' };

describe.skipIf(kafkaMissing !== null)(`Kafka${kafkaMissing === null ? '' : ` (${kafkaMissing})`}`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ brokers: 1, user });
  });
  afterAll(async () => {
    await cluster?.stop();
  });

  let processes = 0;
  checkBus('the Kafka bus', {
    create: async (deadLetters) =>
      createKafkaBus(
        {
          brokers: cluster.addresses,
          clientId: `test-${(processes += 1)}`,
          topicDefaults: { partitions: 6, replication: 1, retentionMs: 3_600_000 },
          sessionMs: 6000,
        },
        {
          clock: systemClock,
          log: silentLog,
          metrics: createMetrics(),
          deadLetters,
          backoff: { firstMs: 5, maxMs: 20 },
        },
      ),
    patienceMs: 30_000,
  });
});
