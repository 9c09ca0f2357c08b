import { describe, expect, it } from 'vitest';
import { checkOutlierModel, gaussianMatrix } from './check-outlier-model.ts';
import { type Matrix, createMatrix } from './matrix.ts';
import { createAutoencoder, loadAutoencoder } from './neural-autoencoder.ts';
import { type AutoencoderOptions, fitAutoencoder, trainAutoencoder } from './neural-autoencoder-training.ts';
import { randomDense } from './neural-dense.ts';
import { identityScaling } from './neural-scaling.ts';
import type { TrainingProgress } from './neural-training.ts';
import { createRandom } from './random.ts';

checkOutlierModel('autoencoder', {
  fit: (matrix, seed) => fitAutoencoder(matrix, { seed, epochs: 5 }).model,
  load: loadAutoencoder,
});

/** Eight features that two hidden causes drive, and a little noise. */
function causes(rows: number, seed: number): Matrix {
  const random = createRandom(seed);
  const data = new Float64Array(rows * 8);
  for (let i = 0; i < rows; i++) {
    const [a, b] = [random.normal(), random.normal()];
    for (let j = 0; j < 8; j++)
      data[i * 8 + j] = 100 + Math.cos(j) * a * 5 + Math.sin(j) * b * 5 + 0.2 * random.normal();
  }
  return createMatrix(data, rows, 8);
}

const options: AutoencoderOptions = { seed: 1, hidden: [8, 2, 8], epochs: 60, learningRate: 0.01, patience: 10 };
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

