import type { Signals } from './signals.ts';
import { START_ROWS } from './window-statistics.ts';

/** What an LSTM reads: the last `steps` stretches before a row, oldest first. */
export interface SequenceShape {
  readonly steps: number;
  /** How far back each stretch begins, in the unit of time, newest first; it ends where the one before begins. What falls into it is averaged. */
  readonly backs: readonly number[];
  readonly channels: readonly Channel[];
  /**
   * Features of the row that are shown again at every step, after the channels: what came long before the sequence, such as the
   * distance from the entity's own start.
   */
  readonly context: Int32Array;
}

/** Numbers of one sequence. */
export const sequenceWidth = ({ steps, channels, context }: SequenceShape): number =>
  steps * (channels.length + context.length);

/** One number a stretch: a signal, as it is or less what it was when the entity was new. */
export interface Channel {
  readonly signal: number;
  readonly fromStart: boolean;
}

/** Rows of one stretch that are looked at; more are read at even strides. */
const MOST_ROWS = 8;

/** Where a sequence is read and written. */
export interface SequencePlace {
  readonly signals: Signals;
  readonly row: number;
  /** Features of rows, and where those of this row start. */
  readonly features: Float32Array;
  readonly featuresAt: number;
  readonly out: Float32Array;
  readonly at: number;
}

/**
 * Writes the sequence of one row, steps × (channels + context). Stretches before the first row are missing (NaN) in all, which
 * the network passes over: runs may be shorter than the sequence.
 */
export function fillSequence(shape: SequenceShape, place: SequencePlace): void {
  const { steps, backs, channels, context } = shape;
  const { signals, row, features, featuresAt, out } = place;
  const now = signals.times[row]!;
  const starts = channels.map(({ signal, fromStart }) => (fromStart ? startOf(signals, row, signal) : 0));
  const width = channels.length + context.length;
  let last = row;
  for (let step = steps - 1; step >= 0; step--) {
    const to = place.at + step * width;
    if (last < 0) {
      out.fill(Number.NaN, place.at, to + width);
      return;
    }
    const first = firstSince(signals.times, last, now - backs[steps - 1 - step]!);
    for (let c = 0; c < channels.length; c++)
      out[to + c] = meanOf(signals, channels[c]!.signal, first, last) - starts[c]!;
    for (let c = 0; c < context.length; c++) out[to + channels.length + c] = features[featuresAt + context[c]!]!;
    last = first - 1;
  }
}

/** First row later than `after`, sought backwards from `last`; `last + 1` where there is none. */
function firstSince(times: Float64Array, last: number, after: number): number {
  let first = last + 1;
  while (first > 0 && times[first - 1]! > after) first--;
  return first;
}

function meanOf({ values, rows }: Signals, signal: number, first: number, last: number): number {
  const stride = Math.max(1, Math.ceil((last - first + 1) / MOST_ROWS));
  let sum = 0;
  let seen = 0;
  for (let r = last; r >= first; r -= stride) {
    const x = values[signal * rows + r]!;
    if (x !== x) continue;
    sum += x;
    seen++;
  }
  return seen > 0 ? sum / seen : Number.NaN;
}

/** Mean of a signal's first values, as far as they are known at `row`. */
function startOf({ values, rows }: Signals, row: number, signal: number): number {
  let sum = 0;
  let seen = 0;
  for (let r = 0; r <= row && seen < START_ROWS; r++) {
    const x = values[signal * rows + r]!;
    if (x !== x) continue;
    sum += x;
    seen++;
  }
  return seen > 0 ? sum / seen : Number.NaN;
}
