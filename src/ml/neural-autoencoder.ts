import { type Address, type Kernels, borrowScoringKernels, roundUp } from './kernels/kernels.ts';
import { type FloatArray, checkColumns, checkRow } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { OutlierModel } from './model-contract.ts';
import type { DenseWeights } from './neural-dense.ts';
import { type DenseStack, type Layout, createDenseStack } from './neural-dense-stack.ts';
import { checkDense, checkScaling, packDense, unpackDense } from './neural-format.ts';
import { type Scaling, cut } from './neural-scaling.ts';
import { decodeModel, encodeModel, requireKind } from './serialize.ts';

/**
 * A dense autoencoder (Rumelhart et al., 1986; for outliers Sakurada and Yairi, 2014): it learns to pass rows through a narrow
 * middle, and scores a row by the mean squared residual, in squared standard deviations, over the features that are present.
 * Fails when the middle is wide enough to copy its input, or when the training rows hold the anomalies. `trainAutoencoder` fits one.
 */
export type Autoencoder = OutlierModel & {
  readonly layers: readonly DenseWeights[];
  readonly scaling: Scaling;
  /** Squared residual of each feature into `out`, 0 where missing. The score is their mean over the present features. */
  residuals(row: FloatArray, out: Float64Array, offset?: number): Float64Array;
};

const KIND = 'autoencoder';
const VERSION = 1;
/** Rows scored at once: small enough to stay in cache, large enough to fill the micro-kernel. */
const CHUNK = 64;
/** Largest residual in standard deviations, so that the score of an infinite value is a number. */
const RESIDUAL_LIMIT = 1e12;

/** An autoencoder in kernel memory: its input rows have `inputStride` floats. */
export type LaidAutoencoder = { readonly stack: DenseStack; readonly input: Address; readonly inputStride: number };

/** Lays the layers out and writes their weights. */
export function layOutAutoencoder(kernels: Kernels, layers: readonly DenseWeights[], layout: Layout): LaidAutoencoder {
  const inputStride = roundUp(layers[0]!.inputs, 8);
  const input = kernels.allocate(roundUp(layout.rows, 4) * inputStride);
  return { stack: createDenseStack(kernels, layers, layout), input, inputStride };
}

/**
 * A model from known weights: from TensorFlow, from a file, by hand. Throws `ML_FORMAT` when the layers do not follow one upon the
 * other, do not end in as many outputs as inputs, or hold a weight that is not a finite number.
 */
export function createAutoencoder(layers: readonly DenseWeights[], scaling: Scaling): Autoencoder {
  const columns = layers[0]?.inputs ?? 0;
  if (checkDense(layers, columns) !== columns) throw new MlError('ML_FORMAT', 'outputs do not fit inputs');
  checkScaling(scaling, columns);
  const pass = createPass(layers, scaling);
  const { residual, scoreOf } = createScorer(scaling);

  return {
    columns,
    layers,
    scaling,
    scoreRow: (row, offset = 0) => {
      checkRow(row, offset, columns);
      const { floats, output } = pass(row, offset, 1);
      return scoreOf(row, offset, floats, output);
    },
    scoreBatch: (matrix, out = new Float64Array(matrix.rows)) => {
      checkColumns(matrix, columns);
      if (out.length !== matrix.rows) throw new MlError('ML_SHAPE', `out must have length ${matrix.rows}`);
      for (let first = 0; first < matrix.rows; first += CHUNK) {
        const count = Math.min(CHUNK, matrix.rows - first);
        const { floats, output, stride } = pass(matrix.data, first * columns, count);
        for (let i = 0; i < count; i++) {
          out[first + i] = scoreOf(matrix.data, (first + i) * columns, floats, output + i * stride);
        }
      }
      return out;
    },
    residuals: (row, out, offset = 0) => {
      checkRow(row, offset, columns);
      const { floats, output } = pass(row, offset, 1);
      for (let j = 0; j < columns; j++) {
        const value = residual(row, offset, j, floats[output + j]!);
        out[j] = Number.isNaN(value) ? 0 : value;
      }
      return out;
    },
    toBytes: () => {
      const { header, sections } = packDense(layers);
      return encodeModel(KIND, VERSION, header, { mean: scaling.mean, scale: scaling.scale, ...sections });
    },
  };
}

type Scorer = {
  /** Squared residual of one feature, NaN where it is missing. */
  residual: (data: FloatArray, from: number, j: number, output: number) => number;
  scoreOf: (data: FloatArray, from: number, floats: Float32Array, output: number) => number;
};

function createScorer({ mean, scale }: Scaling): Scorer {
  const columns = mean.length;
  const residual: Scorer['residual'] = (data, from, j, output) => {
    const difference = (data[from + j]! - mean[j]!) / scale[j]! - output;
    return Math.min(RESIDUAL_LIMIT, Math.abs(difference)) ** 2;
  };
  const scoreOf: Scorer['scoreOf'] = (data, from, floats, output) => {
    let sum = 0;
    let present = 0;
    for (let j = 0; j < columns; j++) {
      const value = residual(data, from, j, floats[output + j]!);
      if (Number.isNaN(value)) continue;
      sum += value;
      present += 1;
    }
    return present > 0 ? sum / present : 0;
  };
  return { residual, scoreOf };
}

/** Reconstructions of up to CHUNK rows: row `i` stands at `floats[output + i * stride]`. */
type Pass = (
  data: FloatArray,
  start: number,
  count: number,
) => { readonly floats: Float32Array; readonly output: number; readonly stride: number };

function createPass(layers: readonly DenseWeights[], { mean, scale }: Scaling): Pass {
  const columns = mean.length;
  const owner = { layers };
  let laid: LaidAutoencoder;
  const layOut = (kernels: Kernels): void => {
    laid = layOutAutoencoder(kernels, layers, { rows: CHUNK, training: false, dropout: 0 });
  };
  return (data, start, count) => {
    const { floats } = borrowScoringKernels(owner, layOut);
    const { stack, input, inputStride } = laid;
    for (let i = 0; i < count; i++) {
      const to = input / 4 + i * inputStride;
      for (let j = 0; j < columns; j++) {
        const z = cut((data[start + i * columns + j]! - mean[j]!) / scale[j]!);
        floats[to + j] = Number.isNaN(z) ? 0 : z;
      }
    }
    stack.forward(input, inputStride, count);
    return { floats, output: stack.output / 4, stride: stack.stride };
  };
}

/** Loads what `toBytes` gave; every bit of its scores is the same. Throws the codes of `decodeModel`. */
export function loadAutoencoder(bytes: Uint8Array): Autoencoder {
  const decoded = decodeModel(bytes);
  requireKind(decoded, KIND, VERSION);
  const mean = decoded.section('mean', 'f64');
  const layers = unpackDense(decoded, mean.length);
  return createAutoencoder(layers, { mean, scale: decoded.section('scale', 'f64', mean.length) });
}
