import type { Labels } from '../../model/labels.ts';
import { serviceOf } from '../kubernetes/pod-changes.ts';
import type { KubernetesRole } from './from-kubernetes.ts';

/** The object whose annotations count: a service speaks for its endpoints. */
const ANNOTATED: Readonly<Record<KubernetesRole, string>> = {
  pod: 'pod',
  service: 'service',
  endpoints: 'service',
  endpointslice: 'service',
  node: 'node',
};
const PORT = /^\d{1,5}$/;

const labelOf = (labels: Labels, name: string): string => labels[`__meta_kubernetes_${name}`] ?? '';

/** What keeps a pod running, by which actions find it: of a replica set the deployment, which its name begins with. */
function workloadOf(labels: Labels): Labels {
  const [kind, name] = [labelOf(labels, 'pod_controller_kind'), labelOf(labels, 'pod_controller_name')];
  if (kind === 'StatefulSet') return { statefulset: name };
  if (kind === 'DaemonSet') return { daemonset: name };
  const hash = `-${labelOf(labels, 'pod_label_pod_template_hash')}`;
  return kind === 'ReplicaSet' && hash !== '-' && name.endsWith(hash)
    ? { deployment: name.slice(0, -hash.length) }
    : {};
}

/** Labels that say what a target is, by names that the rules of entities and of the topology know. */
function naming(labels: Labels): Labels {
  const [namespace, pod, node] = ['namespace', 'pod_name', 'pod_node_name'].map((name) => labelOf(labels, name));
  const asked = {
    'app.kubernetes.io/name': labelOf(labels, 'pod_label_app_kubernetes_io_name'),
    app: labelOf(labels, 'pod_label_app'),
  };
  const said = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
  const service = labelOf(labels, 'service_name') || serviceOf(said, '');
  const all = { namespace: namespace ?? '', pod: pod ?? '', node: node || labelOf(labels, 'node_name'), service };
  return { ...Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')), ...workloadOf(labels) };
}

/**
 * A target as its annotations want it scraped, by the habit that has become a standard: `prometheus.io/scrape: "true"`, and
 * `prometheus.io/port`, `/path` and `/scheme` where they differ. Null for what does not ask for it, or not here: with a
 * port that is named, the others are left out.
 */
export function annotatedTarget(labels: Labels, role: KubernetesRole): Labels | null {
  const annotation = (name: string): string => labelOf(labels, `${ANNOTATED[role]}_annotation_prometheus_io_${name}`);
  if (annotation('scrape') !== 'true') return null;
  if (labelOf(labels, 'pod_container_init') === 'true') return null;
  const [port, path, scheme] = [annotation('port'), annotation('path'), annotation('scheme')];
  const address = labels['__address__'] ?? '';
  const host = address.replace(/(?<=[^:]|\]):\d+$/, '');
  if (port !== '' && !PORT.test(port)) return null;
  // A container without a port can only be reached by one that is named.
  if (port === '' && host === address) return null;
  return {
    ...labels,
    ...naming(labels),
    __address__: port === '' ? address : `${host}:${port}`,
    ...(path !== '' && { __metrics_path__: path }),
    ...(scheme !== '' && { __scheme__: scheme }),
  };
}
