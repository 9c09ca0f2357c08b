import { createKernels } from './kernels/kernels.ts';
import { type Matrix, checkColumns, checkTrainingMatrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import { type Autoencoder, createAutoencoder, layOutAutoencoder } from './neural-autoencoder.ts';
import { type Activation, type DenseWeights, randomDense } from './neural-dense.ts';
import { aimStack } from './neural-dense-stack.ts';
import { MAX_LAYERS, MAX_WIDTH } from './neural-format.ts';
import { type Loss, checkLoss } from './neural-losses.ts';
import { applyScaling, fitScaling } from './neural-scaling.ts';
import {
  type Trainable,
  type TrainingHistory,
  type TrainingOptions,
  type TrainingSteps,
  checkRowWeights,
  checkTraining,
  runInTurns,
  runThrough,
  trainNetwork,
} from './neural-training.ts';
import { createRandom } from './random.ts';

export type AutoencoderOptions = TrainingOptions & {
  /** Widths of the hidden layers from the input on. Default: a half, an eighth and a half of the columns, rounded up. */
  readonly hidden?: readonly number[];
  /** Of the hidden layers [tanh]; the last layer is linear. */
  readonly activation?: Activation;
  /** [squared]; `huber` counts in standard deviations. */
  readonly loss?: Extract<Loss, { kind: 'squared' | 'huber' }>;
  /** Continue from this model: its layers and its scaling, `hidden` and `activation` do not count. */
  readonly from?: Autoencoder;
};

export type TrainedAutoencoder = { readonly model: Autoencoder; readonly history: TrainingHistory };

/**
 * Trains on rows in the order of time, with turns for the event loop. Work: 6 · weights · rows operations an epoch.
 * Throws `ML_EMPTY`, `ML_VALUE` (infinite), `ML_PARAMETER`, `ML_SHAPE`, `ML_TOO_LARGE`, `ML_CANCELLED`, `ML_NOT_CONVERGED`.
 */
export async function trainAutoencoder(matrix: Matrix, options: AutoencoderOptions): Promise<TrainedAutoencoder> {
  return runInTurns(autoencoderSteps(matrix, options), options.signal);
}

/** As `trainAutoencoder`, at one go: for worker threads and scripts. */
export function fitAutoencoder(matrix: Matrix, options: AutoencoderOptions): TrainedAutoencoder {
  return runThrough(autoencoderSteps(matrix, options), options.signal);
}

function* autoencoderSteps(matrix: Matrix, options: AutoencoderOptions): TrainingSteps<TrainedAutoencoder> {
  checkTrainingMatrix(matrix);
  if (options.from) checkColumns(matrix, options.from.columns);
  const { batchSize, dropout } = checkTraining(options);
  const loss = options.loss ?? { kind: 'squared' };
  checkLoss(loss);
  const { columns } = matrix;
  const weights = checkRowWeights(options.rowWeights, matrix.rows);
  const layers = options.from?.layers ?? randomLayers(columns, options);
  const scaling = options.from?.scaling ?? fitScaling(matrix);
  const data = applyScaling(matrix, scaling);
  if (data.every(Number.isNaN)) throw new MlError('ML_EMPTY', 'every value is missing');

  const kernels = createKernels('training');
  const rows = Math.min(batchSize, matrix.rows);
  const { stack, input, inputStride } = layOutAutoencoder(kernels, layers, { rows, training: true, dropout });
  const aim = { loss, targets: data, outputs: columns, weights };
  const run: Trainable['run'] = (batch, random) => {
    gatherRows(data, columns, batch, { floats: kernels.floats, start: input / 4, stride: inputStride });
    stack.forward(input, inputStride, batch.length, random);
    const sum = aimStack(kernels, stack, aim, batch, random !== undefined);
    if (random) stack.backward(input, inputStride, batch.length, 0);
    return sum;
  };
  const history = yield* trainNetwork({ kernels, tensors: stack.tensors, run }, matrix.rows, options);
  return { model: createAutoencoder(stack.read(), scaling), history };
}

function randomLayers(columns: number, options: AutoencoderOptions): DenseWeights[] {
  const half = Math.ceil(columns / 2);
  const hidden = options.hidden ?? [half, Math.ceil(columns / 8), half];
  requireInteger('columns', columns, 1, MAX_WIDTH);
  requireInteger('number of hidden layers', hidden.length, 1, MAX_LAYERS - 1);
  const random = createRandom(options.seed).fork('layers');
  const activation = options.activation ?? 'tanh';
  let inputs = columns;
  return [...hidden, columns].map((outputs, index) => {
    requireInteger('width of a hidden layer', outputs, 1, MAX_WIDTH);
    const layer = randomDense(inputs, outputs, index < hidden.length ? activation : 'linear', random);
    inputs = outputs;
    return layer;
  });
}

type Target = { readonly floats: Float32Array; readonly start: number; readonly stride: number };

/** Copies rows into kernel memory; a missing value becomes 0, the mean. */
function gatherRows(data: Float32Array, columns: number, rows: Uint32Array, { floats, start, stride }: Target): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * columns;
    const to = start + i * stride;
    for (let j = 0; j < columns; j++) {
      const value = data[from + j]!;
      floats[to + j] = Number.isNaN(value) ? 0 : value;
    }
  }
}
