import { dirname, isAbsolute, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { toError, VigiaError } from '../../runtime/errors.ts';
import type { KubernetesAccess } from '../../runtime/kubernetes/kubernetes-client.ts';
import type { Access } from '../http-client.ts';
import { compileRelabel, type RelabelRule } from '../relabel.ts';
import type { Discovery, DnsType } from './discoverers.ts';
import { prometheusKubernetes, strangeKubernetes } from './prometheus-kubernetes.ts';
import { prometheusDuration } from './prometheus-duration.ts';
import type { ScrapeJobOptions } from './scrape-job.ts';
import { targetGroups } from './target-groups.ts';

/** What a prometheus.yml comes to, and one line for each thing in it that is not understood. */
export interface PrometheusJobs {
  readonly jobs: readonly ScrapeJobOptions[];
  readonly notes: readonly string[];
}

type Section = Readonly<Record<string, unknown>>;

/** Prometheus' own defaults. */
const INTERVAL_MS = 60_000;
const TIMEOUT_MS = 10_000;
const FILE_REFRESH_MS = 30_000;
const HTTP_REFRESH_MS = 60_000;
const DNS_REFRESH_MS = 30_000;
const TARGET_LIMIT = 10_000;
const MAX_JOBS = 1_000;

/** Taken over. */
const KNOWN = new Set([
  'job_name', 'honor_labels', 'scrape_interval', 'scrape_timeout', 'metrics_path', 'scheme', 'params', 'static_configs',
  'file_sd_configs', 'http_sd_configs', 'dns_sd_configs', 'kubernetes_sd_configs', 'relabel_configs',
  'metric_relabel_configs', 'basic_auth', 'authorization', 'bearer_token', 'bearer_token_file', 'tls_config', 'sample_limit', 'target_limit',
]); // prettier-ignore
/** Make no difference here. */
const HARMLESS = new Set([
  'follow_redirects', 'enable_http2', 'enable_compression', 'scrape_protocols', 'scrape_fallback_protocol',
  'honor_timestamps', 'track_timestamps_staleness', 'body_size_limit', 'metric_name_validation_scheme',
]); // prettier-ignore

const isSection = (value: unknown): value is Section =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const section = (value: unknown): Section => (isSection(value) ? value : {});
const sections = (value: unknown): readonly Section[] => (Array.isArray(value) ? value.filter(isSection) : []);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.flatMap((item) => text(item) ?? []) : [];

function duration(value: unknown, otherwise: number): number {
  const written = text(value);
  const found = written === undefined ? otherwise : prometheusDuration(written);
  if (found === null) throw new SyntaxError(`"${written}" is no length of time`);
  return found;
}

/** Paths in the file start where the file lies. */
type PathOf = (value: unknown) => string | undefined;

/** What a job is read with; the cluster is that of our own configuration. */
interface Surroundings {
  readonly global: Section;
  readonly path: PathOf;
  readonly cluster: KubernetesAccess;
}

function accessOf(job: Section, path: PathOf): Access {
  const { basic_auth, authorization, tls_config, bearer_token, bearer_token_file } = job;
  const { type, credentials, credentials_file } = section(authorization);
  const basic = section(basic_auth);
  const tls = section(tls_config);
  const user = text(basic['username']);
  return {
    token: text(credentials) ?? text(bearer_token),
    tokenFile: path(credentials_file) ?? path(bearer_token_file),
    tokenType: text(type),
    basic:
      user === undefined
        ? undefined
        : { user, password: text(basic['password']), passwordFile: path(basic['password_file']) },
    tls: {
      ca: path(tls['ca_file']),
      cert: path(tls['cert_file']),
      key: path(tls['key_file']),
      serverName: text(tls['server_name']),
      insecureSkipVerify: tls['insecure_skip_verify'] === true,
    },
  };
}

const DNS_TYPES: ReadonlySet<string> = new Set<DnsType>(['SRV', 'A', 'AAAA', 'MX', 'NS']);

function dnsOf({ names, type = 'SRV', port, refresh_interval }: Section): Discovery {
  if (!DNS_TYPES.has(String(type))) throw new SyntaxError(`there is no DNS type "${String(type)}"`);
  const refreshMs = duration(refresh_interval, DNS_REFRESH_MS);
  return { kind: 'dns', refreshMs, names: texts(names), type: type as DnsType, port: Number(port ?? 80), servers: [] };
}

function discoveries(job: Section, { path, cluster }: Surroundings): readonly Discovery[] {
  const files = sections(job['file_sd_configs']).map(({ files: globs, refresh_interval }): Discovery => ({
    kind: 'file',
    refreshMs: Math.min(duration(refresh_interval, FILE_REFRESH_MS), FILE_REFRESH_MS),
    globs: texts(globs).map((glob) => path(glob) ?? glob),
  }));
  const lists = sections(job['http_sd_configs']).map((list): Discovery => {
    const url = text(list['url']) ?? '';
    if (!URL.canParse(url)) throw new SyntaxError(`"${url}" is no address`);
    const refreshMs = duration(list['refresh_interval'], HTTP_REFRESH_MS);
    return { kind: 'http', refreshMs, url, access: accessOf(list, path) };
  });
  const names = sections(job['dns_sd_configs']).map(dnsOf);
  const clusters = sections(job['kubernetes_sd_configs']).map((one) => prometheusKubernetes(one, path, cluster));
  const fixed = targetGroups(job['static_configs'] ?? []);
  return [
    ...(fixed.length === 0 ? [] : [{ kind: 'static', refreshMs: 0, targets: fixed } as const]),
    ...files,
    ...lists,
    ...names,
    ...clusters,
  ];
}

/** A rule as it stands; numbers and truth values are text in YAML that people write. */
function ruleOf({ source_labels, modulus, ...rest }: Section): RelabelRule {
  return {
    ...Object.fromEntries(Object.entries(rest).map(([name, written]) => [name, String(written)])),
    ...(source_labels === undefined ? {} : { source_labels: texts(source_labels) }),
    ...(modulus === undefined ? {} : { modulus: Number(modulus) }),
  };
}

const rulesOf = (value: unknown): readonly RelabelRule[] => sections(value).map(ruleOf);

/** Zero stands for no limit. */
const limit = (value: unknown): number | undefined => (Number(value) > 0 ? Number(value) : undefined);

function jobOf(job: Section, surroundings: Surroundings): ScrapeJobOptions {
  const { global, path } = surroundings;
  const intervalMs = duration(job['scrape_interval'] ?? global['scrape_interval'], INTERVAL_MS);
  const timeoutMs = duration(job['scrape_timeout'] ?? global['scrape_timeout'], Math.min(TIMEOUT_MS, intervalMs));
  const relabel = rulesOf(job['relabel_configs']);
  const metricRelabel = rulesOf(job['metric_relabel_configs']);
  compileRelabel(relabel);
  compileRelabel(metricRelabel);
  const params = Object.entries(section(job['params'])).map(([name, values]) => [name, texts(values)]);
  return {
    name: text(job['job_name']) ?? '',
    scheme: text(job['scheme']) ?? 'http',
    path: text(job['metrics_path']) ?? '/metrics',
    params: Object.fromEntries(params) as Readonly<Record<string, readonly string[]>>,
    intervalMs,
    timeoutMs,
    labels: {},
    access: accessOf(job, path),
    honorLabels: job['honor_labels'] === true,
    relabel,
    metricRelabel,
    sampleLimit: limit(job['sample_limit']),
    targetLimit: Math.min(limit(job['target_limit']) ?? TARGET_LIMIT, TARGET_LIMIT),
    discover: discoveries(job, surroundings),
  };
}

const strange = (found: Section, where: string): readonly string[] =>
  Object.keys(found)
    .filter((key) => !KNOWN.has(key) && !HARMLESS.has(key))
    .map((key) => `${where}: ${key} is not understood and left out`);

function read(content: string, file: string): Section {
  const document = parseDocument(content, { prettyErrors: false, merge: true });
  const [error] = document.errors;
  if (error !== undefined) throw new VigiaError('CONFIG_UNREADABLE', { file, detail: error.message }, error);
  return section(document.toJS({ maxAliasCount: 100 }));
}

/**
 * The `scrape_configs` of a prometheus.yml. A job that cannot be taken over whole is taken over as far as it makes sense,
 * and each thing that is not understood is named; only a file that is no YAML at all throws (`CONFIG_UNREADABLE`).
 */
export function readPrometheusFile(content: string, file: string, cluster: KubernetesAccess = {}): PrometheusJobs {
  const root = read(content, file);
  const path: PathOf = (value) => {
    const written = text(value);
    return written === undefined || isAbsolute(written) ? written : resolve(dirname(file), written);
  };
  const jobs: ScrapeJobOptions[] = [];
  const notes: string[] = [];
  if (root['scrape_config_files'] !== undefined) notes.push('scrape_config_files is not understood and left out');
  for (const job of sections(root['scrape_configs']).slice(0, MAX_JOBS)) {
    const where = `job "${text(job['job_name']) ?? ''}"`;
    notes.push(...strange(job, where));
    for (const one of sections(job['kubernetes_sd_configs'])) notes.push(...strangeKubernetes(one, where));
    try {
      const made = jobOf(job, { global: section(root['global']), path, cluster });
      if (made.discover.length > 0) jobs.push(made);
      else notes.push(`${where}: it has no targets that can be found, and is left out`);
    } catch (error) {
      notes.push(`${where}: ${toError(error).message}; the job is left out`);
    }
  }
  return { jobs, notes };
}
