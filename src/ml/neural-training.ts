import { setImmediate } from 'node:timers/promises';
import type { Kernels } from './kernels/kernels.ts';
import { MlError, requireInteger, requireNumber } from './ml-error.ts';
import type { LossSum } from './neural-losses.ts';
import { type Tensor, createAdam, restoreTensors, saveTensors } from './neural-tensor.ts';
import { createRandom, type Random } from './random.ts';

/** Options of every network's training. Defaults in brackets are those of Keras unless a source is named. */
export type TrainingOptions = {
  /** Same data, options and seed give the same model on the same engine. */
  readonly seed: number;
  /** Most passes over the training part [50], 1 … 100,000. */
  readonly epochs?: number;
  /** Rows of one gradient step [64], 1 … 4,096. */
  readonly batchSize?: number;
  /** [0.001: Kingma and Ba]. */
  readonly learningRate?: number;
  /** Decoupled weight decay [0]. */
  readonly weightDecay?: number;
  /** Share of hidden outputs dropped while training [0], 0 … 0.9. */
  readonly dropout?: number;
  /** Largest global norm of a gradient [1: Pascanu et al., 2013]; 0 for no clipping. */
  readonly gradientClip?: number;
  /** The last, and so the latest, share of rows is kept out to judge by [0.2]; 0 trains for all epochs on everything. */
  readonly validationShare?: number;
  /** Rows between the two parts that are left out [0]: one window's length, so that no window stands in both. */
  readonly validationGap?: number;
  /** Epochs without a better validation loss before training stops [5]. The best weights win in any case. */
  readonly patience?: number;
  /** Weight of each row [1], finite and not negative; inverse probabilities of not having acted go here. */
  readonly rowWeights?: ArrayLike<number>;
  /** Stops training within one batch, with `ML_CANCELLED`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
};

export type TrainingProgress = {
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Mean over the epoch, with dropout and changing weights. */
  readonly trainingLoss: number;
  /** NaN without a validation part. */
  readonly validationLoss: number;
};

export type TrainingHistory = {
  readonly progress: readonly TrainingProgress[];
  /** Epoch whose weights were kept. */
  readonly bestEpoch: number;
};

/** A network laid out in kernel memory with its data beside it. */
export type Trainable = {
  readonly kernels: Kernels;
  readonly tensors: readonly Tensor[];
  /** Forward, and with `random` (learning) also backward. At most `batchSize` rows. */
  run(rows: Uint32Array, random: Random | undefined): LossSum;
};

type Checked = Required<Omit<TrainingOptions, 'signal' | 'onProgress' | 'rowWeights'>>;

/** Fills in the defaults. Throws `ML_PARAMETER` for what is out of range. */
export function checkTraining(options: TrainingOptions): Checked {
  return {
    seed: requireNumber('seed', options.seed, -Number.MAX_VALUE),
    epochs: requireInteger('epochs', options.epochs ?? 50, 1, 100_000),
    batchSize: requireInteger('batchSize', options.batchSize ?? 64, 1, 4096),
    learningRate: requireNumber('learningRate', options.learningRate ?? 1e-3, Number.MIN_VALUE, 10),
    weightDecay: requireNumber('weightDecay', options.weightDecay ?? 0, 0, 10),
    dropout: requireNumber('dropout', options.dropout ?? 0, 0, 0.9),
    gradientClip: requireNumber('gradientClip', options.gradientClip ?? 1, 0),
    validationShare: requireNumber('validationShare', options.validationShare ?? 0.2, 0, 0.9),
    validationGap: requireInteger('validationGap', options.validationGap ?? 0, 0),
    patience: requireInteger('patience', options.patience ?? 5, 1),
  };
}

/** Row weights in single precision, or undefined. Throws `ML_SHAPE` or `ML_VALUE`. */
export function checkRowWeights(weights: ArrayLike<number> | undefined, rows: number): Float32Array | undefined {
  if (!weights) return undefined;
  if (weights.length !== rows) throw new MlError('ML_SHAPE', `${weights.length} row weights for ${rows} rows`);
  const copy = Float32Array.from(weights);
  if (copy.some((weight) => !(weight >= 0 && weight < Infinity))) {
    throw new MlError('ML_VALUE', 'row weights must be finite and not negative');
  }
  return copy;
}

/** Training in steps: it yields after every batch, for its driver to stop or to let others run. */
export type TrainingSteps<T> = Generator<void, T>;

