/** The usual values of one column. */
export interface ColumnProfile {
  readonly median: number;
  /** 5 % of values lie below, and above. */
  readonly low: number;
  readonly high: number;
  /** Share of values that are missing, 0 to 1. */
  readonly missing: number;
}

const at = (sorted: Float64Array, q: number): number => {
  const place = q * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (high - low) * (place - below);
};

const EDGE = 0.05;

/** Median and the 5th and 95th percentile of the finite values of all parts; null when there is none. O(n log n). */
export function columnProfile(parts: readonly Float32Array[]): ColumnProfile | null {
  const all = parts.reduce((sum, part) => sum + part.length, 0);
  const sorted = Float64Array.from(parts.flatMap((part) => [...part].filter(Number.isFinite))).sort();
  if (sorted.length === 0) return null;
  return {
    median: at(sorted, 0.5),
    low: at(sorted, EDGE),
    high: at(sorted, 1 - EDGE),
    missing: 1 - sorted.length / all,
  };
}
