import type { EntityId } from '../model/entity.ts';
import type { Frame, RollupFrame } from '../model/frame.ts';
import type { SampleBatch } from '../model/series.ts';
import { EntityFrames, type FrameHistory, type FrameRules } from './entity-frames.ts';
import type { SampleCounts } from './step-accumulator.ts';

/** How far ahead of its arrival a sample may lie before its time is not believed. */
export const FUTURE_TOLERANCE_MS = 600_000;
/** An entity without samples for so long is forgotten; when it comes back it is read from the store again. */
const FORGET_MS = 3_600_000;

/** Totals since the start, for the metrics. */
export interface PrepareCounts extends SampleCounts {
  samples: number;
  future: number;
  turnedAway: number;
}

/** Frames that are finished but not yet in the store. */
export interface Outbox {
  frames: Frame[];
  rollups: RollupFrame[];
}

/** The state of prepare: entities with their open steps. Time and input come from the caller; output is the outbox. */
export class PrepareCore {
  readonly counts: PrepareCounts = { samples: 0, late: 0, repeated: 0, future: 0, turnedAway: 0 };
  readonly outbox: Outbox = { frames: [], rollups: [] };
  readonly #rules: FrameRules;
  /** Newest frame of entities that were forgotten, until they come back. */
  readonly forgotten = new Map<EntityId, number>();
  readonly #entities = new Map<EntityId, EntityFrames>();

  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  knows(entity: EntityId): boolean {
    return this.#entities.has(entity);
  }

  /** Begins an entity from what the store has of it. */
  admit(entity: EntityId, history: FrameHistory): void {
    const sink = {
      frame: (frame: Frame): void => void this.outbox.frames.push(frame),
      rollup: (rollup: RollupFrame): void => void this.outbox.rollups.push(rollup),
    };
    this.forgotten.delete(entity);
    this.#entities.set(entity, new EntityFrames(entity, history, this.#rules, { counts: this.counts, sink }));
  }

  /** Takes a batch of an admitted entity. `monotonic` and `now` are the clock's. */
  ingest(batch: SampleBatch, now: number, monotonic: number): void {
    const entity = this.#entities.get(batch.entity);
    if (entity === undefined) return;
    const until = batch.receivedAt + FUTURE_TOLERANCE_MS;
    this.counts.samples += batch.times.length;
    for (let i = 0; i < batch.times.length; i++) if (batch.times[i]! > until) this.counts.future += 1;
    const turnedAway = entity.turnedAway;
    const newest = entity.newestTime;
    entity.add(batch, until, now);
    // A source that only repeats itself does not stop time.
    if (entity.newestTime > newest || entity.touchedAt === 0) entity.touchedAt = monotonic;
    this.counts.turnedAway += entity.turnedAway - turnedAway;
  }

  /**
   * Closes steps whose time is over although no newer sample says so: event time is taken to go on as the clock does
   * since the newest sample, less the time that samples now wait in the queue.
   */
  *passTime(now: number, monotonic: number, queueMs: number): Iterable<void> {
    for (const entity of this.#entities.values()) {
      const elapsed = monotonic - entity.touchedAt;
      entity.passTime(elapsed - queueMs, now);
      if (elapsed > FORGET_MS + this.#rules.latenessMs) this.#forget(entity);
      yield;
    }
  }

  #forget(entity: EntityFrames): void {
    this.#entities.delete(entity.entity);
    this.forgotten.set(entity.entity, entity.newestFrame);
  }

  /** Lets go of entities that another process goes on with, and of what was finished of them but could not be stored. */
  drop(gone: (entity: EntityId) => boolean): void {
    for (const entity of this.#entities.keys()) if (gone(entity)) this.#entities.delete(entity);
    for (const entity of this.forgotten.keys()) if (gone(entity)) this.forgotten.delete(entity);
    this.outbox.frames = this.outbox.frames.filter(({ entity }) => !gone(entity));
    this.outbox.rollups = this.outbox.rollups.filter(({ entity }) => !gone(entity));
  }

  get size(): number {
    return this.#entities.size;
  }
}
