import { MlError, requireNumber } from './ml-error.ts';

/**
 * What training makes small. A target of NaN is unknown: it neither counts nor teaches.
 *
 * - `squared`: mean of (output - target)² over known targets
 * - `huber`: the same within `delta`, linear beyond (Huber, 1964): ½d² or delta · (|d| - ½delta); delta 1 by default
 * - `logistic`: mean cross-entropy of sigmoid(output) against targets in 0 … 1; a positive counts `positiveWeight` times
 * - `hazard`: the same terms, summed over a row's intervals and averaged over rows: with targets of `hazardTargets` this is
 *   the censored likelihood of discrete-time hazards (Gensheimer and Narasimhan, 2019)
 */
export type Loss =
  | { readonly kind: 'squared' }
  | { readonly kind: 'huber'; readonly delta?: number }
  | { readonly kind: 'logistic'; readonly positiveWeight?: number }
  | { readonly kind: 'hazard'; readonly positiveWeight?: number };

/** Throws `ML_PARAMETER` for a delta or class weight that is not positive. */
export function checkLoss(loss: Loss): void {
  if (loss.kind === 'huber') requireNumber('delta', loss.delta ?? 1, Number.MIN_VALUE);
  if (loss.kind === 'logistic' || loss.kind === 'hazard') {
    requireNumber('positiveWeight', loss.positiveWeight ?? 1, Number.MIN_VALUE, 1e6);
  }
}

/** True where outputs are logits, and predictions their sigmoid. */
export function isLogistic(loss: Loss): boolean {
  return loss.kind === 'logistic' || loss.kind === 'hazard';
}

/** A batch in kernel memory beside its targets. Indices count floats. */
export type LossView = {
  readonly floats: Float32Array;
  readonly output: number;
  /** Where the gradient goes, or -1. */
  readonly gradient: number;
  readonly stride: number;
  readonly targets: Float32Array;
  readonly outputs: number;
  /** Rows of `targets` (and `weights`) that make up the batch, in its order. */
  readonly rows: Uint32Array;
  /** Weight of each row, or undefined for 1. */
  readonly weights: Float32Array | undefined;
};

/** Sum of weighted losses, and of the weights; their quotient is the loss. */
export type LossSum = { sum: number; weight: number };

/** Loss of a batch in double precision; writes the gradient of the mean. Work: rows × outputs. */
export function evaluateLoss(loss: Loss, view: LossView): LossSum {
  const weight = totalWeight(loss, view);
  const { rows, weights, outputs, stride } = view;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const rowWeight = weights ? weights[row]! : 1;
    const output = view.output + i * stride;
    const gradient = view.gradient < 0 ? -1 : view.gradient + i * stride;
    const factor = weight > 0 ? rowWeight / weight : 0;
    sum += rowWeight * rowLoss(loss, view, { output, gradient, target: row * outputs, factor });
  }
  return { sum, weight };
}

type RowPlace = {
  readonly output: number;
  readonly gradient: number;
  readonly target: number;
  readonly factor: number;
};

function rowLoss(loss: Loss, view: LossView, at: RowPlace): number {
  if (loss.kind === 'squared') return squaredRow(view, at);
  if (loss.kind === 'huber') return huberRow(view, at, loss.delta ?? 1);
  return logisticRow(view, at, loss.positiveWeight ?? 1);
}

function totalWeight(loss: Loss, { targets, outputs, rows, weights }: LossView): number {
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    const start = row * outputs;
    let known = 0;
    for (let j = start; j < start + outputs; j++) if (!Number.isNaN(targets[j]!)) known += 1;
    if (loss.kind === 'hazard') known = Math.min(1, known);
    total += known * (weights ? weights[row]! : 1);
  }
  return total;
}

