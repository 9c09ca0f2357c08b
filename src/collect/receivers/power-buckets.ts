/**
 * Native histograms of Prometheus and exponential ones of OpenTelemetry have buckets whose bounds are powers of
 * 2^(2^-schema). They become classic buckets, so that one path makes quantiles of all histograms. Bounds must not move
 * from time to time, as each bucket is a series with a rate of its own: everything is brought to one resolution.
 */

/** Two bounds for each doubling: a quantile is off by a fifth at most, and milliseconds to hours need 44 buckets. */
const SCHEMA = 1;
/** Most buckets of one histogram; what lies outside is counted in the outermost. */
const MAX_BUCKETS = 160;

/** Counts of the buckets with index `offset`, `offset` + 1, …; index i holds values in (base^i, base^(i+1)]. */
export interface PowerBuckets {
  readonly schema: number;
  readonly offset: number;
  readonly counts: readonly number[];
}

/** The upper bound of a bucket as it stands in the label `le`. */
const bound = (index: number, schema: number): number => 2 ** ((index + 1) * 2 ** -schema);

/**
 * Classic buckets, cumulative, from the lowest bound: those for positive values, with all that is below them (zero and
 * negative values) in the first. The bucket of everything (`+Inf`) is not among them.
 */
export function toClassicBuckets(
  { schema, offset, counts }: PowerBuckets,
  below: number,
): readonly { readonly le: number; readonly count: number }[] {
  const coarse = Math.min(schema, SCHEMA);
  const shift = schema - coarse;
  const merged = new Map<number, number>();
  counts.forEach((count, i) => {
    if (count <= 0) return;
    const index = Math.floor((offset + i) / 2 ** shift);
    merged.set(index, (merged.get(index) ?? 0) + count);
  });
  const indexes = [...merged.keys()].sort((a, b) => a - b);
  const classic: { le: number; count: number }[] = [];
  const add = (index: number, count: number): void => {
    const le = bound(index, coarse);
    // Beyond what a double can say there are no bounds; what lies there is in the next bucket, or in that of everything.
    if (le > (classic.at(-1)?.le ?? 0) && le < Infinity) classic.push({ le, count });
  };
  let total = below;
  // The bound under the lowest bucket is told too: what is interpolated between bounds begins there.
  if (indexes.length > 0) add(indexes[0]! - 1, total);
  for (const index of indexes.slice(0, MAX_BUCKETS)) {
    total += merged.get(index)!;
    add(index, total);
  }
  return classic;
}
