import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createText } from '../../text/text.ts';
import { hastyClock } from '../../../test/kubernetes/hasty-clock.ts';
import { ScriptedApiServer, type ScriptedObject } from '../../../test/kubernetes/scripted-api-server.ts';
import { until } from '../../../test/kubernetes/until.ts';
import type { Event } from '../../model/event.ts';
import { createKubernetesClient } from '../../runtime/kubernetes/kubernetes-client.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { createLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from '../entity-rules.ts';
import { RunningEvents } from '../event-source.ts';
import { seriesChanges, seriesFacts } from './cluster-events.ts';
import type { Json } from '../../model/detector.ts';
import type { KubernetesMemory } from './remembered.ts';
import { createKubernetesSource, type KubernetesWatch } from './kubernetes-source.ts';
import { nodeChanges, nodeFacts, snakeCase } from './node-changes.ts';
import { podChanges, podFacts } from './pod-changes.ts';
import { workloadChanges, workloadFacts } from './workload-changes.ts';

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const pod = (
  name: string,
  status: Record<string, unknown> = {},
  spec: Record<string, unknown> = {},
): ScriptedObject => ({
  metadata: { name, namespace: 'shop', labels: { 'app.kubernetes.io/name': 'cart' } },
  spec: { nodeName: 'node-1', ...spec },
  status,
});
const container = (restartCount: number, reason: string, exitCode: number, waiting?: string) => ({
  containerStatuses: [
    {
      name: 'web',
      restartCount,
      lastState: { terminated: { reason, exitCode, finishedAt: ago(30) } },
      state: waiting === undefined ? { running: {} } : { waiting: { reason: waiting } },
    },
  ],
});
const deployment = (image: string, more: Record<string, unknown> = {}, annotations = {}): ScriptedObject => ({
  metadata: {
    name: 'orders',
    namespace: 'shop',
    generation: 1,
    annotations,
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  spec: { replicas: 2, template: { metadata: {}, spec: { containers: [{ name: 'web', image }] } }, ...more },
});
/** A deployment whose description was last written so many seconds ago. */
const rolled = (image: string, generation: number, seconds: number): ScriptedObject => {
  const { metadata, ...rest } = deployment(image);
  const managedFields = [{ manager: 'ci', operation: 'Update', time: ago(seconds), fieldsV1: { 'f:spec': {} } }];
  return { ...rest, metadata: { ...metadata, uid: 'd-1', generation, managedFields } };
};
const node = (ready: string, more: Record<string, unknown> = {}): ScriptedObject => ({
  metadata: { name: 'node-1' },
  spec: more,
  status: {
    conditions: [{ type: 'Ready', status: ready, lastTransitionTime: ago(5), message: 'Kubelet stopped posting' }],
  },
});

describe('a cluster', () => {
  let server: ScriptedApiServer;
  let events: Event[];
  let source: RunningEvents;
  let end: AbortController;
  let running: Promise<void>;

  beforeEach(async () => {
    server = new ScriptedApiServer();
    await server.start();
    [events, end, running] = [[], new AbortController(), Promise.resolve()];
  });
  afterEach(async () => {
    end.abort();
    await running;
    await server.stop();
  });

  /** Begins, and waits until every watch stands. */
  async function begin(watch: readonly KubernetesWatch[], watches: number, memory?: KubernetesMemory): Promise<void> {
    const client = createKubernetesClient({ kubeconfig: server.kubeconfig }, hastyClock);
    source = new RunningEvents(createKubernetesSource({ client, namespaces: [], watch, ...(memory && { memory }) }), {
      clock: hastyClock,
      log: createLog('silent'),
      metrics: createMetrics(),
      entityOf: (labels) => createEntityRules(DEFAULT_ENTITY_RULES, 'service/none')('', labels),
      publish: async (more) => void events.push(...more),
      mine: () => true,
    });
    running = source.run(end.signal);
    await until(() => server.watchers === watches);
  }
  const told = () => events.map(({ entity, name }) => `${entity} ${name}`);

  test('what was rolled out while nobody watched is told once, with its own time', async () => {
    const written = new Map<string, Json>();
    const memory: KubernetesMemory = {
      load: async (path) => written.get(path) ?? null,
      save: async (path, state) => void written.set(path, JSON.parse(JSON.stringify(state)) as Json),
    };
    const path = '/apis/apps/v1/deployments';
    const again = async (): Promise<void> => {
      end.abort();
      await running;
      await until(() => server.watchers === 0);
      [events, end] = [[], new AbortController()];
      await begin(['workloads'], 3, memory);
    };
    server.put(path, rolled('shop/orders:1', 1, 9000));
    await begin(['workloads'], 3, memory);
    await again();
    expect(events).toEqual([]);
    end.abort();
    await running;
    // Hours ago, and nothing of it is left but the object.
    server.put(path, rolled('shop/orders:2', 2, 7200));
    await again();
    await until(() => events.length === 1);
    expect(told()).toEqual(['service/orders deploy']);
    expect(events[0]!.text).toBe('web: shop/orders:1 → shop/orders:2');
    expect(Math.abs(events[0]!.time - (Date.now() - 7200_000))).toBeLessThan(60_000);
    const { id } = events[0]!;
    server.put(path, rolled('shop/orders:3', 3, 60));
    await until(() => events.length === 2);
    expect(events[1]!.id).not.toBe(id);
    await again();
    // Nothing is left to be told.
    server.put(path, rolled('shop/orders:4', 4, 1));
    await until(() => events.length === 1);
    expect(events[0]!.text).toBe('web: shop/orders:3 → shop/orders:4');
  });

  test('tells of restarts, kills for memory, crash loops and evictions of pods', async () => {
    server.put('/api/v1/pods', pod('calm'));
    await begin(['pods'], 1);
    server.put('/api/v1/pods', pod('calm', container(1, 'Error', 1)));
    server.put('/api/v1/pods', pod('calm', container(2, 'OOMKilled', 137, 'CrashLoopBackOff')));
    server.put('/api/v1/pods', pod('calm', { reason: 'Evicted', message: 'The node was low on resource: memory.' }));
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', lastTransitionTime: ago(9) }];
    server.put('/api/v1/pods', pod('homeless', { conditions }));
    await until(() => events.length === 5);
    expect(told()).toEqual([
      'pod/shop/calm crash',
      'pod/shop/calm oom_kill',
      'pod/shop/calm crash_loop',
      'pod/shop/calm eviction',
      'pod/shop/homeless failed_scheduling',
    ]);
    expect(events[1]).toMatchObject({
      severity: 'warning',
      source: 'kubernetes',
      text: 'web: OOMKilled, exit code 137, restart 2',
      labels: { namespace: 'shop', pod: 'calm', node: 'node-1', container: 'web', reason: 'OOMKilled' },
    });
    expect(Date.now() - (events[1]?.time ?? 0)).toBeGreaterThan(20_000);
  });

  test('tells of rollouts, restarts, scaling and changed templates, and which were our own', async () => {
    const path = '/apis/apps/v1/deployments';
    server.put(path, deployment('shop/orders:1'));
    await begin(['workloads'], 3);
    server.put(path, deployment('shop/orders:2'));
    server.put(path, deployment('shop/orders:2', { replicas: 5 }));
    const template = (annotations: object, env: object[]) => ({
      template: { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'shop/orders:2', env }] } },
      replicas: 5,
    });
    server.put(path, deployment('', template({}, [{ name: 'A', value: '1' }])));
    const restarted = template({ 'kubectl.kubernetes.io/restartedAt': ago(1) }, [{ name: 'A', value: '1' }]);
    server.put(path, deployment('', restarted, { 'vigia/run': 'run_1' }));
    await until(() => events.length === 4);
    server.put('/apis/apps/v1/daemonsets', deployment('shop/agent:1'));
    await until(() => events.length === 5);
    expect(told()).toEqual([
      'service/orders deploy',
      'service/orders scale',
      'service/orders config_change',
      'service/orders restart',
      'service/orders deploy',
    ]);
    expect(events.map(({ source: from }) => from)).toEqual([
      'kubernetes',
      'kubernetes',
      'kubernetes',
      'vigia',
      'kubernetes',
    ]);
    expect(events[0]).toMatchObject({ text: 'web: shop/orders:1 → shop/orders:2', labels: { deployment: 'orders' } });
  });

  test('tells of nodes that are not ready or closed, and of warnings, a series once for each doubling', async () => {
    server.put('/api/v1/nodes', node('True'));
    await begin(['nodes', 'events'], 2);
    server.put('/api/v1/nodes', node('Unknown'));
    server.put('/api/v1/nodes', node('True', { unschedulable: true }));
    const warning = (count: number, reason = 'FailedMount'): ScriptedObject => ({
      metadata: { name: `e-${reason}`, namespace: 'shop', uid: reason },
      involvedObject: { kind: 'Pod', namespace: 'shop', name: 'cart-0' },
      type: 'Warning',
      reason,
      message: 'MountVolume.SetUp failed',
      count,
      lastTimestamp: ago(3),
    });
    for (let count = 1; count <= 9; count++) server.put('/api/v1/events', warning(count));
    // Known from the pod itself.
    server.put('/api/v1/events', warning(1, 'BackOff'));
    server.put('/api/v1/events', warning(1, 'Unhealthy'));
    await until(() => told().includes('pod/shop/cart-0 unhealthy') && events.length === 8);
    expect(told().filter((one) => one.startsWith('host/'))).toEqual([
      'host/node-1 node_not_ready',
      'host/node-1 node_ready',
      'host/node-1 cordon',
    ]);
    expect(events.filter(({ name }) => name === 'failed_mount').map(({ text }) => text)).toEqual([
      'MountVolume.SetUp failed',
      'MountVolume.SetUp failed (×2)',
      'MountVolume.SetUp failed (×4)',
      'MountVolume.SetUp failed (×8)',
    ]);
  });

  test('tells which services a config map changes, without ever asking for its data', async () => {
    const configMap = (data: number, labels = 0): ScriptedObject => ({
      metadata: {
        name: 'settings',
        namespace: 'shop',
        managedFields: [
          { time: ago(data), fieldsV1: { 'f:data': {} } },
          { time: ago(labels), fieldsV1: { 'f:metadata': {} } },
        ],
      },
    });
    server.put('/api/v1/pods', pod('cart-0', {}, { volumes: [{ configMap: { name: 'settings' } }] }));
    server.put('/api/v1/configmaps', configMap(100));
    await begin(['configMaps'], 2);
    server.put('/api/v1/configmaps', configMap(200, 50));
    server.put('/api/v1/configmaps', configMap(10));
    await until(() => events.length > 0);
    expect(told()).toEqual(['service/cart config_change']);
    const asked = server.asked.filter(({ path }) => path.endsWith('/configmaps'));
    expect(asked.length).toBeGreaterThan(0);
    for (const { accept } of asked) expect(accept).toContain('PartialObjectMetadata');
  });

  test('tells nothing twice after a list anew, and nothing of long ago at the start', async () => {
    const old = pod('old', {
      containerStatuses: [{ name: 'web', restartCount: 9, lastState: { terminated: { finishedAt: ago(3600) } } }],
    });
    server.put('/api/v1/pods', old);
    server.put('/api/v1/pods', pod('new', container(1, 'Error', 1)));
    await begin(['pods'], 1);
    await until(() => events.length === 1);
    server.goneAs = 'status';
    await server.cut();
    server.compact();
    server.put('/api/v1/pods', pod('new', container(2, 'Error', 1)));
    await until(() => events.length === 2);
    expect(told()).toEqual(['pod/shop/new crash', 'pod/shop/new crash']);
    // Another process, or this one started anew, makes the same ids of the same things.
    const first = events.map(({ id }) => id);
    events = [];
    end.abort();
    await running;
    end = new AbortController();
    await begin(['pods'], 1);
    await until(() => events.length === 1);
    expect(first).toContain(events[0]?.id);
  });

  test('that refuses is shown with its words until it answers', async () => {
    server.trouble = () => ({ status: 403, message: 'nodes is forbidden' });
    await begin(['nodes'], 0);
    await until(() => source.view().state === 'down');
    const error = source.view().lastError;
    expect(createText()('es').phrase(error!.phrase)).toContain('Kubernetes respondió 403 a list /api/v1/nodes');
    server.trouble = () => undefined;
    await until(() => source.view().state === 'up');
    expect(source.view()).toMatchObject({ name: 'kubernetes', kind: 'events', lastError: null });
  });
});

