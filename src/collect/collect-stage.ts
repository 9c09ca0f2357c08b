import { setMaxListeners } from 'node:events';
import type { Event } from '../model/event.ts';
import type { Labels } from '../model/labels.ts';
import type { LogRecord } from '../model/log-record.ts';
import type { SampleBatch } from '../model/series.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { phrase } from '../model/phrase.ts';
import { toError } from '../runtime/errors.ts';
import { createScrapeJob, type ScrapeJob } from './discovery/scrape-job.ts';
import type { CollectDeps } from './collect-options.ts';
import { BroughtSource } from './brought-source.ts';
import { createEdgeRules } from './edge-rules.ts';
import {
  type AssignEntity,
  type Assignment,
  createEntityRules,
  DEFAULT_ENTITY_RULES,
  FALLBACK_ENTITY,
} from './entity-rules.ts';
import { EventSources } from './event-source.ts';
import { createHostSource } from './host-source.ts';
import { KnownExemplars } from './exemplars.ts';
import { KnownEdges } from './known-edges.ts';
import { KnownEntities } from './known-entities.ts';
import { createLane } from './lanes.ts';
import { LogSources } from './log-sources.ts';
import type { LineOrigin } from './logs/log-intake.ts';
import { createPushSource, type PushSource } from './push-source.ts';
import { everyInterval } from './schedule.ts';
import { createScrapeSource, type ScrapeDeps, type ScrapeSource } from './scrape-source.ts';
import type { SamplePage } from './sample-page.ts';
import { DEFAULT_SERIES_LIMITS, type SeriesLimits } from './series-registry.ts';
import { StatsdSource } from './statsd/statsd-source.ts';
import { createSourceState, type SourceState, type SourceView } from './source-state.ts';

