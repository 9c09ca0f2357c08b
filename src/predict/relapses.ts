import type { Past } from './headroom-history.ts';

/** A recovery is a gain of at least this share of what had been lost since the last high. */
const RECOVERED = 0.3;
/** A fall counts only when it took at least this share of the limit: noise is not a tooth. */
const LEAST_FALL = 0.02;

/**
 * Counts how often the quantity fell about as far as now, or further, and then recovered by itself: the teeth of a saw
 * (log rotation, garbage collection, clean-up jobs). `size` is the limit's own size in the same unit. O(n).
 */
export function countRecoveries(past: Past, size: number): number {
  const now = past.values[past.count - 1] ?? Number.NaN;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let recoveries = 0;
  for (let i = 0; i < past.count; i++) {
    const value = past.values[i] ?? Number.NaN;
    if (value > high && low === Number.POSITIVE_INFINITY) high = value;
    if (value < low && high - value >= LEAST_FALL * size) low = value;
    const lost = high - low;
    if (low < Number.POSITIVE_INFINITY && value - low >= RECOVERED * lost) {
      // A tooth that ended far above where we are now says nothing about what happens here.
      if (low <= now + 0.1 * lost) recoveries += 1;
      high = value;
      low = Number.POSITIVE_INFINITY;
    }
  }
  return recoveries;
}
