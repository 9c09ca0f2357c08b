import { canonicalKey, type Labels } from '../../model/labels.ts';
import { relabel, type Relabelling } from '../relabel.ts';
import { prometheusDuration } from './prometheus-duration.ts';

/** What a job says of its targets before rules have their say. */
export interface JobDefaults {
  readonly name: string;
  readonly scheme: string;
  readonly path: string;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Put on every series, unless the target has one of that name. */
  readonly labels: Labels;
}

export interface DiscoveredTarget {
  /** The same for the same target with the same labels. */
  readonly key: string;
  readonly url: string;
  readonly instance: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** `job` and `instance` included. */
  readonly labels: Labels;
}

/** A label could ask for a scrape every millisecond. */
const LEAST_INTERVAL_MS = 100;

/** Labels that are empty count as missing. */
const orElse = (labels: Labels, name: string, value: string): Labels =>
  labels[name] === undefined || labels[name] === '' ? { ...labels, [name]: value } : labels;

/** The labels that rules see, as Prometheus fills them in. */
function populated(found: Labels, job: JobDefaults): Labels {
  const seconds = (ms: number): string => `${ms}ms`;
  const defaults: readonly (readonly [string, string])[] = [
    ['job', job.name],
    ['__scrape_interval__', seconds(job.intervalMs)],
    ['__scrape_timeout__', seconds(job.timeoutMs)],
    ['__metrics_path__', job.path],
    ['__scheme__', job.scheme],
    ...Object.entries(job.params).map(([name, [first = '']]) => [`__param_${name}`, first] as const),
    ...Object.entries(job.labels),
  ];
  let labels = found;
  for (const [name, value] of defaults) labels = orElse(labels, name, value);
  return labels;
}

/** Parameters of the address: those of the job, the first value of each as the labels say. */
function addParams(url: URL, labels: Labels, { params }: JobDefaults): void {
  const all = new Map(Object.entries(params).map(([name, values]) => [name, [...values]]));
  for (const [label, value] of Object.entries(labels)) {
    if (!label.startsWith('__param_')) continue;
    const name = label.slice('__param_'.length);
    all.set(name, [value, ...(all.get(name) ?? []).slice(1)]);
  }
  for (const [name, values] of all) for (const value of values) url.searchParams.append(name, value);
}

function urlOf(labels: Labels, job: JobDefaults): URL | null {
  const { __scheme__: scheme = '', __address__: address = '', __metrics_path__: path = '' } = labels;
  if ((scheme !== 'http' && scheme !== 'https') || /[/\s?#@]/.test(address)) return null;
  const whole = `${scheme}://${address}${path.startsWith('/') ? '' : '/'}${path}`;
  if (!URL.canParse(whole)) return null;
  const url = new URL(whole);
  addParams(url, labels, job);
  return url;
}

/** Interval and timeout as the labels say, or what is wrong with them. */
function timing(labels: Labels): { readonly intervalMs: number; readonly timeoutMs: number } | string {
  const intervalMs = prometheusDuration(labels['__scrape_interval__'] ?? '');
  const timeoutMs = prometheusDuration(labels['__scrape_timeout__'] ?? '');
  if (intervalMs === null || intervalMs < LEAST_INTERVAL_MS) return '__scrape_interval__ is no length of time';
  if (timeoutMs === null || timeoutMs < 1 || timeoutMs > intervalMs)
    return '__scrape_timeout__ is not within the interval';
  return { intervalMs, timeoutMs };
}

/**
 * What is to be scraped for labels that were found: null when a rule leaves it out, a reason when it makes no sense.
 * As in Prometheus, rules see `__address__`, `__scheme__`, `__metrics_path__`, `__param_*`, `__scrape_interval__`,
 * `__scrape_timeout__` and `__meta_*`; labels that begin with two underscores are not kept.
 */
export function discoveredTarget(
  found: Labels,
  job: JobDefaults,
  rules: Relabelling,
): DiscoveredTarget | string | null {
  const labels = relabel(populated(found, job), rules);
  if (labels === null) return null;
  const address = labels['__address__'] ?? '';
  if (address === '') return 'it has no __address__';
  const url = urlOf(labels, job);
  if (url === null) return `"${address}" is no address`;
  const times = timing(labels);
  if (typeof times === 'string') return times;
  const kept = Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('__')));
  const shown = orElse(kept, 'instance', address);
  const key = canonicalKey(url.href, {
    ...shown,
    __interval: String(times.intervalMs),
    __timeout: String(times.timeoutMs),
  });
  return { key, url: url.href, instance: shown['instance'] ?? address, ...times, labels: shown };
}
