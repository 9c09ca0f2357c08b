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
function firstAfter(times: Float64Array, time: number, end: number): number {
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

/** Statistics of every signal over the rows in (time - length, time]. O(min(rows, 64) × width). */
export function windowStatistics(signals: Signals, { row, length, step }: Stretch, out: WindowStatistics): void {
  const { times, values, width } = signals;
  const now = times[row]!;
  const first = Math.min(row, firstAfter(times, now - length, row));
  const stride = Math.ceil((row - first + 1) / MOST_ROWS);
  for (let s = 0; s < width; s++) {
    let n = 0;
    let all = 0;
    let [sum, squares, sumT, squaresT, cross] = [0, 0, 0, 0, 0];
    for (let r = row; r >= first; r -= stride) {
      all++;
      const x = values[r * width + s]!;
      if (x !== x) continue;
      const t = (times[r]! - now) / step;
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
}

/** Running sums from an entity's first row on: its own start, mean and slope since then. */
export class SinceStart {
  private readonly signals: Signals;
  private readonly step: number;
  private readonly sums: Float64Array;
  private next = 0;

  constructor(signals: Signals, step: number) {
    this.signals = signals;
    this.step = step;
    // Of each signal: values seen, their sum, sum of times, of squared times, of products; start values seen and their sum.
    this.sums = new Float64Array(7 * signals.width);
  }

  /** Takes rows up to and including `row`; rows must be asked for in rising order. */
  advance(row: number): void {
    const { values, times, width } = this.signals;
    const { sums } = this;
    for (; this.next <= row; this.next++) {
      const t = (times[this.next]! - times[0]!) / this.step;
      for (let s = 0; s < width; s++) {
        const x = values[this.next * width + s]!;
        if (x !== x) continue;
        const at = 7 * s;
        sums[at]! += 1;
        sums[at + 1]! += x;
        sums[at + 2]! += t;
        sums[at + 3]! += t * t;
        sums[at + 4]! += x * t;
        if (sums[at + 5]! >= START_ROWS) continue;
        sums[at + 5]! += 1;
        sums[at + 6]! += x;
      }
    }
  }

  start(s: number): number {
    return this.sums[7 * s + 6]! / this.sums[7 * s + 5]!;
  }

  mean(s: number): number {
    return this.sums[7 * s + 1]! / this.sums[7 * s]!;
  }

  slope(s: number): number {
    const { sums } = this;
    const at = 7 * s;
    const n = sums[at]!;
    const spread = sums[at + 3]! - sums[at + 2]! ** 2 / n;
    return n > 2 && spread > 0 ? (sums[at + 4]! - (sums[at + 1]! * sums[at + 2]!) / n) / spread : Number.NaN;
  }
}
