import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { importLstm } from '../../ml/tensorflow-layers.ts';
import { generatedFleet } from './check-fleet.ts';
import { createHazardFactory } from './hazard-factory.ts';
import { decodeHazardModel } from './hazard-format.ts';

const ROWS = 20;

it('the networks of a trained model say the same in TensorFlow.js', async () => {
  const fleet = generatedFleet({ entities: 12, seed: 4 }).fleet;
  const options = { horizons: [5, 10, 20], unitMs: null, asked: 'others', seed: 1, budgetMs: 5000 } as const;
  const outcome = await createHazardFactory().fit(fleet, options);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  const [file] = outcome.predictor.toTensorFlow!();
  const ours = decodeHazardModel(outcome.predictor.toBytes()).teams[0]!.lstm!;
  const { steps, scaling } = ours.parts;
  const width = ours.columns / steps;
  const random = createRandom(9);
  const data = Float32Array.from({ length: ROWS * ours.columns }, () => 3 * random.normal());
  const said = ours.predictBatch({ data, rows: ROWS, columns: ours.columns });

  // As whoever runs it elsewhere has to feed it.
  const scaled = data.map((x, i) => {
    const z = (x - scaling.mean[i % width]!) / scaling.scale[i % width]!;
    return Math.max(-10, Math.min(10, z));
  });
  const document = JSON.parse(file!.modelJson) as tf.io.ModelJSON;
  const opened = await tfl.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: document.modelTopology,
      weightSpecs: document.weightsManifest[0]!.weights,
      weightData: file!.weights.slice().buffer,
    }),
  );
  const theirs = (opened.predict(tf.tensor3d(scaled, [ROWS, steps, width])) as tf.Tensor).dataSync();
  expect(theirs).toHaveLength(said.length);
  for (const [i, chance] of said.entries()) expect(theirs[i]).toBeCloseTo(chance, 4);
  expect(importLstm(file!).predictBatch({ data, rows: ROWS, columns: ours.columns })).toEqual(said);
}, 300_000);
