import { type Address, type Kernels, roundUp } from './kernels/kernels.ts';
import { type Tensor, allocateTensor } from './neural-tensor.ts';
import type { Random } from './random.ts';

/** In the order of the kernel's codes. */
export const ACTIVATIONS = ['linear', 'relu', 'tanh', 'sigmoid'] as const;
export type Activation = (typeof ACTIVATIONS)[number];

/** A dense layer as the world knows it: y = activation(x · kernel + bias), kernel row-major (inputs × outputs). */
export type DenseWeights = {
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: Activation;
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
};

/** Fresh weights: uniform after Glorot and Bengio (2010), zero bias. */
export function randomDense(inputs: number, outputs: number, activation: Activation, random: Random): DenseWeights {
  const limit = Math.sqrt(6 / (inputs + outputs));
  const kernel = Float32Array.from({ length: inputs * outputs }, () => (2 * random.next() - 1) * limit);
  return { inputs, outputs, activation, kernel, bias: new Float32Array(outputs) };
}

/** A dense layer in kernel memory, for batches of at most the rows it was made for. */
export type DenseLayer = {
  readonly tensors: readonly Tensor[];
  /** [rows][stride] results, and while training their gradient, which the caller fills before `backward`. */
  readonly output: Address;
  readonly gradient: Address;
  /** Outputs rounded up to 8; what lies between stays zero or is never used. */
  readonly stride: number;
  /** `x` is [rows][xStride]; reads inputs rounded up to 4 columns. Rows are rounded up to 4. */
  forward(x: Address, xStride: number, rows: number): void;
  /** Adds up the weight gradients; writes that of x to `into` ([rows][inputs rounded up to 8]) unless it is 0. */
  backward(x: Address, xStride: number, rows: number, into: Address): void;
  read(): DenseWeights;
  readGradient(): DenseWeights;
};

/** Lays one layer out and writes its weights. */
export function createDenseLayer(kernels: Kernels, initial: DenseWeights, rows: number, training: boolean): DenseLayer {
  const { inputs, outputs } = initial;
  const depth = roundUp(inputs, 4);
  const stride = roundUp(outputs, 8);
  const blocks = stride / 8;
  const code = ACTIVATIONS.indexOf(initial.activation);
  const weights = allocateTensor(kernels, blocks * depth * 8, training, true);
  const bias = allocateTensor(kernels, stride, training, false);
  const output = kernels.allocate(roundUp(rows, 4) * stride);
  const gradient = training ? kernels.allocate(roundUp(rows, 4) * stride) : 0;
  const transposed = training ? kernels.allocate(roundUp(depth, 8) * stride) : 0;
  const { run } = kernels;

  function backward(x: Address, xStride: number, rowCount: number, into: Address): void {
    const padded = roundUp(rowCount, 4);
    run.denseDelta(output, gradient, bias.gradient, padded, blocks, code);
    run.multiplyTransposedLeft(x, xStride, gradient, stride, weights.gradient, 8, depth * 8, depth, blocks, padded);
    // Padded inputs may be non-zero (a sigmoid of nothing is one half); their weights must stay zero.
    for (let block = 0; block < blocks; block++) {
      const start = weights.gradient / 4 + block * depth * 8;
      kernels.floats.fill(0, start + inputs * 8, start + depth * 8);
    }
    if (into === 0) return;
    const width = roundUp(depth, 8);
    run.transposePanels(weights.values, depth, blocks, transposed);
    run.multiplyPanels(gradient, stride, transposed, into, width, padded, width / 8, stride, 0);
  }

  function read(kernelFrom: Address, biasFrom: Address): DenseWeights {
    const { floats } = kernels;
    const kernel = new Float32Array(inputs * outputs);
    eachWeight(inputs, outputs, (plain, panel) => (kernel[plain] = floats[kernelFrom / 4 + panel]!));
    return { ...initial, kernel, bias: floats.slice(biasFrom / 4, biasFrom / 4 + outputs) };
  }

  const { floats } = kernels;
  eachWeight(inputs, outputs, (plain, panel) => (floats[weights.values / 4 + panel] = initial.kernel[plain]!));
  floats.set(initial.bias, bias.values / 4);
  return {
    tensors: [weights, bias],
    output,
    gradient,
    stride,
    forward: (x, xStride, rowCount) =>
      run.denseForward(x, xStride, weights.values, bias.values, output, roundUp(rowCount, 4), depth, blocks, code),
    backward,
    read: () => read(weights.values, bias.values),
    readGradient: () => read(weights.gradient, bias.gradient),
  };
}

/** Calls back with each weight's place in the row-major kernel and in the panels. */
function eachWeight(inputs: number, outputs: number, visit: (plain: number, panel: number) => void): void {
  const depth = roundUp(inputs, 4);
  for (let k = 0; k < inputs; k++) {
    for (let j = 0; j < outputs; j++) visit(k * outputs + j, ((j >> 3) * depth + k) * 8 + (j & 7));
  }
}
