import { type Intervals, intervalAt, positionOf } from './intervals.ts';
import { coarseEnds } from './members.ts';
import type { TrainingRows } from './training-rows.ts';

/** Position of what came after a row, capped where the largest horizon ends; NaN where it was censored before. */
export function knownPosition(rows: TrainingRows, at: number, intervals: Intervals): number {
  const time = rows.time[at]!;
  if (time >= intervals.cap) return positionOf(intervals, intervals.cap);
  return rows.failed[at] === 1 ? positionOf(intervals, time) : Number.NaN;
}

/** Whole intervals survived. One that sight was lost in counts when at least half of it was seen (Gensheimer and Narasimhan). */
export function survivedOf(edges: Float64Array, time: number, failed: number): number {
  const k = intervalAt(edges, time);
  if (k === edges.length || failed === 1) return k;
  const from = k > 0 ? edges[k - 1]! : 0;
  return time - from >= (edges[k]! - from) / 2 ? k + 1 : k;
}

/** What boosted hazards learn of some rows: ends of the coarse intervals, and for each row how far it came and how much it counts. */
export function hazardRows(rows: TrainingRows, picked: Int32Array, intervals: Intervals) {
  const ends = Float64Array.from(coarseEnds(intervals), (k) => intervals.edges[k]!);
  return {
    ends,
    survived: Int32Array.from(picked, (i) => survivedOf(ends, rows.time[i]!, rows.failed[i]!)),
    event: Uint8Array.from(picked, (i) => (rows.failed[i] === 1 && rows.time[i]! <= ends.at(-1)! ? 1 : 0)),
    weights: Float64Array.from(picked, (i) => rows.lean[i]!),
  };
}