describe('autoencoder', () => {
  it('learns that two causes drive eight features, and sees a feature that leaves them', () => {
    const { model, history } = fitAutoencoder(causes(1000, 1), options);
    const fresh = causes(200, 2);
    const normal = model.scoreBatch(fresh);
    // Without the causes the mean squared residual would be 1.
    expect(mean(normal)).toBeLessThan(0.02);
    expect(history.bestEpoch).toBe(history.progress.toSorted((a, b) => a.validationLoss - b.validationLoss)[0]!.epoch);
    const broken = fresh.data.slice(0, 8);
    broken[3]! += 5;
    expect(model.scoreRow(broken)).toBeGreaterThan(normal.toSorted()[195]!);
    const residuals = model.residuals(broken, new Float64Array(8));
    expect(residuals.indexOf(Math.max(...residuals))).toBe(3);
    expect(mean(residuals)).toBeCloseTo(model.scoreRow(broken), 12);
  });

  it('keeps the order far in the tail, and gives missing values no part in the score', () => {
    const { model } = fitAutoencoder(causes(300, 1), { ...options, epochs: 5 });
    const scores = [1e2, 1e4, 1e6, 1e9].map((x) => model.scoreRow(new Float64Array(8).fill(x)));
    expect(scores).toEqual(scores.toSorted((a, b) => a - b));
    expect(new Set(scores).size).toBe(4);
    expect(model.scoreRow(new Float64Array(8).fill(Number.NaN))).toBe(0);
    const partly = causes(1, 3).data.slice();
    partly[2] = Number.NaN;
    expect(model.residuals(partly, new Float64Array(8))[2]).toBe(0);
  });

  it('continues from a model: a warm start begins where the first training ended', () => {
    const data = causes(500, 1);
    const cold = fitAutoencoder(data, { ...options, epochs: 20 });
    const warm = fitAutoencoder(data, { ...options, epochs: 1, from: cold.model });
    expect(warm.history.progress[0]!.trainingLoss).toBeLessThan(cold.history.progress[5]!.trainingLoss);
    expect(warm.model.scaling).toEqual(cold.model.scaling);
    const narrow = fitAutoencoder(gaussianMatrix(20, 3), { seed: 1, epochs: 1 }).model;
    expect(() => fitAutoencoder(data, { ...options, from: narrow })).toThrowError(
      expect.objectContaining({ code: 'ML_SHAPE' }),
    );
  });

  it.each<[string, Partial<AutoencoderOptions>]>([
    ['dropout', { dropout: 0.3 }],
    ['weight decay', { weightDecay: 0.1 }],
    ['the Huber loss', { loss: { kind: 'huber', delta: 0.5 } }],
    ['closer gradient clipping', { gradientClip: 0.01 }],
    ['row weights', { rowWeights: Float64Array.from({ length: 300 }, (_, i) => i % 2) }],
    ['another seed', { seed: 2 }],
  ])('%s changes the result, and the same again gives the same', (_, changes) => {
    const data = causes(300, 1);
    const few = { ...options, epochs: 3 };
    const bytes = (): Uint8Array => fitAutoencoder(data, { ...few, ...changes }).model.toBytes();
    expect(bytes()).not.toEqual(fitAutoencoder(data, few).model.toBytes());
    expect(bytes()).toEqual(bytes());
  });

  it('weight decay shrinks weights', () => {
    const size = (weightDecay: number): number => {
      const { model } = fitAutoencoder(causes(300, 1), { ...options, epochs: 10, weightDecay });
      return model.layers.reduce((sum, { kernel }) => sum + kernel.reduce((squares, w) => squares + w * w, 0), 0);
    };
    expect(size(1)).toBeLessThan(0.7 * size(0));
  });

  it('reports progress, and stops when told to', async () => {
    const seen: TrainingProgress[] = [];
    const controller = new AbortController();
    const training = trainAutoencoder(causes(400, 1), {
      ...options,
      signal: controller.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (progress.epoch === 3) controller.abort();
      },
    });
    await expect(training).rejects.toMatchObject({ code: 'ML_CANCELLED' });
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(seen[0]).toMatchObject({ epochs: 60 });
  });

  it('says so when the weights run away', () => {
    const wild = { ...options, hidden: Array.from({ length: 14 }, () => 8), learningRate: 10, gradientClip: 0 };
    expect(() => fitAutoencoder(causes(300, 1), { ...wild, activation: 'linear' })).toThrowError(
      expect.objectContaining({ code: 'ML_NOT_CONVERGED' }),
    );
  });

  it('judges by the latest rows, and learns from none in the gap before them', () => {
    const data = causes(100, 1);
    const changed = createMatrix(data.data.slice(), 100, 8);
    // Row 75 is in the gap: its value must not matter, once the scaling is the same.
    const start = fitAutoencoder(data, { ...options, epochs: 1 }).model;
    changed.data.fill(0, 75 * 8, 76 * 8);
    const bytes = (matrix: Matrix, validationGap: number): Uint8Array =>
      fitAutoencoder(matrix, { ...options, epochs: 3, from: start, validationGap }).model.toBytes();
    expect(bytes(changed, 10)).toEqual(bytes(data, 10));
    expect(bytes(changed, 0)).not.toEqual(bytes(data, 0));
    expect(() => bytes(data, 80)).toThrowError(expect.objectContaining({ code: 'ML_EMPTY' }));
  });

  it('lets the event loop turn while it trains, with the same result', async () => {
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const data = causes(4000, 1);
    const slow = { ...options, epochs: 20, hidden: [64, 64], patience: 20 };
    const { model } = await trainAutoencoder(data, slow);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
    expect(model.toBytes()).toEqual(fitAutoencoder(data, slow).model.toBytes());
  });

  it('keeps its scores while other models share the kernels, and after they needed all the room', () => {
    const data = causes(50, 1);
    const models = [1, 2].map((seed) => fitAutoencoder(data, { ...options, seed, epochs: 1 }).model);
    const alone = models[0]!.scoreBatch(data);
    // Each of these takes megabytes.
    const columns = 512;
    const large = Array.from({ length: 12 }, (_, seed) =>
      createAutoencoder(
        [
          randomDense(columns, 1024, 'tanh', createRandom(seed)),
          randomDense(1024, columns, 'linear', createRandom(seed)),
        ],
        identityScaling(columns),
      ),
    );
    const wide = gaussianMatrix(1, columns);
    const first = large.map((model) => model.scoreRow(wide.data));
    for (let i = 0; i < 50; i += 5) {
      models[1]!.scoreRow(data.data, i * 8);
      expect(large.map((model) => model.scoreRow(wide.data))).toEqual(first);
      expect(models[0]!.scoreRow(data.data, i * 8)).toBe(alone[i]);
    }
  });

  it.each<[string, Partial<AutoencoderOptions>]>([
    ['epochs', { epochs: 0 }],
    ['hidden', { hidden: [] }],
    ['hidden', { hidden: [0] }],
    ['dropout', { dropout: 1 }],
    ['seed', { seed: Number.NaN }],
    ['delta', { loss: { kind: 'huber', delta: 0 } }],
  ])('refuses %s out of range', (_, changes) => {
    const refused = expect.objectContaining({ code: 'ML_PARAMETER' });
    expect(() => fitAutoencoder(causes(10, 1), { ...options, ...changes })).toThrowError(refused);
  });

  it('refuses weights that do not fit, or are not finite', () => {
    const { model } = fitAutoencoder(causes(20, 1), { ...options, epochs: 1 });
    const refused = expect.objectContaining({ code: 'ML_FORMAT' });
    const kernel = model.layers[0]!.kernel.slice();
    kernel[5] = Number.NaN;
    const damaged = [{ ...model.layers[0]!, kernel }, ...model.layers.slice(1)];
    expect(() => createAutoencoder(damaged, model.scaling)).toThrowError(refused);
    expect(() => createAutoencoder(model.layers.slice(2), model.scaling)).toThrowError(refused);
    expect(() => createAutoencoder([], identityScaling(0))).toThrowError(refused);
    expect(() => createAutoencoder(model.layers, identityScaling(7))).toThrowError(refused);
  });
});
