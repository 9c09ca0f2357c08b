import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FailurePredictor, FleetHistory, NetworkFiles } from '../../model/predictor.ts';
import { generatedFleet } from './check-fleet.ts';
import { createHazardFactory } from './hazard-factory.ts';

const factory = createHazardFactory();
let fleet: FleetHistory;
let predictor: FailurePredictor;

beforeAll(async () => {
  fleet = generatedFleet({ entities: 12, seed: 4 }).fleet;
  const options = { horizons: [5, 10, 20], unitMs: null, asked: 'others', seed: 1, budgetMs: 5000 } as const;
  const outcome = await factory.fit(fleet, options);
  if (!outcome.ready) throw new Error(outcome.missing.key);
  predictor = outcome.predictor;
}, 300_000);

const said = (one: FailurePredictor): number[] => {
  const [history] = fleet.entities;
  return [...one.predict([{ history: history!, from: 0, to: history!.times.length }], fleet.columns).probabilities];
};
const exported = (): readonly NetworkFiles[] => predictor.toTensorFlow!();

/** Loads a file into TensorFlow.js, lets `change` have it, and saves it as TensorFlow.js does: without what Vigía wrote beside it. */
async function savedAnew(
  { modelJson, weights }: NetworkFiles,
  change: (model: tfl.LayersModel) => void,
): Promise<NetworkFiles> {
  const document = JSON.parse(modelJson) as tf.io.ModelJSON;
  const model = await tfl.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: document.modelTopology,
      weightSpecs: document.weightsManifest[0]!.weights,
      weightData: weights.slice().buffer,
    }),
  );
  change(model);
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const weightsManifest = [{ paths: ['weights.bin'], weights: saved!.weightSpecs }];
  return {
    modelJson: JSON.stringify({ modelTopology: saved!.modelTopology, weightsManifest }),
    weights: new Uint8Array(saved!.weightData as ArrayBuffer),
  };
}

describe('networks taken back', () => {
  it('say what they said before', () => {
    const back = predictor.withTensorFlow!(exported());
    expect(said(back)).toEqual(said(predictor));
    expect(back.toBytes()).toEqual(predictor.toBytes());
  });

  it('say the same after TensorFlow.js has saved them, and another thing once it has taught them', async () => {
    const same = await Promise.all(exported().map(async (files) => savedAnew(files, () => undefined)));
    expect(said(predictor.withTensorFlow!(same))).toEqual(said(predictor));
    const taught = await Promise.all(
      exported().map(async (files) =>
        savedAnew(files, (model) => model.setWeights(model.getWeights().map((weight) => tf.mul(weight, 0.5)))),
      ),
    );
    const after = factory.load(predictor.withTensorFlow!(taught).toBytes());
    expect(said(after)).not.toEqual(said(predictor));
    expect(said(after).every((p) => p >= 0 && p <= 1)).toBe(true);
  });
});

describe('networks that are refused', () => {
  const steps = /"batch_input_shape":\[null,(\d+),/;
  const changed = (change: (files: NetworkFiles) => NetworkFiles): NetworkFiles[] => exported().map(change);

  it.each<[string, () => readonly NetworkFiles[], RegExp]>([
    ['fewer than there are', () => exported().slice(1), /networks, \d were given/],
    [
      'one that reads more steps',
      () =>
        changed(({ modelJson, weights }) => ({
          modelJson: modelJson.replace(steps, (all, count: string) => all.replace(count, String(Number(count) + 1))),
          weights,
        })),
      /steps, the model reads/,
    ],
    [
      'one that does not say hazards',
      () =>
        changed(({ modelJson, weights }) => ({
          modelJson: modelJson.replace('"activation":"sigmoid"', '"activation":"linear"'),
          weights,
        })),
      /not hazards/,
    ],
    [
      'one whose weights are cut off',
      () => changed(({ modelJson, weights }) => ({ modelJson, weights: weights.slice(0, -8) })),
      /cut off/,
    ],
    [
      'one with a weight that is no number',
      () => changed(({ modelJson, weights }) => ({ modelJson, weights: new Uint8Array(weights.length).fill(255) })),
      /holds NaN/,
    ],
    [
      'one that is too large',
      () => changed(({ modelJson }) => ({ modelJson, weights: new Uint8Array(2 ** 21 + 4) })),
      /at most/,
    ],
    ['what is no model', () => changed(({ weights }) => ({ modelJson: '{}', weights })), /not an object/],
  ])('%s', (_, networks, message) => {
    expect(exported()[0]!.modelJson).toMatch(steps);
    expect(() => predictor.withTensorFlow!(networks())).toThrow(message);
  });
});
