import type { Labels } from '../../model/labels.ts';
import type { KubernetesObject } from '../../runtime/kubernetes/kubernetes-object.ts';
import { field, list, number, text } from '../json-fields.ts';

/** What stands in for every character that a label name may not have, as in Prometheus. */
const sanitized = (name: string): string => name.replace(/[^a-zA-Z0-9_]/g, '_');

/** Labels and annotations of an object: `__meta_kubernetes_pod_label_app` and `…_labelpresent_app`, and so on. */
function described(kind: string, { metadata: { labels = {}, annotations = {} } }: KubernetesObject): Labels {
  const meta: Record<string, string> = {};
  for (const [what, found] of [['label', labels] as const, ['annotation', annotations] as const]) {
    for (const [name, value] of Object.entries(found)) {
      meta[`__meta_kubernetes_${kind}_${what}_${sanitized(name)}`] = value;
      meta[`__meta_kubernetes_${kind}_${what}present_${sanitized(name)}`] = 'true';
    }
  }
  return meta;
}

/** Those that say something, under their names of Prometheus. */
const meta = (found: Readonly<Record<string, string>>): Labels =>
  Object.fromEntries(Object.entries(found).map(([name, value]) => [`__meta_kubernetes_${name}`, value]));

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);
const address = (host: string, port: string | number): string =>
  port === '' ? bracketed(host) : `${bracketed(host)}:${port}`;

/** One place of an object that can be scraped. */
export interface Place {
  readonly address: string;
  readonly labels: Labels;
}

/** An object as targets are made of it. */
export interface Discovered {
  readonly namespace: string;
  readonly name: string;
  /** Of every target that it has a part in. */
  readonly labels: Labels;
  readonly places: readonly Place[];
}

const controllerOf = ({ metadata: { ownerReferences: owners = [] } }: KubernetesObject) =>
  owners.find(({ controller }) => controller === true);

function portsOf(container: unknown, status: unknown, init: boolean): readonly Labels[] {
  const base = {
    pod_container_name: text(container, 'name'),
    pod_container_image: text(container, 'image'),
    pod_container_id: text(status, 'containerID'),
    pod_container_init: String(init),
  };
  const ports = list(container, 'ports');
  // A container that names no port is a target all the same; rules may give it one.
  if (ports.length === 0) return [meta(base)];
  return ports.map((port) =>
    meta({
      ...base,
      pod_container_port_name: text(port, 'name'),
      pod_container_port_number: String(number(port, 'containerPort') ?? ''),
      pod_container_port_protocol: text(port, 'protocol') || 'TCP',
    }),
  );
}

/** A pod has a place for each port of its containers. */
export function podTargets(pod: KubernetesObject): Discovered | null {
  const { name = '', namespace = '', uid = '' } = pod.metadata;
  const ip = text(pod, 'status', 'podIP');
  if (ip === '') return null;
  const controller = controllerOf(pod);
  const ready = list(pod, 'status', 'conditions').find((condition) => text(condition, 'type') === 'Ready');
  const labels = {
    ...meta({
      namespace,
      pod_name: name,
      pod_ip: ip,
      pod_ready: (text(ready, 'status') || 'unknown').toLowerCase(),
      pod_phase: text(pod, 'status', 'phase'),
      pod_node_name: text(pod, 'spec', 'nodeName'),
      pod_host_ip: text(pod, 'status', 'hostIP'),
      pod_uid: uid,
      ...(controller !== undefined && { pod_controller_kind: controller.kind, pod_controller_name: controller.name }),
    }),
    ...described('pod', pod),
  };
  const places = (['containers', 'initContainers'] as const).flatMap((kind) => {
    const statuses = list(pod, 'status', kind === 'containers' ? 'containerStatuses' : 'initContainerStatuses');
    return list(pod, 'spec', kind).flatMap((container) => {
      const status = statuses.find((one) => text(one, 'name') === text(container, 'name'));
      return portsOf(container, status, kind === 'initContainers').map((port) => ({
        address: address(ip, port['__meta_kubernetes_pod_container_port_number'] ?? ''),
        labels: port,
      }));
    });
  });
  return { namespace, name, labels, places };
}

/** A service has a place for each of its ports, at its name in the cluster. */
export function serviceTargets(service: KubernetesObject): Discovered | null {
  const { name = '', namespace = '' } = service.metadata;
  if (name === '') return null;
  const type = text(service, 'spec', 'type') || 'ClusterIP';
  const places = list(service, 'spec', 'ports').map((port) => ({
    address: `${name}.${namespace}.svc:${number(port, 'port') ?? ''}`,
    labels: meta({
      service_port_name: text(port, 'name'),
      service_port_number: String(number(port, 'port') ?? ''),
      service_port_protocol: text(port, 'protocol') || 'TCP',
      service_type: type,
      ...(type === 'ExternalName'
        ? { service_external_name: text(service, 'spec', 'externalName') }
        : { service_cluster_ip: text(service, 'spec', 'clusterIP') }),
      ...(type === 'LoadBalancer' && { service_loadbalancer_ip: text(service, 'spec', 'loadBalancerIP') }),
    }),
  }));
  return {
    namespace,
    name,
    labels: { ...meta({ namespace, service_name: name }), ...described('service', service) },
    places,
  };
}

