import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Kernels, createKernels } from './kernels/kernels.ts';
import { layOutAutoencoder } from './neural-autoencoder.ts';
import { type Activation, type DenseWeights, randomDense } from './neural-dense.ts';
import { aimStack } from './neural-dense-stack.ts';
import type { Loss } from './neural-losses.ts';
import { randomLstm } from './neural-lstm-layer.ts';
import { type LstmNetworkWeights, createLstmNetwork } from './neural-lstm-network.ts';
import { type Random, createRandom } from './random.ts';

/** The bound of the parity with TensorFlow.js, absolute and relative to one. */
const TOLERANCE = 1e-4;

function largestDifference(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs(ours[i]! - theirs[i]!) / (1 + Math.abs(theirs[i]!));
    worst = difference > worst || Number.isNaN(difference) ? difference : worst;
  }
  return worst;
}

/** Random biases too, so that a bias that is dropped or misplaced shows. */
function shake<T extends { bias: Float32Array }>(layer: T, random: Random): T {
  layer.bias.forEach((value, i) => (layer.bias[i] = value + 0.5 * random.normal()));
  return layer;
}

function normals(count: number, random: Random): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

const everyRow = (rows: number): Uint32Array => Uint32Array.from({ length: rows }, (_, i) => i);

/** Outputs, loss and gradients of a Keras-like model, weights in the order of its layers. */
function reference(
  model: tfl.Sequential,
  weights: readonly Float32Array[],
  x: tf.Tensor,
  loss: (output: tf.Tensor) => tf.Scalar,
): { output: Float32Array; loss: number; gradients: Float32Array[] } {
  model.setWeights(model.weights.map((weight, i) => tf.tensor(weights[i]!, weight.shape as number[])));
  const output = model.predict(x) as tf.Tensor;
  const { value, grads } = tf.variableGrads(() => loss(model.apply(x, { training: true }) as tf.Tensor));
  const gradients = model.trainableWeights.map((weight) => grads[weight.name]!.dataSync() as Float32Array);
  // The names of the variables behind the weights are those of the weights.
  return { output: output.dataSync() as Float32Array, loss: value.dataSync()[0]!, gradients };
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('dense layers against TensorFlow.js', () => {
  it.each<[Activation, number[], number]>([
    ['tanh', [13, 5, 3, 5, 13], 9],
    ['relu', [16, 8, 16], 64],
    ['sigmoid', [7, 10, 7], 5],
    ['linear', [3, 1, 3], 1],
  ])('%s layers give the same outputs and gradients', (activation, widths, rows) => {
    const random = createRandom(rows);
    const layers = widths.slice(1).map((outputs, i): DenseWeights => {
      return shake(randomDense(widths[i]!, outputs, i < widths.length - 2 ? activation : 'linear', random), random);
    });
    const columns = widths[0]!;
    const x = normals(rows * columns, random);

    const kernels = createKernels('training');
    const { stack, input, inputStride } = layOutAutoencoder(kernels, layers, { rows, training: true, dropout: 0 });
    for (let i = 0; i < rows; i++) {
      kernels.floats.set(x.subarray(i * columns, (i + 1) * columns), input / 4 + i * inputStride);
    }
    stack.forward(input, inputStride, rows);
    const aim = { loss: { kind: 'squared' } as const, targets: x, outputs: columns, weights: undefined };
    const sum = aimStack(kernels, stack, aim, everyRow(rows), true);
    stack.backward(input, inputStride, rows, 0);

    const model = tfl.sequential({
      layers: layers.map((layer, i) =>
        tfl.layers.dense({
          units: layer.outputs,
          activation: layer.activation,
          ...(i === 0 ? { inputShape: [columns] } : {}),
        }),
      ),
    });
    const target = tf.tensor2d(x, [rows, columns]);
    const theirs = reference(
      model,
      layers.flatMap(({ kernel, bias }) => [kernel, bias]),
      target,
      (output) => tf.mean(tf.squaredDifference(output, target)),
    );
    const gradients = stack.readGradient().flatMap(({ kernel, bias }) => [kernel, bias]);
    expect(largestDifference(readOutputs(kernels, stack, rows, columns), theirs.output)).toBeLessThan(TOLERANCE);
    expect(Math.abs(sum.sum / sum.weight - theirs.loss)).toBeLessThan(TOLERANCE);
    for (const [i, gradient] of gradients.entries()) {
      expect(largestDifference(gradient, theirs.gradients[i]!)).toBeLessThan(TOLERANCE);
    }
  });
});

function readOutputs(
  kernels: Kernels,
  stack: { output: number; stride: number },
  rows: number,
  columns: number,
): Float32Array {
  const outputs = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const from = stack.output / 4 + i * stack.stride;
    outputs.set(kernels.floats.subarray(from, from + columns), i * columns);
  }
  return outputs;
}

