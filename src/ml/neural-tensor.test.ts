import { describe, expect, it } from 'vitest';
import { createKernels } from './kernels/kernels.ts';
import { type Activation, createDenseLayer } from './neural-dense.ts';
import { drawDropout } from './neural-dense-stack.ts';
import { allocateTensor, createAdam, restoreTensors, saveTensors } from './neural-tensor.ts';
import { createRandom } from './random.ts';

const COUNT = 12;

/** Ten steps of Adam as the paper has it, in double precision. */
function adamByHand(start: number[], gradients: number[][], rate: number, shrink: number): number[] {
  return start.map((initial, i) => {
    let [w, m, v] = [initial, 0, 0];
    for (const [step, gradient] of gradients.entries()) {
      const g = gradient[i]!;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const [mHat, vHat] = [m / (1 - 0.9 ** (step + 1)), v / (1 - 0.999 ** (step + 1))];
      w = w * (1 - shrink) - (rate * mHat) / (Math.sqrt(vHat) + 1e-8);
    }
    return w;
  });
}

describe('Adam', () => {
  it.each([
    ['plain', 0, 0],
    ['with decoupled decay', 0.1, 0],
    ['with clipping', 0, 1.5],
  ])('%s follows the paper; biases do not decay; gradients are cleared', (_, weightDecay, gradientClip) => {
    const random = createRandom(4);
    const normals = (): number[] => Array.from({ length: COUNT }, () => random.normal());
    const [weights, biases] = [normals(), normals()];
    const steps = Array.from({ length: 10 }, () => [normals(), normals()] as const);
    const kernels = createKernels('scoring');
    const tensors = [allocateTensor(kernels, COUNT, true, true), allocateTensor(kernels, COUNT, true, false)];
    kernels.floats.set(weights, tensors[0]!.values / 4);
    kernels.floats.set(biases, tensors[1]!.values / 4);
    const step = createAdam(kernels, tensors, { learningRate: 0.05, weightDecay, gradientClip });
    const scaled = steps.map((pair) => {
      const norm = Math.hypot(...pair[0], ...pair[1]);
      for (const [i, gradient] of pair.entries()) kernels.floats.set(gradient, tensors[i]!.gradient / 4);
      expect(step()).toBeCloseTo(norm, 4);
      const factor = gradientClip > 0 && norm > gradientClip ? gradientClip / norm : 1;
      return pair.map((gradient) => gradient.map((g) => g * factor));
    });
    for (const [i, start] of [weights, biases].entries()) {
      const expected = adamByHand(
        start,
        scaled.map((pair) => pair[i]!),
        0.05,
        i === 0 ? 0.05 * weightDecay : 0,
      );
      const at = tensors[i]!.values / 4;
      for (const [j, value] of expected.entries()) expect(Math.abs(kernels.floats[at + j]! - value)).toBeLessThan(1e-5);
      const gradient = tensors[i]!.gradient / 4;
      expect(kernels.floats.subarray(gradient, gradient + COUNT).every((g) => g === 0)).toBe(true);
    }
  });

  it('weights that were saved come back', () => {
    const kernels = createKernels('scoring');
    const tensor = allocateTensor(kernels, 8, true, true);
    kernels.floats.fill(3, tensor.values / 4, tensor.values / 4 + 8);
    const saved = saveTensors(kernels, [tensor]);
    kernels.floats.fill(5, tensor.values / 4, tensor.values / 4 + 8);
    restoreTensors(kernels, [tensor], saved);
    expect([...saveTensors(kernels, [tensor])[0]!]).toEqual(Array.from({ length: 8 }, () => 3));
  });
});

describe('activations', () => {
  it.each<[Activation, (x: number) => number]>([
    ['linear', (x) => x],
    ['relu', (x) => Math.max(0, x)],
    ['tanh', Math.tanh],
    ['sigmoid', (x) => 1 / (1 + Math.exp(-x))],
  ])('%s is right to the last places of single precision, far out too', (activation, expected) => {
    const kernels = createKernels('scoring');
    const x = Float32Array.from({ length: 404 }, (_, i) =>
      i < 400 ? (i - 200) / 10 : [-1e30, -1e-30, 1e-30, 1e30][i - 400]!,
    );
    const one = { inputs: 1, outputs: 1, activation, kernel: Float32Array.of(1), bias: Float32Array.of(0) };
    const layer = createDenseLayer(kernels, one, x.length, false);
    const input = kernels.allocate(x.length * 4);
    for (const [i, value] of x.entries()) kernels.floats[input / 4 + i * 4] = value;
    layer.forward(input, 4, x.length);
    for (const [i, value] of x.entries()) {
      const got = kernels.floats[layer.output / 4 + i * layer.stride]!;
      expect(Math.abs(got - Math.fround(expected(value)))).toBeLessThanOrEqual(3e-7);
    }
  });
});

describe('dropout', () => {
  it('drops the share it was asked to and keeps the expected value', () => {
    const kernels = createKernels('scoring');
    const mask = kernels.allocate(40_000);
    drawDropout(kernels, mask, 40_000, 0.3, createRandom(1));
    const factors = kernels.floats.subarray(mask / 4, mask / 4 + 40_000);
    const zeros = factors.filter((factor) => factor === 0).length;
    expect(Math.abs(zeros / 40_000 - 0.3)).toBeLessThan(0.01);
    expect(Math.abs(factors.reduce((sum, factor) => sum + factor, 0) / 40_000 - 1)).toBeLessThan(0.015);
  });
});
