import { type Phrase, phrase } from '../model/phrase.ts';
import type { Labels } from '../model/labels.ts';
import type { SampleBatch } from '../model/series.ts';
import type { Clock } from '../runtime/clock.ts';
import { toError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { AssignEntity } from './entity-rules.ts';
import { ExpositionParser } from './exposition.ts';
import { type FetchedPage, fetchPage } from './fetch-page.ts';
import { type Access, createHttpClient, type HttpClient } from './http-client.ts';
import type { Lane } from './lanes.ts';
import { compileRelabel, type RelabelRule } from './relabel.ts';
import { toBatches } from './sample-batches.ts';
import { addSample, createPage, type PageLimits, type SamplePage } from './sample-page.ts';
import { offsetOf, untilNext } from './schedule.ts';
import { type SeriesLimits, SeriesRegistry } from './series-registry.ts';
import { createSourceState, type SourceView } from './source-state.ts';

export interface ScrapeTarget {
  /** Name of the source, unique. */
  readonly name: string;
  /** Label `job` of its series. */
  readonly job: string;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly token: string | undefined;
  /** How to show who we are; by `token` alone when left out. */
  readonly access?: Access;
  /** What the targets of a job share instead of `token` and `access`. */
  readonly client?: HttpClient;
  /** A label that the target gives wins over `labels`, `job` and `instance`. */
  readonly honorLabels?: boolean;
  readonly metricRelabel?: readonly RelabelRule[];
  /** A page with more samples, after relabelling, is refused whole. */
  readonly sampleLimit?: number | undefined;
  /** Put on every series; wins over what the target says. */
  readonly labels: Labels;
  readonly bodyBytes: number;
}

export interface ScrapeDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly assign: AssignEntity;
  readonly limits: PageLimits;
  readonly seriesLimits: SeriesLimits;
  /** Where targets wait their turn: those that answer, and those that did not last time, so that they keep no one up. */
  readonly lanes: { readonly well: Lane; readonly ill: Lane };
  /** Whether a target is this process's to scrape; asked each time. By default all are. */
  readonly mine?: (url: string) => boolean;
  /** Hands on what came; waits while the stages behind are slow. */
  readonly publish: (batches: readonly SampleBatch[]) => Promise<void>;
  /** Told of every page that was handed on. */
  readonly onPage?: (page: SamplePage) => void;
}

export interface ScrapeSource {
  readonly name: string;
  /** Scrapes at the interval until aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Scrapes once. */
  scrape(signal: AbortSignal): Promise<void>;
  /** Whether it is this process's to scrape now. */
  readonly mine: boolean;
  view(): SourceView;
  sweep(): void;
  /** Leaves nothing behind, when the target is gone for good. */
  close(): void;
}

/** Without user, password and query, which may be secret. */
function publicUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** `host:port` as Prometheus writes it. */
function instanceOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

type Failure = Exclude<FetchedPage, { readonly ok: true }>;

function describe(failure: Failure, target: ScrapeTarget): Phrase {
  const url = publicUrl(target.url);
  switch (failure.why) {
    case 'timeout':
      return phrase('collect.scrapeTimeout', { url, seconds: target.timeoutMs / 1000 });
    case 'too_large':
      return phrase('collect.scrapeTooLarge', { url, limit: target.bodyBytes });
    case 'encoding':
      return phrase('collect.scrapeEncoding', { url });
    case 'status':
      return phrase('collect.scrapeStatus', { url, status: failure.status });
    case 'unreachable':
    default:
      return phrase('collect.scrapeUnreachable', { url, detail: failure.detail });
  }
}

const FAILURES = ['timeout', 'too_large', 'encoding', 'unreachable', 'status', 'malformed', 'sample_limit'] as const;

const scrapeCounters = (metrics: Metrics) => ({
  scrapes: metrics.counter('vigia_collect_scrapes_total', 'Scrapes done', ['source']),
  failures: metrics.counter('vigia_collect_scrape_failures_total', 'Scrapes that brought nothing', [
    'source',
    'reason',
  ]),
});

const NAMED = 3;

/** The metrics with the most samples on a page, as `name (count)`. */
function worstOf(page: SamplePage): string {
  const counts = new Map<string, number>();
  for (const { series } of page.slots.slice(0, page.count)) {
    counts.set(series.name, (counts.get(series.name) ?? 0) + 1);
  }
  const worst = [...counts].sort((a, b) => b[1] - a[1]).slice(0, NAMED);
  return worst.map(([name, count]) => `${name} (${count})`).join(', ');
}

class Scraper implements ScrapeSource {
  readonly #target: ScrapeTarget;
  readonly #deps: ScrapeDeps;
  readonly #registry: SeriesRegistry;
  readonly #parser: ExpositionParser;
  readonly #state: ReturnType<typeof createSourceState>;
  readonly #client: HttpClient;
  #ill = false;
  #flooded = false;

