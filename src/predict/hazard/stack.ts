import { choleskyFactor, solveLower, solveLowerTransposed } from '../../ml/cholesky.ts';
import { type Intervals, intervalAt, positionOf } from './intervals.ts';
import { type Answers, coarseEnds } from './members.ts';

/**
 * Joins members into one distribution of the time to failure. A weighted sum of their positions says where the failure is
 * expected; a small logistic model of hazards, on how far each interval is from there and on what the members with hazards
 * say of it, says how surely. Fitted on answers to rows that the members had not learnt from, it is calibrated by construction,
 * and as a model of hazards its probabilities grow with the horizon.
 */
export interface Stack {
  /** The position is a constant, first in here, and so much of each member's. */
  readonly shares: Float64Array;
  /** Usual error of the mean position, in intervals. */
  readonly spread: number;
  readonly theta: Float64Array;
}

/** What came of the rows that were answered. */
export interface Outcomes {
  readonly time: ArrayLike<number>;
  readonly failed: ArrayLike<number>;
  /** Which failure it was, by a number of its own; -1 without one. */
  readonly failure: ArrayLike<number>;
  readonly weight: ArrayLike<number>;
}

/** Distances, in usual errors, at which the log odds of failing may bend. */
const BENDS = [-2, -1, -0.5, 0, 0.5, 1, 2] as const;
const FAR = 4;
/** A constant, distance, level, interval and its square, distance by level, log odds of the position, the first two intervals, bends. */
const OWN_COLUMNS = BENDS.length + 9;
const RIDGE = 1;
const SHARE_RIDGE = 0.05;
const MOST_STEPS = 30;
const MARGIN = 1e-6;

/** Fits weights and hazards. Rows that were censored within an interval count up to the one before. */
export function fitStack(answers: Answers, outcomes: Outcomes, intervals: Intervals): Stack {
  const shares = fitShares(answers, outcomes, intervals);
  const spread = Math.max(0.05, errorOf(answers, outcomes, intervals, shares));
  const blank = { shares, spread, theta: new Float64Array(OWN_COLUMNS + 2 * answers.hazards.length) };
  return { ...blank, theta: newton(blank, answers, outcomes, intervals) };
}

/** Chance of a failure by each edge: count × intervals. */
export function stackAnswers(stack: Stack, answers: Answers, intervals: Intervals): Float64Array {
  const place = placeIn(intervals);
  const { size } = place;
  const cumulative = new Float64Array(answers.count * size);
  const x = new Float64Array(stack.theta.length);
  const wide = place.far < size;
  const at = { ...place, row: 0, k: 0, position: 0 };
  for (let row = 0; row < answers.count; row++) {
    if (!wide) at.position = meanPosition(stack.shares, answers, row, place.cap);
    at.row = row;
    let survival = 1;
    for (let k = 0; k < size; k++) {
      at.k = k;
      if (!wide) describe(stack, answers, at, x);
      survival *= 1 - sigmoid(wide ? wideOdds(stack.theta, answers, at) : dot(stack.theta, x));
      cumulative[row * size + k] = 1 - survival;
    }
  }
  return cumulative;
}

/** The same as `describe` and `dot` over a wide span, where most of what is seen is 0. */
function wideOdds(theta: Float64Array, { hazards }: Answers, { row, k, size, far }: Place): number {
  const members = hazards.length;
  const own = OWN_COLUMNS + (k < far ? 0 : members);
  let sum = theta[wideColumn(k, size)]!;
  for (let m = 0; m < members; m++) sum += theta[own + m]! * logit(hazards[m]![row * size + k]!);
  return sum;
}

/** The constant of an interval over a wide span. */
const wideColumn = (k: number, size: number): number => Math.floor((k * OWN_COLUMNS) / Math.max(OWN_COLUMNS, size));

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
const logit = (p: number): number => Math.log((p + MARGIN) / (1 - p + MARGIN));

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function meanPosition(shares: Float64Array, answers: Answers, row: number, cap: number): number {
  let sum = shares[0]!;
  for (let m = 1; m < shares.length; m++) sum += shares[m]! * answers.positions[m - 1]![row]!;
  return Math.max(0, Math.min(cap, sum));
}

