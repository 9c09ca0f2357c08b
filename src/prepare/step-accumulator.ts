import type { SampleBatch } from '../model/series.ts';
import { bucketQuantile } from './histogram.ts';
import { QUANTILES } from './feature-source.ts';
import { type BucketGroup, NO_SLOT, ROLE, type SeriesSlots } from './series-slots.ts';

/** After so long without a sample a counter begins anew: a rate over the gap would say nothing about any step. */
const MAX_COUNTER_GAP_MS = 300_000;
/** A counter that falls by less than a tenth was corrected (Linux does so with iowait); a restart begins near 0. */
const CORRECTION = 0.9;

/** What became of samples; written to by every accumulator, read by the stage's metrics. */
export interface SampleCounts {
  /** Came after its step was closed. */
  late: number;
  /** Not newer than the series' newest: a repeat, or out of order beyond its batch. */
  repeated: number;
}

/** Samples that steps left out, by `step/reason`. */
export type LeftOut = Map<string, number>;

/** Receives the values of a step that has closed, by feature. */
export type CloseStep = (stepIndex: number, values: Float32Array) => void;

/**
 * Adds up the samples of one entity by step. A step closes when the event time passes its end by the lateness; only
 * then are its values known. Samples of a series count once, in order of time, which makes a redelivered batch harmless.
 * Structure of arrays, a ring of open steps; nothing is allocated for a sample.
 */
export class StepAccumulator {
  readonly #slots: SeriesSlots;
  readonly #stepMs: number;
  readonly #latenessMs: number;
  readonly #ring: number;
  readonly #counts: SampleCounts;
  readonly #onClose: CloseStep;
  #capacity = 0;
  #lastTime = new Float64Array(0);
  #lastValue = new Float64Array(0);
  #sum = new Float64Array(0);
  #weight = new Float64Array(0);
  /** Highest step that is closed, and highest that has data. */
  #closed = Number.NaN;
  #open = Number.NaN;
  #cachedSeries: SampleBatch['series'] = [];
  #cachedSlots = new Int32Array(0);
  /** Highest event time seen. */
  newestTime = Number.NEGATIVE_INFINITY;
  /** Samples that steps left out; few reasons, so it stays small. */
  readonly leftOut: LeftOut = new Map();
  /** All of them together. */
  leftOutSamples = 0;

  constructor(
    slots: SeriesSlots,
    timing: { readonly stepMs: number; readonly latenessMs: number },
    counts: SampleCounts,
    onClose: CloseStep,
  ) {
    this.#slots = slots;
    this.#stepMs = timing.stepMs;
    this.#latenessMs = timing.latenessMs;
    this.#ring = Math.ceil(timing.latenessMs / timing.stepMs) + 2;
    this.#counts = counts;
    this.#onClose = onClose;
  }

  /** Takes the samples up to the time `until`; later ones are the caller's to refuse. */
  add(batch: SampleBatch, until: number): void {
    const { series, times, values } = batch;
    const slots = this.#slotsOf(series);
    const order = timeOrder(times);
    for (let at = 0; at < times.length; at++) {
      const i = order === null ? at : order[at]!;
      const slot = slots[i]!;
      const time = times[i]!;
      if (!(time >= 0 && time <= until)) continue;
      if (time > this.newestTime) this.#advance(time);
      if (slot >= 0) {
        const value = this.#slots.changes === null ? values[i]! : this.#changed(slot, values[i]!);
        if (Number.isFinite(value)) this.#addSample(slot, time, value);
      } else if (slot < NO_SLOT) this.#leaveOut(slot);
    }
  }

