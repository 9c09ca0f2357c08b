import type { EntityId } from '../model/entity.ts';
import type { EntityQuality } from '../model/data-quality.ts';
import type { Feature, Frame, FrameLayout, RollupFrame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import type { SampleBatch } from '../model/series.ts';
import { DerivedFeatures } from './derived-features.ts';
import { type LimitRule, withLimits } from './limits.ts';
import { MINUTE_MS, MinuteRollup } from './minute-rollup.ts';
import { EntityCounts } from './quality/entity-counts.ts';
import { SeriesSlots } from './series-slots.ts';
import { StepAccumulator } from './step-accumulator.ts';
import { PLAIN_PREPARATION, type Preparation } from './steps/preparation.ts';

/** What holds for the frames of every entity. */
export interface FrameRules {
  readonly stepMs: number;
  /** How long after its end a step waits for samples of slower sources. */
  readonly latenessMs: number;
  readonly featuresPerEntity: number;
  readonly limits: readonly LimitRule[];
  /** Steps between samples and features; by default samples go on as they are. */
  readonly preparation?: Preparation;
}

/** What frames of an entity were made of before this process: from there it goes on. */
export interface FrameHistory {
  readonly layout: FrameLayout | null;
  /** Start of the newest frame in the store; -Infinity when there is none. */
  readonly newest: number;
}

/** Where finished frames go. */
export interface FrameSink {
  frame(frame: Frame): void;
  rollup(rollup: RollupFrame): void;
}

/** Everything that prepare knows of one entity: samples in, frames of the step and of the minute out. */
export class EntityFrames {
  readonly entity: EntityId;
  /** Monotonic ms of the newest batch. */
  touchedAt = 0;
  #fleet = '';
  #closedAt = 0;
  #layout: FrameLayout | null;
  /** Frames up to here are stored: they come by again after a restart only to rebuild what follows from them. */
  #storedUpTo: number;
  readonly #rules: FrameRules;
  readonly #sink: FrameSink;
  readonly #slots: SeriesSlots;
  readonly #steps: StepAccumulator;
  readonly #derived: DerivedFeatures;
  readonly #minute = new MinuteRollup();
  readonly counts: EntityCounts;
  /** Start of the last frame that was made, stored or not. */
  #lastFrame = Number.NaN;

  constructor(
    entity: EntityId,
    history: FrameHistory,
    rules: FrameRules,
    into: { readonly since: number; readonly sink: FrameSink },
  ) {
    const { preparation = PLAIN_PREPARATION } = rules;
    this.entity = entity;
    this.#rules = rules;
    this.#sink = into.sink;
    this.#storedUpTo = history.newest;
    this.counts = new EntityCounts(into.since);
    this.#slots = new SeriesSlots(history.layout?.features ?? [], rules.featuresPerEntity, preparation);
    this.#layout = history.layout === null ? null : this.#layoutOf(history.layout.features);
    this.#derived = new DerivedFeatures(rules.stepMs);
    this.#steps = new StepAccumulator(this.#slots, rules, this.counts, (step, values) => this.#close(step, values));
  }

  add(batch: SampleBatch, until: number, now: number): void {
    this.#fleet = batch.fleet;
    this.#closedAt = now;
    this.#steps.add(batch, until);
  }

  /** Closes what the passing of time makes ready: `elapsed` ms after the newest batch came. */
  passTime(elapsed: number, now: number): void {
    if (!this.#steps.isOpen) return;
    this.#closedAt = now;
    this.#steps.closeUpTo(this.#steps.newestTime + elapsed);
  }

  get newestTime(): number {
    return this.#steps.newestTime;
  }

  /** Start of the newest frame that was made or found in the store. */
  get newestFrame(): number {
    return this.#storedUpTo;
  }

  /** Samples that steps of preparation left out. */
  get leftOut(): number {
    return this.#steps.leftOutSamples;
  }

  /** Features that did not fit into the budget. */
  get turnedAway(): number {
    return this.#slots.turnedAway;
  }

  /** How good its data is. */
  quality(now: number): EntityQuality {
    const { leftOut, newestTime } = this.#steps;
    const { units } = this.#slots;
    return this.counts.view({
      entity: this.entity,
      now,
      lastSample: newestTime,
      slots: this.#slots,
      leftOut,
      units: [...units.values()],
    });
  }

  #layoutOf(features: readonly Feature[]): FrameLayout {
    return internLayout(withLimits(features, this.#rules.limits));
  }

  #close(step: number, values: Float32Array): void {
    if (this.#layout === null || this.#slots.changed) {
      this.#layout = this.#layoutOf(this.#slots.features);
      this.#slots.changed = false;
    }
    const { stepMs } = this.#rules;
    const time = step * stepMs;
    if (time - this.#lastFrame > stepMs) this.counts.gap((time - this.#lastFrame) / stepMs - 1, stepMs);
    this.#lastFrame = time;
    const frame: Frame = {
      entity: this.entity,
      fleet: this.#fleet,
      time,
      stepMs,
      layout: this.#layout,
      values,
      derived: this.#derived.update(values),
      closedAt: this.#closedAt,
    };
    // Of the stored frames only those of the unfinished minute are needed again, to finish it.
    if (time >= Math.floor(this.#storedUpTo / MINUTE_MS) * MINUTE_MS || this.#storedUpTo < 0) {
      const rollup = this.#minute.add(frame);
      if (rollup !== null) this.#sink.rollup(rollup);
    }
    if (time <= this.#storedUpTo) return;
    this.#storedUpTo = time;
    this.#sink.frame(frame);
  }
}
