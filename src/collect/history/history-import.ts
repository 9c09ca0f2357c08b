import type { Json } from '../../model/detector.ts';
import type { Entity, EntityId } from '../../model/entity.ts';
import type { Frame, FrameLayout, RollupFrame } from '../../model/frame.ts';
import type { SampleBatch } from '../../model/series.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import { toError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { Store } from '../../store/store.ts';
import { KnownEntities } from '../known-entities.ts';
import { hoursOf } from './hour-rollup.ts';
import type { PastReader } from './past-reader.ts';

/** Makes frames of a stretch of the past; prepare's part of it. */
export type MakeFrames = (
  stretch: {
    readonly from: number;
    readonly to: number;
    readonly stepMs: number;
    readonly batches: readonly SampleBatch[];
  },
  known: (entity: EntityId) => { readonly layout: FrameLayout | null; readonly grows: boolean } | undefined,
) => AsyncIterable<{ readonly frames: readonly Frame[]; readonly minutes: readonly RollupFrame[] }>;

export interface HistoryOptions {
  readonly name: string;
  /** How far back. */
  readonly sinceMs: number;
  /** Of it, so much comes as frames of a step, before anything else starts. */
  readonly recentMs: number;
  /** The start waits no longer than this for it. */
  readonly waitMs: number;
  readonly stepMs: number;
}

export interface HistoryDeps {
  readonly reader: PastReader;
  readonly makeFrames: MakeFrames;
  readonly store: Pick<Store, 'frames' | 'entities' | 'checkpoints'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether it is for this process to read it. */
  readonly mine: () => Promise<boolean>;
  readonly options: HistoryOptions;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Recent samples come as they were scraped, the rest a value a minute: both some hundred times of a series. */
const RECENT_WINDOW_MS = 30 * MINUTE_MS;
const PAST_WINDOW_MS = 6 * HOUR_MS;
/** Read around each stretch: counters need the sample before, and a minute is whole when the next one begins. */
const MARGIN_MS = 2 * MINUTE_MS;
const TRIES = 4;
const FIRST_PAUSE_MS = 500;
const MOST_ENTITIES = 200_000;
const STAGE = 'history';

/** How far it has come: recent up to `recentTo`, the past down to `pastFrom`. */
interface Progress {
  readonly begun: number;
  readonly recentFrom: number;
  readonly recentTo: number;
  readonly pastFrom: number;
}

const floorTo = (time: number, length: number): number => Math.floor(time / length) * length;

/**
 * Brings the history of a Prometheus server into the store once, so that baselines and models are there on the first
 * day: the newest hours as frames of a step, before the stages start and learn from them; then older minutes and hours,
 * the newest first, beside everything else. What was read is never read again, a restart goes on where it was, and it
 * ends by itself; what cannot be read after some tries is tried again at the next start.
 */
export class HistoryImport implements Service {
  readonly name: string;
  readonly #deps: HistoryDeps;
  readonly #known = new Map<EntityId, { layout: FrameLayout | null; readonly grows: boolean }>();
  readonly #end = new AbortController();
  #working: Promise<void> = Promise.resolve();
  /** Layouts are in use, and do not grow by what is read here. */
  #settled = false;

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
    this.name = `history/${deps.options.name}`;
  }

  async start(): Promise<void> {
    const { clock, log, options, mine } = this.#deps;
    if (!(await mine())) return;
    const progress = await this.#load();
    if (progress.recentTo >= progress.begun && progress.pastFrom <= progress.begun - options.sinceMs) return;
    const deadline = new AbortController();
    const late = clock.sleep(options.waitMs, deadline.signal).then(
      () => true,
      () => false,
    );
    const recent = this.#guard(() => this.#recent(progress));
    const inTime = await Promise.race([recent.then(() => true), late.then((over) => !over)]);
    deadline.abort();
    if (!inTime) {
      log.warn(
        { history: options.name },
        'history takes long; everything else starts, and the rest of the newest part is left out',
      );
      this.#settle();
    }
    this.#working = this.#after(recent);
  }

