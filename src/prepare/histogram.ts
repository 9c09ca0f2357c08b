/**
 * Quantile of a classic histogram by linear interpolation inside a bucket, as Prometheus does it. `uppers` ascend and
 * end in +Inf, `counts[i]` is the increase of the cumulative bucket `uppers[i]`. NaN without observations or without
 * the +Inf bucket; the highest finite bound when the quantile lies beyond it. Counts that fall, because buckets were
 * read at different moments, are raised to the one before.
 */
export function bucketQuantile(q: number, uppers: readonly number[], counts: readonly number[]): number {
  const n = uppers.length;
  if (n < 2 || uppers[n - 1] !== Number.POSITIVE_INFINITY) return Number.NaN;
  const total = counts.reduce((highest, count) => Math.max(highest, count), 0);
  if (!(total > 0)) return Number.NaN;
  const rank = q * total;
  let below = 0;
  for (let i = 0; i < n; i++) {
    const upTo = Math.max(below, counts[i]!);
    if (upTo >= rank && upTo > below) return inBucket(uppers, i, (rank - below) / (upTo - below));
    below = upTo;
  }
  return uppers[n - 2]!;
}

function inBucket(uppers: readonly number[], i: number, share: number): number {
  const upper = uppers[i]!;
  if (upper === Number.POSITIVE_INFINITY) return uppers[i - 1]!;
  // The lowest bucket begins at 0, unless it holds negative values, when nothing better is known than its bound.
  const lower = i > 0 ? uppers[i - 1]! : Math.min(0, upper);
  return lower + (upper - lower) * share;
}