type Case = { features: number; units: number[]; outputs: number; steps: number; rows: number };

function randomNetwork({ features, units, outputs }: Case, random: Random): LstmNetworkWeights {
  let inputs = features;
  const layers = units.map((width) => {
    const layer = shake(randomLstm(inputs, width, random), random);
    inputs = width;
    return layer;
  });
  return { layers, head: [shake(randomDense(inputs, outputs, 'linear', random), random)] };
}

function kerasLstm({ features, units, outputs, steps }: Case, masked: boolean): tfl.Sequential {
  const model = tfl.sequential();
  if (masked) model.add(tfl.layers.masking({ maskValue: 0, inputShape: [steps, features] }));
  for (const [i, width] of units.entries()) {
    model.add(
      tfl.layers.lstm({
        units: width,
        recurrentActivation: 'sigmoid',
        recurrentInitializer: 'zeros',
        returnSequences: i < units.length - 1,
        ...(i === 0 && !masked ? { inputShape: [steps, features] } : {}),
      }),
    );
  }
  model.add(tfl.layers.dense({ units: outputs }));
  return model;
}

function flatten({ layers, head }: LstmNetworkWeights): Float32Array[] {
  return [
    ...layers.flatMap(({ kernel, recurrent, bias }) => [kernel, recurrent, bias]),
    ...head.flatMap(({ kernel, bias }) => [kernel, bias]),
  ];
}

function lossOf(kind: Loss['kind'], target: tf.Tensor, count: number): (output: tf.Tensor) => tf.Scalar {
  if (kind === 'squared') return (output) => tf.mean(tf.squaredDifference(output, target));
  // Cross-entropy of logits, in the form that does not overflow.
  return (output) => {
    const soft = tf.log1p(tf.exp(tf.neg(tf.abs(output))));
    return tf.div(tf.sum(tf.add(tf.sub(tf.relu(output), tf.mul(output, target)), soft)), count);
  };
}

describe('LSTM against TensorFlow.js', () => {
  it.each<[string, Case, Loss, number]>([
    ['one layer', { features: 16, units: [32], outputs: 1, steps: 30, rows: 8 }, { kind: 'squared' }, 0],
    ['odd sizes', { features: 5, units: [7], outputs: 3, steps: 4, rows: 3 }, { kind: 'squared' }, 0],
    ['three layers', { features: 3, units: [10, 9, 4], outputs: 2, steps: 6, rows: 5 }, { kind: 'squared' }, 0],
    ['hazards', { features: 4, units: [12], outputs: 5, steps: 7, rows: 6 }, { kind: 'hazard' }, 0],
    ['a masked start', { features: 4, units: [8, 8], outputs: 2, steps: 9, rows: 6 }, { kind: 'squared' }, 3],
  ])('%s: the same outputs, loss and gradients', (_, size, loss, maskedSteps) => {
    const { rows, steps, features, outputs } = size;
    const random = createRandom(steps);
    const weights = randomNetwork(size, random);
    const x = normals(rows * steps * features, random);
    // Rows differ in how much of their start, and in one case of their middle, is absent.
    for (let i = 0; i < (maskedSteps > 0 ? rows : 0); i++) {
      x.fill(Number.NaN, i * steps * features, (i * steps + (i % (maskedSteps + 1))) * features);
      if (i === rows - 1) x.fill(Number.NaN, (i * steps + 5) * features, (i * steps + 6) * features);
    }
    const targets = normals(rows * outputs, random);
    if (loss.kind === 'hazard') targets.forEach((value, i) => (targets[i] = value > 0 ? 1 : 0));

    const kernels = createKernels('training');
    const network = createLstmNetwork(
      kernels,
      weights,
      { steps, features, missingIndicators: false },
      { rows, training: true, dropout: 0 },
    );
    network.load(x, everyRow(rows));
    network.forward();
    const sum = aimStack(kernels, network.head, { loss, targets, outputs, weights: undefined }, everyRow(rows), true);
    network.backward();

    const theirs = reference(
      kerasLstm(size, maskedSteps > 0),
      flatten(weights),
      tf.tensor3d(
        x.map((value) => (Number.isNaN(value) ? 0 : value)),
        [rows, steps, features],
      ),
      lossOf(loss.kind, tf.tensor2d(targets, [rows, outputs]), rows),
    );
    expect(largestDifference(readOutputs(kernels, network.head, rows, outputs), theirs.output)).toBeLessThan(TOLERANCE);
    expect(Math.abs(sum.sum / sum.weight - theirs.loss)).toBeLessThan(TOLERANCE);
    for (const [i, gradient] of flatten(network.readGradient()).entries()) {
      expect(largestDifference(gradient, theirs.gradients[i]!)).toBeLessThan(TOLERANCE);
    }
  });
});
