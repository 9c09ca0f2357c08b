import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fitIsolationForest } from '../../src/ml/isolation-forest.ts';
import { type Matrix, createMatrix } from '../../src/ml/matrix.ts';
import { fitAutoencoder } from '../../src/ml/neural-autoencoder-training.ts';
import { fitLstm } from '../../src/ml/neural-lstm-training.ts';
import type * as TrainingPool from '../../src/ml/training-pool.ts';
import { createRandom } from '../../src/ml/random.ts';
import type { TaskProgress } from '../../src/ml/training-tasks.ts';

/** Threads run compiled code, so the pool is the built one. */
const built = resolve(import.meta.dirname, '../../dist/ml/training-pool.js');
const { createTrainingPool } = (await import(built)) as typeof TrainingPool;

function normals(rows: number, columns: number, shared = false): Matrix {
  const random = createRandom(1);
  const data = shared
    ? new Float64Array(new SharedArrayBuffer(rows * columns * 8) as unknown as ArrayBuffer)
    : new Float64Array(rows * columns);
  for (let i = 0; i < data.length; i++) data[i] = random.normal();
  return createMatrix(data, rows, columns);
}

const endless = { seed: 1, epochs: 100_000, patience: 100_000 };

describe('training pool', () => {
  const pool = createTrainingPool({ threads: 2, queue: 2 });
  afterAll(() => pool.close());

  it('gives the model that the same fit gives on this thread', async () => {
    const matrix = normals(500, 8);
    const targets = normals(500, 1);
    const options = { seed: 3, epochs: 3 };
    const lstm = { ...options, features: 2, loss: { kind: 'squared' } } as const;
    const results = await Promise.all([
      pool.run({ kind: 'autoencoder', data: matrix, options }),
      pool.run({ kind: 'lstm', data: { sequences: matrix, targets }, options: lstm }),
      pool.run({ kind: 'isolation-forest', data: matrix, options: { seed: 3 } }),
    ]);
    expect(results.map(({ bytes }) => bytes)).toEqual([
      fitAutoencoder(matrix, options).model.toBytes(),
      fitLstm(matrix, targets, lstm).model.toBytes(),
      fitIsolationForest(matrix, { seed: 3 }).toBytes(),
    ]);
    expect(results[0].history!.progress).toHaveLength(3);
    expect(matrix.data).toHaveLength(4000);
  });

  it('continues from bytes, shares rows in shared memory, and reports every epoch in order', async () => {
    const data = normals(300, 6, true);
    const first = await pool.run({ kind: 'autoencoder', data, options: { seed: 1, epochs: 5 } });
    const seen: TaskProgress[] = [];
    const again = await pool.run(
      { kind: 'autoencoder', data, options: { seed: 1, epochs: 4, from: first.bytes } },
      { onProgress: (progress) => seen.push(progress) },
    );
    const { progress } = again.history!;
    expect(seen).toEqual(progress.map(({ epoch, validationLoss }) => ({ done: epoch, validationLoss })));
    expect(progress[0]!.trainingLoss).toBeLessThan(first.history!.progress[0]!.trainingLoss);
  });

  it('reports trees and rounds', async () => {
    const matrix = normals(200, 4);
    const data = { matrix, target: Float64Array.from({ length: 200 }, (_, i) => i % 2) };
    const forest: TaskProgress[] = [];
    const rounds: TaskProgress[] = [];
    await pool.run(
      { kind: 'random-forest', data, options: { seed: 1, task: 'classification', trees: 3 } },
      { onProgress: (progress) => forest.push(progress) },
    );
    await pool.run(
      { kind: 'gradient-boosting', data, options: { seed: 1, objective: 'logistic', trees: 2, validation: data } },
      { onProgress: (progress) => rounds.push(progress) },
    );
    expect(forest).toEqual([{ done: 1 }, { done: 2 }, { done: 3 }]);
    expect(rounds.map(({ done }) => done)).toEqual([1, 2]);
    expect(rounds.every(({ validationLoss }) => validationLoss! > 0)).toBe(true);
  });

  it('stops a training that runs, ones that wait, and goes on', async () => {
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const data = normals(200, 8);
    const trainings = controllers.map(({ signal }, i) =>
      pool.run(
        { kind: 'autoencoder', data, options: endless },
        { signal, onProgress: () => i < 2 && controllers[i]!.abort() },
      ),
    );
    const ends = Promise.allSettled(trainings);
    controllers[3]!.abort();
    controllers[2]!.abort();
    const reasons = (await ends).map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : ''));
    expect(reasons).toEqual(Array.from({ length: 4 }, () => 'ML_CANCELLED'));
    await expect(pool.run({ kind: 'autoencoder', data, options: { seed: 1, epochs: 1 } })).resolves.toBeDefined();
  });

  it('hands on the codes of refusals, and refuses more than may wait', async () => {
    const bad = pool.run({ kind: 'autoencoder', data: normals(0, 3), options: { seed: 1 } });
    await expect(bad).rejects.toMatchObject({ name: 'MlError', code: 'ML_EMPTY' });
    const stop = new AbortController();
    const data = normals(200, 8);
    const many = Array.from({ length: 5 }, () => pool.run({ kind: 'autoencoder', data, options: endless }, stop));
    const ends = Promise.allSettled(many);
    await expect(Promise.race(many)).rejects.toMatchObject({ code: 'ML_TOO_LARGE' });
    stop.abort();
    const codes = (await ends).map((end) => (end.status === 'rejected' ? (end.reason as { code: string }).code : ''));
    expect(codes.filter((code) => code === 'ML_CANCELLED')).toHaveLength(4);
  });

  it('cancels what still runs when it closes', async () => {
    const other = createTrainingPool({ threads: 1 });
    const training = other.run({ kind: 'autoencoder', data: normals(200, 8), options: endless });
    const [ended] = await Promise.all([training.catch((error: unknown) => error), other.close()]);
    expect(ended).toMatchObject({ code: 'ML_CANCELLED' });
  });
});
