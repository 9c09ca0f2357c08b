import type { Outcomes } from './stack.ts';
import { type Intervals } from './intervals.ts';

/** For each edge: log odds after = offset + slope × log odds before. */
export interface EdgeCalibration {
  readonly offset: Float64Array;
  readonly slope: Float64Array;
}

/** How many failures' worth of prior evidence stands against leaving the identity. */
const PRIOR = 5;
const MARGIN = 1e-9;
const MOST_STEPS = 50;
const MOST_HALVINGS = 30;
const CONVERGED = 1e-10;
/** A slope outside of this is a sign of too little data, not of a bad model. */
const SLOPES = [0.25, 4] as const;

const logit = (p: number): number => Math.log((p + MARGIN) / (1 - p + MARGIN));
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/** Rows of one edge: log odds before, whether the failure came by then, and how much each counts. */
interface EdgeRows {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly w: readonly number[];
}

/**
 * Fits a logistic curve through the log odds for each edge (Cox, 1958), drawn towards the identity, on rows that the members had
 * not learnt from. Their weights bring them to the population that will be asked for; all rows before one failure count together as
 * one, however many they are and whatever they stand for, since they are no more than one observation of what leads to a failure.
 */
export function fitCalibration(cumulative: Float64Array, outcomes: Outcomes, { edges }: Intervals): EdgeCalibration {
  const size = edges.length;
  const offset = new Float64Array(size);
  const slope = new Float64Array(size).fill(1);
  // What the rows before one failure count for together; from the last edge back, since by the first nothing may have failed yet.
  let unit = 1;
  for (let k = size - 1; k >= 0; k--) {
    const rows = edgeRows(cumulative, outcomes, { k, size, edge: edges[k]!, unit });
    unit = rows.unit;
    [offset[k], slope[k]] = fitEdge(rows);
  }
  return { offset, slope };
}

interface Edge {
  readonly k: number;
  readonly size: number;
  readonly edge: number;
  /** What a weight of 1 counts for where nothing failed by this edge. */
  readonly unit: number;
}

function edgeRows(
  cumulative: Float64Array,
  outcomes: Outcomes,
  { k, size, edge, unit }: Edge,
): EdgeRows & Pick<Edge, 'unit'> {
  const x: number[] = [];
  const y: number[] = [];
  const w: number[] = [];
  const failures = new Set<number>();
  let positive = 0;
  for (let row = 0; row < cumulative.length / size; row++) {
    const within = outcomes.time[row]! <= edge;
    // Lost from sight before the edge: what came is not known.
    if (within && !(outcomes.failed[row]! > 0)) continue;
    x.push(logit(cumulative[row * size + k]!));
    y.push(within ? 1 : 0);
    w.push(outcomes.weight[row]!);
    if (!within) continue;
    failures.add(outcomes.failure[row]!);
    positive += outcomes.weight[row]!;
  }
  const own = positive > 0 ? failures.size / positive : unit;
  return { x, y, w: w.map((weight) => weight * own), unit: own };
}

type Curve = readonly [offset: number, slope: number];

/** Offset and slope; at a bound of the slope the offset that goes with it. */
function fitEdge(rows: EdgeRows): Curve {
  const free = descend(rows, [0, 1], true);
  const slope = Math.max(SLOPES[0], Math.min(SLOPES[1], free[1]));
  return slope === free[1] ? free : descend(rows, [0, slope], false);
}

/**
 * Newton's method with step halving, so that no step makes it worse: without, a few heavy rows threw it to a curve that says 1 of
 * everything. `both` is false where the slope stands.
 */
function descend(rows: EdgeRows, from: Curve, both: boolean): Curve {
  let curve = from;
  let current = lossOf(rows, curve);
  for (let step = 0; step < MOST_STEPS; step++) {
    const [da, db] = newtonMove(rows, curve, both);
    let next = curve;
    let value = Infinity;
    for (let halving = 0, part = 1; halving < MOST_HALVINGS && !(value <= current); halving++, part /= 2) {
      next = [curve[0] - part * da, curve[1] - part * db];
      value = lossOf(rows, next);
    }
    if (!(value <= current)) break;
    const gain = current - value;
    [curve, current] = [next, value];
    if (gain <= CONVERGED * value) break;
  }
  return curve;
}

/** Of the prior: as many failures' worth of curvature about (0, 1). */
function lossOf({ x, y, w }: EdgeRows, [a, b]: Curve): number {
  let sum = (PRIOR * (0.25 * a * a + (b - 1) ** 2)) / 2;
  for (let i = 0; i < x.length; i++) {
    const z = a + b * x[i]!;
    sum += w[i]! * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y[i]! * z);
  }
  return sum;
}

function newtonMove({ x, y, w }: EdgeRows, [a, b]: Curve, both: boolean): readonly [number, number] {
  let [ga, gb] = [PRIOR * a * 0.25, PRIOR * (b - 1)];
  let [haa, hab, hbb] = [PRIOR * 0.25, 0, PRIOR];
  for (let i = 0; i < x.length; i++) {
    const p = sigmoid(a + b * x[i]!);
    const g = w[i]! * (p - y[i]!);
    const h = w[i]! * p * (1 - p);
    ga += g;
    gb += g * x[i]!;
    haa += h;
    hab += h * x[i]!;
    hbb += h * x[i]! * x[i]!;
  }
  if (!both) return [ga / haa, 0];
  const determinant = haa * hbb - hab * hab;
  return [(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant];
}

/** Applies the curves in place; an edge never says less than the one before it. */
export function calibrate({ offset, slope }: EdgeCalibration, cumulative: Float64Array): Float64Array {
  const size = offset.length;
  for (let at = 0; at < cumulative.length; at += size) {
    let least = 0;
    for (let k = 0; k < size; k++) {
      least = Math.max(least, sigmoid(offset[k]! + slope[k]! * logit(cumulative[at + k]!)));
      cumulative[at + k] = least;
    }
  }
  return cumulative;
}
