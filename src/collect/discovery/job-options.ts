import { resolve } from 'node:path';
import type { Labels } from '../../model/labels.ts';
import type { Access, TlsOptions } from '../http-client.ts';
import type { RelabelRule } from '../relabel.ts';
import type { ScrapeTarget } from '../scrape-source.ts';
import type { KubernetesAccess } from '../../runtime/kubernetes/kubernetes-client.ts';
import type { Discovery, DnsType } from './discoverers.ts';
import { KUBERNETES_REFRESH_MS, type KubernetesRole } from './from-kubernetes.ts';
import type { ScrapeJobOptions } from './scrape-job.ts';

/** Access as it is configured. */
export interface WrittenAccess {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly basicAuth?: { readonly user: string; readonly password?: string | undefined } | undefined;
  readonly tls?: TlsOptions | undefined;
}

interface WrittenDiscovery extends WrittenAccess {
  readonly file?: readonly string[] | undefined;
  readonly http?: string | undefined;
  readonly dns?:
    | {
        readonly names: readonly string[];
        readonly type: DnsType;
        readonly port: number;
        readonly servers: readonly string[];
      }
    | undefined;
  readonly kubernetes?:
    | {
        readonly role: KubernetesRole;
        readonly namespaces: readonly string[];
        readonly labelSelector?: string | undefined;
        readonly fieldSelector?: string | undefined;
        readonly annotated: boolean;
      }
    | undefined;
  readonly refresh: number;
}

/** An entry of `collect.scrape`; times in ms. */
export interface WrittenJob extends WrittenAccess {
  readonly name: string;
  readonly targets: readonly string[];
  readonly discover: readonly WrittenDiscovery[];
  readonly interval: number;
  readonly timeout: number;
  readonly scheme: string;
  readonly path: string;
  readonly labels: Labels;
  readonly honorLabels: boolean;
  readonly relabel: readonly RelabelRule[];
  readonly metricRelabel: readonly RelabelRule[];
  readonly sampleLimit?: number | undefined;
  readonly targetLimit: number;
}

const fileOf = (file: string | undefined): string | undefined => (file === undefined ? undefined : resolve(file));

export function accessOf({ token, tokenFile, basicAuth, tls }: WrittenAccess): Access {
  const files = tls && { ...tls, ca: fileOf(tls.ca), cert: fileOf(tls.cert), key: fileOf(tls.key) };
  return { token, tokenFile: fileOf(tokenFile), basic: basicAuth, tls: files };
}

/** The labels that an address stands for, so that rules can change it. */
function labelsOf(address: string): Labels {
  const url = new URL(address);
  return {
    __address__: url.host,
    __scheme__: url.protocol.slice(0, -1),
    __metrics_path__: url.pathname,
    ...Object.fromEntries([...url.searchParams].map(([name, value]) => [`__param_${name}`, value])),
  };
}

function discoveryOf(written: WrittenDiscovery, access: KubernetesAccess): Discovery {
  const { file, http, dns, kubernetes, refresh: refreshMs } = written;
  if (kubernetes !== undefined) {
    const { role, namespaces, annotated, labelSelector: label, fieldSelector: field } = kubernetes;
    const selectors = [{ role, label, field }];
    // A look asks nobody: what is watched is known already.
    return { kind: 'kubernetes', refreshMs: KUBERNETES_REFRESH_MS, role, namespaces, annotated, selectors, access };
  }
  if (dns !== undefined) return { kind: 'dns', refreshMs, ...dns };
  if (http !== undefined) return { kind: 'http', refreshMs, url: http, access: accessOf(written) };
  return { kind: 'file', refreshMs, globs: (file ?? []).map((path) => resolve(path)) };
}

function jobOf(written: WrittenJob, targets: readonly string[], cluster: KubernetesAccess): ScrapeJobOptions {
  const { interval: intervalMs, timeout: timeoutMs, discover, ...rest } = written;
  const fixed: readonly Discovery[] =
    targets.length === 0 ? [] : [{ kind: 'static', refreshMs: 0, targets: targets.map(labelsOf) }];
  return {
    ...rest,
    intervalMs,
    timeoutMs,
    params: {},
    access: accessOf(written),
    discover: [...fixed, ...discover.map((one) => discoveryOf(one, cluster))],
  };
}

function targetOf(written: WrittenJob, url: string, name: string): Omit<ScrapeTarget, 'bodyBytes'> {
  const { interval: intervalMs, timeout: timeoutMs, token, labels, honorLabels, metricRelabel, sampleLimit } = written;
  const access = accessOf(written);
  const job = written.name;
  return { name, job, url, access, intervalMs, timeoutMs, token, labels, honorLabels, metricRelabel, sampleLimit };
}

/**
 * What an entry of `collect.scrape` comes to. Addresses that no rule changes are scraped as they stand; the others, and
 * what is found, belong to a job whose targets come and go.
 */
export function scrapeOptions(
  written: WrittenJob,
  cluster: KubernetesAccess,
): {
  readonly scrape: readonly Omit<ScrapeTarget, 'bodyBytes'>[];
  readonly jobs: readonly ScrapeJobOptions[];
} {
  const { name, targets, relabel, discover } = written;
  if (relabel.length > 0) return { scrape: [], jobs: [jobOf(written, targets, cluster)] };
  const scrape = targets.map((url, index) =>
    targetOf(written, url, targets.length === 1 ? `scrape/${name}` : `scrape/${name}/${index + 1}`),
  );
  return { scrape, jobs: discover.length === 0 ? [] : [jobOf(written, [], cluster)] };
}