test('whatever an object holds is read or left out, and never throws', () => {
  const value = fc.anything({ maxDepth: 4, withNullPrototype: true });
  const metadata = fc.record(
    { name: fc.string(), labels: fc.constant({}), managedFields: value },
    { requiredKeys: ['name'] },
  );
  const conditions = fc.array(
    fc.oneof(value, fc.record({ type: fc.string(), status: fc.string(), lastTransitionTime: value })),
  );
  const object = fc.record({
    metadata,
    spec: fc.oneof(value, fc.record({ template: value, volumes: value, containers: value, replicas: value })),
    status: fc.oneof(value, fc.record({ conditions, containerStatuses: fc.array(value) })),
    reason: value,
    involvedObject: fc.oneof(value, fc.record({ kind: fc.constantFrom('Pod', 'ReplicaSet', 'x'), name: fc.string() })),
    count: value,
  });
  fc.assert(
    fc.property(object, object, (a, b) => {
      const [before, after] = [a, b] as unknown as readonly [KubernetesObject, KubernetesObject];
      const told = [
        ...podChanges(podFacts(before) ?? undefined, podFacts(after) ?? undefined, 1),
        ...nodeChanges(nodeFacts(before) ?? undefined, nodeFacts(after) ?? undefined, 1),
        ...seriesChanges(seriesFacts(before) ?? undefined, seriesFacts(after) ?? undefined),
        ...workloadChanges(
          workloadFacts('deployment', before) ?? undefined,
          workloadFacts('deployment', after) ?? undefined,
          1,
        ),
      ];
      for (const { time, labels } of told) {
        expect(Number.isFinite(time)).toBe(true);
        expect(Object.values(labels).every((label) => typeof label === 'string')).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['MemoryPressure', 'memory_pressure'],
  ['FailedMount', 'failed_mount'],
  ['OOMKilling', 'oom_killing'],
  ['PIDPressure', 'pid_pressure'],
])('%s is %s', (reason, name) => expect(snakeCase(reason)).toBe(name));
