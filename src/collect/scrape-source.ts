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
import type { Lane } from './lanes.ts';
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
  /** Hands on what came; waits while the stages behind are slow. */
  readonly publish: (batches: readonly SampleBatch[]) => Promise<void>;
}

export interface ScrapeSource {
  /** Scrapes at the interval until aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Scrapes once. */
  scrape(signal: AbortSignal): Promise<void>;
  view(): SourceView;
  sweep(): void;
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

class Scraper implements ScrapeSource {
  readonly #target: ScrapeTarget;
  readonly #deps: ScrapeDeps;
  readonly #registry: SeriesRegistry;
  readonly #parser: ExpositionParser;
  readonly #state: ReturnType<typeof createSourceState>;
  #ill = false;

  constructor(target: ScrapeTarget, deps: ScrapeDeps) {
    const { clock, metrics, assign, seriesLimits, limits } = deps;
    const labels = { job: target.job, instance: instanceOf(target.url), ...target.labels };
    this.#target = target;
    this.#deps = deps;
    this.#registry = new SeriesRegistry({ assign, limits: seriesLimits, labels });
    this.#parser = new ExpositionParser(this.#registry, limits);
    const series = (): number => this.#registry.size;
    this.#state = createSourceState({ clock, metrics, name: target.name, kind: 'scrape', series });
  }

  view(): SourceView {
    return this.#state.view();
  }

  sweep(): void {
    this.#registry.sweep();
    this.#parser.sweep();
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
        await this.scrape(signal);
      } catch (thrown) {
        if (!signal.aborted) log.error({ source: name, err: toError(thrown).message }, 'a scrape went wrong');
      }
      wait = untilNext(clock.now(), intervalMs, offset);
    }
  }

  async scrape(signal: AbortSignal): Promise<void> {
    const { clock, lanes, publish } = this.#deps;
    const { name, url, token, timeoutMs, bodyBytes } = this.#target;
    const { page, fetched, now } = await (this.#ill ? lanes.ill : lanes.well).run(async () => {
      const now = clock.now();
      const start = clock.monotonic();
      const fetched = await fetchPage({ url, token, timeoutMs, bodyBytes }, clock, signal);
      const seconds = (clock.monotonic() - start) / 1000;
      const own = this.#ownSamples(now);
      const parsed = fetched.ok ? await this.#parser.parse(fetched.body, fetched.openMetrics, now) : undefined;
      const good = parsed !== undefined && parsed.fault === undefined;
      const page = good ? parsed : own.page;
      if (parsed?.fault !== undefined) own.page.fault = parsed.fault;
      if (parsed !== undefined && !good) this.#state.dropped('malformed', parsed.count + 1);
      own.add(page, { up: good ? 1 : 0, seconds, samples: good ? parsed.count : 0 });
      return { page, fetched, now };
    });
    await publish(toBatches(page, name, now));
    this.#count(page, fetched);
  }

  /** What Prometheus adds to every scrape. Made first, so that a flood of series leaves room for it. */
  #ownSamples(now: number): {
    readonly page: SamplePage;
    add(page: SamplePage, result: { readonly up: number; readonly seconds: number; readonly samples: number }): void;
  } {
    const registry = this.#registry;
    const page = createPage(this.#deps.limits, { now, number: registry.nextPage(), capacity: 3 });
    const slots = ['up', 'scrape_duration_seconds', 'scrape_samples_scraped'].map((name) =>
      registry.slot({ name, labels: {} }, 'gauge', undefined),
    );
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

  #count(page: SamplePage, fetched: FetchedPage): void {
    const { metrics, log } = this.#deps;
    const { name } = this.#target;
    const labels = ['source', 'reason'] as const;
    metrics.counter('vigia_collect_scrapes_total', 'Scrapes done', ['source']).inc({ source: name });
    const failures = metrics.counter('vigia_collect_scrape_failures_total', 'Scrapes that brought nothing', labels);
    this.#state.took(page);
    const wasIll = this.#ill;
    this.#ill = !fetched.ok || page.fault !== undefined;
    if (!this.#ill) {
      if (wasIll) log.info({ source: name }, 'the target answers again');
      return;
    }
    const said =
      page.fault === undefined
        ? describe(fetched as Failure, this.#target)
        : phrase(`collect.fault_${page.fault.fault}`, { line: page.fault.line });
    this.#state.failed(said);
    const reason = fetched.ok ? 'malformed' : fetched.why;
    failures.inc({ source: name, reason });
    if (!wasIll) log.warn({ source: name, reason, ...said.values }, 'the target brought nothing');
  }
}

/**
 * One endpoint that speaks Prometheus text or OpenMetrics. A page is taken whole or not at all; either way `up`,
 * `scrape_duration_seconds` and `scrape_samples_scraped` tell of it.
 */
export const createScrapeSource = (target: ScrapeTarget, deps: ScrapeDeps): ScrapeSource => new Scraper(target, deps);