/** In the order in which Prometheus prefers them. */
const ADDRESSES = ['InternalIP', 'ExternalIP', 'LegacyHostIP', 'Hostname'] as const;
const KUBELET = 10_250;

/** A node has one place, its kubelet. */
export function nodeTargets(node: KubernetesObject): Discovered | null {
  const { name = '' } = node.metadata;
  const found = list(node, 'status', 'addresses').map((one) => [text(one, 'type'), text(one, 'address')] as const);
  const host = ADDRESSES.flatMap((type) => found.filter(([is]) => is === type).map(([, value]) => value))[0];
  if (name === '' || host === undefined) return null;
  const port = number(node, 'status', 'daemonEndpoints', 'kubeletEndpoint', 'Port') ?? KUBELET;
  const addresses = found
    .toReversed()
    .map(([type, value]) => [`__meta_kubernetes_node_address_${sanitized(type)}`, value]);
  const labels = {
    instance: name,
    ...meta({ node_name: name, node_provider_id: text(node, 'spec', 'providerID') }),
    ...(Object.fromEntries(addresses) as Labels),
    ...described('node', node),
  };
  return { namespace: '', name, labels, places: [{ address: address(host, port), labels: {} }] };
}

/** An address behind a service, with the pod that it is of. */
export interface EndpointPlace extends Place {
  readonly pod: string | null;
}
export interface DiscoveredEndpoints extends Discovered {
  readonly service: string;
  readonly places: readonly EndpointPlace[];
}

interface Naming {
  readonly object: 'endpoints' | 'endpointslice';
  readonly one: 'endpoint' | 'endpointslice';
}
const ENDPOINTS: Naming = { object: 'endpoints', one: 'endpoint' };
const SLICES: Naming = { object: 'endpointslice', one: 'endpointslice' };

interface Reached {
  readonly host: string;
  readonly ready: boolean;
  readonly address: unknown;
  readonly port: unknown;
}

function endpointPlace({ one }: Naming, { host, ready, address: found, port }: Reached): EndpointPlace {
  const target = field(found, 'targetRef');
  const kind = text(target, 'kind');
  const condition = one === 'endpoint' ? 'endpoint_ready' : 'endpointslice_endpoint_conditions_ready';
  return {
    address: address(host, number(port, 'port') ?? ''),
    pod: kind === 'Pod' ? text(target, 'name') : null,
    labels: meta({
      [condition]: String(ready),
      [`${one}_port_name`]: text(port, 'name'),
      [`${one}_port_protocol`]: text(port, 'protocol') || 'TCP',
      [one === 'endpoint' ? 'endpoint_node_name' : 'endpointslice_endpoint_topology_kubernetes_io_hostname']: text(
        found,
        'nodeName',
      ),
      ...(kind !== '' && {
        [`${one}_address_target_kind`]: kind,
        [`${one}_address_target_name`]: text(target, 'name'),
      }),
    }),
  };
}

function endpointsObject(
  object: KubernetesObject,
  naming: Naming,
  places: readonly EndpointPlace[],
): DiscoveredEndpoints {
  const { name = '', namespace = '', labels = {} } = object.metadata;
  const own = { ...meta({ namespace, [`${naming.object}_name`]: name }), ...described(naming.object, object) };
  const service = naming === ENDPOINTS ? name : (labels['kubernetes.io/service-name'] ?? '');
  return { namespace, name, service, labels: own, places };
}

/** The addresses behind a service, ready or not, by each of its ports. */
export function endpointsTargets(object: KubernetesObject): DiscoveredEndpoints | null {
  if (object.metadata.name === undefined) return null;
  const places = list(object, 'subsets').flatMap((subset) =>
    list(subset, 'ports').flatMap((port) =>
      (['addresses', 'notReadyAddresses'] as const).flatMap((kind) =>
        list(subset, kind).map((one) =>
          endpointPlace(ENDPOINTS, { host: text(one, 'ip'), ready: kind === 'addresses', address: one, port }),
        ),
      ),
    ),
  );
  return endpointsObject(object, ENDPOINTS, places);
}

/** The same of the newer form. */
export function sliceTargets(object: KubernetesObject): DiscoveredEndpoints | null {
  if (object.metadata.name === undefined) return null;
  const places = list(object, 'ports').flatMap((port) =>
    list(object, 'endpoints').flatMap((endpoint) => {
      const ready = field(endpoint, 'conditions', 'ready') !== false;
      return list(endpoint, 'addresses').map((host) =>
        endpointPlace(SLICES, { host: typeof host === 'string' ? host : '', ready, address: endpoint, port }),
      );
    }),
  );
  return endpointsObject(object, SLICES, places);
}
