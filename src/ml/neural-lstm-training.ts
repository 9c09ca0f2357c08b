import { createKernels } from './kernels/kernels.ts';
import { type Matrix, checkColumns, checkMatrix, checkTrainingMatrix } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import { randomDense } from './neural-dense.ts';
import { aimStack } from './neural-dense-stack.ts';
import { MAX_LAYERS, MAX_WIDTH } from './neural-format.ts';
import { type Loss, checkLoss, isLogistic } from './neural-losses.ts';
import { type LstmModel, type LstmParts, createLstmModel, networkInputs } from './neural-lstm.ts';
import { randomLstm } from './neural-lstm-layer.ts';
import { type LstmNetworkWeights, type SequenceShape, createLstmNetwork } from './neural-lstm-network.ts';
import { type Scaling, applyScaling, fitScaling, identityScaling } from './neural-scaling.ts';
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

export type LstmOptions = TrainingOptions & {
  /** Features of a step; a row holds a whole number of steps. */
  readonly features: number;
  /** Units of each LSTM layer from the input on [32]. */
  readonly units?: readonly number[];
  /** Widths of dense layers (tanh) between the last state and the outputs [none]. */
  readonly hidden?: readonly number[];
  readonly loss: Loss;
  /** Also show the network which values are missing [false]. */
  readonly missingIndicators?: boolean;
  /** Continue from this model: its layers and scalings; `units`, `hidden` and `missingIndicators` do not count. */
  readonly from?: LstmModel;
};

export type TrainedLstm = { readonly model: LstmModel; readonly history: TrainingHistory };

/**
 * Trains on sequences in the order of time, with turns for the event loop: row `i` of `targets` belongs to row `i` of `sequences`,
 * NaN there is unknown. Targets of `squared` and `huber` are brought to unit variance first (`delta` counts in standard
 * deviations); those of `logistic` and `hazard` lie in 0 … 1. Work: about 24 · units · (inputs + units) · steps operations a row,
 * layer and epoch.
 * Throws `ML_EMPTY`, `ML_VALUE`, `ML_PARAMETER`, `ML_SHAPE`, `ML_TOO_LARGE`, `ML_CANCELLED`, `ML_NOT_CONVERGED`.
 */
export async function trainLstm(sequences: Matrix, targets: Matrix, options: LstmOptions): Promise<TrainedLstm> {
  return runInTurns(lstmSteps(sequences, targets, options), options.signal);
}

/** As `trainLstm`, at one go: for worker threads and scripts. */
export function fitLstm(sequences: Matrix, targets: Matrix, options: LstmOptions): TrainedLstm {
  return runThrough(lstmSteps(sequences, targets, options), options.signal);
}

function* lstmSteps(sequences: Matrix, targets: Matrix, options: LstmOptions): TrainingSteps<TrainedLstm> {
  const { batchSize, dropout } = checkTraining(options);
  checkLoss(options.loss);
  checkData(sequences, targets, options);
  const weights = checkRowWeights(options.rowWeights, sequences.rows);
  const known = options.from?.parts;
  const shape: SequenceShape = known ?? {
    steps: sequences.columns / options.features,
    features: options.features,
    missingIndicators: options.missingIndicators ?? false,
  };
  const initial: LstmNetworkWeights = known ?? randomNetwork(shape, targets.columns, options);
  const scaling = known?.scaling ?? fitScaling(sequences, shape.features);
  const targetScaling = known?.targetScaling ?? fitTargetScaling(targets, options.loss);
  const data = applyScaling(sequences, scaling);
  const aims = scaleTargets(targets, targetScaling);

  const kernels = createKernels('training');
  const rows = Math.min(batchSize, sequences.rows);
  const network = createLstmNetwork(kernels, initial, shape, { rows, training: true, dropout });
  const aim = { loss: options.loss, targets: aims, outputs: targets.columns, weights };
  const run: Trainable['run'] = (batch, random) => {
    network.load(data, batch, random);
    network.forward(random);
    const sum = aimStack(kernels, network.head, aim, batch, random !== undefined);
    if (random) network.backward();
    return sum;
  };
  const history = yield* trainNetwork({ kernels, tensors: network.tensors, run }, sequences.rows, options);
  const link = isLogistic(options.loss) ? 'logistic' : 'identity';
  const { steps, features, missingIndicators } = shape;
  const parts: LstmParts = { steps, features, missingIndicators, ...network.read(), link, scaling, targetScaling };
  return { model: createLstmModel(parts), history };
}

