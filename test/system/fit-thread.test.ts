import { resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { fitJoint } from '../../src/detect/fit-joint.ts';
import type * as JointTrainer from '../../src/detect/joint-trainer.ts';
import { createRandom } from '../../src/ml/random.ts';

/** Threads run compiled code, so the trainer is the built one. */
const built = resolve(import.meta.dirname, '../../dist/detect/joint-trainer.js');
const { createJointTrainer, fitThread } = (await import(built)) as typeof JointTrainer;

const STEP = 15_000;
const trainer = createJointTrainer({ stepMs: STEP, members: [], place: fitThread() });
afterAll(() => trainer.close());

function histories() {
  const random = createRandom(1);
  const features = Array.from({ length: 12 }, (_, f) => `f${f}`);
  return ['pod/a', 'pod/b'].map((entity) => ({
    entity,
    features,
    cadenceMs: STEP,
    stretches: [
      {
        times: Float64Array.from({ length: 1500 }, (_, i) => i * STEP),
        values: Float32Array.from({ length: 1500 * 12 }, () => random.normal()),
      },
    ],
  }));
}

it('joint models of a thread are those of the same fit here', async () => {
  const trained = await trainer.train(histories(), { seed: 1, signal: new AbortController().signal });
  const here = await fitJoint({ histories: histories(), cadenceMs: STEP, seed: 1, members: [] });
  expect(trained?.bytes.length).toBeGreaterThan(10_000);
  expect(Buffer.compare(trained!.bytes, here!.bytes)).toBe(0);
});

it('a training that is no longer wanted ends', async () => {
  const end = new AbortController();
  const training = trainer.train(histories(), { seed: 2, signal: end.signal });
  end.abort();
  await expect(training).rejects.toThrow(/abort|cancel|terminat/i);
});
