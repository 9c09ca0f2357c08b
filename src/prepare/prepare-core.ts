import type { EntityQuality } from '../model/data-quality.ts';
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
  leftOut: number;
  turnedAway: number;
}

/** Frames that are finished but not yet in the store. */
export interface Outbox {
  frames: Frame[];
  rollups: RollupFrame[];
}

/** The state of prepare: entities with their open steps. Time and input come from the caller; output is the outbox. */
export class PrepareCore {
  readonly counts: PrepareCounts = { samples: 0, late: 0, repeated: 0, future: 0, leftOut: 0, turnedAway: 0 };
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

  /** Begins an entity from what the store has of it; its counts begin at `now`. */
  admit(entity: EntityId, history: FrameHistory, now = 0): void {
    const sink = {
      frame: (frame: Frame): void => void this.outbox.frames.push(frame),
      rollup: (rollup: RollupFrame): void => void this.outbox.rollups.push(rollup),
    };
    this.forgotten.delete(entity);
    this.#entities.set(entity, new EntityFrames(entity, history, this.#rules, { since: now, sink }));
  }

  /** Takes a batch of an admitted entity. `monotonic` and `now` are the clock's. */
  ingest(batch: SampleBatch, now: number, monotonic: number): void {
    const entity = this.#entities.get(batch.entity);
    if (entity === undefined) return;
    const until = batch.receivedAt + FUTURE_TOLERANCE_MS;
    const { turnedAway, newestTime: newest, leftOut, counts } = entity;
    const { late, repeated, future } = counts;
    entity.counts.took(batch, newestOf(batch));
    for (let i = 0; i < batch.times.length; i++) if (batch.times[i]! > until) counts.future += 1;
    entity.add(batch, until, now);
    this.counts.samples += batch.times.length;
    this.counts.late += counts.late - late;
    this.counts.repeated += counts.repeated - repeated;
    this.counts.future += counts.future - future;
    this.counts.leftOut += entity.leftOut - leftOut;
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

  /** How good the data of every entity is that is known here. */
  *qualities(now: number): Iterable<EntityQuality> {
    for (const entity of this.#entities.values()) yield entity.quality(now);
  }
}

/** Highest time of a batch, whether it is believed or not; NaN when there is none. */
function newestOf({ times }: SampleBatch): number {
  let newest = Number.NaN;
  for (let i = 0; i < times.length; i++) if (!(times[i]! <= newest)) newest = times[i]!;
  return newest;
}