/**
 * Trains by Adam on shuffled batches until the validation loss stops falling. Throws `ML_NOT_CONVERGED` when the loss is no
 * longer a number.
 */
export function* trainNetwork(
  network: Trainable,
  rowCount: number,
  options: TrainingOptions,
): TrainingSteps<TrainingHistory> {
  const { kernels, tensors } = network;
  const checked = checkTraining(options);
  const { epochs, batchSize, patience } = checked;
  const { order, validation } = splitRows(rowCount, checked.validationShare, checked.validationGap);
  const random = createRandom(checked.seed);
  const step = createAdam(kernels, tensors, checked);
  const progress: TrainingProgress[] = [];
  let best = { loss: Infinity, epoch: 0, weights: saveTensors(kernels, tensors) };
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const draw = random.fork(epoch);
    draw.shuffle(order);
    const trainingLoss = yield* runBatches(network, order, batchSize, { draw, step });
    const validationLoss = yield* runBatches(network, validation, batchSize);
    checkFiniteWeights(network, epoch);
    progress.push({ epoch, epochs, trainingLoss, validationLoss });
    options.onProgress?.(progress.at(-1)!);
    // Without a validation part, or when all of its targets are unknown, the last epoch is the best.
    if (Number.isNaN(validationLoss)) best = { loss: Infinity, epoch, weights: [] };
    else if (validationLoss < best.loss) best = { loss: validationLoss, epoch, weights: saveTensors(kernels, tensors) };
    else if (epoch - best.epoch >= patience) break;
  }
  if (best.epoch === 0) throw new MlError('ML_NOT_CONVERGED', 'the loss was infinite in every epoch');
  if (best.weights.length > 0) restoreTensors(kernels, tensors, best.weights);
  return { progress, bestEpoch: best.epoch };
}

/** The latest rows judge, the earlier ones teach, and a gap between them does neither. */
function splitRows(rowCount: number, share: number, gap: number): { order: Uint32Array; validation: Uint32Array } {
  const held = Math.floor(rowCount * share);
  const taught = held > 0 ? rowCount - held - gap : rowCount;
  if (taught < 1) throw new MlError('ML_EMPTY', `no row is left to train on: ${held} judge, ${gap} are left out`);
  return {
    order: Uint32Array.from({ length: taught }, (_, i) => i),
    validation: Uint32Array.from({ length: held }, (_, i) => rowCount - held + i),
  };
}

/** Throws `ML_NOT_CONVERGED` when a weight is no longer a finite number, which no later step would heal. */
function checkFiniteWeights({ kernels, tensors }: Trainable, epoch: number): void {
  for (const { values, count } of tensors) {
    if (Number.isFinite(kernels.run.sumOfSquares(values, count))) continue;
    throw new MlError('ML_NOT_CONVERGED', `weights left the numbers in epoch ${epoch}: lower the learning rate`);
  }
}

type Learning = { readonly draw: Random; readonly step: () => number };

/** One pass over the rows, learning or only judging; the mean loss, NaN when there was nothing to count. */
function* runBatches(network: Trainable, rows: Uint32Array, size: number, learning?: Learning): TrainingSteps<number> {
  let sum = 0;
  let weight = 0;
  for (let first = 0; first < rows.length; first += size) {
    const batch = network.run(rows.subarray(first, first + size), learning?.draw);
    if (batch.weight > 0) learning?.step();
    sum += batch.sum;
    weight += batch.weight;
    yield;
  }
  return sum / weight;
}

/** Runs training to its end without a pause: for worker threads. Throws `ML_CANCELLED` when the signal is set. */
export function runThrough<T>(steps: TrainingSteps<T>, signal: AbortSignal | undefined): T {
  for (;;) {
    checkSignal(signal);
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Training gives the event loop a turn after this many milliseconds of work. */
const TURN_MILLISECONDS = 10;

/**
 * Runs training on the calling thread, but lets the event loop turn every few milliseconds (a single batch is the longest
 * stretch). Throws `ML_CANCELLED` when the signal is set.
 */
export async function runInTurns<T>(steps: TrainingSteps<T>, signal: AbortSignal | undefined): Promise<T> {
  let last = performance.now();
  for (;;) {
    checkSignal(signal);
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - last < TURN_MILLISECONDS) continue;
    await setImmediate();
    last = performance.now();
  }
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new MlError('ML_CANCELLED', 'training was cancelled');
}