  #changed(slot: number, value: number): number {
    const change = this.#slots.changes?.[slot];
    return change === undefined ? value : value * change.scale + change.offset;
  }

  #leaveOut(slot: number): void {
    this.leftOutSamples += 1;
    const reason = this.#slots.reasons[NO_SLOT - 1 - slot]!;
    this.leftOut.set(reason, (this.leftOut.get(reason) ?? 0) + 1);
  }

  /** Closes every step whose end lies at least the lateness before this event time. */
  closeUpTo(eventTime: number): void {
    if (Number.isNaN(this.#closed)) return;
    const target = Math.floor((eventTime - this.#latenessMs) / this.#stepMs) - 1;
    for (let step = this.#closed + 1; step <= Math.min(target, this.#open); step++) this.#close(step);
    if (target > this.#closed) this.#closed = target;
  }

  /** True while a step has samples and is not closed. */
  get isOpen(): boolean {
    return this.#open > this.#closed;
  }

  #advance(time: number): void {
    this.newestTime = time;
    const step = Math.floor(time / this.#stepMs);
    if (Number.isNaN(this.#closed)) this.#closed = step - 1;
    this.closeUpTo(time);
    this.#open = Number.isNaN(this.#open) ? step : Math.max(this.#open, step);
  }

  #addSample(slot: number, time: number, value: number): void {
    const before = this.#lastTime[slot]!;
    if (time <= before) {
      this.#counts.repeated += 1;
      return;
    }
    const last = this.#lastValue[slot]!;
    this.#lastTime[slot] = time;
    this.#lastValue[slot] = value;
    const step = Math.floor(time / this.#stepMs);
    if (step <= this.#closed) {
      this.#counts.late += 1;
      return;
    }
    const at = (step % this.#ring) * this.#capacity + slot;
    const role = this.#slots.roles[slot];
    if (role === ROLE.level) {
      this.#sum[at] = this.#sum[at]! + value;
      this.#weight[at] = this.#weight[at]! + 1;
      return;
    }
    if (time - before > Math.max(MAX_COUNTER_GAP_MS, 3 * this.#stepMs)) return;
    this.#sum[at] = this.#sum[at]! + increase(last, value);
    this.#weight[at] = this.#weight[at]! + (time - before) / 1000;
  }

  /** Slots of a batch's series; the same array of series, or an equal one, costs one comparison a sample. */
  #slotsOf(series: SampleBatch['series']): Int32Array {
    if (series === this.#cachedSeries) return this.#cachedSlots;
    const cached = this.#cachedSeries;
    if (this.#cachedSlots.length < series.length) {
      const longer = new Int32Array(2 * series.length);
      longer.set(this.#cachedSlots);
      this.#cachedSlots = longer;
    }
    const slots = this.#cachedSlots;
    for (let i = 0; i < series.length; i++) if (series[i] !== cached[i]) slots[i] = this.#slots.slotOf(series[i]!);
    this.#cachedSeries = series;
    this.#ensure(this.#slots.roles.length);
    return slots;
  }

  #close(step: number): void {
    if (this.#capacity === 0) return;
    const { roles, featureOf, features, groups } = this.#slots;
    const base = (step % this.#ring) * this.#capacity;
    const values = new Float32Array(features.length).fill(Number.NaN);
    let present = 0;
    for (let slot = 0; slot < roles.length; slot++) {
      const weight = this.#weight[base + slot]!;
      if (!(weight > 0)) continue;
      present += 1;
      if (roles[slot] !== ROLE.bucket) values[featureOf[slot]!] = this.#sum[base + slot]! / weight;
    }
    if (present === 0) return;
    for (const group of groups) this.#quantiles(group, base, values);
    this.#sum.fill(0, base, base + this.#capacity);
    this.#weight.fill(0, base, base + this.#capacity);
    this.#onClose(step, values);
  }

  #quantiles(group: BucketGroup, base: number, values: Float32Array): void {
    const counts = group.slots.map((slot) => this.#sum[base + slot]!);
    if (!group.slots.some((slot) => this.#weight[base + slot]! > 0)) return;
    QUANTILES.forEach((q, i) => {
      values[group.features[i]!] = bucketQuantile(q, group.uppers, counts);
    });
  }

  #ensure(slots: number): void {
    if (slots <= this.#capacity) return;
    const old = this.#capacity;
    const capacity = Math.max(slots, old * 2, 32);
    const spread = (from: Float64Array) => {
      const to = new Float64Array(this.#ring * capacity);
      for (let k = 0; k < this.#ring; k++) to.set(from.subarray(k * old, (k + 1) * old), k * capacity);
      return to;
    };
    const longer = (from: Float64Array, empty: number) => {
      const to = new Float64Array(capacity).fill(empty);
      to.set(from);
      return to;
    };
    this.#sum = spread(this.#sum);
    this.#weight = spread(this.#weight);
    this.#lastTime = longer(this.#lastTime, Number.NEGATIVE_INFINITY);
    this.#lastValue = longer(this.#lastValue, 0);
    this.#capacity = capacity;
  }
}

function increase(last: number, value: number): number {
  if (value >= last) return value - last;
  return value >= CORRECTION * last ? 0 : value;
}

/** Indices in order of time, or null when they are in order already. */
function timeOrder(times: Float64Array): Uint32Array | null {
  for (let i = 1; i < times.length; i++)
    if (times[i]! < times[i - 1]!) return Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
  return null;
}
