import { setMaxListeners } from 'node:events';
import type { Event } from '../model/event.ts';
import type { Labels } from '../model/labels.ts';
import type { LogRecord } from '../model/log-record.ts';
import type { SampleBatch } from '../model/series.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import { phrase } from '../model/phrase.ts';
import { toError, VigiaError } from '../runtime/errors.ts';
import { createScrapeJob, type ScrapeJob } from './discovery/scrape-job.ts';
import type { CollectDeps } from './collect-options.ts';
import { createEdgeRules } from './edge-rules.ts';
import { type AssignEntity, type Assignment, createEntityRules, DEFAULT_ENTITY_RULES } from './entity-rules.ts';
import { EventSources } from './event-source.ts';
import { createHostSource } from './host-source.ts';
import { KnownEdges } from './known-edges.ts';
import { KnownEntities } from './known-entities.ts';
import { createLane } from './lanes.ts';
import { createLogIntake, type LineOrigin, type LogIntake } from './logs/log-intake.ts';
import { SyslogSource } from './logs/syslog-source.ts';
import { TailSource } from './logs/tail-source.ts';
import { createPushSource, type PushSource } from './push-source.ts';
import { OtlpLogsReader } from './receivers/otlp-logs.ts';
import { everyInterval } from './schedule.ts';
import { createScrapeSource, type ScrapeDeps, type ScrapeSource } from './scrape-source.ts';
import { DEFAULT_SERIES_LIMITS, type SeriesLimits } from './series-registry.ts';
import { StatsdSource } from './statsd/statsd-source.ts';
import { createSourceState, type SourceState, type SourceView } from './source-state.ts';

export interface CollectStage extends Service, Pick<PushSource, 'ingest'> {
  /** Resolves when the counts of the lines are committed. Throws `BODY_INVALID` or `BODY_TOO_LARGE`. */
  ingestLogs(body: Uint8Array, origin: LineOrigin): Promise<void>;
  /** The same of OpenTelemetry's logs; says how many lines were not believed. */
  ingestOtlpLogs(body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<{ readonly dropped: number }>;
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
/** The entity of what no rule fits. */
const FALLBACK = 'service/push';
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
  readonly #push: PushSource;
  readonly #logs: LogIntake;
  readonly #otlpLogs: OtlpLogsReader;
  readonly #tails: readonly TailSource[];
  readonly #syslog: readonly SyslogSource[];
  readonly #scrapes: readonly ScrapeSource[];
  readonly #jobs: readonly ScrapeJob[];
  readonly #statsd: StatsdSource | undefined;
  readonly #events: EventSources;
  readonly #host: { readonly source: ReturnType<typeof createHostSource>; readonly state: SourceState } | undefined;
  #end = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(deps: CollectDeps) {
    const { clock, log, metrics, options } = deps;
    const { limits, host } = options;
    this.#deps = deps;
    const assign = createEntityRules([...options.entityRules, ...DEFAULT_ENTITY_RULES], FALLBACK);
    this.#assign = assign;
    this.#edges = new KnownEdges(createEdgeRules(assign, FALLBACK));
    const seriesLimits: SeriesLimits = { ...DEFAULT_SERIES_LIMITS, series: limits.seriesPerSource };
    const shared = { clock, metrics, assign, limits, seriesLimits };
    const publish = (batches: readonly SampleBatch[]): Promise<void> => this.#publish(batches, true);
    this.#push = createPushSource({ ...shared, bodyBytes: limits.bodyBytes, publish });
    this.#logs = createLogIntake({ metrics, assign, limits });
    this.#otlpLogs = new OtlpLogsReader(this.#logs);
    this.#tails = this.#createTails();
    const syslog = { clock, log, metrics, intake: this.#logs, publish: this.#publishLogs };
    this.#syslog = (deps.syslog ?? []).map(
      (one) => new SyslogSource({ ...one, messageBytes: limits.lineBytes }, syslog),
    );
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
    const publishEvents = (events: readonly Event[]): Promise<void> => this.publishEvents(events);
    const entityOf = (labels: Labels): Assignment => assign('', labels);
    this.#events = new EventSources(deps.events, { ...deps, entityOf, publish: publishEvents });
    if (!host.enabled) return;
    const source = createHostSource({ clock, log });
    const state = createSourceState({ clock, metrics, name: 'host', kind: 'host', series: () => source.series() });
    this.#host = { source, state };
  }

  #createTails(): readonly TailSource[] {
    const { logFiles, options } = this.#deps;
    if (logFiles === undefined) return [];
    const { lineBytes } = options.limits;
    const shared = { ...this.#deps, intake: this.#logs, positions: logFiles.positions, publish: this.#publishLogs };
    return logFiles.sources.map((source) => new TailSource({ ...source, lineBytes }, shared));
  }

  ingest: PushSource['ingest'] = (body, format) => this.#push.ingest(body, format);

  async ingestLogs(body: Uint8Array, origin: LineOrigin): Promise<void> {
    this.#checkSize(body);
    await this.#publishLogs(this.#logs.records(body, origin, this.#deps.clock.now()));
  }

  async ingestOtlpLogs(body: Uint8Array, encoding: 'protobuf' | 'json'): Promise<{ readonly dropped: number }> {
    this.#checkSize(body);
    const { records, total } = await this.#otlpLogs.read(body, encoding, this.#deps.clock.now());
    await this.#publishLogs(records);
    return { dropped: total - records.length };
  }

  #checkSize(body: Uint8Array): void {
    const limit = this.#deps.options.limits.bodyBytes;
    if (body.length > limit) throw new VigiaError('BODY_TOO_LARGE', { limit });
  }

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
    return [...host, ...written, ...found, ...this.#events.views(), ...this.#received()];
  }

  #received(): readonly SourceView[] {
    const views = [this.#push.view()];
    if (this.#statsd !== undefined) views.push(this.#statsd.view());
    return views;
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    // One or two for every source: many, but bounded.
    setMaxListeners(0, signal);
    const { host } = this.#deps.options;
    for (const syslog of this.#syslog) await syslog.start();
    await this.#statsd?.start();
    this.#running = [
      this.#every(SWEEP_MS, 'sweep', async () => this.#sweep()),
      this.#every(TELL_MS, 'tell', () => this.#tell()),
      ...this.#scrapes.map((scrape) => scrape.run(signal)),
      ...this.#jobs.map((job) => job.run(signal)),
      this.#events.run(signal),
      ...this.#tails.map((tail) => this.#every(LOOK_MS, 'logs', () => tail.look())),
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
    for (const syslog of this.#syslog) await syslog.stop();
    await this.#statsd?.stop();
    for (const tail of this.#tails) await tail.close();
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
    const { onEntities, onEdges, clock } = this.#deps;
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
  }

  #sweep(): void {
    this.#push.sweep();
    this.#host?.source.sweep();
    this.#statsd?.sweep();
    for (const scrape of [...this.#scrapes, ...this.#jobs]) scrape.sweep();
  }
}

/**
 * Where data enters: this machine, endpoints that are scraped, and what is pushed. Every sample leaves with its series
 * and entity, in batches by entity; every drop is counted by source and reason. A source that is slow, huge or
 * malformed harms none of the others.
 */
export const createCollectStage = (deps: CollectDeps): CollectStage => new Collect(deps);
