import { describe, expect, it } from 'vitest';
import { gaussianMatrix, resultOrCode } from './check-outlier-model.ts';
import { checkSupervisedModel } from './check-supervised-model.ts';
import { createKernels } from './kernels/kernels.ts';
import { type Matrix, createMatrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import { randomDense } from './neural-dense.ts';
import { aimStack } from './neural-dense-stack.ts';
import { failureByHorizon, hazardTargets } from './neural-losses.ts';
import { type LstmModel, createLstmModel, loadLstm } from './neural-lstm.ts';
import { randomLstm } from './neural-lstm-layer.ts';
import { createLstmNetwork } from './neural-lstm-network.ts';
import { type LstmOptions, fitLstm, trainLstm } from './neural-lstm-training.ts';
import { createRandom } from './random.ts';
import { checkTarget } from './supervised-rows.ts';

/** Bits; the answer is whether those at steps 2 and 7 of 12 differ. */
function delayedXor(rows: number, seed: number): { x: Matrix; y: Matrix } {
  const random = createRandom(seed);
  const x = Float64Array.from({ length: rows * 12 }, () => random.int(2));
  const y = Float64Array.from({ length: rows }, (_, i) => x[i * 12 + 2]! ^ x[i * 12 + 7]!);
  return { x: createMatrix(x, rows, 12), y: createMatrix(y, rows, 1) };
}

/** Random numbers beside a marker; the answer is the sum of the two marked ones (Hochreiter and Schmidhuber, 1997), 20 steps. */
function adding(rows: number, seed: number): { x: Matrix; y: Matrix } {
  const random = createRandom(seed);
  const x = new Float64Array(rows * 40);
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const marked = new Set([random.int(10), 10 + random.int(10)]);
    for (let t = 0; t < 20; t++) {
      const value = random.next();
      x.set([value, marked.has(t) ? 1 : 0], (i * 20 + t) * 2);
      if (marked.has(t)) y[i]! += value;
    }
  }
  return { x: createMatrix(x, rows, 40), y: createMatrix(y, rows, 1) };
}

const small: LstmOptions = { seed: 1, features: 2, units: [6], loss: { kind: 'squared' }, epochs: 3 };

describe('LSTM learning', () => {
  it('learns delayed XOR: at most 1 % wrong on fresh sequences', () => {
    const { x, y } = delayedXor(2000, 1);
    const { model } = fitLstm(x, y, {
      seed: 1,
      features: 1,
      units: [16],
      loss: { kind: 'logistic' },
      learningRate: 0.01,
    });
    const fresh = delayedXor(1000, 2);
    const predicted = model.predictBatch(fresh.x);
    const wrong = predicted.filter((p, i) => (p > 0.5 ? 1 : 0) !== fresh.y.data[i]).length;
    expect(wrong).toBeLessThanOrEqual(10);
  });

  it('learns to add two marked numbers of twenty: a mean squared error below 0.002 (guessing the mean: 0.167)', () => {
    const { x, y } = adding(3000, 1);
    const { model } = fitLstm(x, y, { ...small, units: [16], epochs: 40, learningRate: 0.01, patience: 40 });
    const fresh = adding(500, 2);
    const predicted = model.predictBatch(fresh.x);
    const error = predicted.reduce((sum, p, i) => sum + (p - fresh.y.data[i]!) ** 2, 0) / predicted.length;
    expect(error).toBeLessThan(0.002);
  });

  it('estimates hazards from censored times: constant risks come out as they are', () => {
    const random = createRandom(3);
    const rows = 6000;
    // One step, one feature that doubles the risk; a third are lost from sight at a random time.
    const x = Float64Array.from({ length: rows }, () => random.int(2));
    const times = Array.from(x, (risk) => random.exponential() / (0.02 * (1 + risk)));
    const lost = times.map(() => (random.next() < 0.33 ? random.next() * 30 : Infinity));
    const edges = [10, 20, 30];
    const targets = hazardTargets(
      times.map((time, i) => Math.min(time, lost[i]!)),
      times.map((time, i) => (time <= lost[i]! ? 1 : 0)),
      edges,
    );
    const options: LstmOptions = { ...small, features: 1, loss: { kind: 'hazard' }, epochs: 30, learningRate: 0.01 };
    const { model } = fitLstm(createMatrix(x, rows, 1), createMatrix(targets, rows, 3), options);
    for (const risk of [0, 1]) {
      const probabilities = failureByHorizon(model.predictRow(Float64Array.of(risk), new Float64Array(3)));
      for (const [j, edge] of edges.entries()) {
        expect(Math.abs(probabilities[j]! - (1 - Math.exp(-0.02 * (1 + risk) * edge)))).toBeLessThan(0.05);
      }
    }
  });

  it.each([0, 0.4])(
    'gradients equal finite differences: two layers, masked steps, indicators, dropout %d',
    (dropout) => {
      const random = createRandom(5);
      const shape = { steps: 5, features: 3, missingIndicators: true };
      const weights = {
        layers: [randomLstm(6, 4, random), randomLstm(4, 5, random)],
        head: [randomDense(5, 6, 'tanh', random), randomDense(6, 2, 'linear', random)],
      };
      const data = Float32Array.from({ length: 4 * 15 }, (_, i) => (i % 7 === 3 ? Number.NaN : random.normal()));
      data.fill(Number.NaN, 15, 21);
      const targets = Float32Array.from({ length: 8 }, () => random.normal());
      const rows = Uint32Array.of(0, 1, 2, 3);
      const kernels = createKernels('training');
      const network = createLstmNetwork(kernels, weights, shape, { rows: 4, training: true, dropout });
      const lossNow = (learning: boolean): number => {
        // The same draw every time, so that the loss is a function of the weights.
        const draw = createRandom(9);
        network.load(data, rows, draw);
        network.forward(draw);
        const aim = { loss: { kind: 'squared' } as const, targets, outputs: 2, weights: undefined };
        const { sum, weight } = aimStack(kernels, network.head, aim, rows, learning);
        if (learning) network.backward();
        return sum / weight;
      };
      lossNow(true);
      let checked = 0;
      for (const { values, gradient, count } of network.tensors) {
        for (let i = 0; i < count; i += 3) {
          const at = values / 4 + i;
          const slope = kernels.floats[gradient / 4 + i]!;
          const before = kernels.floats[at]!;
          // Padded weights have no gradient, and must not: they stay zero.
          if (before === 0 && slope === 0) continue;
          kernels.floats[at] = before + 0.01;
          const up = lossNow(false);
          kernels.floats[at] = before - 0.01;
          const down = lossNow(false);
          kernels.floats[at] = before;
          expect(Math.abs((up - down) / 0.02 - slope)).toBeLessThan(2e-3);
          checked += 1;
        }
      }
      expect(checked).toBeGreaterThan(100);
    },
  );
});

