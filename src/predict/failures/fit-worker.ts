import type { MessagePort } from 'node:worker_threads';
import { giveWay } from '../../ml/give-way.ts';
import type { FailureFit, FailureFitted } from '../../model/failure-fitter.ts';
import { createHazardFactory } from '../hazard/hazard-factory.ts';
import { importPredictor } from '../load-predictor.ts';
import { fitFailures } from './fit-failures.ts';

/** As in nice(1): training is in no hurry. */
const NICENESS = 10;
giveWay(NICENESS);

/** One training; the pool calls it by name. Progress goes through the port. */
export async function fit({ request, port }: { request: FailureFit; port: MessagePort }): Promise<FailureFitted> {
  const onProgress = (progress: unknown): void => port.postMessage(progress);
  const { predictor = null } = request;
  const factory = predictor === null ? createHazardFactory() : await importPredictor(predictor);
  const fitted = await fitFailures(request, factory, { onProgress });
  port.close();
  return fitted;
}
