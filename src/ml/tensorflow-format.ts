import { MlError } from './ml-error.ts';

/** The two parts of a model in TensorFlow.js Layers format: the text of `model.json`, and its weight files one after the other. */
export type TensorFlowFiles = { readonly modelJson: string; readonly weights: Uint8Array };

/** One layer of a Sequential model. */
export type LayerEntry = { readonly className: string; readonly config: Readonly<Record<string, unknown>> };

/** A named weight, row-major. */
export type NamedWeight = { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array };

/** What a `model.json` says, checked; weights come in the order of the manifest. */
export type TensorFlowModel = {
  readonly layers: readonly LayerEntry[];
  readonly weights: readonly NamedWeight[];
  readonly metadata: unknown;
};

/** Name of the one weight file that is written. */
export const WEIGHTS_FILE = 'weights.bin';

const MAX_JSON = 16 * 2 ** 20;
const MAX_LAYERS = 64;
const MAX_WEIGHTS = 1024;

type Json = Readonly<Record<string, unknown>>;

function fail(message: string): never {
  throw new MlError('ML_FORMAT', `TensorFlow model: ${message}`);
}

/** A JSON object, or `ML_FORMAT`. */
export function asObject(value: unknown, name: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(`${name} is not an object`);
  return value as Json;
}

function asList(value: unknown, name: string, limit: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > limit) fail(`${name} is not a list of at most ${limit} entries`);
  return value;
}

function asText(value: unknown, name: string): string {
  return typeof value === 'string' ? value : fail(`${name} is not a text`);
}

/** Writes the two parts. Weights are float32, little-endian, in order. */
export function writeTensorFlow(model: TensorFlowModel): TensorFlowFiles {
  const total = model.weights.reduce((sum, { values }) => sum + values.length, 0);
  const all = new Float32Array(total);
  let offset = 0;
  for (const { values } of model.weights) {
    all.set(values, offset);
    offset += values.length;
  }
  const document = {
    format: 'layers-model',
    generatedBy: 'vigia',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'sequential',
        layers: model.layers.map(({ className, config }) => ({ class_name: className, config })),
      },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      {
        paths: [WEIGHTS_FILE],
        weights: model.weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: model.metadata,
  };
  return { modelJson: JSON.stringify(document), weights: new Uint8Array(all.buffer) };
}

function parse(modelJson: string): Json {
  if (modelJson.length > MAX_JSON) throw new MlError('ML_TOO_LARGE', `model.json has over ${MAX_JSON} characters`);
  let document: unknown;
  try {
    document = JSON.parse(modelJson);
  } catch {
    fail('model.json is not JSON');
  }
  return asObject(document, 'model.json');
}

/**
 * The weight files that a `model.json` names, in the order in which their bytes belong together. Throws `ML_FORMAT` for a path
 * that leaves the folder of `model.json`.
 */
export function tensorFlowWeightFiles(modelJson: string): string[] {
  const groups = asList(parse(modelJson)['weightsManifest'], 'weightsManifest', MAX_WEIGHTS);
  return groups.flatMap((group) =>
    asList(asObject(group, 'a weight group')['paths'], 'paths', MAX_WEIGHTS).map((path) => {
      const text = asText(path, 'a weight path');
      if (!/^\w[\w.-]*$/.test(text)) fail(`weight path ${JSON.stringify(text)} is not a plain file name`);
      return text;
    }),
  );
}

/** Reads and checks the two parts. Throws `ML_FORMAT` or `ML_TOO_LARGE`; allocates no more than the files hold. */
export function readTensorFlow({ modelJson, weights }: TensorFlowFiles): TensorFlowModel {
  const document = parse(modelJson);
  const topology = asObject(document['modelTopology'], 'modelTopology');
  // Keras in Python wraps the model; TensorFlow.js does not.
  const model = asObject(topology['model_config'] ?? topology, 'model_config');
  if (model['class_name'] !== 'Sequential')
    fail(`a ${String(model['class_name'])} model is not supported, Sequential is`);
  // Very old files hold the list of layers itself.
  const config = Array.isArray(model['config']) ? { layers: model['config'] } : asObject(model['config'], 'config');
  const layers = asList(config['layers'], 'layers', MAX_LAYERS).map((entry): LayerEntry => {
    const layer = asObject(entry, 'a layer');
    return { className: asText(layer['class_name'], 'class_name'), config: asObject(layer['config'], 'config') };
  });
  return { layers, weights: readWeights(document, weights), metadata: document['userDefinedMetadata'] };
}

function readWeights(document: Json, bytes: Uint8Array): NamedWeight[] {
  const groups = asList(document['weightsManifest'], 'weightsManifest', MAX_WEIGHTS);
  const entries = groups.flatMap((group) =>
    asList(asObject(group, 'a weight group')['weights'], 'weights', MAX_WEIGHTS),
  );
  let offset = 0;
  const read = entries.map((value): NamedWeight => {
    const entry = asObject(value, 'a weight');
    const name = asText(entry['name'], 'name');
    if (entry['dtype'] !== 'float32' || entry['quantization'] !== undefined) {
      fail(`weight ${name} is not plain float32: export it without quantisation`);
    }
    const shape = asList(entry['shape'], 'shape', 4).map((size) =>
      Number.isInteger(size) && Number(size) >= 1 ? Number(size) : fail(`weight ${name} has no sound shape`),
    );
    const end = offset + 4 * shape.reduce((product, size) => product * size, 1);
    if (!(end <= bytes.length)) fail(`weight ${name} is cut off`);
    // A copy: the bytes may be a Buffer, which stands anywhere in a larger one.
    const values = new Float32Array(new Uint8Array(bytes.subarray(offset, end)).buffer);
    offset = end;
    return { name, shape, values };
  });
  if (offset !== bytes.length) fail(`${bytes.length - offset} bytes of weights are left over`);
  return read;
}
