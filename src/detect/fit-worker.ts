import { giveWay } from '../ml/give-way.ts';
import type { TrainedModel } from '../model/trainer.ts';
import { type FitRequest, fitJoint } from './fit-joint.ts';

/** As in nice(1): training is in no hurry. */
const NICENESS = 10;
giveWay(NICENESS);

/** Fits one scope; the pool calls it by name. */
export const fit = (request: FitRequest): Promise<TrainedModel | null> => fitJoint(request);
