import { MlError } from './ml-error.ts';
import { type Autoencoder, createAutoencoder } from './neural-autoencoder.ts';
import { ACTIVATIONS, type Activation, type DenseWeights } from './neural-dense.ts';
import { type LstmModel, createLstmModel, networkInputs } from './neural-lstm.ts';
import type { LstmWeights } from './neural-lstm-layer.ts';
import { type Scaling, identityScaling } from './neural-scaling.ts';
import {
  type LayerEntry,
  type NamedWeight,
  type TensorFlowFiles,
  asObject,
  readTensorFlow,
  writeTensorFlow,
} from './tensorflow-format.ts';

/**
 * Interchange with TensorFlow: the Layers format of TensorFlow.js, which `tensorflowjs_converter` turns from and to Keras.
 *
 * The layers are exactly those of the network; scaling is not part of them. Whoever runs an exported model in TensorFlow feeds
 * (x - mean) / scale cut to ± 10, 0 for a missing value, zeros for a step without any value (the Masking layer passes over it),
 * and brings outputs back by · targetScale + targetMean; these numbers stand in `userDefinedMetadata.vigia`. Models that were
 * exported here come back exactly; models trained elsewhere get a scaling that changes nothing unless one is given.
 */
export type ImportOptions = {
  /** Scaling of the features, when the file names none. */
  readonly scaling?: Scaling;
  /** Steps of a sequence, for a model that leaves them open. */
  readonly steps?: number;
  /** Whether a sequence shows beside every feature if it was missing, when the file does not say. */
  readonly missingIndicators?: boolean;
};

function fail(message: string): never {
  throw new MlError('ML_FORMAT', `TensorFlow model: ${message}`);
}

/** Both parts of an autoencoder. */
export function exportAutoencoder({ layers, scaling }: Autoencoder): TensorFlowFiles {
  return writeTensorFlow({
    layers: layers.map((layer, i) =>
      denseEntry(layer, i, i === 0 ? { batch_input_shape: [null, layer.inputs] } : {}, layer.activation),
    ),
    weights: layers.flatMap(denseWeights),
    metadata: { vigia: { kind: 'autoencoder', mean: [...scaling.mean], scale: [...scaling.scale] } },
  });
}

/** Both parts of an LSTM model; a logistic link becomes the sigmoid activation of the last layer. */
export function exportLstm({ parts }: LstmModel): TensorFlowFiles {
  const { layers, head, steps, scaling, targetScaling } = parts;
  const masking = { name: 'masking', mask_value: 0, batch_input_shape: [null, steps, networkInputs(parts)] };
  const last = head.length - 1;
  return writeTensorFlow({
    layers: [
      { className: 'Masking', config: { ...masking, trainable: true, dtype: 'float32' } },
      ...layers.map((layer, i) => lstmEntry(layer, i, i < layers.length - 1)),
      ...head.map((layer, i) => {
        return denseEntry(layer, i, {}, i === last && parts.link === 'logistic' ? 'sigmoid' : layer.activation);
      }),
    ],
    weights: [...layers.flatMap(lstmWeights), ...head.flatMap(denseWeights)],
    metadata: {
      vigia: {
        kind: 'lstm',
        missingIndicators: parts.missingIndicators,
        mean: [...scaling.mean],
        scale: [...scaling.scale],
        targetMean: [...targetScaling.mean],
        targetScale: [...targetScaling.scale],
      },
    },
  });
}

// oxlint-disable-next-line eslint/max-params -- one layer, its place and what it adds
function denseEntry(layer: DenseWeights, index: number, extra: object, activation: Activation): LayerEntry {
  const config = {
    name: `dense_${index}`,
    units: layer.outputs,
    activation,
    use_bias: true,
    trainable: true,
    ...extra,
  };
  return { className: 'Dense', config: { ...config, dtype: 'float32' } };
}

function denseWeights({ inputs, outputs, kernel, bias }: DenseWeights, index: number): NamedWeight[] {
  return [
    { name: `dense_${index}/kernel`, shape: [inputs, outputs], values: kernel },
    { name: `dense_${index}/bias`, shape: [outputs], values: bias },
  ];
}

