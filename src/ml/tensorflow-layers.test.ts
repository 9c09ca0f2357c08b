import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { gaussianMatrix } from './check-outlier-model.ts';
import { createMatrix } from './matrix.ts';
import { MlError } from './ml-error.ts';
import type { Autoencoder } from './neural-autoencoder.ts';
import { fitAutoencoder } from './neural-autoencoder-training.ts';
import type { LstmModel } from './neural-lstm.ts';
import { type LstmOptions, fitLstm } from './neural-lstm-training.ts';
import { applyScaling } from './neural-scaling.ts';
import { type TensorFlowFiles, tensorFlowWeightFiles } from './tensorflow-format.ts';
import { exportAutoencoder, exportLstm, importAutoencoder, importLstm } from './tensorflow-layers.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** Opens what we wrote in TensorFlow.js. */
async function open({ modelJson, weights }: TensorFlowFiles): Promise<tfl.LayersModel> {
  const document = JSON.parse(modelJson) as tf.io.ModelJSON;
  return tfl.loadLayersModel(
    tf.io.fromMemory({
      modelTopology: document.modelTopology,
      weightSpecs: document.weightsManifest[0]!.weights,
      weightData: weights.slice().buffer,
    }),
  );
}

/** What TensorFlow.js writes itself. */
async function save(model: tfl.LayersModel): Promise<TensorFlowFiles> {
  let files: TensorFlowFiles | undefined;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: artifacts.weightSpecs }];
      files = {
        modelJson: JSON.stringify({ modelTopology: artifacts.modelTopology, weightsManifest }),
        weights: new Uint8Array(artifacts.weightData as ArrayBuffer),
      };
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  return files!;
}

function worst(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  if (ours.length !== theirs.length) return Infinity;
  return Math.max(...Array.from(ours, (value, i) => Math.abs(value - theirs[i]!)));
}

function autoencoder(): Autoencoder {
  return fitAutoencoder(gaussianMatrix(80, 6), { seed: 1, epochs: 3, hidden: [5, 2, 5] }).model;
}

function lstm(changes: Partial<LstmOptions> = {}): LstmModel {
  const targets = createMatrix(
    Float64Array.from({ length: 180 }, (_, i) => i % 2),
    60,
    3,
  );
  const options: LstmOptions = {
    seed: 1,
    features: 2,
    units: [5, 4],
    hidden: [3],
    loss: { kind: 'hazard' },
    epochs: 2,
  };
  return fitLstm(gaussianMatrix(60, 14), targets, { ...options, ...changes }).model;
}

describe('models trained here open in TensorFlow.js', () => {
  it('an autoencoder reconstructs the same', async () => {
    const model = autoencoder();
    const rows = gaussianMatrix(10, 6, 2);
    const scaled = applyScaling(rows, model.scaling);
    const theirs = (await open(exportAutoencoder(model))).predict(tf.tensor2d(scaled, [10, 6])) as tf.Tensor;
    const output = theirs.dataSync();
    const residuals = Float64Array.from(scaled, (x, i) => (x - output[i]!) ** 2);
    const scores = Array.from(
      { length: 10 },
      (_, i) => residuals.subarray(i * 6, i * 6 + 6).reduce((a, b) => a + b) / 6,
    );
    expect(worst(model.scoreBatch(rows), scores)).toBeLessThan(1e-5);
  });

  it('an LSTM with hazards predicts the same, masked steps too', async () => {
    const model = lstm();
    const rows = createMatrix(gaussianMatrix(10, 14, 2).data.slice(), 10, 14);
    rows.data.fill(Number.NaN, 0, 4);
    rows.data.fill(Number.NaN, 20, 22);
    const scaled = applyScaling(rows, model.parts.scaling).map((x) => (Number.isNaN(x) ? 0 : x));
    const theirs = (await open(exportLstm(model))).predict(tf.tensor3d(scaled, [10, 7, 2])) as tf.Tensor;
    expect(worst(model.predictBatch(rows), theirs.dataSync())).toBeLessThan(1e-5);
  });
});