function fitSmall(x: Matrix, changes: Partial<LstmOptions> = {}): LstmModel {
  const y = createMatrix(
    Float64Array.from({ length: x.rows * 2 }, (_, i) => i % 5),
    x.rows,
    2,
  );
  return fitLstm(x, y, { ...small, ...changes }).model;
}

checkSupervisedModel('LSTM', {
  fit: (matrix, target, seed) => {
    const options: LstmOptions = { seed, features: Math.min(2, matrix.columns), loss: { kind: 'logistic' } };
    // A missing target is unknown to the LSTM; this suite wants every label known.
    const targets = createMatrix(checkTarget(target, matrix.rows), target.length, 1);
    return fitLstm(matrix, targets, { ...options, units: [8], epochs: 30, learningRate: 0.01 }).model;
  },
  load: loadLstm,
});

describe('LSTM as a model of sequences', () => {
  const matrix = gaussianMatrix(150, 12);
  const model = fitSmall(matrix, { units: [5, 9], hidden: [7] });

  it('changes neither sequences nor targets', () => {
    const x = gaussianMatrix(40, 12, 1, 5);
    const y = gaussianMatrix(40, 2, 2, 7);
    const [xBefore, yBefore] = [x.data.slice(), y.data.slice()];
    fitLstm(x, y, small).model.predictBatch(x);
    expect(x.data).toEqual(xBefore);
    expect(y.data).toEqual(yBefore);
  });

  it('same seed, same bytes; another seed, others; with turns for the event loop as without', async () => {
    const bytes = fitSmall(matrix, { dropout: 0.2 }).toBytes();
    expect(fitSmall(matrix, { dropout: 0.2 }).toBytes()).toEqual(bytes);
    expect(fitSmall(matrix, { dropout: 0.2, seed: 2 }).toBytes()).not.toEqual(bytes);
    const y = gaussianMatrix(150, 1, 3);
    const { model: turned } = await trainLstm(matrix, y, small);
    expect(turned.toBytes()).toEqual(fitLstm(matrix, y, small).model.toBytes());
  });

  it('predicts a row alone, at an offset and in a batch to the same bit', () => {
    const batch = model.predictBatch(matrix);
    for (let row = 0; row < 150; row += 7) {
      const alone = [...model.predictRow(matrix.data.slice(row * 12, row * 12 + 12), new Float64Array(2))];
      expect(alone).toEqual([...batch.subarray(row * 2, row * 2 + 2)]);
      expect([...model.predictRow(matrix.data, new Float64Array(2), row * 12)]).toEqual(alone);
    }
  });

  it('comes back from bytes exactly, and refuses bytes that are cut or changed', () => {
    const bytes = model.toBytes();
    const loaded = loadLstm(bytes);
    expect(loaded.predictBatch(matrix)).toEqual(model.predictBatch(matrix));
    expect(loaded.toBytes()).toEqual(bytes);
    expect(loaded.parts).toEqual(model.parts);
    for (let i = 0; i < bytes.length; i += Math.ceil(bytes.length / 40)) {
      const damaged = bytes.slice();
      damaged[i]! ^= 0x41;
      expect(() => loadLstm(damaged)).toThrowError(MlError);
      expect(() => loadLstm(bytes.subarray(0, i))).toThrowError(MlError);
    }
  });

  it.each<[string, Matrix]>([
    ['constant', createMatrix(new Float64Array(240).fill(3), 20, 12)],
    ['one row', gaussianMatrix(1, 12)],
    ['one step', gaussianMatrix(20, 2)],
    ['missing values', gaussianMatrix(30, 12, 1, 5)],
    ['all missing', createMatrix(new Float64Array(240).fill(Number.NaN), 20, 12)],
    ['infinite values', createMatrix(new Float64Array(240).fill(Infinity), 20, 12)],
    [
      'huge values',
      createMatrix(
        gaussianMatrix(20, 12).data.map((x) => x * 1e307),
        20,
        12,
      ),
    ],
  ])('answers %s by finite predictions or a coded error', (_, x) => {
    for (const missingIndicators of [false, true]) {
      const fitted = resultOrCode(() => fitSmall(x, { missingIndicators }));
      expect(fitted?.predictBatch(x).every(Number.isFinite) ?? true).toBe(true);
    }
  });

  it.each([Number.NaN, Infinity, -Infinity, 1e300])('answers a row of %d by finite numbers', (value) => {
    expect(model.predictRow(new Float64Array(12).fill(value), new Float64Array(2)).every(Number.isFinite)).toBe(true);
  });

  it('passes over steps of which nothing is present', () => {
    const row = gaussianMatrix(1, 12).data.slice();
    row.fill(Number.NaN, 4, 8);
    const without = Float64Array.from([
      ...Array.from({ length: 4 }, () => Number.NaN),
      ...row.slice(0, 4),
      ...row.slice(8),
    ]);
    const predict = (x: Float64Array): number[] => [...model.predictRow(x, new Float64Array(2))];
    // The gap in the middle and the same steps pushed together after a gap at the start are one sequence to the network.
    expect(predict(without)).toEqual(predict(Float64Array.from(row)));
    expect(predict(without)).not.toEqual(predict(gaussianMatrix(1, 12).data.slice() as Float64Array));
  });

  it('refuses shapes, targets and options that do not fit, by code', () => {
    const y = gaussianMatrix(150, 1);
    const refuse = (code: string, act: () => unknown): void =>
      expect(act).toThrowError(expect.objectContaining({ code }));
    refuse('ML_EMPTY', () => fitSmall(gaussianMatrix(0, 12)));
    refuse('ML_SHAPE', () => fitSmall(gaussianMatrix(9, 13)));
    refuse('ML_SHAPE', () => fitLstm(matrix, gaussianMatrix(149, 1), small));
    refuse('ML_VALUE', () => fitLstm(matrix, y, { ...small, loss: { kind: 'logistic' } }));
    refuse('ML_EMPTY', () => fitLstm(matrix, createMatrix(new Float64Array(150).fill(Number.NaN), 150, 1), small));
    refuse('ML_PARAMETER', () => fitSmall(matrix, { units: [] }));
    refuse('ML_PARAMETER', () => fitSmall(matrix, { units: [1e9] }));
    refuse('ML_TOO_LARGE', () => fitSmall(gaussianMatrix(20, 600), { units: [4096] }));
    refuse('ML_SHAPE', () => model.predictBatch(gaussianMatrix(2, 11)));
    refuse('ML_SHAPE', () => model.predictRow(new Float64Array(11), new Float64Array(2)));
    refuse('ML_SHAPE', () => fitLstm(matrix, y, { ...small, from: model }));
    refuse('ML_FORMAT', () => createLstmModel({ ...model.parts, layers: model.parts.layers.slice(1) }));
  });

  it('continues from a model', () => {
    const { x, y } = adding(600, 1);
    const cold = fitLstm(x, y, { ...small, epochs: 15, learningRate: 0.01 });
    const warm = fitLstm(x, y, { ...small, epochs: 1, learningRate: 0.001, from: cold.model });
    expect(warm.history.progress[0]!.trainingLoss).toBeLessThan(cold.history.progress[8]!.trainingLoss);
  });
});
