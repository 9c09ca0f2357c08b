import { setImmediate as nextTurn } from 'node:timers/promises';
import { runTrainingTask } from '../../ml/training-tasks.ts';
import type { FailurePredictorFactory } from '../../model/predictor.ts';
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
 */
export function createHazardFactory(run: RunTraining = runHere): FailurePredictorFactory {
  return {
    kind: KIND,
    fit: (fleet, options) => fitHazard(fleet, options, run),
    load: (bytes) => createHazardPredictor(decodeHazardModel(bytes)),
  };
}
