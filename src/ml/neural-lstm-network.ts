import { type Address, type Kernels, roundUp } from './kernels/kernels.ts';
import type { DenseWeights } from './neural-dense.ts';
import { type DenseStack, createDenseStack } from './neural-dense-stack.ts';
import { type LstmLayer, type LstmPlace, type LstmWeights, createLstmLayer } from './neural-lstm-layer.ts';
import type { Tensor } from './neural-tensor.ts';
import type { Random } from './random.ts';

/** Weights of a many-to-one network: LSTM layers, then dense layers on the last hidden state. */
export type LstmNetworkWeights = { readonly layers: readonly LstmWeights[]; readonly head: readonly DenseWeights[] };

/** What a sequence looks like: `steps` steps of `features`, one step after the other in a row. */
export type SequenceShape = {
  readonly steps: number;
  readonly features: number;
  /** The network also sees, for each feature, 1 where it is missing and 0 where it is not. */
  readonly missingIndicators: boolean;
};

/** A many-to-one LSTM in kernel memory. */
export type LstmNetwork = {
  readonly tensors: readonly Tensor[];
  readonly head: DenseStack;
  /**
   * Loads scaled sequences. A missing value becomes 0, the mean; a step of which nothing is present is masked: the state
   * passes over it unchanged. With `random`, dropout is drawn.
   */
  load(data: Float32Array, rows: Uint32Array, random?: Random): void;
  /** Results stand at `head.output`. */
  forward(random?: Random): void;
  /** With the gradient of the outputs at `head.gradient`. */
  backward(): void;
  read(): LstmNetworkWeights;
  readGradient(): LstmNetworkWeights;
};

/** Lays a network out for batches of at most `place.rows` sequences and writes its weights. */
export function createLstmNetwork(
  kernels: Kernels,
  weights: LstmNetworkWeights,
  shape: SequenceShape,
  place: Omit<LstmPlace, 'passesDown' | 'steps'>,
): LstmNetwork {
  const { steps } = shape;
  const layers = weights.layers.map((layer, i) =>
    createLstmLayer(kernels, layer, { ...place, steps, passesDown: i > 0 }),
  );
  for (const [i, above] of layers.slice(1).entries()) layers[i]!.connect(above);
  const head = createDenseStack(kernels, weights.head, place);
  const top = layers.at(-1)!;
  const last = kernels.allocate(roundUp(place.rows, 4) * top.width);
  const mask = kernels.allocate(steps * roundUp(place.rows, 4));
  // The way forward takes rows in pairs, the way back in fours.
  const padding = place.training ? 4 : 2;
  let count = 0;

  function load(data: Float32Array, rows: Uint32Array, random?: Random): void {
    count = rows.length;
    const padded = roundUp(count, padding);
    for (const layer of layers) layer.begin(padded, random);
    const masked = placeSequences(kernels, data, rows, { shape, layer: layers[0]!, mask, padded });
    for (const layer of layers) layer.mask(masked ? mask : 0);
  }

  function forward(random?: Random): void {
    for (const layer of layers) layer.forward();
    takeLast(kernels, top, { steps, count, padded: roundUp(count, padding) }, last);
    const dropped = top.dropoutMask();
    if (dropped) kernels.run.multiplyVectors(last, last, dropped, count * top.width);
    head.forward(last, top.width, count, random);
  }

  function backward(): void {
    head.backward(last, top.width, count, top.dh);
    const dropped = top.dropoutMask();
    if (dropped) kernels.run.multiplyVectors(top.dh, top.dh, dropped, count * top.width);
    for (const layer of layers.toReversed()) layer.backward();
  }

  return {
    tensors: [...layers.flatMap((layer) => layer.tensors), ...head.tensors],
    head,
    load,
    forward,
    backward,
    read: () => ({ layers: layers.map((layer) => layer.read()), head: head.read() }),
    readGradient: () => ({ layers: layers.map((layer) => layer.readGradient()), head: head.readGradient() }),
  };
}

type Placement = {
  readonly shape: SequenceShape;
  readonly layer: LstmLayer;
  readonly mask: Address;
  readonly padded: number;
};

/** Copies sequences to where the first layer reads them, time first. Answers whether any step is masked. */
function placeSequences(kernels: Kernels, data: Float32Array, rows: Uint32Array, placement: Placement): boolean {
  const { shape, layer, padded } = placement;
  const { floats, integers } = kernels;
  const { steps, features } = shape;
  const maskStart = placement.mask / 4;
  integers.fill(0, maskStart, maskStart + steps * padded);
  let masked = false;
  for (let i = 0; i < rows.length; i++) {
    for (let t = 0; t < steps; t++) {
      const from = (rows[i]! * steps + t) * features;
      const to = layer.states / 4 + (t * padded + i) * layer.stride;
      let present = 0;
      for (let j = 0; j < features; j++) {
        const value = data[from + j]!;
        const missing = Number.isNaN(value);
        floats[to + j] = missing ? 0 : value;
        if (shape.missingIndicators) floats[to + features + j] = missing ? 1 : 0;
        if (!missing) present += 1;
      }
      if (present > 0) integers[maskStart + t * padded + i] = -1;
      else masked = true;
    }
  }
  return masked;
}

type Batch = { readonly steps: number; readonly count: number; readonly padded: number };

/** Copies the last hidden state of every row to [rows][width]. */
function takeLast(kernels: Kernels, top: LstmLayer, { steps, count, padded }: Batch, last: Address): void {
  const { floats } = kernels;
  for (let i = 0; i < count; i++) {
    const from = top.states / 4 + (steps * padded + i) * top.stride + top.inputs;
    floats.copyWithin(last / 4 + i * top.width, from, from + top.width);
  }
}
