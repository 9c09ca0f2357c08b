import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';

const ROWS = 4096;

/** Trains for about so many seconds and answers rows a second. */
export type Peer = (kind: 'lstm' | 'autoencoder', seconds: number) => Promise<number>;

/** TensorFlow.js on its WebAssembly backend with SIMD, one thread. */
export async function startTensorFlow(): Promise<Peer> {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
  setWasmPaths(`${folder}/`.replace(join('dist', 'dist'), 'dist'));
  setThreadsCount(1);
  await tf.setBackend('wasm');
  const lstm = tfl.sequential({
    layers: [
      tfl.layers.lstm({
        units: 32,
        inputShape: [30, 16],
        recurrentActivation: 'sigmoid',
        recurrentInitializer: 'glorotUniform',
      }),
      tfl.layers.dense({ units: 1 }),
    ],
  });
  const autoencoder = tfl.sequential({
    layers: [
      tfl.layers.dense({ units: 32, activation: 'tanh', inputShape: [64] }),
      tfl.layers.dense({ units: 8, activation: 'tanh' }),
      tfl.layers.dense({ units: 32, activation: 'tanh' }),
      tfl.layers.dense({ units: 64 }),
    ],
  });
  const rows = tf.randomNormal([ROWS, 64]);
  const tasks = {
    lstm: { model: lstm, x: tf.randomNormal([ROWS, 30, 16]), y: tf.randomNormal([ROWS, 1]), size: 64 },
    autoencoder: { model: autoencoder, x: rows, y: rows, size: 128 },
  };
  for (const { model } of Object.values(tasks)) model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return async (kind, seconds) => {
    const { model, x, y, size } = tasks[kind];
    let first = 0;
    const step = async (): Promise<void> => {
      const [batchX, batchY] = [tf.slice(x, first, size), tf.slice(y, first, size)];
      await model.trainOnBatch(batchX, batchY);
      tf.dispose([batchX, batchY]);
      first = (first + size) % ROWS;
    };
    for (let i = 0; i < 3; i++) await step();
    const started = performance.now();
    let steps = 0;
    for (; performance.now() - started < seconds * 1000; steps++) await step();
    return (steps * size) / ((performance.now() - started) / 1000);
  };
}