interface Place {
  readonly row: number;
  readonly k: number;
  readonly size: number;
  /** Position of the largest horizon. */
  readonly cap: number;
  /** The first interval beyond what boosted hazards are learnt on. */
  readonly far: number;
  readonly position: number;
}

const placeIn = (intervals: Intervals) => ({
  size: intervals.edges.length,
  cap: intervals.atHorizon.at(-1)! + 1,
  far: coarseEnds(intervals).at(-1)! + 1,
});

/** What the logistic model sees of one interval of one row. */
function describe(
  { spread }: Stack,
  answers: Answers,
  { row, k, size, cap, far, position }: Place,
  x: Float64Array,
): void {
  x.fill(0);
  // Who is right about minutes need not be right about weeks.
  const members = answers.hazards.length;
  const own = OWN_COLUMNS + (k < far ? 0 : members);
  for (let m = 0; m < members; m++) x[own + m] = logit(answers.hazards[m]![row * size + k]!);
  // Of a wide span the mean position says little, as it lies days ahead while the risk is within minutes; intervals differ in length.
  if (far < size) {
    x[wideColumn(k, size)] = 1;
    return;
  }
  const along = (k + 0.5) / size;
  x[0] = 1;
  x[3] = along;
  x[4] = along * along;
  x[7] = k === 0 ? 1 : 0;
  x[8] = k === 1 ? 1 : 0;
  const distance = Math.max(-FAR, Math.min(FAR, (k + 0.5 - position) / spread));
  const level = position / cap;
  x[1] = distance;
  x[2] = level;
  x[5] = distance * level;
  x[6] = Math.log((cap - position + 0.1) / (position + 0.1));
  for (let b = 0; b < BENDS.length; b++) x[9 + b] = Math.max(0, distance - BENDS[b]!);
}

/** Position of the outcome up to the cap; NaN where it was censored before. */
function knownOutcome(outcomes: Outcomes, row: number, intervals: Intervals): number {
  const time = outcomes.time[row]!;
  if (time >= intervals.cap) return positionOf(intervals, intervals.cap);
  return outcomes.failed[row]! > 0 ? positionOf(intervals, time) : Number.NaN;
}

function errorOf(answers: Answers, outcomes: Outcomes, intervals: Intervals, shares: Float64Array): number {
  const cap = positionOf(intervals, intervals.cap);
  let sum = 0;
  let weight = 0;
  for (let row = 0; row < answers.count; row++) {
    const truth = knownOutcome(outcomes, row, intervals);
    if (truth !== truth) continue;
    sum += outcomes.weight[row]! * (meanPosition(shares, answers, row, cap) - truth) ** 2;
    weight += outcomes.weight[row]!;
  }
  return weight > 0 ? Math.sqrt(sum / weight) : 1;
}

/** Least squares of the known positions on those of the members: members that shrink too much are stretched. */
function fitShares(answers: Answers, outcomes: Outcomes, intervals: Intervals): Float64Array {
  const n = answers.positions.length + 1;
  const gram = new Float64Array(n * n);
  const cross = new Float64Array(n);
  const x = new Float64Array(n).fill(1);
  let total = 0;
  for (let row = 0; row < answers.count; row++) {
    const truth = knownOutcome(outcomes, row, intervals);
    if (truth !== truth) continue;
    const weight = outcomes.weight[row]!;
    total += weight;
    for (let m = 1; m < n; m++) x[m] = answers.positions[m - 1]![row]!;
    for (let i = 0; i < n; i++) {
      cross[i]! += weight * truth * x[i]!;
      for (let j = 0; j <= i; j++) gram[i * n + j]! += weight * x[i]! * x[j]!;
    }
  }
  // Towards the plain mean of the members, which is right when there is little to learn from.
  const even = 1 / (n - 1);
  for (let m = 1; m < n; m++) {
    gram[m * n + m]! += SHARE_RIDGE * total;
    cross[m]! += SHARE_RIDGE * total * even;
  }
  return solve(gram, cross);
}

