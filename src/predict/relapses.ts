import type { Past } from './headroom-history.ts';

/** A recovery is a gain of at least this share of what had been lost since the last high. */
const RECOVERED = 0.3;
/** A fall counts only when it took at least this share of the limit, and so many times the scatter: noise is not a tooth. */
const LEAST_FALL = { share: 0.02, scatters: 6 } as const;
/** A fall that left no more than this share of the limit came to its end: what followed was no recovery by itself. */
const ENDED = 0.02;

/** How falls as far as now have gone on before. */
export interface Falls {
  /** It recovered by itself: the teeth of a saw (log rotation, garbage collection, clean-up jobs). */
  readonly recovered: number;
  /** It went on to the limit. */
  readonly ended: number;
}

/**
 * Counts the falls to about as far as now, or further, by how they went on. `size` is the limit's own size, `scatter` the
 * deviation of single values, in the same unit. O(n).
 */
export function countFalls(past: Past, size: number, scatter: number): Falls {
  const least = Math.max(LEAST_FALL.share * size, LEAST_FALL.scatters * scatter);
  const now = past.values[past.count - 1] ?? Number.NaN;
  let high = Number.NEGATIVE_INFINITY;
  let low = Number.POSITIVE_INFINITY;
  let recovered = 0;
  let ended = 0;
  for (let i = 0; i < past.count; i++) {
    const value = past.values[i] ?? Number.NaN;
    if (value > high && low === Number.POSITIVE_INFINITY) high = value;
    if (value < low && high - value >= least) low = value;
    const lost = high - low;
    if (low < Number.POSITIVE_INFINITY && value - low >= RECOVERED * lost) {
      // A tooth that ended far above where we are now says nothing about what happens here.
      if (low <= ENDED * size) ended += 1;
      else if (low <= now + 0.1 * lost) recovered += 1;
      high = value;
      low = Number.POSITIVE_INFINITY;
    }
  }
  return { recovered, ended };
}
