/** Fewest intervals that hazards are learnt on, where horizons alone would give less. */
const LEAST_INTERVALS = 12;
/** Most, so that a long list of horizons does not thin out what each interval has seen. */
const MOST_INTERVALS = 40;
/** The models look on beyond the largest horizon, by these factors: what fails soon after differs from what does not fail. */
const BEYOND = [1.25, 1.5, 2, 3] as const;

/** Time ahead cut into intervals: from 0 to `edges[0]`, and so on. Positions count intervals: 1.5 is the middle of the second. */
export interface Intervals {
  /** Rising, above 0. */
  readonly edges: Float64Array;
  /** Index into `edges` of each horizon. */
  readonly atHorizon: Int32Array;
  /** The largest horizon, where the expected time is capped. */
  readonly cap: number;
}

/** Edges that hold every horizon, each stretch between two of them cut at least once, and a stretch beyond the last. */
export function intervalsOf(horizons: readonly number[]): Intervals {
  const cap = horizons.at(-1)!;
  const edges = new Set<number>(horizons);
  let from = 0;
  for (const horizon of horizons) {
    if (edges.size < MOST_INTERVALS - 1) edges.add(between(from, horizon));
    from = horizon;
  }
  for (const factor of BEYOND) edges.add(factor * cap);
  while (edges.size < LEAST_INTERVALS) edges.add(widestCut([...edges].sort((a, b) => a - b)));
  const sorted = Float64Array.from(edges).sort();
  return { edges: sorted, atHorizon: Int32Array.from(horizons, (horizon) => sorted.indexOf(horizon)), cap };
}

/** Horizons on a logarithmic scale (15 minutes, 1 hour, 6 hours) are cut on that scale, the others in the middle. */
const between = (from: number, to: number): number =>
  from > 0 && to / from > 3 ? Math.sqrt(from * to) : (from + to) / 2;

/** A cut through the interval with the largest share of the time up to its end. */
function widestCut(edges: readonly number[]): number {
  let widest = 0;
  let at = 0;
  for (const [i, edge] of edges.entries()) {
    const share = i === 0 ? 0.75 : 1 - edges[i - 1]! / edge;
    if (share > widest) [widest, at] = [share, i];
  }
  return between(edges[at - 1] ?? 0, edges[at]!);
}

/** Where a time ahead stands, in intervals: linear inside each, `edges.length` from the last edge on. */
export function positionOf({ edges }: Intervals, time: number): number {
  const k = intervalAt(edges, time);
  if (k === edges.length) return k;
  const from = k > 0 ? edges[k - 1]! : 0;
  return k + (time - from) / (edges[k]! - from);
}

/** The interval that a time ahead falls into, its end included; `edges.length` beyond the last. */
export function intervalAt(edges: Float64Array, time: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Expected time and 80 % interval of one row, capped at the largest horizon, from the chance of a failure by each edge; inside
 * an interval the chance rises evenly. Answers [expected, low, high].
 */
export function remainingOf({ edges, cap }: Intervals, cumulative: Float64Array, at: number): [number, number, number] {
  let expected = 0;
  let before = 0;
  let from = 0;
  let low = cap;
  let high = cap;
  for (let k = 0; k < edges.length && from < cap; k++) {
    const edge = edges[k]!;
    const chance = cumulative[at + k]!;
    expected += (edge - from) * (1 - (before + chance) / 2);
    const reach = (level: number): number =>
      Math.min(cap, from + ((edge - from) * (level - before)) / (chance - before));
    if (before < 0.1 && chance >= 0.1) low = reach(0.1);
    if (before < 0.9 && chance >= 0.9) high = reach(0.9);
    before = chance;
    from = edge;
  }
  return [Math.min(cap, expected), low, high];
}
