import { expect, test } from 'vitest';
import type { Labels } from '../model/labels.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import { createEdgeRules } from './edge-rules.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { KnownEdges } from './known-edges.ts';

const assign = createEntityRules(DEFAULT_ENTITY_RULES, 'service/push');
const find = createEdgeRules(assign, 'service/push');
const series = (name: string, labels: Labels): Series => ({
  key: name,
  name,
  labels,
  type: 'gauge',
  unit: '',
  entity: assign(name, labels).entity,
});
const edges = (name: string, labels: Labels): string[] =>
  find(series(name, labels)).map(({ from, kind, to }) => `${from} ${kind} ${to}`);

test.each([
  ['kube_pod_info', { namespace: 'shop', pod: 'cart-0', node: 'n1' }, ['pod/shop/cart-0 runs_on host/n1']],
  [
    'container_cpu_usage_seconds_total',
    { namespace: 'shop', pod: 'cart-0', service: 'cart' },
    ['pod/shop/cart-0 part_of service/cart'],
  ],
  [
    'process_memory',
    { k8s_namespace_name: 'shop', k8s_pod_name: 'cart-0', k8s_node_name: 'n1' },
    ['pod/shop/cart-0 runs_on host/n1'],
  ],
  [
    'istio_requests_total',
    { source_workload: 'web', destination_workload: 'orders', namespace: 'shop', pod: 'web-1' },
    ['service/web calls service/orders'],
  ],
  ['istio_requests_total', { source_workload: 'unknown', destination_workload: 'orders' }, []],
  ['traces_service_graph_request_total', { client: 'web', server: 'orders' }, ['service/web calls service/orders']],
  ['my_metric', { client: 'web', server: 'orders' }, []],
  ['rpc_client_duration', { service: 'web', peer_service: 'db' }, ['service/web calls service/db']],
  [
    'envoy_cluster_upstream_rq_total',
    { service: 'web', envoy_cluster_name: 'outbound|80||orders.shop.svc.cluster.local' },
    ['service/web calls service/orders'],
  ],
  ['rpc_client_duration', { service: 'db', peer_service: 'db' }, []],
  ['up', { instance: 'a:9100', job: 'node' }, []],
] as const)('%s %j shows %j', (name, labels, expected) => {
  expect(edges(name, labels)).toEqual(expected);
});

test('ends are entities by the rules of the configuration', () => {
  const own = createEntityRules([{ match: { node: '*' }, kind: 'machine', name: '{node}' }], 'service/push');
  const [edge] = createEdgeRules(
    own,
    'service/push',
  )(series('kube_pod_info', { namespace: 'shop', pod: 'cart-0', node: 'n1' }));
  expect(edge).toBeUndefined();
  const both = createEntityRules(
    [{ match: { node: '*' }, kind: 'machine', name: '{node}' }, ...DEFAULT_ENTITY_RULES],
    'service/push',
  );
  const pod = { ...series('kube_pod_info', { namespace: 'shop', pod: 'cart-0', node: 'n1' }) };
  expect(createEdgeRules(both, 'service/push')(pod)).toMatchObject([{ from: 'pod/shop/cart-0', to: 'machine/n1' }]);
});

test('an edge is told once, again after a minute while it is seen, and not when it is not', () => {
  const known = new KnownEdges(find);
  const one = series('kube_pod_info', { namespace: 'shop', pod: 'cart-0', node: 'n1' });
  const batch = (receivedAt: number): SampleBatch => ({
    entity: one.entity,
    fleet: 'default',
    source: 'push',
    receivedAt,
    series: [one],
    times: Float64Array.of(receivedAt),
    values: Float64Array.of(1),
  });
  const told = (now: number): number[] => {
    const { edges, told } = known.due(now, 100);
    told();
    return edges.map(({ lastSeen }) => lastSeen);
  };
  const T = 1_800_000_000_000;
  known.see([batch(T)]);
  expect(told(T)).toEqual([T]);
  known.see([batch(T + 15_000)]);
  expect(told(T + 15_000)).toEqual([]);
  known.see([batch(T + 61_000)]);
  expect(told(T + 61_000)).toEqual([T + 61_000]);
  expect(told(T + 200_000)).toEqual([]);
});