describe('models trained in TensorFlow.js run here', () => {
  it('an autoencoder, without biases and with dropout in it', async () => {
    const theirs = tfl.sequential({
      layers: [
        tfl.layers.dense({ units: 4, activation: 'relu', inputShape: [6], useBias: false }),
        tfl.layers.dropout({ rate: 0.5 }),
        tfl.layers.dense({ units: 6 }),
      ],
    });
    const model = importAutoencoder(await save(theirs));
    const row = Float64Array.of(0.1, -2, 0.3, 1, 0, 0.7);
    const output = (theirs.predict(tf.tensor2d(Float32Array.from(row), [1, 6])) as tf.Tensor).dataSync();
    const expected = Array.from(row, (x, i) => (x - output[i]!) ** 2);
    expect(worst(model.residuals(row, new Float64Array(6)), expected)).toBeLessThan(1e-5);
  });

  it.each(['linear', 'sigmoid'] as const)('an LSTM that ends in %s, larger than our own', async (activation) => {
    const lstmOf = (units: number, more: object): tfl.layers.Layer =>
      tfl.layers.lstm({ units, recurrentActivation: 'sigmoid', recurrentInitializer: 'glorotUniform', ...more });
    const theirs = tfl.sequential({
      layers: [
        lstmOf(40, { inputShape: [5, 9], returnSequences: true }),
        lstmOf(24, {}),
        tfl.layers.dense({ units: 3, activation }),
      ],
    });
    const model = importLstm(await save(theirs));
    const rows = gaussianMatrix(7, 45);
    const output = (theirs.predict(tf.tensor3d(Float32Array.from(rows.data), [7, 5, 9])) as tf.Tensor).dataSync();
    expect(worst(model.predictBatch(rows), output)).toBeLessThan(1e-5);
  });

  it('a file of Keras in Python: wrapped, with an input layer and other names', () => {
    const document = JSON.parse(exportLstm(lstm()).modelJson) as {
      modelTopology: { config: { layers: { config: Record<string, unknown> }[] } };
      weightsManifest: { weights: { name: string }[] }[];
    };
    const { layers } = document.modelTopology.config;
    delete layers[0]!.config['batch_input_shape'];
    layers.unshift({ class_name: 'InputLayer', config: { batch_shape: [null, 7, 2] } } as (typeof layers)[number]);
    for (const weight of document.weightsManifest[0]!.weights) weight.name = `sequential/${weight.name}:0`;
    const modelJson = JSON.stringify({
      ...document,
      modelTopology: {
        keras_version: '2.15.0',
        backend: 'tensorflow',
        model_config: document.modelTopology,
        class_name: '',
      },
    });
    const model = importLstm({ modelJson, weights: exportLstm(lstm()).weights });
    const rows = gaussianMatrix(5, 14);
    expect(model.predictBatch(rows)).toEqual(lstm().predictBatch(rows));
  });
});

describe('there and back', () => {
  it('is exact, with scalings, link and missing indicators', () => {
    const wide = autoencoder();
    expect(importAutoencoder(exportAutoencoder(wide)).toBytes()).toEqual(wide.toBytes());
    for (const changes of [{}, { loss: { kind: 'squared' } as const, missingIndicators: true, hidden: [] }]) {
      const model = lstm(changes);
      expect(importLstm(exportLstm(model)).toBytes()).toEqual(model.toBytes());
    }
    expect(tensorFlowWeightFiles(exportAutoencoder(wide).modelJson)).toEqual(['weights.bin']);
  });
});

describe('a file that is not what it should be is refused by code', () => {
  const good = exportLstm(lstm());
  const changed = (from: string | RegExp, to: string): TensorFlowFiles => {
    const modelJson = good.modelJson.replace(from, to);
    if (modelJson === good.modelJson) throw new Error(`nothing to change: ${String(from)}`);
    return { ...good, modelJson };
  };

  it.each<[string, TensorFlowFiles]>([
    ['not JSON', { ...good, modelJson: '{' }],
    ['a list', { ...good, modelJson: '[]' }],
    ['no topology', changed('"modelTopology"', '"other"')],
    ['another kind of model', changed('"Sequential"', '"Functional"')],
    ['another cell', changed('"LSTM"', '"GRU"')],
    ['another activation', changed('"recurrent_activation":"sigmoid"', '"recurrent_activation":"hard_sigmoid"')],
    ['an unknown activation', changed('"activation":"sigmoid"', '"activation":"swish"')],
    ['backwards', changed('"go_backwards":false', '"go_backwards":true')],
    ['a state too many', changed('"return_sequences":true', '"return_sequences":false')],
    ['units of a text', changed('"units":5', '"units":"5"')],
    ['units beyond the weights', changed('"units":5', '"units":1e9')],
    ['a shape that is not one', changed('"shape":[2,20]', '"shape":[-2,-20]')],
    ['a shape that overflows', changed('"shape":[2,20]', '"shape":[1e200,1e200]')],
    ['quantised weights', changed('"dtype":"float32"},{', '"dtype":"uint8"},{')],
    ['a mask value', changed('"mask_value":0', '"mask_value":-1')],
    ['no scale in the metadata', changed('"targetScale"', '"other"')],
    ['a scale of zero', changed(/"scale":\[[^\]]*\]/, '"scale":[0,1]')],
    ['a weight too few', { ...good, weights: good.weights.subarray(4) }],
    ['a weight too many', { ...good, weights: new Uint8Array(good.weights.length + 4) }],
    ['weights that are not numbers', { ...good, weights: new Uint8Array(good.weights.length).fill(0xff) }],
    ['an autoencoder', exportAutoencoder(autoencoder())],
  ])('%s', (_, files) => {
    expect(() => importLstm(files)).toThrowError(expect.objectContaining({ code: 'ML_FORMAT' }));
  });

  it('an LSTM where an autoencoder should be', () => {
    expect(() => importAutoencoder(good)).toThrowError(MlError);
  });

  it('weight paths that leave the folder', () => {
    for (const path of ['../weights.bin', '/etc/passwd', 'a/b.bin', '', '.hidden']) {
      const { modelJson } = changed('"weights.bin"', JSON.stringify(path));
      expect(() => tensorFlowWeightFiles(modelJson)).toThrowError(expect.objectContaining({ code: 'ML_FORMAT' }));
    }
  });
});
