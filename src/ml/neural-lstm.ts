import { type Kernels, borrowScoringKernels } from './kernels/kernels.ts';
import { type FloatArray, checkColumns, checkRow } from './matrix.ts';
import { MlError, requireInteger } from './ml-error.ts';
import type { SupervisedModel } from './model-contract.ts';
import { checkDense, checkFinite, checkScaling, decodeWidths, packDense, unpackDense } from './neural-format.ts';
import type { LstmWeights } from './neural-lstm-layer.ts';
import {
  type LstmNetwork,
  type LstmNetworkWeights,
  type SequenceShape,
  createLstmNetwork,
} from './neural-lstm-network.ts';
import { type Scaling, scaleInto } from './neural-scaling.ts';
import { type DecodedModel, decodeModel, encodeModel, requireKind } from './serialize.ts';

/** Everything that makes an LSTM model. */
export type LstmParts = LstmNetworkWeights &
  SequenceShape & {
    /** `logistic`: predictions are sigmoids of the outputs (class probabilities, hazards). */
    readonly link: 'identity' | 'logistic';
    /** Of the features, the same at all steps. */
    readonly scaling: Scaling;
    /** Of the targets: a prediction is output · scale + mean. */
    readonly targetScaling: Scaling;
  };

/**
 * A stacked LSTM (Hochreiter and Schmidhuber, 1997) that reads a sequence and predicts from its last state. A row of its input
 * matrix is one sequence: `steps` times `features` values, oldest step first; NaN is missing, a step with nothing present is passed
 * over. `trainLstm` fits one. Work of one row: 8 · units · (inputs + units) · steps operations a layer.
 * Fails when what matters lies further back than the sequence, or when sequences of one entity stand on both sides of a split.
 */
export type LstmModel = SupervisedModel & { readonly parts: LstmParts };

const KIND = 'lstm';
const VERSION = 1;
const LINKS = ['identity', 'logistic'] as const;
const MAX_STEPS = 100_000;
/** Rows predicted at once. */
const CHUNK = 32;

/** Scaled rows on their way into kernel memory; shared, since prediction is synchronous. */
let scratch = new Float32Array(0);
const CHUNK_ROWS = Uint32Array.from({ length: CHUNK }, (_, i) => i);

/** A model from known weights. Throws `ML_FORMAT` when they do not fit each other or hold what is not a finite number. */
export function createLstmModel(parts: LstmParts): LstmModel {
  const outputs = checkParts(parts);
  const { steps, features, link, scaling, targetScaling } = parts;
  const columns = steps * features;
  const owner = { parts };
  let network: LstmNetwork;
  const layOut = (kernels: Kernels): void => {
    network = createLstmNetwork(kernels, parts, parts, { rows: CHUNK, training: false, dropout: 0 });
  };

  /** Predicts up to CHUNK rows from `data[start]` into `out[to]`. */
  // oxlint-disable-next-line eslint/max-params -- a copy from somewhere to somewhere
  function pass(data: FloatArray, start: number, count: number, out: Float64Array, to: number): void {
    const kernels = borrowScoringKernels(owner, layOut);
    if (scratch.length < count * columns) scratch = new Float32Array(count * columns);
    scaleInto(scratch, { data, start, count: count * steps }, scaling);
    network.load(scratch, CHUNK_ROWS.subarray(0, count));
    network.forward();
    const { output, stride } = network.head;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < outputs; j++) {
        const value = kernels.floats[output / 4 + i * stride + j]! * targetScaling.scale[j]! + targetScaling.mean[j]!;
        out[to + i * outputs + j] = link === 'logistic' ? 1 / (1 + Math.exp(-value)) : value;
      }
    }
  }

  return {
    columns,
    outputs,
    parts,
    predictRow: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      pass(row, offset, 1, out, 0);
      return out;
    },
    predictBatch: (matrix, out = new Float64Array(matrix.rows * outputs)) => {
      checkColumns(matrix, columns);
      if (out.length !== matrix.rows * outputs) {
        throw new MlError('ML_SHAPE', `out must have length ${matrix.rows * outputs}`);
      }
      for (let first = 0; first < matrix.rows; first += CHUNK) {
        pass(matrix.data, first * columns, Math.min(CHUNK, matrix.rows - first), out, first * outputs);
      }
      return out;
    },
    toBytes: () => encode(parts),
  };
}

