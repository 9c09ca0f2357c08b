import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hastyClock } from '../../../test/kubernetes/hasty-clock.ts';
import { ScriptedApiServer, type ScriptedObject } from '../../../test/kubernetes/scripted-api-server.ts';
import { until } from '../../../test/kubernetes/until.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createKubernetesClient } from '../../runtime/kubernetes/kubernetes-client.ts';
import { checkExecutor } from '../check-executor.ts';
import { createKubernetesExecutor } from './kubernetes-executor.ts';
import { onceByKey } from './once.ts';

const DEPLOYMENTS = '/apis/apps/v1/deployments';
const REPLICA_SETS = '/apis/apps/v1/replicasets';
const PODS = '/api/v1/pods';
const NODES = '/api/v1/nodes';
const shop = (name: string) => ({ name, namespace: 'shop' });
const secret = 'cart-of-the-secret';
const server = new ScriptedApiServer();

/** Collections are kept under one path whatever the namespace, as the scripted server does. */
const deployment = (name: string): ScriptedObject | undefined => server.get(DEPLOYMENTS, shop(name));
const templateOf = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});
const putDeployment = (name: string, image = 'web:1', revision = '1'): ScriptedObject =>
  server.put(DEPLOYMENTS, {
    metadata: { ...shop(name), annotations: { 'deployment.kubernetes.io/revision': revision } },
    spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template: templateOf(image) },
  });

function putReplicaSet(revision: number, image: string, owner: ScriptedObject): void {
  const template = templateOf(image);
  server.put(REPLICA_SETS, {
    metadata: {
      ...shop(`web-${revision}`),
      labels: { app: 'web' },
      annotations: { 'deployment.kubernetes.io/revision': String(revision) },
      ownerReferences: [
        { kind: 'Deployment', name: owner.metadata.name, uid: owner.metadata['uid'], controller: true },
      ],
    },
    spec: {
      template: {
        ...template,
        metadata: { labels: { ...template.metadata.labels, 'pod-template-hash': `hash${revision}` } },
      },
    },
  });
}

const putPod = (
  name: string,
  more: Record<string, unknown> = {},
  owner: string | null = 'ReplicaSet',
): ScriptedObject =>
  server.put(PODS, {
    metadata: {
      ...shop(name),
      ...(owner !== null && { ownerReferences: [{ kind: owner, name: 'web', controller: true }] }),
    },
    spec: { nodeName: 'node-1', volumes: [] },
    status: { phase: 'Running' },
    ...more,
  });

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.trouble = ({ path }) => {
    if (path.endsWith('/hang')) return 'hang';
    if (path.endsWith('/much')) return { status: 500, filler: 100_000 };
    return path.endsWith('/broken') ? { status: 403, message: 'deployments is forbidden' } : undefined;
  };
});

const make = (clock = systemClock) =>
  onceByKey(
    createKubernetesExecutor({
      clock,
      secret: (reference) => (reference === '${env:TOKEN}' ? secret : null),
      client: createKubernetesClient({ kubeconfig: server.kubeconfig }, clock),
    }),
  );

const restartOf = (name: string) => ({ do: 'restart', kind: 'deployment', namespace: 'shop', name });
const changes = (): number =>
  server.asked.filter(({ method, query }) => method === 'PATCH' && query['dryRun'] === undefined).length;

const contract = make();
checkExecutor('kubernetes', () => {
  if (deployment('web') === undefined) putDeployment('web');
  if (deployment(secret) === undefined) putDeployment(secret);
  return {
    executor: contract,
    working: restartOf('web'),
    acted: async () => changes(),
    failing: restartOf('broken'),
    hanging: restartOf('hang'),
    hangs: () => until(() => server.hanging > 0),
    left: async () => server.hanging,
    missing: restartOf('gone'),
    telling: restartOf('${env:TOKEN}'),
    secret,
    chatty: restartOf('much'),
  };
});

let serial = 0;
function execute(
  args: Record<string, unknown>,
  { key = `run_k8s_${++serial}`, timeoutMs = 20_000, clock = hastyClock } = {},
) {
  const asked = { key, entity: 'service/web', args, timeoutMs } as const;
  return make(clock).execute(asked, new AbortController().signal);
}
const replicasOf = (name: string): unknown =>
  (deployment(name) as unknown as { spec: { replicas: number } }).spec.replicas;
const imageOf = (name: string): unknown =>
  (deployment(name) as unknown as { spec: { template: ReturnType<typeof templateOf> } }).spec.template.spec
    .containers[0]?.image;