/** Maximum likelihood with a small ridge by Newton's method with step halving; the design is never held. */
function newton(stack: Stack, answers: Answers, outcomes: Outcomes, intervals: Intervals): Float64Array<ArrayBuffer> {
  const risk = riskOf(answers.count, outcomes, intervals);
  let theta = new Float64Array(stack.theta.length);
  // The start trusts the members.
  for (let m = 0; m < answers.hazards.length; m++) {
    theta[OWN_COLUMNS + m] = theta[OWN_COLUMNS + answers.hazards.length + m] = 1 / answers.hazards.length;
  }
  let current = likelihood({ ...stack, theta }, answers, outcomes, risk);
  for (let step = 0; step < MOST_STEPS; step++) {
    const move = solve(current.hessian, current.gradient);
    let next = current;
    let moved = theta;
    for (let fraction = 1; fraction > 1e-4; fraction /= 2) {
      moved = theta.map((t, i) => t - fraction * move[i]!);
      next = likelihood({ ...stack, theta: moved }, answers, outcomes, risk);
      if (next.loss <= current.loss) break;
    }
    if (!(next.loss <= current.loss)) break;
    const gain = current.loss - next.loss;
    theta = moved;
    current = next;
    if (gain < 1e-6 * Math.abs(current.loss)) break;
  }
  return theta;
}

interface Risk {
  /** How many intervals each row survived for sure. */
  readonly survived: Int32Array;
  /** 1 where it failed in the next one. */
  readonly failed: Uint8Array;
  readonly place: Pick<Place, 'size' | 'cap' | 'far'>;
}

function riskOf(count: number, outcomes: Outcomes, intervals: Intervals): Risk {
  const { edges } = intervals;
  const survived = new Int32Array(count);
  const failed = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const k = intervalAt(edges, outcomes.time[row]!);
    const from = k > 0 ? edges[k - 1]! : 0;
    failed[row] = k < edges.length && outcomes.failed[row]! > 0 ? 1 : 0;
    // An interval in which sight was lost counts when half of it was seen (Gensheimer and Narasimhan).
    const half = k < edges.length && failed[row] === 0 && outcomes.time[row]! - from >= (edges[k]! - from) / 2;
    survived[row] = half ? k + 1 : k;
  }
  return { survived, failed, place: placeIn(intervals) };
}

function likelihood(stack: Stack, answers: Answers, outcomes: Outcomes, risk: Risk) {
  const { place } = risk;
  const { theta } = stack;
  const n = theta.length;
  const x = new Float64Array(n);
  const gradient = new Float64Array(n);
  const hessian = new Float64Array(n * n);
  let loss = 0;
  for (let row = 0; row < answers.count; row++) {
    const position = meanPosition(stack.shares, answers, row, place.cap);
    const weight = outcomes.weight[row]!;
    const at = { ...place, row, k: 0, position };
    for (let k = 0; k < risk.survived[row]! + risk.failed[row]!; k++) {
      at.k = k;
      describe(stack, answers, at, x);
      const z = dot(theta, x);
      const y = k === risk.survived[row] ? 1 : 0;
      const p = sigmoid(z);
      loss += weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y * z);
      const g = weight * (p - y);
      const h = weight * p * (1 - p);
      for (let i = 0; i < n; i++) {
        gradient[i]! += g * x[i]!;
        const hx = h * x[i]!;
        for (let j = 0; j <= i; j++) hessian[i * n + j]! += hx * x[j]!;
      }
    }
  }
  for (let i = 1; i < n; i++) {
    loss += (RIDGE * theta[i]! ** 2) / 2;
    gradient[i]! += RIDGE * theta[i]!;
    hessian[i * n + i]! += RIDGE;
  }
  return { loss, gradient, hessian };
}

/** hessian⁻¹ · gradient, the lower triangle given. */
function solve(hessian: Float64Array, gradient: Float64Array): Float64Array {
  const n = gradient.length;
  for (let jitter = 1e-9; jitter < 1e9; jitter *= 100) {
    const factor = hessian.slice();
    for (let i = 0; i < n; i++) factor[i * n + i]! += jitter * (1 + factor[i * n + i]!);
    if (choleskyFactor(factor, n)) return solveLowerTransposed(factor, solveLower(factor, gradient.slice()));
  }
  return new Float64Array(n);
}
