import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hastyClock } from '../../../test/kubernetes/hasty-clock.ts';
import { ScriptedApiServer } from '../../../test/kubernetes/scripted-api-server.ts';
import { until } from '../../../test/kubernetes/until.ts';
import type { Labels } from '../../model/labels.ts';
import { compileRelabel } from '../relabel.ts';
import { discoveredTarget } from './discovered-target.ts';
import { fromKubernetes, type KubernetesDiscovery, type KubernetesRole } from './from-kubernetes.ts';
import { readPrometheusFile } from './prometheus-file.ts';

let server: ScriptedApiServer;
let end: AbortController;
let complaints: string[];

beforeEach(async () => {
  server = new ScriptedApiServer();
  await server.start();
  [end, complaints] = [new AbortController(), []];
  server.put('/api/v1/pods', {
    metadata: {
      name: 'cart-0',
      namespace: 'shop',
      uid: 'u-1',
      labels: { 'app.kubernetes.io/name': 'cart', tier: 'front' },
      annotations: {
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9102',
        'prometheus.io/path': '/own/metrics',
      },
      ownerReferences: [{ kind: 'StatefulSet', name: 'cart', controller: true }],
    },
    spec: {
      nodeName: 'node-1',
      containers: [
        { name: 'web', image: 'shop/cart:3', ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }] },
        { name: 'side', image: 'envoy:1' },
      ],
      initContainers: [{ name: 'init', image: 'busybox' }],
    },
    status: {
      podIP: '10.0.0.7',
      hostIP: '192.168.1.1',
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'web', containerID: 'containerd://abc' }],
    },
  });
  // Not asked for, and not yet anywhere.
  server.put('/api/v1/pods', {
    metadata: { name: 'plain', namespace: 'shop' },
    spec: { containers: [{ name: 'a', ports: [{ containerPort: 1 }] }] },
    status: { podIP: 'fd00::5' },
  });
  server.put('/api/v1/pods', { metadata: { name: 'pending', namespace: 'shop' }, spec: {}, status: {} });
  server.put('/api/v1/services', {
    metadata: { name: 'cart', namespace: 'shop', annotations: { 'prometheus.io/scrape': 'true' } },
    spec: { type: 'ClusterIP', clusterIP: '10.1.0.1', ports: [{ name: 'http', port: 80 }] },
  });
  server.put('/api/v1/endpoints', {
    metadata: { name: 'cart', namespace: 'shop' },
    subsets: [
      {
        addresses: [{ ip: '10.0.0.7', nodeName: 'node-1', targetRef: { kind: 'Pod', name: 'cart-0' } }],
        notReadyAddresses: [{ ip: '10.0.0.8' }],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
      },
    ],
  });
  server.put('/apis/discovery.k8s.io/v1/endpointslices', {
    metadata: { name: 'cart-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'cart' } },
    endpoints: [{ addresses: ['10.0.0.7'], conditions: { ready: true }, targetRef: { kind: 'Pod', name: 'cart-0' } }],
    ports: [{ name: 'http', port: 8080 }],
  });
  server.put('/api/v1/nodes', {
    metadata: { name: 'node-1', labels: { zone: 'eu-1a' } },
    spec: {},
    status: {
      addresses: [
        { type: 'Hostname', address: 'node-1' },
        { type: 'InternalIP', address: '192.168.1.1' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    },
  });
});
afterEach(async () => {
  end.abort();
  await server.stop();
});

function discover(role: KubernetesRole, more: Partial<KubernetesDiscovery> = {}) {
  const access = { kubeconfig: server.kubeconfig };
  const options = { role, namespaces: [], selectors: [], annotated: false, access, ...more };
  const complain = (what: string, why: string): void => void complaints.push(`${what} ${why}`);
  const look = fromKubernetes(options, { clock: hastyClock, complain });
  return (): Promise<readonly Labels[]> => look(end.signal);
}
const addresses = (found: readonly Labels[]): unknown[] => found.map((labels) => labels['__address__']);

describe('targets of a cluster', () => {
  test('are ports of pods, with the labels that Prometheus gives them', async () => {
    const found = await discover('pod')();
    expect(addresses(found)).toEqual(['10.0.0.7:8080', '10.0.0.7', '10.0.0.7', '[fd00::5]:1']);
    expect(found[0]).toEqual({
      __address__: '10.0.0.7:8080',
      __meta_kubernetes_namespace: 'shop',
      __meta_kubernetes_pod_name: 'cart-0',
      __meta_kubernetes_pod_ip: '10.0.0.7',
      __meta_kubernetes_pod_ready: 'true',
      __meta_kubernetes_pod_phase: 'Running',
      __meta_kubernetes_pod_node_name: 'node-1',
      __meta_kubernetes_pod_host_ip: '192.168.1.1',
      __meta_kubernetes_pod_uid: 'u-1',
      __meta_kubernetes_pod_controller_kind: 'StatefulSet',
      __meta_kubernetes_pod_controller_name: 'cart',
      __meta_kubernetes_pod_label_app_kubernetes_io_name: 'cart',
      __meta_kubernetes_pod_labelpresent_app_kubernetes_io_name: 'true',
      __meta_kubernetes_pod_label_tier: 'front',
      __meta_kubernetes_pod_labelpresent_tier: 'true',
      __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
      __meta_kubernetes_pod_annotationpresent_prometheus_io_scrape: 'true',
      __meta_kubernetes_pod_annotation_prometheus_io_port: '9102',
      __meta_kubernetes_pod_annotationpresent_prometheus_io_port: 'true',
      __meta_kubernetes_pod_annotation_prometheus_io_path: '/own/metrics',
      __meta_kubernetes_pod_annotationpresent_prometheus_io_path: 'true',
      __meta_kubernetes_pod_container_name: 'web',
      __meta_kubernetes_pod_container_image: 'shop/cart:3',
      __meta_kubernetes_pod_container_id: 'containerd://abc',
      __meta_kubernetes_pod_container_init: 'false',
      __meta_kubernetes_pod_container_port_name: 'http',
      __meta_kubernetes_pod_container_port_number: '8080',
      __meta_kubernetes_pod_container_port_protocol: 'TCP',
    });
  });

  test('are services, nodes, and endpoints with the labels of their service and pod', async () => {
    const [service] = await discover('service')();
    expect(service).toMatchObject({
      __address__: 'cart.shop.svc:80',
      __meta_kubernetes_service_name: 'cart',
      __meta_kubernetes_service_port_number: '80',
      __meta_kubernetes_service_cluster_ip: '10.1.0.1',
    });
    const [node] = await discover('node')();
    expect(node).toMatchObject({
      __address__: '192.168.1.1:10250',
      instance: 'node-1',
      __meta_kubernetes_node_label_zone: 'eu-1a',
      __meta_kubernetes_node_address_Hostname: 'node-1',
    });
    const endpoints = await discover('endpoints')();
    expect(addresses(endpoints)).toEqual(['10.0.0.7:8080', '10.0.0.8:8080']);
    expect(endpoints[0]).toMatchObject({
      __meta_kubernetes_endpoints_name: 'cart',
      __meta_kubernetes_endpoint_ready: 'true',
      __meta_kubernetes_endpoint_port_name: 'http',
      __meta_kubernetes_endpoint_address_target_name: 'cart-0',
      __meta_kubernetes_service_name: 'cart',
      __meta_kubernetes_service_annotation_prometheus_io_scrape: 'true',
      __meta_kubernetes_pod_name: 'cart-0',
      __meta_kubernetes_pod_container_name: 'web',
    });
    expect(endpoints[1]?.['__meta_kubernetes_endpoint_ready']).toBe('false');
    const [slice] = await discover('endpointslice')();
    expect(slice).toMatchObject({
      __address__: '10.0.0.7:8080',
      __meta_kubernetes_endpointslice_name: 'cart-x',
      __meta_kubernetes_service_name: 'cart',
      __meta_kubernetes_pod_name: 'cart-0',
    });
  });

  test('come and go with their objects, without being asked for again', async () => {
    const look = discover('pod', { annotated: true });
    expect(addresses(await look())).toEqual(['10.0.0.7:9102', '10.0.0.7:9102']);
    await until(() => server.watchers === 1);
    const asked = server.asked.length;
    server.delete('/api/v1/pods', { name: 'cart-0', namespace: 'shop' });
    let found: readonly Labels[] = [{}];
    for (let tries = 0; tries < 500 && found.length > 0; tries++) {
      found = await look();
      await hastyClock.sleep(250);
    }
    expect(found).toEqual([]);
    expect(server.asked).toHaveLength(asked);
  });

  test('may be those that annotations ask for, named so that they become the pods and services that they are', async () => {
    const [pod] = await discover('pod', { annotated: true })();
    const job = {
      name: 'k8s',
      scheme: 'http',
      path: '/metrics',
      params: {},
      intervalMs: 15_000,
      timeoutMs: 10_000,
      labels: {},
    };
    expect(discoveredTarget(pod!, job, [])).toMatchObject({
      url: 'http://10.0.0.7:9102/own/metrics',
      labels: {
        job: 'k8s',
        instance: '10.0.0.7:9102',
        namespace: 'shop',
        pod: 'cart-0',
        node: 'node-1',
        service: 'cart',
        statefulset: 'cart',
      },
    });
    const [service] = await discover('service', { annotated: true })();
    expect(service).toMatchObject({ __address__: 'cart.shop.svc:80', namespace: 'shop', service: 'cart' });
    expect(addresses(await discover('endpoints', { annotated: true })())).toEqual(['10.0.0.7:8080', '10.0.0.8:8080']);
  });

  test('carry the deployment that keeps them running, by which actions find it', async () => {
    server.put('/api/v1/pods', {
      metadata: {
        name: 'orders-5d4f-x',
        namespace: 'shop',
        labels: { app: 'orders', 'pod-template-hash': '5d4f' },
        annotations: { 'prometheus.io/scrape': 'true', 'prometheus.io/port': '1' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'orders-5d4f', controller: true }],
      },
      spec: { containers: [{ name: 'a' }] },
      status: { podIP: '10.0.0.9' },
    });
    const found = await discover('pod', { annotated: true })();
    expect(found.find(({ pod }) => pod === 'orders-5d4f-x')).toMatchObject({ deployment: 'orders', service: 'orders' });
  });

  test('are of the namespaces and selectors that were asked for', async () => {
    server.put('/api/v1/pods', {
      metadata: { name: 'other', namespace: 'bank' },
      spec: { containers: [{ name: 'a' }] },
      status: { podIP: '10.9.9.9' },
    });
    expect(addresses(await discover('pod', { namespaces: ['bank'] })())).toEqual(['10.9.9.9']);
    const selectors = [{ role: 'pod', label: 'tier=front' } as const];
    expect(addresses(await discover('pod', { selectors })())).toEqual(['10.0.0.7:8080', '10.0.0.7', '10.0.0.7']);
  });

  test('that cannot be looked for are told with the reason; what was known stays', async () => {
    server.trouble = () => ({ status: 403, message: 'pods is forbidden' });
    await expect(discover('pod')()).rejects.toThrow('Kubernetes answered 403 to list /api/v1/pods: pods is forbidden');
    server.trouble = () => undefined;
    const look = discover('pod');
    expect(await look()).toHaveLength(4);
    server.trouble = () => ({ status: 500 });
    await server.cut();
    await until(() => complaints.some((said) => said.startsWith('/api/v1/pods')));
    expect(await look()).toHaveLength(4);
  });
});

