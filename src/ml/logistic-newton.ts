import { sigmoid } from './calibrator.ts';
import { MlError } from './ml-error.ts';

/** A small logistic model: sigmoid(weights · x + intercept). */
export type LogisticFit = { readonly weights: Float64Array; readonly intercept: number };

/** Newton's method squares its error; from 0 it takes five to ten steps. */
const MAX_STEPS = 100;
const MAX_HALVINGS = 40;
/** A full step that gains less than this share of the loss is rounding. */
const CONVERGED = 1e-14;

/**
 * Maximum likelihood of targets in [0, 1] (soft ones allowed) on a few columns, each an array over the rows, by Newton's
 * method with step halving. `ridge` × ‖weights‖² / 2, in units of standardised columns, keeps it finite where classes are
 * apart. O(steps × rows × columns²); a constant column gets weight 0. `rowWeights` say how much each row counts [1 each]. Inputs are checked by the caller. Throws `ML_NOT_CONVERGED`.
 */
export function fitLogistic(
  columns: readonly Float64Array[],
  targets: Float64Array,
  ridge: number,
  rowWeights?: Float64Array,
): LogisticFit {
  const scaled = columns.map(standardised);
  const used = scaled.filter(({ deviation }) => deviation > 0);
  const design = used.map(({ values }) => values);
  const theta = newton({ design, targets, ridge, rowWeights });
  let at = 0;
  let intercept = theta[design.length]!;
  const weights = Float64Array.from(scaled, ({ mean, deviation }) => {
    if (deviation === 0) return 0;
    const weight = theta[at++]! / deviation;
    intercept -= weight * mean;
    return weight;
  });
  return { weights, intercept };
}

function standardised(column: Float64Array): { values: Float64Array; mean: number; deviation: number } {
  const n = column.length;
  const mean = column.reduce((sum, x) => sum + x / n, 0);
  const deviation = Math.sqrt(column.reduce((sum, x) => sum + (x - mean) ** 2 / n, 0));
  const constant = !(deviation > Math.abs(mean) * 1e-12);
  return { values: column.map((x) => (x - mean) / deviation), mean, deviation: constant ? 0 : deviation };
}

interface Lesson {
  readonly design: readonly Float64Array[];
  readonly targets: Float64Array;
  readonly ridge: number;
  readonly rowWeights: Float64Array | undefined;
}

function newton(lesson: Lesson): Float64Array {
  const size = lesson.design.length + 1;
  let theta: Float64Array = new Float64Array(size);
  let current = loss(lesson, theta);
  for (let step = 0; step < MAX_STEPS; step++) {
    const move = newtonMove(lesson, theta);
    let fraction = 1;
    let next = theta;
    let value = Infinity;
    for (let halving = 0; halving < MAX_HALVINGS && !(value <= current); halving++, fraction /= 2) {
      next = theta.map((x, i) => x - fraction * move[i]!);
      value = loss(lesson, next);
    }
    if (!(value <= current)) return theta;
    const gain = current - value;
    theta = next;
    current = value;
    if (gain <= CONVERGED * Math.abs(value)) return theta;
  }
  throw new MlError('ML_NOT_CONVERGED', `the logistic fit did not settle in ${MAX_STEPS} steps`);
}

function linear(design: readonly Float64Array[], theta: Float64Array, row: number): number {
  let z = theta[design.length]!;
  for (let k = 0; k < design.length; k++) z += theta[k]! * design[k]![row]!;
  return z;
}

function loss({ design, targets, ridge, rowWeights }: Lesson, theta: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < targets.length; row++) {
    const z = linear(design, theta, row);
    sum += (rowWeights?.[row] ?? 1) * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - targets[row]! * z);
  }
  for (let k = 0; k < design.length; k++) sum += (ridge * theta[k]! * theta[k]!) / 2;
  return sum;
}

/** Hessian⁻¹ · gradient. */
function newtonMove({ design, targets, ridge, rowWeights }: Lesson, theta: Float64Array): Float64Array {
  const size = design.length + 1;
  const hessian = new Float64Array(size * size);
  const gradient = new Float64Array(size);
  const x = new Float64Array(size).fill(1);
  for (let row = 0; row < targets.length; row++) {
    for (let k = 0; k < design.length; k++) x[k] = design[k]![row]!;
    const p = sigmoid(linear(design, theta, row));
    const share = rowWeights?.[row] ?? 1;
    const weight = share * p * (1 - p);
    for (let i = 0; i < size; i++) {
      gradient[i]! += share * (p - targets[row]!) * x[i]!;
      for (let j = 0; j <= i; j++) hessian[i * size + j]! += weight * x[i]! * x[j]!;
    }
  }
  for (let k = 0; k < design.length; k++) {
    gradient[k]! += ridge * theta[k]!;
    hessian[k * size + k]! += ridge;
  }
  return solvePositive(hessian, gradient);
}

/** Solves by Cholesky, in place, with the lower triangle given; a pivot lost to rounding is taken for tiny. */
function solvePositive(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      matrix[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-14)) : sum / matrix[j * n + j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) vector[i]! -= matrix[i * n + k]! * vector[k]!;
    vector[i]! /= matrix[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) vector[i]! -= matrix[k * n + i]! * vector[k]!;
    vector[i]! /= matrix[i * n + i]!;
  }
  return vector;
}
