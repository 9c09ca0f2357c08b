import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bus, Delivery, Owns, Subscription } from '../bus/bus.ts';
import type { EntityQuality } from '../model/data-quality.ts';
import type { EntityId } from '../model/entity.ts';
import type { SampleBatch } from '../model/series.ts';
import type { Service } from '../model/service.ts';
import { topics } from '../model/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { every } from '../runtime/every.ts';
import { toError } from '../runtime/errors.ts';
import { createFirst } from '../runtime/first.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { createTurns } from '../runtime/turns.ts';
import type { Store } from '../store/store.ts';
import type { FrameRules } from './entity-frames.ts';
import { MINUTE_MS } from './minute-rollup.ts';
import { PrepareCore } from './prepare-core.ts';
import { prepareMetrics } from './prepare-metrics.ts';

export interface PrepareDeps {
  readonly bus: Bus;
  readonly store: Pick<Store, 'samples' | 'frames'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly rules: FrameRules;
}

/** Longest stretch of work before other things get their turn. */
const TURN_MS = 15;
const MAX_BATCH = 500;
/** How often the clock is asked whether steps are over. */
const TICK_MS = { least: 50, most: 1000 } as const;
/** Frames of so many at once go to the store, so that the first do not wait for the last. */
const MAX_FRAMES = 500;
/** Samples before the newest frame that counters need to go on from. */
const REPLAY_MARGIN_MS = 60_000;
/** Samples older than this are not looked at again after a restart. */
const REPLAY_SINCE_MS = 86_400_000;
/** Who is so far behind the newest of all has no step open; should it have, its samples are read when it comes back. */
const BEHIND_MS = 600_000;
const BEHIND_STEPS = 3;
/** Samples of one entity that are read when it comes back. */
const MOST_SAMPLES = 50_000;

/** The stage, with what it can say of its data. */
export interface PreparingService extends Service {
  /** How good the data is of every entity that is prepared in this process. */
  qualities(now: number): Iterable<EntityQuality>;
}

class PrepareStage implements PreparingService {
  readonly name = 'prepare';
  readonly #deps: PrepareDeps;
  readonly #core: PrepareCore;
  readonly #count: () => void;
  /** Newest stored frame of entities that were not heard of here yet. */
  readonly #newest = new Map<EntityId, number>();
  /** Frames at the head of the outbox that are published. */
  #told = 0;
  /** Of entities whose newest frame is older, samples were not replayed. */
  #replayedFrom = Number.NEGATIVE_INFINITY;
  #subscription: Subscription | null = null;
  #end = new AbortController();
  #ticking: Promise<void> = Promise.resolve();
  /** Everything that touches the core or the outbox goes one after the other. */
  readonly #turns = createTurns();
  #queueMs = 0;

  constructor(deps: PrepareDeps) {
    this.#deps = deps;
    this.#core = new PrepareCore(deps.rules);
    this.#count = prepareMetrics(deps.metrics, this.#core);
  }

