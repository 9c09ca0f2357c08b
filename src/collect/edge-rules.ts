import type { EntityId } from '../model/entity.ts';
import type { Labels } from '../model/labels.ts';
import type { Series } from '../model/series.ts';
import type { Edge } from '../model/topology.ts';
import type { AssignEntity } from './entity-rules.ts';

/**
 * One end of an edge: labels that the entity rules are asked about, each with the names under which senders write it,
 * the first that is there counts; `self` is the entity of the series.
 */
type End = 'self' | Readonly<Record<string, readonly string[]>>;

/** Which labels say that one entity is connected with another. */
interface EdgeRule {
  readonly kind: Edge['kind'];
  readonly source: Edge['source'];
  readonly from: End;
  readonly to: End;
  /** Only metrics whose name fits; any by default. */
  readonly metric?: RegExp;
  /** Only series of entities of this kind; any by default. */
  readonly of?: string;
}

const POD = {
  namespace: ['namespace', 'k8s_namespace_name', 'kubernetes_namespace'],
  pod: ['pod', 'k8s_pod_name', 'pod_name'],
} as const;
const NODE = { node: ['node', 'k8s_node_name', 'kubernetes_node'] } as const;
const service = (...names: readonly string[]): End => ({ service: names });

/**
 * To be added to: a line for each way in which senders name two ends. Ends become entities by the same rules as series
 * do, so that whoever changes those need not change these.
 */
const EDGE_RULES: readonly EdgeRule[] = [
  // Where things run, and what they are part of: Kubernetes' metrics, cAdvisor, OpenTelemetry's resource attributes.
  { kind: 'runs_on', source: 'labels', from: POD, to: NODE },
  { kind: 'part_of', source: 'labels', from: POD, to: service('service', 'service_name', 'app_kubernetes_io_name') },
  { kind: 'runs_on', source: 'labels', of: 'service', from: 'self', to: { host: ['host', 'hostname', 'host_name'] } },
  { kind: 'runs_on', source: 'labels', of: 'container', from: 'self', to: { host: ['host', 'hostname', 'host_name'] } },
  { kind: 'part_of', source: 'labels', of: 'container', from: 'self', to: POD },
  // Calls of a service mesh and of trace-derived service graphs.
  {
    kind: 'calls',
    source: 'calls',
    from: service('source_canonical_service', 'source_workload', 'source_app', 'source_service'),
    to: service('destination_canonical_service', 'destination_workload', 'destination_app', 'destination_service'),
  },
  { kind: 'calls', source: 'calls', metric: /service_graph/, from: service('client'), to: service('server') },
  { kind: 'calls', source: 'calls', from: service('deployment'), to: service('dst_deployment', 'dst_service') },
  { kind: 'calls', source: 'calls', from: service('caller'), to: service('callee') },
  // One end is the sender itself.
  {
    kind: 'calls',
    source: 'calls',
    from: 'self',
    to: service('peer_service', 'peer_service_name', 'upstream_service'),
  },
  { kind: 'calls', source: 'calls', metric: /^envoy_cluster_/, from: 'self', to: service('envoy_cluster_name') },
];

/** What a mesh writes where it does not know. */
const NOBODY = new Set([
  '',
  'unknown',
  'user',
  'none',
  'PassthroughCluster',
  'BlackHoleCluster',
  'InboundPassthroughCluster',
]);
/** `outbound|80||reviews.shop.svc.cluster.local`, as Envoy under Istio names a cluster; the service is its first name. */
const ENVOY_CLUSTER = /^outbound\|\d*\|[^|]*\|([^.|]+)/;
/** The value of the first of the labels that is there and says something. */
function valueOf(labels: Labels, names: readonly string[]): string | null {
  for (const name of names) {
    const value = labels[name];
    if (value === undefined || NOBODY.has(value) || value.startsWith('inbound|')) continue;
    return ENVOY_CLUSTER.exec(value)?.[1] ?? value;
  }
  return null;
}

type Found = Pick<Edge, 'from' | 'to' | 'kind' | 'source'>;

/** Makes the function that finds the edges that the labels of a series show; `fallback` is what no entity rule fits. */
export function createEdgeRules(
  assign: AssignEntity,
  fallback: EntityId,
  rules = EDGE_RULES,
): (series: Series) => readonly Found[] {
  const endOf = (end: End, series: Series): EntityId | null => {
    if (end === 'self') return series.entity;
    const labels: Record<string, string> = {};
    for (const [label, names] of Object.entries(end)) {
      const value = valueOf(series.labels, names);
      if (value === null) return null;
      labels[label] = value;
    }
    const { entity } = assign('', labels);
    return entity === fallback ? null : entity;
  };
  return (series) =>
    rules.flatMap(({ kind, source, from, to, metric, of }): Found[] => {
      if (metric?.test(series.name) === false || (of !== undefined && !series.entity.startsWith(`${of}/`))) return [];
      const target = endOf(to, series);
      const origin = target === null ? null : endOf(from, series);
      if (origin === null || target === null || origin === target) return [];
      return [{ from: origin, to: target, kind, source }];
    });
}
