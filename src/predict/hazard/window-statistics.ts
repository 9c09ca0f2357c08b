import type { Signals } from './signals.ts';

/** Rows of a window that are looked at; a longer one is read at even strides. */
const MOST_ROWS = 64;
/** Rows that an entity's own start is taken from. */
export const START_ROWS = 10;

/** What a window says of one signal. */
export interface WindowStatistics {
  readonly mean: Float64Array;
  /** By step of time; NaN with less than three values. */
  readonly slope: Float64Array;
  readonly deviation: Float64Array;
  /** Share of the rows in which it was missing. */
  readonly missing: Float64Array;
}

export function createStatistics(width: number): WindowStatistics {
  const array = (): Float64Array => new Float64Array(width);
  return { mean: array(), slope: array(), deviation: array(), missing: array() };
}

/** First row later than `time`. */
export function firstAfter(times: Float64Array, time: number, end: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface Stretch {
  /** The last row of the window. */
  readonly row: number;
  /** Length back from that row, in the unit of time. */
  readonly length: number;
  readonly step: number;
}

/** Times of the rows of a window, newest first, in steps before the newest: the same for all of its signals. */
const ages = new Float64Array(MOST_ROWS + 1);

/** Signals that something is asked of: all statistics, or the mean and what is missing alone. */
export interface WantedSignals {
  readonly all: Int32Array;
  readonly means: Int32Array;
}

/** Statistics of the wanted signals over the rows in (time - length, time]. O(min(rows, 64) × wanted). */
export function windowStatistics(
  signals: Signals,
  { row, length, step }: Stretch,
  out: WindowStatistics,
  { all: wanted, means }: WantedSignals,
): void {
  const { times, values, rows } = signals;
  const now = times[row]!;
  const first = Math.min(row, firstAfter(times, now - length, row));
  const stride = Math.ceil((row - first + 1) / MOST_ROWS);
  let all = 0;
  for (let r = row; r >= first; r -= stride) ages[all++] = (times[r]! - now) / step;
  for (let i = 0; i < wanted.length; i++) {
    const s = wanted[i]!;
    let n = 0;
    // Not taken from a list: that would make one for each signal.
    let sum = 0;
    let squares = 0;
    let sumT = 0;
    let squaresT = 0;
    let cross = 0;
    for (let k = 0, at = s * rows + row; k < all; k++, at -= stride) {
      const x = values[at]!;
      if (x !== x) continue;
      const t = ages[k]!;
      n++;
      sum += x;
      squares += x * x;
      sumT += t;
      squaresT += t * t;
      cross += x * t;
    }
    const spreadT = squaresT - (sumT * sumT) / n;
    out.mean[s] = n > 0 ? sum / n : Number.NaN;
    out.slope[s] = n > 2 && spreadT > 0 ? (cross - (sum * sumT) / n) / spreadT : Number.NaN;
    out.deviation[s] = n > 1 ? Math.sqrt(Math.max(0, squares - (sum * sum) / n) / (n - 1)) : Number.NaN;
    out.missing[s] = 1 - n / all;
  }
  meansOf(signals, { row, stride, all }, out, means);
}

/** Means, and what is missing, of every so many rows back from one. */
function meansOf(
  { values, rows }: Signals,
  { row, stride, all }: { readonly row: number; readonly stride: number; readonly all: number },
  out: WindowStatistics,
  wanted: Int32Array,
): void {
  for (let i = 0; i < wanted.length; i++) {
    const s = wanted[i]!;
    let n = 0;
    let sum = 0;
    for (let k = 0, at = s * rows + row; k < all; k++, at -= stride) {
      const x = values[at]!;
      if (x !== x) continue;
      n++;
      sum += x;
    }
    out.mean[s] = n > 0 ? sum / n : Number.NaN;
    out.missing[s] = 1 - n / all;
  }
}

/** Times of the rows that running sums take next, in steps since the first row: the same for all signals. */
let ticks = new Float64Array(0);

/** Running sums from an entity's first row on: its own start, mean, deviation and slope since then. */
export class SinceStart {
  private readonly step: number;
  private readonly wanted: Int32Array;
  /** Of each signal: values seen, sums of them, of their squares, of times, of squared times and of products. */
  private readonly count: Float64Array;
  private readonly sum: Float64Array;
  private readonly squares: Float64Array;
  private readonly sumT: Float64Array;
  private readonly squaresT: Float64Array;
  private readonly cross: Float64Array;
  /** Mean of the first values, as far as they were seen. */
  private readonly first: Float64Array;
  private signals: Signals | undefined;
  private next = 0;

  /** Of the wanted among the signals; nothing is known of the others. */
  constructor(width: number, step: number, wanted: Int32Array) {
    const array = (): Float64Array => new Float64Array(width);
    this.step = step;
    this.wanted = wanted;
    [this.count, this.sum, this.sumT, this.squaresT] = [array(), array(), array(), array()];
    [this.cross, this.first, this.squares] = [array(), array(), array()];
  }

  /** Starts with the first row of another entity. */
  begin(signals: Signals): void {
    this.signals = signals;
    this.next = 0;
    for (const sums of [this.count, this.sum, this.squares, this.sumT, this.squaresT, this.cross]) sums.fill(0);
    this.first.fill(Number.NaN);
  }

  /** Takes rows up to and including `row`, those passed over too; rows must be asked for in rising order. */
  advance(row: number): void {
    const { wanted, next } = this;
    if (row < next) return;
    const { times } = this.signals!;
    if (ticks.length <= row - next) ticks = new Float64Array(2 * (row - next + 1));
    for (let r = next; r <= row; r++) ticks[r - next] = (times[r]! - times[0]!) / this.step;
    for (let i = 0; i < wanted.length; i++) this.take(wanted[i]!, row);
    this.next = row + 1;
  }

  /** One signal of the rows up to `row`. */
  private take(s: number, row: number): void {
    const { values, rows } = this.signals!;
    const { next } = this;
    let count = this.count[s]!;
    let sum = this.sum[s]!;
    let squares = this.squares[s]!;
    let sumT = this.sumT[s]!;
    let squaresT = this.squaresT[s]!;
    let cross = this.cross[s]!;
    for (let r = next, at = s * rows + next; r <= row; r++, at++) {
      const x = values[at]!;
      if (x !== x) continue;
      const t = ticks[r - next]!;
      count++;
      sum += x;
      squares += x * x;
      sumT += t;
      squaresT += t * t;
      cross += x * t;
      if (count <= START_ROWS) this.first[s] = sum / count;
    }
    this.count[s] = count;
    this.sum[s] = sum;
    this.squares[s] = squares;
    this.sumT[s] = sumT;
    this.squaresT[s] = squaresT;
    this.cross[s] = cross;
  }

  start(s: number): number {
    return this.first[s]!;
  }

  mean(s: number): number {
    return this.sum[s]! / this.count[s]!;
  }

  /** NaN where nothing has moved yet. */
  deviation(s: number): number {
    const n = this.count[s]!;
    const spread = this.squares[s]! - this.sum[s]! ** 2 / n;
    // What rounding leaves of a constant is no spread.
    return n > START_ROWS && spread > 1e-9 * this.squares[s]! ? Math.sqrt(spread / (n - 1)) : Number.NaN;
  }

  slope(s: number): number {
    const n = this.count[s]!;
    const spread = this.squaresT[s]! - this.sumT[s]! ** 2 / n;
    return n > 2 && spread > 0 ? (this.cross[s]! - (this.sum[s]! * this.sumT[s]!) / n) / spread : Number.NaN;
  }
}