  async start(): Promise<void> {
    this.#end = new AbortController();
    const ready = createFirst();
    this.#subscription = await this.#deps.bus.subscribe(topics.samples, 'prepare', (batch) => this.#take(batch), {
      maxBatch: MAX_BATCH,
      onAssigned: (owns) => this.#turns(() => this.#takeOver(owns)).then(ready.done),
      onRevoked: (owns) => this.#turns(() => this.#handOver(owns)),
    });
    this.#ticking = this.#tick();
    await ready.soon(this.#deps.clock);
  }

  async stop(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = null;
    await subscription?.stop();
    this.#end.abort();
    await this.#ticking;
  }

  qualities(now: number): Iterable<EntityQuality> {
    return this.#core.qualities(now);
  }

  async #take(deliveries: readonly Delivery<SampleBatch>[]): Promise<void> {
    const batches = deliveries.map(({ value }) => value);
    await this.#deps.store.samples.append(batches);
    await this.#turns(async () => {
      await this.#admit(batches);
      await this.#ingest(batches);
      await this.#flush();
    });
  }

  /** Entities seen for the first time go on from the layout that their newest frame has. */
  async #admit(batches: readonly SampleBatch[]): Promise<void> {
    const unknown = new Map(batches.filter(({ entity }) => !this.#core.knows(entity)).map((one) => [one.entity, one]));
    await Promise.all(
      [...unknown].map(async ([entity, { receivedAt }]) => {
        const layout = await this.#deps.store.frames.layout(entity);
        const newest = this.#core.forgotten.get(entity) ?? this.#newest.get(entity) ?? Number.NEGATIVE_INFINITY;
        this.#core.admit(entity, { layout, newest }, receivedAt);
        this.#newest.delete(entity);
        if (newest >= this.#replayedFrom || !Number.isFinite(newest)) return;
        const range = { from: this.#goesOnFrom(newest), to: receivedAt };
        const missed = await this.#deps.store.samples.read(entity, range, MOST_SAMPLES);
        if (missed.times.length > 0) await this.#ingest([missed]);
      }),
    );
  }

  /** Counters need samples before the frame that comes next, and a minute is made of all of its frames. */
  #goesOnFrom(newest: number): number {
    return Math.floor(newest / MINUTE_MS) * MINUTE_MS - Math.max(REPLAY_MARGIN_MS, this.#deps.rules.stepMs);
  }

  async #ingest(batches: readonly SampleBatch[]): Promise<void> {
    const { clock } = this.#deps;
    let turn = clock.monotonic();
    for (const batch of batches) {
      const now = clock.now();
      this.#queueMs = Math.max(0, now - batch.receivedAt);
      this.#core.ingest(batch, now, clock.monotonic());
      if (clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
  }

  /**
   * Publishes and stores what is finished. What fails stays in the outbox and goes with the next. Published first: what
   * dies between is made once more of the stored samples and published again, and whoever knows it already passes it over.
   */
  async #flush(): Promise<void> {
    const { bus, store } = this.#deps;
    const { outbox } = this.#core;
    while (outbox.frames.length > 0) {
      const frames = outbox.frames.slice(0, MAX_FRAMES);
      const news = frames.slice(this.#told).map((frame) => ({ key: frame.entity, value: frame }));
      if (news.length > 0) await bus.publish(topics.frames, news);
      this.#told = frames.length;
      await store.frames.append(frames);
      outbox.frames.splice(0, frames.length);
      this.#told = 0;
    }
    while (outbox.rollups.length > 0) {
      const rollups = outbox.rollups.slice(0, MAX_FRAMES);
      await store.frames.appendRollups('minute', rollups);
      outbox.rollups.splice(0, rollups.length);
    }
    this.#count();
  }

  /**
   * What has come to this process: samples newer than the newest frames go through again; frames that are stored already
   * are not made twice.
   */
  async #takeOver(owns: Owns): Promise<void> {
    const { store, clock, log } = this.#deps;
    const all = await store.frames.newest();
    const since = this.#since(Math.max(Number.NEGATIVE_INFINITY, ...all.values()), clock.now());
    this.#replayedFrom = Math.max(this.#replayedFrom, since);
    const after = new Map<EntityId, number>();
    for (const [entity, time] of all) {
      after.set(entity, owns(entity) ? this.#goesOnFrom(time) : Number.POSITIVE_INFINITY);
      if (owns(entity)) this.#newest.set(entity, time);
    }
    let samples = 0;
    for await (const batch of store.samples.replay(after, since)) {
      if (!owns(batch.entity)) continue;
      await this.#admit([batch]);
      await this.#ingest([batch]);
      samples += batch.times.length;
      if (this.#core.outbox.frames.length >= MAX_FRAMES) await this.#flush();
    }
    await this.#flush();
    if (samples > 0) log.info({ entities: this.#core.size, samples }, 'prepare: went on from the store');
  }

  /** Samples from here on may belong to steps that are open. */
  #since(newest: number, now: number): number {
    const { stepMs, latenessMs } = this.#deps.rules;
    const behind = Math.max(BEHIND_MS, BEHIND_STEPS * (stepMs + latenessMs));
    return Math.max(now - REPLAY_SINCE_MS, Number.isFinite(newest) ? this.#goesOnFrom(newest) - behind : 0);
  }

  /** What leaves this process is made anew by another, of the samples that are stored. */
  async #handOver(owns: Owns): Promise<void> {
    try {
      await this.#flush();
    } catch (thrown) {
      this.#deps.log.warn({ error: toError(thrown).message }, 'frames could not be stored; another process makes them');
    }
    const { frames } = this.#core.outbox;
    this.#told = frames.slice(0, this.#told).filter(({ entity }) => !owns(entity)).length;
    this.#core.drop(owns);
    for (const entity of this.#newest.keys()) if (owns(entity)) this.#newest.delete(entity);
  }

  /** Steps end although nothing comes any more: the clock closes them. */
  async #tick(): Promise<void> {
    const { clock, log, rules } = this.#deps;
    const pause = Math.min(TICK_MS.most, Math.max(TICK_MS.least, rules.stepMs / 10));
    await every(pause, () => this.#turns(() => this.#passTime()), {
      clock,
      signal: this.#end.signal,
      failed: ({ message }) => log.warn({ error: message }, 'frames wait, as the store or the bus fails; tried again'),
    });
  }

  async #passTime(): Promise<void> {
    const { clock } = this.#deps;
    const waiting = this.#subscription !== null && this.#subscription.lag() > 0;
    let turn = clock.monotonic();
    for (const _ of this.#core.passTime(clock.now(), turn, waiting ? this.#queueMs : 0)) {
      if (clock.monotonic() - turn < TURN_MS) continue;
      await nextTurn();
      turn = clock.monotonic();
    }
    await this.#flush();
  }
}

/**
 * From samples to frames. Samples are committed before a batch is, so a durable publisher knows them safe; finished
 * frames are stored, then published.
 */
export const createPrepareStage = (deps: PrepareDeps): PreparingService => new PrepareStage(deps);
