import { setImmediate as nextTurn } from 'node:timers/promises';
import { runTrainingTask } from '../../ml/training-tasks.ts';
import type { FailurePredictorFactory } from '../../model/predictor.ts';
import { systemClock } from '../../runtime/clock.ts';
import { fitHazard } from './fit-hazard.ts';
import { decodeHazardModel } from './hazard-format.ts';
import { createHazardPredictor, KIND } from './hazard-model.ts';
import type { RunTraining } from './train-team.ts';

/** Trains on the calling thread, with a turn for others between two trainings. */
const runHere: RunTraining = async (task) => {
  await nextTurn();
  return runTrainingTask(task, () => undefined);
};

/**
 * Failure prediction by stacked boosting and LSTM hazards. `run` carries out single trainings, for example in the threads of
 * `createTrainingPool`; without it they run on the calling thread. Where they run changes no bit of the result.
 * `now` counts milliseconds, and bounds a search for better settings.
 */
export function createHazardFactory(
  run: RunTraining = runHere,
  now: () => number = () => systemClock.monotonic(),
): FailurePredictorFactory {
  return {
    kind: KIND,
    fit: (fleet, options) => fitHazard(fleet, options, { run, now }),
    load: (bytes) => createHazardPredictor(decodeHazardModel(bytes)),
  };
}
