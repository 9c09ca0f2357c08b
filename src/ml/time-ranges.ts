import { MlError } from './ml-error.ts';

/** Rows from `start` to `end` − 1. */
export type TimeRange = { readonly start: number; readonly end: number };

/** Runs of 1 in a series of 0 and 1, in order. Throws `ML_VALUE` on another value. O(n). */
export function rangesOf(labels: ArrayLike<number>): TimeRange[] {
  const ranges: TimeRange[] = [];
  let start = -1;
  for (let i = 0; i <= labels.length; i++) {
    const label = i < labels.length ? labels[i]! : 0;
    if (label !== 0 && label !== 1) throw new MlError('ML_VALUE', `label ${i} must be 0 or 1, got ${label}`);
    if (label === 1 && start < 0) start = i;
    if (label === 0 && start >= 0) {
      ranges.push({ start, end: i });
      start = -1;
    }
  }
  return ranges;
}

/** Throws `ML_VALUE` unless ranges are whole, not empty, in order and apart from each other. */
export function checkRanges(name: string, ranges: readonly TimeRange[]): void {
  let last = 0;
  for (const [index, { start, end }] of ranges.entries()) {
    if (!Number.isInteger(start) || !Number.isInteger(end) || start < last || end <= start) {
      throw new MlError('ML_VALUE', `${name} ${index} must be whole rows, not empty, after the one before`);
    }
    last = end;
  }
}
