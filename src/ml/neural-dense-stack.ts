import { type Address, type Kernels, roundUp } from './kernels/kernels.ts';
import { type DenseLayer, type DenseWeights, createDenseLayer } from './neural-dense.ts';
import type { Tensor } from './neural-tensor.ts';
import { type Loss, type LossSum, evaluateLoss } from './neural-losses.ts';
import type { Random } from './random.ts';

/** How a network is laid out: for scoring, or for training with what the way back needs. */
export type Layout = {
  /** Most rows of one batch. */
  readonly rows: number;
  readonly training: boolean;
  /** Share of hidden outputs that training sets to zero (Srivastava et al., 2014), 0 … 0.9. */
  readonly dropout: number;
};

/** Dense layers one upon the other, with dropout between them while training. */
export type DenseStack = {
  readonly tensors: readonly Tensor[];
  readonly output: Address;
  readonly gradient: Address;
  readonly stride: number;
  /** `x` must stay as it is until `backward`. With `random`, dropout is drawn and applied. */
  forward(x: Address, xStride: number, rows: number, random?: Random): void;
  /** From `gradient` (rows beyond the batch up to a multiple of 4 must be zero) to weight gradients, and that of x unless `into` is 0. */
  backward(x: Address, xStride: number, rows: number, into: Address): void;
  read(): DenseWeights[];
  readGradient(): DenseWeights[];
};

type Stage = { readonly layer: DenseLayer; readonly mask: Address; readonly dropped: Address };

// oxlint-disable-next-line eslint/max-lines-per-function -- both ways over the same stages
export function createDenseStack(kernels: Kernels, weights: readonly DenseWeights[], layout: Layout): DenseStack {
  const { rows, training } = layout;
  const drops = training && layout.dropout > 0;
  const stages = weights.map((initial, index): Stage => {
    const layer = createDenseLayer(kernels, initial, rows, training);
    const size = drops && index < weights.length - 1 ? roundUp(rows, 4) * layer.stride : 0;
    return { layer, mask: size && kernels.allocate(size), dropped: size && kernels.allocate(size) };
  });
  const last = stages.at(-1)!.layer;
  let dropping = false;
  // What the layer above a stage reads.
  const above = ({ layer, dropped }: Stage): Address => (dropping && dropped ? dropped : layer.output);

  function forward(x: Address, xStride: number, rowCount: number, random?: Random): void {
    dropping = drops && random !== undefined;
    let source = x;
    let stride = xStride;
    for (const stage of stages) {
      const { layer, mask, dropped } = stage;
      layer.forward(source, stride, rowCount);
      if (dropping && dropped) {
        const count = roundUp(rowCount, 4) * layer.stride;
        drawDropout(kernels, mask, count, layout.dropout, random!);
        kernels.run.multiplyVectors(dropped, layer.output, mask, count);
      }
      source = above(stage);
      stride = layer.stride;
    }
  }

  function backward(x: Address, xStride: number, rowCount: number, into: Address): void {
    for (let index = stages.length - 1; index >= 0; index--) {
      const { layer } = stages[index]!;
      const below = stages[index - 1];
      if (!below) {
        layer.backward(x, xStride, rowCount, into);
        return;
      }
      layer.backward(above(below), below.layer.stride, rowCount, below.layer.gradient);
      if (dropping) {
        const count = roundUp(rowCount, 4) * below.layer.stride;
        kernels.run.multiplyVectors(below.layer.gradient, below.layer.gradient, below.mask, count);
      }
    }
  }

  return {
    tensors: stages.flatMap(({ layer }) => layer.tensors),
    output: last.output,
    gradient: last.gradient,
    stride: last.stride,
    forward,
    backward,
    read: () => stages.map(({ layer }) => layer.read()),
    readGradient: () => stages.map(({ layer }) => layer.readGradient()),
  };
}

/** What a batch is compared with: see LossView. */
export type Aim = {
  readonly loss: Loss;
  readonly targets: Float32Array;
  readonly outputs: number;
  readonly weights: Float32Array | undefined;
};

/** Loss of the batch that just went forward; when `learning`, its gradient stands ready for `backward`. */
// oxlint-disable-next-line eslint/max-params -- a stack in its memory, a batch and its aim
export function aimStack(kernels: Kernels, stack: DenseStack, aim: Aim, rows: Uint32Array, learning: boolean): LossSum {
  const { floats } = kernels;
  const { stride } = stack;
  const gradient = learning ? stack.gradient / 4 : -1;
  const { targets, outputs, weights } = aim;
  if (learning) floats.fill(0, gradient + rows.length * stride, gradient + roundUp(rows.length, 4) * stride);
  return evaluateLoss(aim.loss, {
    floats,
    output: stack.output / 4,
    gradient,
    stride,
    targets,
    outputs,
    rows,
    weights,
  });
}

/** Fills a mask with 0 or 1 / (1 - rate), so that the expected output stays the same. */
// oxlint-disable-next-line eslint/max-params -- a block of memory, its law and its chance
export function drawDropout(kernels: Kernels, mask: Address, count: number, rate: number, random: Random): void {
  const { floats } = kernels;
  const kept = 1 / (1 - rate);
  const threshold = rate * 2 ** 32;
  for (let i = 0; i < count; i++) floats[mask / 4 + i] = random.uint32() < threshold ? 0 : kept;
}
