import { MlError } from './ml-error.ts';
import { ACTIVATIONS, type DenseWeights } from './neural-dense.ts';
import type { Scaling } from './neural-scaling.ts';
import type { DecodedModel, ModelHeader, SectionArray } from './serialize.ts';

/** Bounds of what a file may ask for, far beyond what the kernels are made for. */
export const MAX_WIDTH = 4096;
export const MAX_LAYERS = 16;

/** Throws `ML_FORMAT` unless every number is finite: NaN in a weight would make every score NaN. */
export function checkFinite(name: string, values: Float32Array | Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new MlError('ML_FORMAT', `${name} holds ${values[i]}`);
  }
}

/** Throws `ML_FORMAT` unless layers follow one upon the other from `inputs` and are finite. Returns the last layer's outputs. */
export function checkDense(layers: readonly DenseWeights[], inputs: number): number {
  let width = inputs;
  if (layers.length === 0) throw new MlError('ML_FORMAT', 'there is no dense layer');
  for (const [index, { inputs, outputs, kernel, bias }] of layers.entries()) {
    if (inputs !== width || kernel.length !== inputs * outputs || bias.length !== outputs || outputs < 1) {
      throw new MlError('ML_FORMAT', `dense layer ${index} does not fit the one below`);
    }
    checkFinite(`dense layer ${index}`, kernel);
    checkFinite(`dense layer ${index}`, bias);
    width = outputs;
  }
  return width;
}

/** Throws `ML_FORMAT` unless there is a finite mean and a finite positive scale for each of `features`. */
export function checkScaling({ mean, scale }: Scaling, features: number): void {
  if (mean.length !== features || scale.length !== features) {
    throw new MlError('ML_FORMAT', `the scaling has ${mean.length} features, expected ${features}`);
  }
  checkFinite('mean', mean);
  checkFinite('scale', scale);
  if (!scale.every((value) => value > 0)) throw new MlError('ML_FORMAT', 'a scale is not positive');
}

/** Header and sections of dense layers. */
export function packDense(layers: readonly DenseWeights[]): {
  header: ModelHeader;
  sections: Record<string, SectionArray>;
} {
  const sections: Record<string, SectionArray> = {};
  for (const [index, { kernel, bias }] of layers.entries()) {
    sections[`kernel${index}`] = kernel;
    sections[`bias${index}`] = bias;
  }
  const header = { widths: layers.map(({ outputs }) => outputs), activations: layers.map((layer) => layer.activation) };
  return { header, sections };
}

/** The whole numbers in a list of the header; `ML_FORMAT` unless it has 1 … MAX_LAYERS of them from 1 to MAX_WIDTH. */
export function decodeWidths(decoded: DecodedModel, key: string): number[] {
  const widths = decoded.header[key];
  const sound = (width: unknown): boolean =>
    Number.isInteger(width) && Number(width) >= 1 && Number(width) <= MAX_WIDTH;
  if (!Array.isArray(widths) || widths.length < 1 || widths.length > MAX_LAYERS || !widths.every(sound)) {
    throw new MlError('ML_FORMAT', `header ${key} must list 1 to ${MAX_LAYERS} widths from 1 to ${MAX_WIDTH}`);
  }
  return widths as number[];
}

/** Reads what `packDense` wrote. */
export function unpackDense(decoded: DecodedModel, inputs: number): DenseWeights[] {
  const names = decoded.header['activations'];
  let width = inputs;
  return decodeWidths(decoded, 'widths').map((outputs, index) => {
    const activation = ACTIVATIONS.find((name) => Array.isArray(names) && name === names[index]);
    if (!activation) throw new MlError('ML_FORMAT', `dense layer ${index} has no known activation`);
    const kernel = decoded.section(`kernel${index}`, 'f32', width * outputs);
    const layer = { inputs: width, outputs, activation, kernel, bias: decoded.section(`bias${index}`, 'f32', outputs) };
    width = outputs;
    return layer;
  });
}