function lstmEntry({ units }: LstmWeights, index: number, returnSequences: boolean): LayerEntry {
  const config = {
    name: `lstm_${index}`,
    units,
    activation: 'tanh',
    recurrent_activation: 'sigmoid',
    use_bias: true,
    unit_forget_bias: true,
    return_sequences: returnSequences,
    return_state: false,
    go_backwards: false,
    stateful: false,
    unroll: false,
    dropout: 0,
    recurrent_dropout: 0,
    implementation: 1,
    trainable: true,
    dtype: 'float32',
  };
  return { className: 'LSTM', config };
}

function lstmWeights({ inputs, units, kernel, recurrent, bias }: LstmWeights, index: number): NamedWeight[] {
  return [
    { name: `lstm_${index}/kernel`, shape: [inputs, 4 * units], values: kernel },
    { name: `lstm_${index}/recurrent_kernel`, shape: [units, 4 * units], values: recurrent },
    { name: `lstm_${index}/bias`, shape: [4 * units], values: bias },
  ];
}

/** An autoencoder from Dense layers (Dropout is passed over). Throws `ML_FORMAT` that names what is not supported. */
export function importAutoencoder(files: TensorFlowFiles, options: ImportOptions = {}): Autoencoder {
  const { layers, weights, metadata } = readTensorFlow(files);
  const take = createTaker(weights);
  const dense = layers.filter(isCounted).map((layer) => {
    return layer.className === 'Dense' ? readDense(layer, take) : fail(`${layer.className} layer in an autoencoder`);
  });
  take.end();
  const columns = dense[0]?.inputs ?? fail('there is no layer');
  const known = readScaling(metadata, 'mean', 'scale');
  return createAutoencoder(dense, known ?? options.scaling ?? identityScaling(columns));
}

/** A many-to-one LSTM from Masking, LSTM and Dense layers, in this order. Throws `ML_FORMAT` that names what is not supported. */
export function importLstm(files: TensorFlowFiles, options: ImportOptions = {}): LstmModel {
  const { layers, weights, metadata } = readTensorFlow(files);
  const { lstm, head, inputs, last } = readStack(layers.filter(isCounted), createTaker(weights));
  const missingIndicators = readIndicators(metadata, options);
  const features = missingIndicators ? inputs / 2 : inputs;
  // Our own regressions end in a linear layer; a sigmoid at the end is the logistic link.
  const logistic = last.activation === 'sigmoid';
  return createLstmModel({
    steps: readSteps(layers) ?? options.steps ?? fail('the number of steps is open: say it in the options'),
    features,
    missingIndicators,
    layers: lstm,
    head: logistic ? [...head.slice(0, -1), { ...last, activation: 'linear' }] : head,
    link: logistic ? 'logistic' : 'identity',
    scaling: readScaling(metadata, 'mean', 'scale') ?? options.scaling ?? identityScaling(features),
    targetScaling: readScaling(metadata, 'targetMean', 'targetScale') ?? identityScaling(last.outputs),
  });
}

function readIndicators(metadata: unknown, { missingIndicators = false }: ImportOptions): boolean {
  const own = ownMetadata(metadata)?.['missingIndicators'] ?? missingIndicators;
  return typeof own === 'boolean' ? own : fail('metadata has no sound missingIndicators');
}

type Stack = { lstm: LstmWeights[]; head: DenseWeights[]; inputs: number; last: DenseWeights };

function readStack(layers: readonly LayerEntry[], take: Taker): Stack {
  const recurrent = layers.filter(({ className }) => className === 'LSTM').length;
  const lstm = layers.slice(0, recurrent).map((layer, i) => readLstm(layer, take, i < recurrent - 1));
  const head = layers.slice(recurrent).map((layer) => {
    return layer.className === 'Dense' ? readDense(layer, take) : fail(`${layer.className} layer after the LSTM`);
  });
  take.end();
  const inputs = lstm[0]?.inputs ?? fail('there is no LSTM layer');
  const last = head.at(-1) ?? fail('there is no Dense layer after the LSTM');
  return { lstm, head, inputs, last };
}