export interface CollectStage extends Service, Pick<PushSource, 'ingest'> {
  /** Resolves when the counts of the lines are committed. Throws `BODY_INVALID` or `BODY_TOO_LARGE`. */
  ingestLogs(body: Uint8Array, origin: LineOrigin): Promise<void>;
  /** The same of OpenTelemetry's logs; says how many lines were not believed. */
  ingestOtlpLogs(body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<{ readonly dropped: number }>;
  /** Entries in systemd's journal export format, as they come; resolves when the last one's count is committed. */
  ingestJournal(pieces: AsyncIterable<Uint8Array>): Promise<void>;
  /** Resolves when the event is committed. */
  publishEvent(event: Event): Promise<void>;
  publishEvents(events: readonly Event[]): Promise<void>;
  /** Which entity labels mean, by the rules that samples follow. */
  entityOf(labels: Labels): Assignment;
  sources(): readonly SourceView[];
}

/** Scrapes at the same time: of targets that answer, and of those that did not last time. */
const WELL = 32;
const ILL = 8;
const SWEEP_MS = 5 * 60_000;
const TELL_MS = 1000;
const MAX_TOLD = 5000;
/** Between two looks at the log files. */
const LOOK_MS = 1000;
const STOP_MS = 1000;

class Collect implements CollectStage {
  readonly name = 'collect';
  readonly #deps: CollectDeps;
  readonly #assign: AssignEntity;
  readonly #entities = new KnownEntities();
  readonly #edges: KnownEdges;
  readonly #exemplars = new KnownExemplars();
  readonly #push: PushSource;
  readonly #logs: LogSources;
  readonly #scrapes: readonly ScrapeSource[];
  readonly #jobs: readonly ScrapeJob[];
  readonly #statsd: StatsdSource | undefined;
  readonly #events: EventSources;
  readonly #brought: readonly BroughtSource[];
  readonly #host: { readonly source: ReturnType<typeof createHostSource>; readonly state: SourceState } | undefined;
  #end = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(deps: CollectDeps) {
    const { clock, log, metrics, options } = deps;
    const { limits, host } = options;
    this.#deps = deps;
    const assign = createEntityRules([...options.entityRules, ...DEFAULT_ENTITY_RULES], FALLBACK_ENTITY);
    this.#assign = assign;
    this.#edges = new KnownEdges(createEdgeRules(assign, FALLBACK_ENTITY));
    const seriesLimits: SeriesLimits = { ...DEFAULT_SERIES_LIMITS, series: limits.seriesPerSource };
    const onPage = (page: SamplePage): void => this.#exemplars.see(page);
    const shared = { clock, metrics, assign, limits, seriesLimits, onPage };
    const publish = (batches: readonly SampleBatch[]): Promise<void> => this.#publish(batches, true);
    this.#push = createPushSource({ ...shared, bodyBytes: limits.bodyBytes, publish });
    this.#logs = new LogSources(deps, { assign, publish: this.#publishLogs });
    const lanes = { well: createLane(WELL), ill: createLane(ILL) };
    const scrape: ScrapeDeps = {
      ...shared,
      log,
      lanes,
      ...(deps.mine && { mine: deps.mine }),
      publish: (batches) => this.#publish(batches, false),
    };
    this.#scrapes = options.scrape.map((target) =>
      createScrapeSource({ ...target, bodyBytes: limits.bodyBytes }, scrape),
    );
    const found = { ...scrape, bodyBytes: limits.bodyBytes };
    this.#jobs = (options.jobs ?? []).map((job) => createScrapeJob(job, found));
    this.#statsd = options.statsd && new StatsdSource(options.statsd, scrape);
    this.#brought = (deps.brought ?? []).map((source) => new BroughtSource(source, scrape));
    const publishEvents = (events: readonly Event[]): Promise<void> => this.publishEvents(events);
    const entityOf = (labels: Labels): Assignment => assign('', labels);
    this.#events = new EventSources(deps.events, { ...deps, entityOf, publish: publishEvents });
    if (!host.enabled) return;
    const source = createHostSource({ clock, log });
    const state = createSourceState({ clock, metrics, name: 'host', kind: 'host', series: () => source.series() });
    this.#host = { source, state };
  }

  ingest: PushSource['ingest'] = (body, format) => this.#push.ingest(body, format);

  ingestLogs: CollectStage['ingestLogs'] = (body, origin) => this.#logs.ingest(body, origin);
  ingestOtlpLogs: CollectStage['ingestOtlpLogs'] = (body, encoding) => this.#logs.ingestOtlp(body, encoding);
  ingestJournal: CollectStage['ingestJournal'] = (pieces) => this.#logs.ingestJournal(pieces);

  readonly #publishLogs = async (records: readonly LogRecord[]): Promise<void> => {
    const messages = records.map((record) => ({ key: record.entity, value: record }));
    if (messages.length > 0) await this.#deps.bus.publish(topics.logs, messages, { durable: true });
  };

  publishEvent(event: Event): Promise<void> {
    return this.publishEvents([event]);
  }

  publishEvents(events: readonly Event[]): Promise<void> {
    const messages = events.map((event) => ({ key: event.entity, value: event }));
    return this.#deps.bus.publish(topics.events, messages, { durable: true });
  }

  entityOf(labels: Labels): Assignment {
    return this.#assign('', labels);
  }

  sources(): readonly SourceView[] {
    const host = this.#host === undefined ? [] : [this.#host.state.view()];
    const found = this.#jobs.flatMap((job) => job.views());
    const written = this.#scrapes.flatMap((scrape) => (scrape.mine ? scrape.view() : []));
    const brought = this.#brought.map((source) => source.view());
    return [...host, ...written, ...found, ...brought, ...this.#events.views(), ...this.#received()];
  }

  #received(): readonly SourceView[] {
    const views = [this.#push.view()];
    if (this.#statsd !== undefined) views.push(this.#statsd.view());
    return [...views, ...this.#logs.views()];
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    // One or two for every source: many, but bounded.
    setMaxListeners(0, signal);
    const { host } = this.#deps.options;
    await this.#logs.start();
    await this.#statsd?.start();
    this.#running = [
      this.#every(SWEEP_MS, 'sweep', async () => this.#sweep()),
      this.#every(TELL_MS, 'tell', () => this.#tell()),
      ...this.#scrapes.map((scrape) => scrape.run(signal)),
      ...this.#jobs.map((job) => job.run(signal)),
      ...this.#brought.map((source) => source.run(signal)),
      this.#events.run(signal),
      ...this.#logs.run(signal),
      ...this.#logs.looks.map((look) => this.#every(LOOK_MS, 'logs', look)),
    ];
    const { statsd } = this.#deps.options;
    if (statsd !== undefined) {
      const flush = this.#every(statsd.flushMs, 'statsd', async () => this.#statsd?.flush());
      this.#running = [...this.#running, flush];
    }
    if (this.#host !== undefined) {
      this.#running = [...this.#running, this.#every(host.intervalMs, 'host', () => this.#readHost())];
    }
  }

  /** Ends the sources and tells of the last entities; what is published already goes its way. */
  async stop(): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    // A source may stand waiting for room on the bus; the bus lets it go when it stops.
    const patience = new AbortController();
    const late = this.#deps.clock.sleep(STOP_MS, patience.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.#running), late]);
    patience.abort();
    await this.#statsd?.stop();
    await this.#logs.stop();
    await this.#tell().catch(() => undefined);
  }

  #every(intervalMs: number, what: string, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#deps;
    const failed = ({ message }: Error): void => log.warn({ what, err: message }, 'collect: a round went wrong');
    return everyInterval(intervalMs, work, { clock, signal: this.#end.signal, failed });
  }

  async #readHost(): Promise<void> {
    if (this.#host === undefined) return;
    const { source, state } = this.#host;
    try {
      const { batches, page } = await source.read();
      await this.#publish(batches, false);
      state.took(page);
    } catch (thrown) {
      state.failed(phrase('errors.INTERNAL', { detail: toError(thrown).message }));
      throw thrown;
    }
  }

  async #publish(batches: readonly SampleBatch[], durable: boolean): Promise<void> {
    if (batches.length === 0) return;
    this.#entities.see(batches);
    this.#edges.see(batches);
    const messages = batches.map((batch) => ({ key: batch.entity, value: batch }));
    await this.#deps.bus.publish(topics.samples, messages, { durable });
  }

  async #tell(): Promise<void> {
    const { onEntities, onEdges, onExemplars, clock } = this.#deps;
    if (onEntities !== undefined) {
      const { entities, told } = this.#entities.due(clock.now(), MAX_TOLD);
      if (entities.length > 0) await onEntities(entities);
      told();
    }
    if (onEdges !== undefined) {
      const { edges, told } = this.#edges.due(clock.now(), MAX_TOLD);
      if (edges.length > 0) await onEdges(edges);
      told();
    }
    if (onExemplars !== undefined) {
      const { exemplars, told } = this.#exemplars.due(MAX_TOLD);
      if (exemplars.length > 0) await onExemplars(exemplars);
      told();
    }
  }

  #sweep(): void {
    this.#push.sweep();
    this.#host?.source.sweep();
    this.#statsd?.sweep();
    for (const source of [...this.#scrapes, ...this.#jobs, ...this.#brought]) source.sweep();
  }
}

/**
 * Where data enters: this machine, endpoints that are scraped, and what is pushed. Every sample leaves with its series
 * and entity, in batches by entity; every drop is counted by source and reason. A source that is slow, huge or
 * malformed harms none of the others.
 */
export const createCollectStage = (deps: CollectDeps): CollectStage => new Collect(deps);