describe('workloads', () => {
  test('are restarted as kubectl does it, once for a run even after a restart of Vigía', async () => {
    putDeployment('once');
    const before = changes();
    expect((await execute(restartOf('once'), { key: 'run_a' })).status).toBe('succeeded');
    const { metadata, spec } = deployment('once') as unknown as {
      metadata: { annotations: Record<string, string> };
      spec: { template: { metadata: { annotations: Record<string, string> } } };
    };
    expect(metadata.annotations['vigia/run']).toBe('run_a');
    expect(spec.template.metadata.annotations['kubectl.kubernetes.io/restartedAt']).toMatch(/^\d{4}-.*Z$/);
    // Another executor knows nothing of what the first did, but the object does.
    const again = await execute(restartOf('once'), { key: 'run_a' });
    expect([again.status, again.output]).toEqual(['succeeded', expect.stringContaining('by this run already')]);
    expect(changes()).toBe(before + 1);
  });

  test.each([
    [{ replicas: 7 }, 7],
    [{ by: 2 }, 5],
    [{ by: 20 }, 10],
    [{ by: -9 }, 1],
    [{ by: -9, least: 2 }, 2],
    [{ replicas: 0 }, 0],
  ])('are scaled: %j', async (wish, expected) => {
    putDeployment('scaled');
    expect((await execute({ ...restartOf('scaled'), do: 'scale', ...wish })).status).toBe('succeeded');
    expect(replicasOf('scaled')).toBe(expected);
  });

  test('are asked about again when somebody else changed them meanwhile', async () => {
    putDeployment('busy');
    let meddled = false;
    server.trouble = ({ method }) => {
      if (method === 'PATCH' && !meddled) {
        meddled = true;
        putDeployment('busy');
      }
      return undefined;
    };
    expect((await execute({ ...restartOf('busy'), do: 'scale', by: 1 })).status).toBe('succeeded');
    expect(replicasOf('busy')).toBe(4);
  });

  test('go back to the template before, or to a revision', async () => {
    const now = putDeployment('web-back', 'web:3', '3');
    putReplicaSet(1, 'web:1', now);
    putReplicaSet(2, 'web:2', now);
    putReplicaSet(3, 'web:3', now);
    const back = { do: 'rollback', namespace: 'shop', name: 'web-back' };
    expect((await execute(back)).status).toBe('succeeded');
    expect(imageOf('web-back')).toBe('web:2');
    expect(JSON.stringify(deployment('web-back'))).not.toContain('pod-template-hash');
    expect((await execute({ ...back, revision: 1 })).status).toBe('succeeded');
    expect(imageOf('web-back')).toBe('web:1');
  });

  test('with nothing before them stay as they are', async () => {
    const now = putDeployment('first', 'web:1', '1');
    putReplicaSet(1, 'web:1', now);
    const { error } = await execute({ do: 'rollback', namespace: 'shop', name: 'first' });
    expect(error).toMatchObject({ code: 'EXECUTOR_NO_EARLIER', values: { target: 'deployment shop/first' } });
  });

  test('that were asked for and not answered may have been changed, and it is said so', async () => {
    putDeployment('cut');
    server.trouble = ({ method }) => (method === 'PATCH' ? 'cut' : undefined);
    expect((await execute(restartOf('cut'))).error).toEqual({
      code: 'EXECUTOR_CUT_OFF',
      values: { target: 'Kubernetes', detail: 'ECONNRESET' },
    });
  });

  test('whose name would lead elsewhere are not there', async () => {
    const before = server.asked.length;
    for (const name of ['../../nodes/n', 'a/b', '..', 'A', '', 'x'.repeat(300)]) {
      expect((await execute(restartOf(name))).error?.code).toBe('EXECUTOR_MISSING');
    }
    expect(server.asked).toHaveLength(before);
  });

  test('that may not be changed are named with what the server says', async () => {
    const { error, output } = await execute(restartOf('broken'));
    expect(error).toMatchObject({
      code: 'EXECUTOR_REFUSED',
      values: { target: 'deployment shop/broken', status: 403 },
    });
    expect(output).toContain('deployments is forbidden');
  });
});