function squaredRow({ floats, targets, outputs }: LossView, { output, gradient, target, factor }: RowPlace): number {
  let sum = 0;
  for (let j = 0; j < outputs; j++) {
    const y = targets[target + j]!;
    const known = !Number.isNaN(y);
    const difference = floats[output + j]! - y;
    if (known) sum += difference * difference;
    if (gradient >= 0) floats[gradient + j] = known ? 2 * difference * factor : 0;
  }
  return sum;
}

function huberRow(view: LossView, { output, gradient, target, factor }: RowPlace, delta: number): number {
  const { floats, targets, outputs } = view;
  let sum = 0;
  for (let j = 0; j < outputs; j++) {
    const y = targets[target + j]!;
    const known = !Number.isNaN(y);
    const difference = floats[output + j]! - y;
    const size = Math.abs(difference);
    if (known) sum += size <= delta ? 0.5 * size * size : delta * (size - 0.5 * delta);
    if (gradient >= 0) floats[gradient + j] = known ? Math.max(-delta, Math.min(delta, difference)) * factor : 0;
  }
  return sum;
}

function logisticRow(view: LossView, { output, gradient, target, factor }: RowPlace, positive: number): number {
  const { floats, targets, outputs } = view;
  let sum = 0;
  for (let j = 0; j < outputs; j++) {
    const y = targets[target + j]!;
    const known = !Number.isNaN(y);
    const z = floats[output + j]!;
    // log(1 + e^-|z|) and max(z, 0) keep both logarithms exact for any z.
    const soft = Math.log1p(Math.exp(-Math.abs(z)));
    const up = positive * y;
    if (known) sum += up * (soft + Math.max(-z, 0)) + (1 - y) * (soft + Math.max(z, 0));
    const p = 1 / (1 + Math.exp(-z));
    if (gradient >= 0) floats[gradient + j] = known ? ((1 - y) * p - up * (1 - p)) * factor : 0;
  }
  return sum;
}

/**
 * Targets of the `hazard` loss, rows × intervals: 0 for every interval survived, 1 for the one of the failure, NaN from there on
 * and from the interval in which sight of the row was lost. `edges` are the rising upper ends of the intervals, in the unit of
 * `times`; `failed[i]` is 1 when `times[i]` is the time to failure and 0 when it is the time until which none was seen (censored).
 * An interval counts as survived when at least half of it was (Gensheimer and Narasimhan). Failures beyond the last edge are survivals.
 */
export function hazardTargets(
  times: ArrayLike<number>,
  failed: ArrayLike<number>,
  edges: readonly number[],
): Float32Array {
  if (edges.length === 0 || edges.some((edge, i) => !(edge > (edges[i - 1] ?? 0)))) {
    throw new MlError('ML_PARAMETER', `edges must rise from above zero, got ${edges.join(', ')}`);
  }
  if (times.length !== failed.length) throw new MlError('ML_SHAPE', `${times.length} times, ${failed.length} outcomes`);
  const targets = new Float32Array(times.length * edges.length).fill(Number.NaN);
  for (let row = 0; row < times.length; row++) {
    const time = times[row]!;
    if (!(time >= 0)) throw new MlError('ML_VALUE', `time of row ${row} must not be negative or missing, got ${time}`);
    fillHazards(targets.subarray(row * edges.length, (row + 1) * edges.length), time, failed[row]! > 0, edges);
  }
  return targets;
}

function fillHazards(row: Float32Array, time: number, fails: boolean, edges: readonly number[]): void {
  for (const [j, end] of edges.entries()) {
    const middle = ((edges[j - 1] ?? 0) + end) / 2;
    if (time >= (fails ? end : middle)) row[j] = 0;
    if (fails && time <= end) row[j] = 1;
    if (time <= end) return;
  }
}

/** Probability of failure by the end of each interval, 1 - ∏(1 - hazard): never falls from one horizon to the next. In place. */
export function failureByHorizon(hazards: Float64Array): Float64Array {
  let survival = 1;
  for (let j = 0; j < hazards.length; j++) {
    survival *= 1 - hazards[j]!;
    hazards[j] = 1 - survival;
  }
  return hazards;
}
