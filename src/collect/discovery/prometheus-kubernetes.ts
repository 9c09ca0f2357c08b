import type { KubernetesAccess } from '../../runtime/kubernetes/kubernetes-client.ts';
import { list, text } from '../json-fields.ts';
import type { Discovery } from './discoverers.ts';
import { KUBERNETES_REFRESH_MS, KUBERNETES_ROLES, type KubernetesRole } from './from-kubernetes.ts';

type Section = Readonly<Record<string, unknown>>;

const KNOWN = new Set(['role', 'kubeconfig_file', 'namespaces', 'selectors']);
/** Make no difference here. */
const HARMLESS = new Set(['follow_redirects', 'enable_http2']);

const isRole = (role: string): role is KubernetesRole => KUBERNETES_ROLES.some((known) => known === role);

function roleOf(written: string): KubernetesRole {
  // As Prometheus takes them, in any case.
  const role = written.toLowerCase();
  if (isRole(role)) return role;
  throw new SyntaxError(`role "${written}" of kubernetes_sd_configs is not understood`);
}

/**
 * An entry of `kubernetes_sd_configs`. Without a kubeconfig of its own it asks the cluster of our configuration, as
 * Prometheus asks the one it runs in. Throws a SyntaxError for a role or an address that cannot be taken over.
 */
export function prometheusKubernetes(
  found: Section,
  path: (value: unknown) => string | undefined,
  cluster: KubernetesAccess,
): Discovery {
  if (found['api_server'] !== undefined) {
    throw new SyntaxError('api_server of kubernetes_sd_configs is not understood; give a kubeconfig_file instead');
  }
  const kubeconfig = path(found['kubeconfig_file']);
  const namespaces = list(found, 'namespaces', 'names').filter((name) => typeof name === 'string');
  const selectors = list(found, 'selectors').map((one) => ({
    role: roleOf(text(one, 'role')),
    label: text(one, 'label') || undefined,
    field: text(one, 'field') || undefined,
  }));
  return {
    kind: 'kubernetes',
    refreshMs: KUBERNETES_REFRESH_MS,
    role: roleOf(text(found, 'role')),
    namespaces,
    selectors,
    annotated: false,
    access: kubeconfig === undefined ? cluster : { kubeconfig },
  };
}

/** What of an entry is left out. */
export function strangeKubernetes(found: Section, where: string): readonly string[] {
  const keys = Object.keys(found).filter((key) => !KNOWN.has(key) && !HARMLESS.has(key) && key !== 'api_server');
  const own =
    (found['namespaces'] as Section | undefined)?.['own_namespace'] === true ? ['namespaces.own_namespace'] : [];
  return [...keys, ...own].map((key) => `${where}: kubernetes_sd_configs ${key} is not understood and left out`);
}
