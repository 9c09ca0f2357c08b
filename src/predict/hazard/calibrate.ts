import type { Outcomes } from './stack.ts';
import { type Intervals } from './intervals.ts';

/** For each edge: log odds after = offset + slope × log odds before. */
export interface EdgeCalibration {
  readonly offset: Float64Array;
  readonly slope: Float64Array;
}

/** How many rows of prior evidence stand against leaving the identity. */
const PRIOR = 5;
const MARGIN = 1e-9;
const MOST_STEPS = 25;
/** A slope outside of this is a sign of too little data, not of a bad model. */
const SLOPES = [0.25, 4] as const;

const logit = (p: number): number => Math.log((p + MARGIN) / (1 - p + MARGIN));
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

/**
 * Fits a logistic curve through the log odds for each edge (Cox, 1958), drawn towards the identity, on rows that the members had
 * not learnt from. Their weights bring them to the population that will be asked for.
 */
export function fitCalibration(cumulative: Float64Array, outcomes: Outcomes, { edges }: Intervals): EdgeCalibration {
  const size = edges.length;
  const offset = new Float64Array(size);
  const slope = new Float64Array(size).fill(1);
  const rows = cumulative.length / size;
  for (let k = 0; k < size; k++) {
    const x: number[] = [];
    const y: number[] = [];
    const w: number[] = [];
    for (let row = 0; row < rows; row++) {
      const within = outcomes.time[row]! <= edges[k]!;
      // Lost from sight before the edge: what came is not known.
      if (within && !(outcomes.failed[row]! > 0)) continue;
      x.push(logit(cumulative[row * size + k]!));
      y.push(within ? 1 : 0);
      w.push(outcomes.weight[row]!);
    }
    [offset[k], slope[k]] = fitEdge(x, y, w);
  }
  return { offset, slope };
}

/** Offset and slope by Newton's method. */
function fitEdge(x: readonly number[], y: readonly number[], w: readonly number[]): [number, number] {
  let [a, b] = [0, 1];
  for (let step = 0; step < MOST_STEPS; step++) {
    // The prior: as many rows' worth of curvature about (0, 1).
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
    const determinant = haa * hbb - hab * hab;
    // Small steps keep the far start of a bad model from overshooting.
    const limit = (move: number): number => Math.max(-2, Math.min(2, move));
    const [da, db] = [limit((hbb * ga - hab * gb) / determinant), limit((haa * gb - hab * ga) / determinant)];
    if (!Number.isFinite(da) || !Number.isFinite(db)) return [0, 1];
    a -= da;
    b = Math.max(SLOPES[0], Math.min(SLOPES[1], b - db));
    if (Math.abs(da) + Math.abs(db) < 1e-9) break;
  }
  return [a, b];
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
