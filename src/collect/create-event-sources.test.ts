import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hastyClock } from '../../test/kubernetes/hasty-clock.ts';
import { ScriptedApiServer } from '../../test/kubernetes/scripted-api-server.ts';
import { until } from '../../test/kubernetes/until.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Entity } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { SampleBatch } from '../model/series.ts';
import { topics } from '../model/topics.ts';
import { createKubernetesClient } from '../runtime/kubernetes/kubernetes-client.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createCollectStage } from './collect-stage.ts';
import { createEventSources } from './create-event-sources.ts';
import { scrapeOptions } from './discovery/job-options.ts';

let cluster: ScriptedApiServer;
let page: Server;

beforeEach(async () => {
  cluster = new ScriptedApiServer();
  await cluster.start();
  page = createServer((_, response) => response.end('orders_total 7\n')).listen(0, '127.0.0.1');
  await once(page, 'listening');
});
afterEach(async () => {
  page.closeAllConnections();
  page.close();
  await cluster.stop();
});

const pod = (restartCount: number, port: number) => ({
  metadata: {
    name: 'orders-0',
    namespace: 'shop',
    labels: { app: 'orders' },
    annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': String(port) },
    ownerReferences: [{ kind: 'StatefulSet', name: 'orders', controller: true }],
  },
  spec: { nodeName: 'node-1', containers: [{ name: 'web' }] },
  status: {
    podIP: '127.0.0.1',
    phase: 'Running',
    containerStatuses: [
      {
        name: 'web',
        restartCount,
        lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: new Date().toISOString() } },
      },
    ],
  },
});

test('what a cluster does and what its pods measure are of the same entity, which actions find', async () => {
  const { port } = page.address() as AddressInfo;
  cluster.put('/api/v1/pods', pod(0, port));
  const access = { kubeconfig: cluster.kubeconfig };
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: hastyClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const events: Event[] = [];
  const batches: SampleBatch[] = [];
  const entities: Entity[] = [];
  await bus.subscribe(topics.events, 'test', async (batch) => void events.push(...batch.map(({ value }) => value)));
  await bus.subscribe(topics.samples, 'test', async (batch) => void batches.push(...batch.map(({ value }) => value)));
  const written = {
    name: 'pods',
    targets: [],
    discover: [{ kubernetes: { role: 'pod', namespaces: [], annotated: true }, refresh: 1000 }],
    interval: 10_000,
    // Under the hasty clock a fraction of a second, and tried again until it is answered.
    timeout: 10_000,
    scheme: 'http',
    path: '/metrics',
    labels: {},
    honorLabels: false,
    relabel: [],
    metricRelabel: [],
    targetLimit: 10,
  } as const;
  const stage = createCollectStage({
    bus,
    clock: hastyClock,
    log: silentLog,
    metrics,
    events: createEventSources(
      { kubernetes: { namespaces: ['shop'], watch: ['pods'] } },
      createKubernetesClient(access, hastyClock),
    ),
    options: {
      host: { enabled: false, intervalMs: 1000 },
      ...scrapeOptions(written, access),
      limits: { lineBytes: 1000, aheadMs: 60_000, behindMs: 60_000, bodyBytes: 100_000, seriesPerSource: 50 },
      entityRules: [],
    },
    onEntities: async (more) => void entities.push(...more),
  });
  await stage.start();
  // One watch of the source, in its namespace, and one of the targets.
  await until(() => cluster.watchers === 2);
  cluster.put('/api/v1/pods', pod(1, port));
  await until(
    () => events.length > 0 && batches.some(({ series }) => series.some(({ name }) => name === 'orders_total')),
  );
  expect(events).toMatchObject([{ entity: 'pod/shop/orders-0', name: 'oom_kill', source: 'kubernetes' }]);
  expect(new Set(batches.map(({ entity }) => entity))).toEqual(new Set(['pod/shop/orders-0']));
  await until(() => entities.length > 0);
  expect(entities[0]?.labels).toMatchObject({
    namespace: 'shop',
    pod: 'orders-0',
    node: 'node-1',
    service: 'orders',
    statefulset: 'orders',
  });
  expect(stage.sources().map(({ name, state }) => `${name} ${state}`)).toContain('kubernetes up');
  await stage.stop();
  await bus.stop();
});