/** What the network sees of one step. */
export function networkInputs({ features, missingIndicators }: SequenceShape): number {
  return missingIndicators ? 2 * features : features;
}

function checkParts(parts: LstmParts): number {
  const { steps, features, layers, head } = parts;
  requireInteger('steps', steps, 1, MAX_STEPS);
  requireInteger('features', features, 1);
  let inputs = networkInputs(parts);
  if (layers.length === 0) throw new MlError('ML_FORMAT', 'there is no LSTM layer');
  for (const [index, layer] of layers.entries()) {
    checkLayer(layer, inputs, `LSTM layer ${index}`);
    inputs = layer.units;
  }
  const outputs = checkDense(head, inputs);
  checkScaling(parts.scaling, features);
  checkScaling(parts.targetScaling, outputs);
  return outputs;
}

function checkLayer(layer: LstmWeights, inputs: number, name: string): void {
  const { units, kernel, recurrent, bias } = layer;
  const width = 4 * units;
  const fits = kernel.length === inputs * width && recurrent.length === units * width && bias.length === width;
  if (layer.inputs !== inputs || units < 1 || !fits) {
    throw new MlError('ML_FORMAT', `${name} does not fit ${inputs} inputs and ${units} units`);
  }
  for (const values of [kernel, recurrent, bias]) checkFinite(name, values);
}

function encode(parts: LstmParts): Uint8Array {
  const dense = packDense(parts.head);
  const sections: Record<string, Float32Array | Float64Array> = {
    mean: parts.scaling.mean,
    scale: parts.scaling.scale,
    targetMean: parts.targetScaling.mean,
    targetScale: parts.targetScaling.scale,
  };
  for (const [index, layer] of parts.layers.entries()) {
    sections[`lstmKernel${index}`] = layer.kernel;
    sections[`lstmRecurrent${index}`] = layer.recurrent;
    sections[`lstmBias${index}`] = layer.bias;
  }
  const { steps, features, missingIndicators, link } = parts;
  const units = parts.layers.map((layer) => layer.units);
  const header = { steps, features, missingIndicators: missingIndicators ? 1 : 0, link, units, ...dense.header };
  return encodeModel(KIND, VERSION, header, { ...sections, ...dense.sections });
}

/** Loads what `toBytes` gave; every bit of its predictions is the same. Throws the codes of `decodeModel`. */
export function loadLstm(bytes: Uint8Array): LstmModel {
  const decoded = decodeModel(bytes);
  requireKind(decoded, KIND, VERSION);
  const mean = decoded.section('mean', 'f64');
  const features = decoded.integer('features', 1, mean.length);
  const missingIndicators = decoded.integer('missingIndicators', 0, 1) === 1;
  const shape = { steps: decoded.integer('steps', 1, MAX_STEPS), features, missingIndicators };
  const layers = decodeLayers(decoded, networkInputs(shape));
  const head = unpackDense(decoded, layers.at(-1)!.units);
  const outputs = head.at(-1)!.outputs;
  return createLstmModel({
    ...shape,
    link: decoded.choice('link', LINKS),
    layers,
    head,
    scaling: { mean, scale: decoded.section('scale', 'f64', features) },
    targetScaling: {
      mean: decoded.section('targetMean', 'f64', outputs),
      scale: decoded.section('targetScale', 'f64', outputs),
    },
  });
}

function decodeLayers(decoded: DecodedModel, firstInputs: number): LstmWeights[] {
  let inputs = firstInputs;
  return decodeWidths(decoded, 'units').map((units, index) => {
    const layer = {
      inputs,
      units,
      kernel: decoded.section(`lstmKernel${index}`, 'f32', inputs * 4 * units),
      recurrent: decoded.section(`lstmRecurrent${index}`, 'f32', units * 4 * units),
      bias: decoded.section(`lstmBias${index}`, 'f32', 4 * units),
    };
    inputs = units;
    return layer;
  });
}