  async #after(recent: Promise<Progress | null>): Promise<void> {
    const done = await recent;
    if (done !== null) await this.#guard(() => this.#past(done));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#working;
  }

  /** Layouts are in use from now on. */
  #settle(): void {
    this.#settled = true;
    for (const [id, { layout }] of this.#known) this.#known.set(id, { layout, grows: false });
  }

  /** Null when it could not be done; that is said, and harms nothing else. */
  async #guard<T>(work: () => Promise<T>): Promise<T | null> {
    const { log, options } = this.#deps;
    try {
      return await work();
    } catch (thrown) {
      if (!this.#end.signal.aborted)
        log.warn(
          { history: options.name, error: toError(thrown).message },
          'history ends here; it goes on at the next start',
        );
      return null;
    }
  }

  /** Ascending, so that layouts grow as they would have. */
  async #recent(begin: Progress): Promise<Progress> {
    let progress = begin;
    while (progress.recentTo < progress.begun && !this.#settled) {
      const { recentTo: from, begun } = progress;
      const to = Math.min(begun, from + RECENT_WINDOW_MS);
      await this.#stretch({ from, to, raw: true });
      progress = await this.#save({ ...progress, recentTo: to });
    }
    return progress;
  }

  /** Descending: what is newer tells more. */
  async #past(begin: Progress): Promise<void> {
    const { log, options } = this.#deps;
    const end = floorTo(begin.begun - options.sinceMs, HOUR_MS);
    let progress = begin;
    this.#settle();
    while (progress.pastFrom > end) {
      const to = progress.pastFrom;
      await this.#stretch({ from: Math.max(end, to - PAST_WINDOW_MS), to, raw: false });
      progress = await this.#save({ ...progress, pastFrom: Math.max(end, to - PAST_WINDOW_MS) });
    }
    const { leftOut } = this.#deps.reader;
    log.info({ history: options.name, entities: this.#known.size, leftOut }, 'history has been read');
  }

  async #stretch({
    from,
    to,
    raw,
  }: {
    readonly from: number;
    readonly to: number;
    readonly raw: boolean;
  }): Promise<void> {
    const { makeFrames, options } = this.#deps;
    const stepMs = raw ? options.stepMs : MINUTE_MS;
    const range = { from: from - MARGIN_MS, to: to + (raw ? 0 : MARGIN_MS), stepMs: raw ? null : MINUTE_MS };
    const batches = await this.#read(range);
    await this.#learn(batches, from);
    for await (const { frames, minutes } of makeFrames({ from, to, stepMs, batches }, (entity) =>
      this.#known.get(entity),
    )) {
      this.#end.signal.throwIfAborted();
      const { store } = this.#deps;
      const last = frames.at(-1);
      const known = last && this.#known.get(last.entity);
      if (known?.grows === true && last !== undefined) known.layout = last.layout;
      if (raw) await store.frames.append(frames);
      await store.frames.appendRollups('minute', minutes);
      // Hours of the newest part are rolled up by whoever tidies the store.
      if (!raw) await store.frames.appendRollups('hour', hoursOf(minutes));
      this.#count(frames.length);
    }
  }

  async #read(range: Parameters<PastReader['read']>[0]): Promise<readonly SampleBatch[]> {
    const { clock, reader } = this.#deps;
    const { signal } = this.#end;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const all: SampleBatch[] = [];
        for await (const batches of reader.read(range, signal)) all.push(...batches);
        return all;
      } catch (thrown) {
        if (attempt >= TRIES || signal.aborted) throw thrown;
        await clock.sleep(FIRST_PAUSE_MS * 2 ** attempt, signal);
      }
    }
  }

  /** Entities that were not met yet, with the layout that they have; they were first seen at the beginning of the stretch. */
  async #learn(batches: readonly SampleBatch[], from: number): Promise<void> {
    const { store } = this.#deps;
    const seen = new KnownEntities();
    seen.see(batches.map((batch) => ({ ...batch, receivedAt: from })));
    const entities: readonly Entity[] = seen.due(from, MOST_ENTITIES).entities;
    await store.entities.upsert(entities);
    for (const { id } of entities) {
      if (this.#known.has(id)) continue;
      const layout = await store.frames.layout(id);
      this.#known.set(id, { layout, grows: layout === null && !this.#settled });
    }
  }

  #count(frames: number): void {
    const { metrics, options } = this.#deps;
    metrics
      .counter('vigia_history_frames_total', 'Frames made of the history of a Prometheus server.', ['history'])
      .inc({ history: options.name }, frames);
  }

  async #load(): Promise<Progress> {
    const { store, clock, options } = this.#deps;
    const kept = await store.checkpoints.load(STAGE, options.name);
    if (kept !== null) return kept.state as unknown as Progress;
    const begun = floorTo(clock.now(), options.stepMs);
    const recentFrom = floorTo(begun - Math.min(options.recentMs, options.sinceMs), HOUR_MS);
    return { begun, recentFrom, recentTo: recentFrom, pastFrom: recentFrom };
  }

  async #save(progress: Progress): Promise<Progress> {
    const { store, clock, options } = this.#deps;
    const state = { ...progress } as unknown as Json;
    await store.checkpoints.save([{ stage: STAGE, key: options.name, position: clock.now(), state }]);
    return progress;
  }
}