test("Prometheus' own rules for annotated pods give the same address", async () => {
  const { jobs, notes } = readPrometheusFile(
    `
scrape_configs:
  - job_name: kubernetes-pods
    kubernetes_sd_configs: [{ role: pod, attach_metadata: { node: true } }]
    relabel_configs:
      - { source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true }
      - { source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path], action: replace, target_label: __metrics_path__, regex: (.+) }
      - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
        action: replace
        regex: (.+?)(?::\\d+)?;(\\d+)
        replacement: $1:$2
        target_label: __address__
      - { action: labelmap, regex: __meta_kubernetes_pod_label_(.+) }
      - { source_labels: [__meta_kubernetes_namespace], action: replace, target_label: namespace }
      - { source_labels: [__meta_kubernetes_pod_name], action: replace, target_label: pod }
  - job_name: ingresses
    kubernetes_sd_configs: [{ role: ingress }]
`,
    '/etc/prometheus.yml',
    { kubeconfig: server.kubeconfig },
  );
  expect(notes).toEqual([
    'job "kubernetes-pods": kubernetes_sd_configs attach_metadata is not understood and left out',
    'job "ingresses": role "ingress" of kubernetes_sd_configs is not understood; the job is left out',
  ]);
  const [job] = jobs;
  const [discovery] = job!.discover;
  expect(discovery).toMatchObject({ kind: 'kubernetes', role: 'pod', access: { kubeconfig: server.kubeconfig } });
  const look = fromKubernetes(discovery as KubernetesDiscovery, { clock: hastyClock, complain: () => undefined });
  const targets = (await look(end.signal)).map((labels) =>
    discoveredTarget(labels, job!, compileRelabel(job!.relabel)),
  );
  expect(targets.find((target) => target !== null)).toMatchObject({
    url: 'http://10.0.0.7:9102/own/metrics',
    labels: { namespace: 'shop', pod: 'cart-0', app_kubernetes_io_name: 'cart', tier: 'front' },
  });
});