  constructor(target: ScrapeTarget, deps: ScrapeDeps) {
    const { clock, metrics, assign, seriesLimits, limits } = deps;
    const labels = { job: target.job, instance: instanceOf(target.url), ...target.labels };
    this.#target = target;
    this.#deps = deps;
    this.#client = target.client ?? createHttpClient({ token: target.token, ...target.access });
    this.#registry = new SeriesRegistry({
      assign,
      limits: seriesLimits,
      labels,
      honorLabels: target.honorLabels ?? false,
      relabel: compileRelabel(target.metricRelabel ?? []),
    });
    this.#parser = new ExpositionParser(this.#registry, limits);
    const series = (): number => this.#registry.size;
    this.#state = createSourceState({
      clock,
      metrics,
      name: target.name,
      kind: 'scrape',
      series,
      worst: () => this.#registry.worst,
    });
  }

  get name(): string {
    return this.#target.name;
  }

  get mine(): boolean {
    return this.#deps.mine?.(this.#target.url) ?? true;
  }

  view(): SourceView {
    return this.#state.view();
  }

  sweep(): void {
    this.#registry.sweep();
    this.#parser.sweep();
  }

  close(): void {
    if (this.#target.client === undefined) this.#client.close();
    this.#state.close();
    const { metrics } = this.#deps;
    const { name } = this.#target;
    scrapeCounters(metrics).scrapes.remove({ source: name });
    for (const reason of FAILURES) scrapeCounters(metrics).failures.remove({ source: name, reason });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    const { url, intervalMs, name } = this.#target;
    const offset = offsetOf(url, intervalMs);
    // The first time as soon as its place in the interval comes.
    let wait = untilNext(clock.now(), intervalMs, offset) % intervalMs;
    while (!signal.aborted) {
      try {
        await clock.sleep(wait, signal);
        if (this.mine) await this.scrape(signal);
      } catch (thrown) {
        if (!signal.aborted) log.error({ source: name, err: toError(thrown).message }, 'a scrape went wrong');
      }
      wait = untilNext(clock.now(), intervalMs, offset);
    }
  }

  async scrape(signal: AbortSignal): Promise<void> {
    const { clock, lanes, publish } = this.#deps;
    const { name, url, timeoutMs, bodyBytes } = this.#target;
    const { page, fetched, now, excess } = await (this.#ill ? lanes.ill : lanes.well).run(async () => {
      const now = clock.now();
      const start = clock.monotonic();
      const fetched = await fetchPage({ url, client: this.#client, timeoutMs, bodyBytes }, clock, signal);
      const seconds = (clock.monotonic() - start) / 1000;
      const own = this.#ownSamples(now);
      const parsed = fetched.ok ? await this.#parser.parse(fetched.body, fetched.openMetrics, now) : undefined;
      const excess = parsed && this.#excess(parsed);
      const good = parsed?.fault === undefined && excess === undefined ? parsed : undefined;
      if (parsed !== undefined && good === undefined) this.#refuse(parsed, own.page);
      const page = good ?? own.page;
      own.add(page, { up: good === undefined ? 0 : 1, seconds, samples: good?.count ?? 0 });
      return { page, fetched, now, excess };
    });
    await publish(toBatches(page, name, now));
    this.#deps.onPage?.(page);
    this.#count(page, fetched, excess);
  }

  /** Nothing of a page is taken; `own` is what tells of it. */
  #refuse(parsed: SamplePage, own: SamplePage): void {
    own.fault = parsed.fault;
    this.#state.dropped(parsed.fault === undefined ? 'sample_limit' : 'malformed', parsed.count + 1);
  }

  /** What to say when the page has more samples than it may. */
  #excess(page: SamplePage): Phrase | undefined {
    const { sampleLimit = Infinity, url } = this.#target;
    if (page.fault !== undefined || page.count <= sampleLimit) return undefined;
    const values = { url: publicUrl(url), count: page.count, limit: sampleLimit, worst: worstOf(page) };
    return phrase('collect.scrapeSampleLimit', values);
  }

  /** What Prometheus adds to every scrape. Made first, so that a flood of series leaves room for it. */
  #ownSamples(now: number): {
    readonly page: SamplePage;
    add(page: SamplePage, result: { readonly up: number; readonly seconds: number; readonly samples: number }): void;
  } {
    const registry = this.#registry;
    const page = createPage(this.#deps.limits, { now, number: registry.nextPage(), capacity: 3 });
    const slots = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped'].map((name) => registry.ownSlot(name));
    return {
      page,
      add: (page, { up, seconds, samples }) => {
        for (const [i, value] of [up, seconds, samples].entries()) {
          const slot = slots[i];
          if (typeof slot === 'object') addSample(page, slot, { time: now, value });
        }
      },
    };
  }

  #count(page: SamplePage, fetched: FetchedPage, excess: Phrase | undefined): void {
    const { metrics, log } = this.#deps;
    const { name } = this.#target;
    const { scrapes, failures } = scrapeCounters(metrics);
    scrapes.inc({ source: name });
    this.#state.took(page);
    this.#tellFlood(page);
    const said = excess ?? this.#wrong(page, fetched);
    const wasIll = this.#ill;
    this.#ill = said !== undefined;
    if (said === undefined) {
      if (wasIll) log.info({ source: name }, 'the target answers again');
      return;
    }
    this.#state.failed(said);
    const reason = fetched.ok ? (excess === undefined ? 'malformed' : 'sample_limit') : fetched.why;
    failures.inc({ source: name, reason });
    if (!wasIll) log.warn({ source: name, reason, ...said.values }, 'the target brought nothing');
  }

  #wrong({ fault }: SamplePage, fetched: FetchedPage): Phrase | undefined {
    if (fault !== undefined) return phrase(`collect.fault_${fault.fault}`, { line: fault.line });
    return fetched.ok ? undefined : describe(fetched, this.#target);
  }

  /** Names the metrics with the most series when there are more than are taken; once, until it is over. */
  #tellFlood(page: SamplePage): void {
    const flooded = page.drops.has('series_limit');
    if (flooded && !this.#flooded) {
      const { name } = this.#target;
      this.#deps.log.warn({ source: name, worst: worstOf(page) }, 'a target has more series than are taken');
    }
    this.#flooded = flooded;
  }
}

/**
 * One endpoint that speaks Prometheus text or OpenMetrics. A page is taken whole or not at all; either way `up`,
 * `scrape_duration_seconds` and `scrape_samples_scraped` tell of it.
 */
export const createScrapeSource = (target: ScrapeTarget, deps: ScrapeDeps): ScrapeSource => new Scraper(target, deps);