function checkData(sequences: Matrix, targets: Matrix, { features, loss, from }: LstmOptions): void {
  checkTrainingMatrix(sequences);
  checkMatrix(targets);
  requireInteger('features', features, 1, MAX_WIDTH);
  if (sequences.columns % features !== 0) {
    throw new MlError('ML_SHAPE', `${sequences.columns} columns are no whole number of steps of ${features} features`);
  }
  if (targets.rows !== sequences.rows || targets.columns < 1) {
    throw new MlError('ML_SHAPE', `${targets.rows} × ${targets.columns} targets for ${sequences.rows} sequences`);
  }
  if (from) {
    checkColumns(sequences, from.columns);
    const fits = from.parts.features === features && from.outputs === targets.columns;
    if (!fits) throw new MlError('ML_SHAPE', 'the model to continue from has other features or outputs');
    if ((from.parts.link === 'logistic') !== isLogistic(loss)) {
      throw new MlError('ML_PARAMETER', `the model to continue from was not trained for the loss ${loss.kind}`);
    }
  }
  checkTargets(targets, loss);
}

function checkTargets({ data }: Matrix, loss: Loss): void {
  const limit = isLogistic(loss) ? 1 : Number.MAX_VALUE;
  const least = isLogistic(loss) ? 0 : -Number.MAX_VALUE;
  let known = 0;
  for (const value of data) {
    if (Number.isNaN(value)) continue;
    if (!(value >= least && value <= limit)) throw new MlError('ML_VALUE', `${value} is no target of ${loss.kind}`);
    known += 1;
  }
  if (known === 0) throw new MlError('ML_EMPTY', 'every target is missing');
}

function fitTargetScaling(targets: Matrix, loss: Loss): Scaling {
  return isLogistic(loss) ? identityScaling(targets.columns) : fitScaling(targets);
}

/** Unlike features, targets are not cut: far ones are the task. */
function scaleTargets({ data, columns }: Matrix, { mean, scale }: Scaling): Float32Array {
  return Float32Array.from(data, (value, i) => (value - mean[i % columns]!) / scale[i % columns]!);
}

function randomNetwork(shape: SequenceShape, outputs: number, options: LstmOptions): LstmNetworkWeights {
  const units = options.units ?? [32];
  const hidden = options.hidden ?? [];
  requireInteger('number of LSTM layers', units.length, 1, MAX_LAYERS);
  for (const width of units) requireInteger('units', width, 1, MAX_WIDTH);
  requireInteger('number of hidden layers', hidden.length, 0, MAX_LAYERS - 1);
  requireInteger('outputs', outputs, 1, MAX_WIDTH);
  const random = createRandom(options.seed).fork('layers');
  let inputs = networkInputs(shape);
  checkSize(inputs, units);
  const layers = units.map((width) => {
    const layer = randomLstm(inputs, width, random);
    inputs = width;
    return layer;
  });
  const head = [...hidden, outputs].map((width, index) => {
    requireInteger('width of a hidden layer', width, 1, MAX_WIDTH);
    const layer = randomDense(inputs, width, index < hidden.length ? 'tanh' : 'linear', random);
    inputs = width;
    return layer;
  });
  return { layers, head };
}

/** Most recurrent weights; with gradients and moments they take 16 bytes each, and the kernels' memory ends at 1 GiB. */
const MAX_WEIGHTS = 2 ** 25;

function checkSize(inputs: number, units: readonly number[]): void {
  const weights = units.reduce((sum, width, i) => sum + 4 * width * (width + (units[i - 1] ?? inputs)), 0);
  if (weights > MAX_WEIGHTS) {
    throw new MlError('ML_TOO_LARGE', `the LSTM layers have ${weights} weights, at most ${MAX_WEIGHTS} are possible`);
  }
}
