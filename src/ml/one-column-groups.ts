/** Values that the exact search looks at: quantiles at even ranks. */
const QUANTILES = 300;
/**
 * Variance left inside k groups, times k², over the whole variance: 1 for values spread evenly, 1.45 for two halves of a normal
 * distribution. Below this the values stand in groups apart.
 */
const APART = 0.4;
/** A cut must be so many times wider than any step inside a group: levels of one rounded quantity are no groups. */
const WIDER = 3;
/** A group with less of the values is a tail. */
const LEAST_SHARE = 0.02;

/**
 * Where the values of one column are cut into groups that stand apart, rising; undefined where they do not. The cuts are those of
 * the exact k-means of one dimension (Wang and Song, 2011) on quantiles, k the one whose groups stand apart most.
 * NaN is passed over. O(groups × 300²).
 */
export function groupOneColumn(values: Float64Array, mostGroups: number): number[] | undefined {
  const sorted = values.filter((x) => Number.isFinite(x)).sort();
  if (sorted.length < values.length / 2 || sorted.length < 20) return undefined;
  const count = Math.min(QUANTILES, sorted.length);
  const points = Float64Array.from(
    { length: count },
    (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / count)]!,
  );
  const cost = costOf(points);
  const whole = cost(0, count);
  if (!(whole > 0)) return undefined;
  let least = Infinity;
  let best: number[] | undefined;
  const table = partitions(count, mostGroups, cost);
  for (let groups = 2; groups <= mostGroups; groups++) {
    const { total, starts } = table[groups - 1]!;
    const apart = (total / whole) * groups * groups;
    const bounds = [...starts, count];
    const large = starts.every((start, g) => bounds[g + 1]! - start >= LEAST_SHARE * count);
    // A further group must pay: exact levels leave nothing inside, and one more only cuts a level's noise.
    if (!large || apart >= (best === undefined ? APART : least / 2) || !standApart(points, starts)) continue;
    least = apart;
    best = starts.slice(1).map((start) => (points[start - 1]! + points[start]!) / 2);
  }
  return best;
}

/** Whether the narrowest cut is far wider than the widest step between neighbours inside a group. */
function standApart(points: Float64Array, starts: readonly number[]): boolean {
  let narrowest = Infinity;
  let widest = 0;
  for (let i = 1; i < points.length; i++) {
    const gap = points[i]! - points[i - 1]!;
    if (starts.includes(i)) narrowest = Math.min(narrowest, gap);
    else widest = Math.max(widest, gap);
  }
  return narrowest > WIDER * widest;
}

/** Sum of squares about the mean of points[from … to - 1], from prefix sums about the middle point. */
function costOf(points: Float64Array): (from: number, to: number) => number {
  const middle = points[points.length >> 1]!;
  const sums = new Float64Array(points.length + 1);
  const squares = new Float64Array(points.length + 1);
  for (let i = 0; i < points.length; i++) {
    const x = points[i]! - middle;
    sums[i + 1] = sums[i]! + x;
    squares[i + 1] = squares[i]! + x * x;
  }
  return (from, to) => {
    const sum = sums[to]! - sums[from]!;
    return Math.max(0, squares[to]! - squares[from]! - (sum * sum) / (to - from));
  };
}

type Partition = { readonly total: number; readonly starts: readonly number[] };

/** The best partition into 1, 2, … groups by dynamic programming. */
function partitions(count: number, most: number, cost: (from: number, to: number) => number): Partition[] {
  let totals = Float64Array.from({ length: count + 1 }, (_, to) => (to > 0 ? cost(0, to) : 0));
  const froms: Int32Array[] = [new Int32Array(count + 1)];
  const found: Partition[] = [{ total: totals[count]!, starts: [0] }];
  for (let groups = 2; groups <= most; groups++) {
    const next = new Float64Array(count + 1).fill(Infinity);
    const from = new Int32Array(count + 1);
    for (let to = groups; to <= count; to++) {
      for (let start = groups - 1; start < to; start++) {
        const total = totals[start]! + cost(start, to);
        if (total < next[to]!) [next[to], from[to]] = [total, start];
      }
    }
    froms.push(from);
    totals = next;
    found.push({ total: next[count]!, starts: startsOf(froms, count) });
  }
  return found;
}

function startsOf(froms: readonly Int32Array[], count: number): number[] {
  const starts: number[] = [];
  let to = count;
  for (let groups = froms.length; groups > 0; groups--) {
    to = froms[groups - 1]![to]!;
    starts.unshift(to);
  }
  return starts;
}