/** Layers that hold weights or change numbers. Dropout does neither outside training, and a missing step is masked here in any case. */
function isCounted({ className, config }: LayerEntry): boolean {
  if (className === 'Masking' && config['mask_value'] !== 0) fail('only a mask value of 0 is supported');
  return !['InputLayer', 'Dropout', 'Masking'].includes(className);
}

type Taker = {
  /** The next weight, which must have that kind of name and that shape (-1 for any size). */
  (suffix: string, shape: readonly number[]): NamedWeight;
  /** Fails when weights are left. */
  end(): void;
};

function createTaker(weights: readonly NamedWeight[]): Taker {
  let next = 0;
  const take = (suffix: string, shape: readonly number[]): NamedWeight => {
    const weight = weights[next] ?? fail(`a weight is missing: ${suffix}`);
    next += 1;
    const fits = weight.shape.length === shape.length && shape.every((size, i) => size < 0 || size === weight.shape[i]);
    // Keras in Python ends names in ":0" at times.
    const named = weight.name.replace(/:0$/, '').split('/').at(-1) === suffix;
    if (!named || !fits) fail(`weight ${weight.name} stands where ${suffix} of shape [${shape.join(', ')}] should`);
    return weight;
  };
  const end = (): void => {
    if (next !== weights.length) fail(`weight ${weights[next]!.name} belongs to no layer`);
  };
  return Object.assign(take, { end });
}

function readUnits(config: LayerEntry['config']): number {
  const { units } = config;
  return Number.isInteger(units) && Number(units) >= 1 ? Number(units) : fail('a layer has no sound number of units');
}

function readDense({ config }: LayerEntry, take: Taker): DenseWeights {
  const outputs = readUnits(config);
  const name = config['activation'] ?? 'linear';
  const activation =
    ACTIVATIONS.find((known) => known === name) ?? fail(`activation ${JSON.stringify(name)} is not supported`);
  const kernel = take('kernel', [-1, outputs]);
  const bias = config['use_bias'] === false ? new Float32Array(outputs) : take('bias', [outputs]).values;
  return { inputs: kernel.shape[0]!, outputs, activation, kernel: kernel.values, bias };
}

/** What our cell does; anything else in these fields would be another function. */
const CELL = { activation: 'tanh', recurrent_activation: 'sigmoid', go_backwards: false, stateful: false } as const;

function readLstm({ className, config }: LayerEntry, take: Taker, returnsSequences: boolean): LstmWeights {
  if (className !== 'LSTM') fail(`${className} layer where an LSTM should be`);
  const units = readUnits(config);
  for (const [key, wanted] of Object.entries(CELL)) {
    if ((config[key] ?? wanted) !== wanted) fail(`an LSTM with ${key} ${String(config[key])} is not supported`);
  }
  if ((config['return_sequences'] ?? false) !== returnsSequences)
    fail('the last LSTM, and only it, must end in one state');
  const kernel = take('kernel', [-1, 4 * units]);
  const recurrent = take('recurrent_kernel', [units, 4 * units]).values;
  const bias = config['use_bias'] === false ? new Float32Array(4 * units) : take('bias', [4 * units]).values;
  return { inputs: kernel.shape[0]!, units, kernel: kernel.values, recurrent, bias };
}

function readSteps(layers: readonly LayerEntry[]): number | undefined {
  for (const { config } of layers) {
    const shape = config['batch_input_shape'] ?? config['batch_shape'];
    if (Array.isArray(shape) && shape.length === 3 && Number.isInteger(shape[1])) return Number(shape[1]);
  }
  return undefined;
}

function ownMetadata(metadata: unknown): Readonly<Record<string, unknown>> | undefined {
  const own = asObject(metadata ?? {}, 'userDefinedMetadata')['vigia'];
  return own === undefined ? undefined : asObject(own, 'userDefinedMetadata.vigia');
}

function readScaling(metadata: unknown, meanKey: string, scaleKey: string): Scaling | undefined {
  const own = ownMetadata(metadata);
  if (!own) return undefined;
  const numbers = (key: string): Float64Array => {
    const list = own[key];
    return Array.isArray(list) ? Float64Array.from(list as number[], Number) : fail(`metadata lacks ${key}`);
  };
  return { mean: numbers(meanKey), scale: numbers(scaleKey) };
}
