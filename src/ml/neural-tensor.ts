import { type Address, type Kernels } from './kernels/kernels.ts';

/** One block of weights in kernel memory with what training keeps beside it; `gradient` and moments are 0 when only scoring. */
export type Tensor = {
  readonly values: Address;
  readonly gradient: Address;
  readonly first: Address;
  readonly second: Address;
  /** Floats, a multiple of 4. */
  readonly count: number;
  /** Weights decay, biases do not. */
  readonly decays: boolean;
};

/** Reserves a zeroed tensor. */
export function allocateTensor(kernels: Kernels, count: number, training: boolean, decays: boolean): Tensor {
  const block = (): Address => (training ? kernels.allocate(count) : 0);
  return { values: kernels.allocate(count), gradient: block(), first: block(), second: block(), count, decays };
}

export type AdamOptions = {
  readonly learningRate: number;
  /** Decoupled (Loshchilov and Hutter, 2019): weights shrink by `learningRate · weightDecay` a step. */
  readonly weightDecay: number;
  /** Gradients are scaled down to this global norm; 0 switches it off. */
  readonly gradientClip: number;
};

/** Decay rates and guard of Kingma and Ba (2015), the defaults of every framework. */
const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

/** Returns the function that applies and clears the gathered gradients. It answers the gradient's norm before clipping. */
export function createAdam(kernels: Kernels, tensors: readonly Tensor[], options: AdamOptions): () => number {
  const { run } = kernels;
  const { learningRate, weightDecay, gradientClip } = options;
  let step = 0;
  return () => {
    let squares = 0;
    for (const { gradient, count } of tensors) squares += run.sumOfSquares(gradient, count);
    const norm = Math.sqrt(squares);
    if (gradientClip > 0 && norm > gradientClip) {
      for (const { gradient, count } of tensors) run.scale(gradient, count, gradientClip / norm);
    }
    step += 1;
    const second = Math.sqrt(1 - BETA2 ** step);
    const rate = (learningRate * second) / (1 - BETA1 ** step);
    for (const { values, gradient, first, second: moment, count, decays } of tensors) {
      const decay = decays ? learningRate * weightDecay : 0;
      run.adam(values, gradient, first, moment, count, rate, BETA1, BETA2, EPSILON * second, decay);
    }
    return norm;
  };
}

/** Copies of all weights, to go back to the best epoch. */
export function saveTensors(kernels: Kernels, tensors: readonly Tensor[]): Float32Array[] {
  return tensors.map(({ values, count }) => kernels.floats.slice(values / 4, values / 4 + count));
}

/** Writes copies from `saveTensors` back. */
export function restoreTensors(kernels: Kernels, tensors: readonly Tensor[], saved: readonly Float32Array[]): void {
  for (const [index, { values }] of tensors.entries()) kernels.floats.set(saved[index]!, values / 4);
}
