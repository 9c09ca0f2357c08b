import type { EntityHistory, PastFailure } from '../../model/predictor.ts';

/** What a row can teach. */
export interface RowLabel {
  /** Time to the next failure, or for how long after the row none was seen; NaN where the row teaches nothing. */
  readonly time: Float64Array;
  /** 1 where the time is that of a failure. */
  readonly failed: Uint8Array;
  /** Index of that failure among the entity's, -1 without one. */
  readonly failure: Int32Array;
}

/**
 * Time to the next failure of every row of an entity. A failure at a row's own time lies behind it. A row is right-censored where
 * observation ends, and where somebody acted next, be it on another row: the entity's own course ends there for all rows before; rows outside of observation, in the quiet period after a failure, and with
 * no time left to look at teach nothing. O(rows + failures).
 */
export function labelRows(history: EntityHistory, quiet: number): RowLabel {
  const { times, failures } = history;
  const rows = times.length;
  const time = new Float64Array(rows).fill(Number.NaN);
  const failed = new Uint8Array(rows);
  const failure = new Int32Array(rows).fill(-1);
  const actions = actionsOf(history.actedAt);
  let next = 0;
  let action = 0;
  for (let row = 0; row < rows; row++) {
    const now = times[row]!;
    while (actions[action]! < now) action++;
    while (next < failures.length && failures[next]!.time <= now) next++;
    if (now < history.observedFrom || isQuiet(failures[next - 1], now, quiet)) continue;
    const coming = failures[next]?.time ?? Infinity;
    const sight = Math.min(history.observedTo, actions[action]!);
    // What happens at the very end of sight was still seen.
    const seen = coming <= sight;
    const ahead = Math.min(coming, sight) - now;
    if (!(ahead > 0)) continue;
    time[row] = ahead;
    failed[row] = Number(seen);
    if (seen) failure[row] = next;
  }
  return { time, failed, failure };
}

const isQuiet = (last: PastFailure | undefined, now: number, quiet: number): boolean =>
  last !== undefined && quiet > 0 && now < last.time + quiet;

/** Times at which somebody acted, rising, and the end of all time. */
const actionsOf = (actedAt: Float64Array | undefined): number[] =>
  [...(actedAt ?? []), Infinity].filter((time) => !Number.isNaN(time)).sort((a, b) => a - b);
