import type { Labels } from '../model/labels.ts';
import type { DropReason, Slot } from './series-registry.ts';
import type { SyntaxFault } from './series-text.ts';

export interface PageLimits {
  /** Longest line that is read, bytes; a longer one is dropped and counted. */
  readonly lineBytes: number;
  /** How far ahead of the time of arrival a time stamp may lie, ms. */
  readonly aheadMs: number;
  /** How old a time stamp may be, ms. */
  readonly behindMs: number;
}

/** A measurement that stands beside a sample, with labels that name its trace. */
export interface FoundExemplar {
  readonly slot: Slot;
  readonly labels: Labels;
  readonly value: number;
  /** Unix ms. */
  readonly time: number;
}

/** Exemplars of one page that are looked at. */
const MAX_EXEMPLARS = 2000;

/** What came in one body, as columns, each `count` long (the arrays may be longer). */
export interface SamplePage {
  count: number;
  readonly slots: Slot[];
  times: Float64Array;
  values: Float64Array;
  readonly drops: Map<DropReason, number>;
  readonly exemplars: FoundExemplar[];
  /** The first line that is not valid, which makes the whole page invalid; lines count from 1. */
  fault: { readonly line: number; readonly fault: SyntaxFault } | undefined;
  /** Bounds of the times that are taken, both included. */
  readonly earliest: number;
  readonly latest: number;
  /** The registry's number of this page. */
  readonly number: number;
}

export function createPage(
  limits: PageLimits,
  arrival: { readonly now: number; readonly number: number; readonly capacity: number },
): SamplePage {
  const capacity = Math.max(64, arrival.capacity);
  return {
    count: 0,
    slots: [],
    times: new Float64Array(capacity),
    values: new Float64Array(capacity),
    drops: new Map(),
    exemplars: [],
    fault: undefined,
    earliest: arrival.now - limits.behindMs,
    latest: arrival.now + limits.aheadMs,
    number: arrival.number,
  };
}

export function drop(page: SamplePage, reason: DropReason): void {
  page.drops.set(reason, (page.drops.get(reason) ?? 0) + 1);
}

/** One sample on its way to a page; reused, so that a sample costs no object. */
export interface Sample {
  time: number;
  value: number;
}

/** Adds a sample unless its time is out of bounds or it repeats the series' sample before it on this page. */
export function addSample(page: SamplePage, slot: Slot, sample: Sample): void {
  const { count } = page;
  if (sample.time > page.latest) {
    drop(page, 'too_far_ahead');
    return;
  }
  if (sample.time < page.earliest) {
    drop(page, 'too_old');
    return;
  }
  if (slot.page === page.number && slot.time === sample.time) {
    drop(page, 'duplicate');
    return;
  }
  slot.page = page.number;
  slot.time = sample.time;
  if (count === page.times.length) {
    page.times = grow(page.times);
    page.values = grow(page.values);
  }
  page.slots[count] = slot;
  page.times[count] = sample.time;
  page.values[count] = sample.value;
  page.count = count + 1;
}

/** Takes an exemplar along, unless there are too many, or value or time cannot be. */
export function addExemplar(page: SamplePage, exemplar: FoundExemplar): void {
  const { value, time } = exemplar;
  if (page.exemplars.length >= MAX_EXEMPLARS || !Number.isFinite(value)) return;
  if (time >= page.earliest && time <= page.latest) page.exemplars.push(exemplar);
}

function grow(column: Float64Array): Float64Array {
  const larger = new Float64Array(Math.max(64, column.length * 2));
  larger.set(column);
  return larger;
}
