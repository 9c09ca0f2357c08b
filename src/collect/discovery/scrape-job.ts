import { createHash } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import type { Labels } from '../../model/labels.ts';
import { toError } from '../../runtime/errors.ts';
import { type Access, createHttpClient, type HttpClient } from '../http-client.ts';
import { compileRelabel, type Relabelling, type RelabelRule } from '../relabel.ts';
import { createScrapeSource, type ScrapeDeps, type ScrapeSource } from '../scrape-source.ts';
import type { SourceView } from '../source-state.ts';
import { createDiscover, type Discover, type Discovery } from './discoverers.ts';
import { type DiscoveredTarget, discoveredTarget, type JobDefaults } from './discovered-target.ts';

export interface ScrapeJobOptions extends JobDefaults {
  readonly access: Access;
  readonly honorLabels: boolean;
  readonly relabel: readonly RelabelRule[];
  readonly metricRelabel: readonly RelabelRule[];
  readonly sampleLimit?: number | undefined;
  /** Targets beyond these are left out. */
  readonly targetLimit: number;
  readonly discover: readonly Discovery[];
}

export type ScrapeJobDeps = ScrapeDeps & { readonly bodyBytes: number };

interface Running {
  readonly source: ScrapeSource;
  readonly end: AbortController;
  readonly done: Promise<void>;
}

/** Targets of which is said why they are left out. */
const NAMED = 3;

/** One job: its targets come and go as they are found, each scraped by a source of its own. */
class ScrapeJob {
  readonly #options: ScrapeJobOptions;
  readonly #deps: ScrapeJobDeps;
  readonly #client: HttpClient;
  readonly #rules: Relabelling;
  /** What each discovery found last. */
  readonly #found: (readonly Labels[])[];
  readonly #running = new Map<string, Running>();
  /** Sources that are about to end. */
  readonly #ending = new Set<Promise<void>>();
  #said = '';
  #ended = false;

  constructor(options: ScrapeJobOptions, deps: ScrapeJobDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#client = createHttpClient(options.access);
    this.#rules = compileRelabel(options.relabel);
    compileRelabel(options.metricRelabel);
    this.#found = options.discover.map(() => []);
  }

  views(): readonly SourceView[] {
    return [...this.#running.values()].flatMap(({ source }) => (source.mine ? source.view() : []));
  }

  sweep(): void {
    for (const { source } of this.#running.values()) source.sweep();
  }

  /** Looks for targets and scrapes them until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    this.#ended = false;
    await Promise.all(this.#options.discover.map((discovery, index) => this.#watch(discovery, index, signal)));
    if (!signal.aborted) await once(signal, 'abort');
    this.#ended = true;
    for (const key of this.#running.keys()) this.#end(key);
    await Promise.all(this.#ending);
    this.#client.close();
  }

  async #watch(discovery: Discovery, index: number, signal: AbortSignal): Promise<void> {
    const { clock, bodyBytes } = this.#deps;
    const complain = (what: string, why: string): void => this.#complain(what, why);
    // The list is asked for with its own credentials, never with those that are for the targets.
    const client = createHttpClient(discovery.kind === 'http' ? discovery.access : {});
    const discover = createDiscover(discovery, { clock, bodyBytes, client, complain });
    do {
      await this.#look(discover, index, signal);
      if (discovery.kind === 'static') break;
      await clock.sleep(discovery.refreshMs, signal).catch(() => undefined);
    } while (!signal.aborted);
    client.close();
  }

  /** One look; when it fails, the targets of the last one stay. */
  async #look(discover: Discover, index: number, signal: AbortSignal): Promise<void> {
    try {
      this.#found[index] = await discover(signal);
      if (!signal.aborted) this.#reconcile();
    } catch (thrown) {
      if (!signal.aborted) this.#complain(this.#options.discover[index]?.kind ?? '', toError(thrown).message);
    }
  }

  #complain(what: string, why: string): void {
    const { log, metrics } = this.#deps;
    const job = this.#options.name;
    metrics.counter('vigia_collect_discovery_failures_total', 'Looks for targets that failed', ['job']).inc({ job });
    log.warn({ job, what, why }, 'targets could not be looked for; those known stay');
  }

  /** Starts what is new and ends what is gone. */
  #reconcile(): void {
    const { name, targetLimit } = this.#options;
    const wanted = new Map<string, DiscoveredTarget>();
    const refused: string[] = [];
    let over = 0;
    for (const found of this.#found.flat()) {
      const target = discoveredTarget(found, this.#options, this.#rules);
      if (typeof target === 'string') refused.push(`${found['__address__'] ?? ''}: ${target}`);
      else if (target !== null && wanted.size < targetLimit) wanted.set(target.key, target);
      else if (target !== null && !wanted.has(target.key)) over += 1;
    }
    for (const key of this.#running.keys()) if (!wanted.has(key)) this.#end(key);
    for (const [key, target] of wanted) if (!this.#running.has(key)) this.#begin(key, target);
    this.#tell(refused, over);
    this.#deps.metrics
      .gauge('vigia_collect_targets', 'Targets that are scraped of those found', ['job'])
      .set({ job: name }, this.#running.size);
  }

  /** What is left out is said once, until it changes. */
  #tell(refused: readonly string[], over: number): void {
    const said = JSON.stringify([refused.slice(0, NAMED), refused.length, over]);
    if (said === this.#said) return;
    this.#said = said;
    const { name: job, targetLimit: limit } = this.#options;
    const { log } = this.#deps;
    if (over > 0) log.warn({ job, limit, over }, 'more targets than the limit were found; the rest is left out');
    if (refused.length > 0) {
      log.warn(
        { job, count: refused.length, first: refused.slice(0, NAMED) },
        'targets make no sense and are left out',
      );
    }
  }

  #begin(key: string, target: DiscoveredTarget): void {
    if (this.#ended) return;
    const { name, honorLabels, sampleLimit } = this.#options;
    const { bodyBytes, log } = this.#deps;
    const { url, labels, intervalMs, timeoutMs } = target;
    const source = createScrapeSource(
      {
        name: this.#nameOf(target),
        job: name,
        url,
        intervalMs,
        timeoutMs,
        token: undefined,
        client: this.#client,
        honorLabels,
        metricRelabel: this.#options.metricRelabel,
        sampleLimit,
        labels,
        bodyBytes,
      },
      this.#deps,
    );
    const end = new AbortController();
    // As many as wait for something at the same time.
    setMaxListeners(0, end.signal);
    const done = source.run(end.signal).catch((thrown: unknown) => {
      log.error({ job: name, err: toError(thrown).message }, 'a scrape source ended');
    });
    this.#running.set(key, { source, end, done });
  }

  /** Two targets of one instance differ in path or parameters. */
  #nameOf({ instance, key }: DiscoveredTarget): string {
    const name = `scrape/${this.#options.name}/${instance}`;
    const taken = [...this.#running.values()].some(({ source }) => source.name === name);
    return taken ? `${name}#${createHash('sha256').update(key).digest('hex').slice(0, 8)}` : name;
  }

  #end(key: string): void {
    const running = this.#running.get(key);
    if (running === undefined) return;
    this.#running.delete(key);
    running.end.abort();
    const gone = running.done.then(() => running.source.close()).finally(() => this.#ending.delete(gone));
    this.#ending.add(gone);
  }
}

export type { ScrapeJob };

/** Throws a SyntaxError that says which rule makes no sense. */
export const createScrapeJob = (options: ScrapeJobOptions, deps: ScrapeJobDeps): ScrapeJob =>
  new ScrapeJob(options, deps);