describe('a dry run', () => {
  test('is checked by the server and changes nothing', async () => {
    const now = putDeployment('dry', 'web:2', '2');
    putReplicaSet(8, 'web:1', now);
    server.put(NODES, { metadata: { name: 'dry-node' }, spec: {} });
    putPod('dry-pod', { spec: { nodeName: 'dry-node' } });
    server.budgets.set('dry-pod', 1);
    const before = JSON.stringify([
      deployment('dry'),
      server.get(NODES, { name: 'dry-node' }),
      server.get(PODS, shop('dry-pod')),
    ]);
    const outputs = [];
    for (const args of [
      restartOf('dry'),
      { ...restartOf('dry'), do: 'scale', replicas: 9 },
      { do: 'rollback', namespace: 'shop', name: 'dry', revision: 8 },
      { do: 'cordon', node: 'dry-node' },
      { do: 'drain', node: 'dry-node' },
      { do: 'deletePod', namespace: 'shop', name: 'dry-pod' },
    ]) {
      const { status, output } = await execute({ ...args, dryRun: true });
      expect([args.do, status]).toEqual([args.do, 'succeeded']);
      outputs.push(output);
    }
    expect(outputs.join('')).toContain('kept by a disruption budget now');
    expect(
      JSON.stringify([deployment('dry'), server.get(NODES, { name: 'dry-node' }), server.get(PODS, shop('dry-pod'))]),
    ).toBe(before);
    server.delete(PODS, shop('dry-pod'));
  });
});

describe('nodes', () => {
  const node = () => server.get(NODES, { name: 'node-1' }) as unknown as { spec: { unschedulable?: boolean } };
  const podsLeft = () =>
    ['a', 'b', 'agent', 'static', 'done'].filter((name) => server.get(PODS, shop(name)) !== undefined);
  beforeEach(() => {
    server.budgets.clear();
    server.put(NODES, { metadata: { name: 'node-1' }, spec: {} });
    putPod('a');
    putPod('b');
    putPod('agent', {}, 'DaemonSet');
    putPod('done', { status: { phase: 'Succeeded' } }, 'Job');
    server.put(PODS, {
      metadata: { ...shop('static'), annotations: { 'kubernetes.io/config.mirror': 'x' } },
      spec: { nodeName: 'node-1' },
    });
  });

  test('are cordoned and uncordoned', async () => {
    expect((await execute({ do: 'cordon', node: 'node-1' })).status).toBe('succeeded');
    expect(node().spec.unschedulable).toBe(true);
    expect((await execute({ do: 'uncordon', node: 'node-1' })).status).toBe('succeeded');
    expect(node().spec.unschedulable).toBe(false);
  });

  test('are drained; what a budget keeps goes later, what belongs to the node stays', async () => {
    server.budgets.set('b', 3);
    const { status, output } = await execute({ do: 'drain', node: 'node-1', graceSeconds: 5 });
    expect([status, node().spec.unschedulable]).toEqual(['succeeded', true]);
    expect(podsLeft()).toEqual(['agent', 'static', 'done']);
    expect(output).toContain('pod shop/b is being evicted');
    const eviction = server.asked.find(({ path }) => path.endsWith('/a/eviction'))?.body;
    expect(eviction).toMatchObject({ deleteOptions: { gracePeriodSeconds: 5, preconditions: {} } });
  });

  test('keep what a budget never lets go, and say which', async () => {
    server.budgets.set('b', 1_000_000);
    const { error } = await execute({ do: 'drain', node: 'node-1' }, { timeoutMs: 5_000, clock: systemClock });
    expect(error).toMatchObject({ code: 'EXECUTOR_BUDGET', values: { pods: 'shop/b', seconds: 5 } });
    expect(podsLeft()).toEqual(['b', 'agent', 'static', 'done']);
  });

  test.each([
    ['force', () => putPod('alone', {}, null)],
    ['deleteEmptyDir', () => putPod('alone', { spec: { nodeName: 'node-1', volumes: [{ name: 's', emptyDir: {} }] } })],
  ])('with pods that would be lost are left alone without %s', async (argument, put) => {
    put();
    const refused = await execute({ do: 'drain', node: 'node-1' });
    expect(refused.error).toMatchObject({ code: 'EXECUTOR_WOULD_LOSE', values: { what: 'shop/alone', argument } });
    expect([node().spec.unschedulable, podsLeft().length]).toEqual([undefined, 5]);
    expect((await execute({ do: 'drain', node: 'node-1', [argument]: true })).status).toBe('succeeded');
    expect(server.get(PODS, shop('alone'))).toBeUndefined();
  });
});

describe('a pod', () => {
  test('is deleted if something makes it anew', async () => {
    putPod('goes');
    putPod('alone', {}, null);
    const gone = { do: 'deletePod', namespace: 'shop' };
    expect((await execute({ ...gone, name: 'goes' })).status).toBe('succeeded');
    expect((await execute({ ...gone, name: 'alone' })).error?.code).toBe('EXECUTOR_WOULD_LOSE');
    expect((await execute({ ...gone, name: 'alone', force: true })).status).toBe('succeeded');
    expect((await execute({ ...gone, name: 'alone', force: true })).error?.code).toBe('EXECUTOR_MISSING');
  });
});
