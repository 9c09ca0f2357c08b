import { type BudgetLine, wholeLine } from '../../model/alert.ts';

/**
 * So much of the time the ceiling may turn alerts away: one day in twenty. Alerts come in clusters, so for it never to do so
 * half of the budget would have to stay unused on all other days, and more that is true would be lost by that.
 */
const CLOSED_SHARE = 0.05;

/** What the ceiling does to alerts that come at these times, in order: first come, first served. */
interface UnderCeiling {
  /** Those that are turned away, by their place. */
  readonly refused: readonly number[];
  /** For how long nothing more got through, in stretches in which something was turned away, ms. */
  readonly closedMs: number;
}

export function underCeiling(times: readonly number[], line: BudgetLine): UnderCeiling {
  const { count, windowMs } = wholeLine(line);
  if (count === 0) return { refused: [...times.keys()], closedMs: times.length > 0 ? Number.POSITIVE_INFINITY : 0 };
  const granted: number[] = [];
  const refused: number[] = [];
  let closedMs = 0;
  let counted = Number.NaN;
  times.forEach((time, place) => {
    const opens = granted.length < count ? Number.NEGATIVE_INFINITY : granted.at(-count)! + windowMs;
    if (opens <= time) {
      granted.push(time);
      return;
    }
    refused.push(place);
    // It has been closed since the last one got through, and opens when the first of so many is a window ago.
    if (counted !== opens) closedMs += opens - granted.at(-1)!;
    counted = opens;
  });
  return { refused, closedMs };
}

/**
 * Whether a budget has room for alerts at these times, in order. What is told is then the strongest that there was, but for
 * one moment in twenty, for what is true comes at any time. A pot that is only just empty has turned nothing away.
 */
export const hasRoom = (
  times: readonly number[],
  line: BudgetLine,
  { from, to }: { readonly from: number; readonly to: number },
): boolean => underCeiling(times, line).closedMs <= CLOSED_SHARE * (to - from);
