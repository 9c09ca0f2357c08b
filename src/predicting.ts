import type { Bus } from './bus/bus.ts';
import { failureDefinitions } from './config/failures-schema.ts';
import type { Config } from './config/schema.ts';
import { recordedStore } from './gathering.ts';
import { createFailureStage } from './learn/failures/failure-stage.ts';
import { FailureTraining } from './learn/predictors/failure-training.ts';
import { openFleet } from './learn/predictors/live-fleet.ts';
import { createModelDesk } from './learn/predictors/model-desk.ts';
import { createLifecycle, ITSELF } from './learn/predictors/model-lifecycle.ts';
import type { FailureFitter } from './model/failure-fitter.ts';
import type { Model } from './model/failure.ts';
import type { FailureModelPort } from './model/failure-model.ts';
import type { FleetScope } from './model/live-fleet.ts';
import type { Duties } from './model/duty.ts';
import type { PreparationStep } from './model/preparation.ts';
import type { Service } from './model/service.ts';
import type { StageName } from './model/stage.ts';
import { FailureWatch } from './predict/failures/failure-watch.ts';
import { failureFitHere, failureFitThread } from './predict/failures/fit-thread.ts';
import type { BroughtPredictor } from './predict/load-predictor.ts';
import { createPredictStage } from './predict/predict-stage.ts';
import { createHazardFactory } from './predict/hazard/hazard-factory.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import { fencedModels } from './store/fenced.ts';
import type { FencedStores, Store } from './store/store.ts';

export interface PredictingDeps {
  readonly config: Config;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly fitter?: FailureFitter;
  /** Which stages this process has. */
  readonly stages: ReadonlySet<StageName>;
  readonly duties: Duties<FencedStores>;
  /** Predictors that packages of the configuration brought. */
  readonly predictors?: readonly BroughtPredictor[];
  /** Steps of preparation that packages of the configuration brought. */
  readonly steps?: readonly PreparationStep[];
}

/** Failure prediction: what counts as a failure, models that learn it, and what they say. */
export interface Predicting {
  readonly services: readonly Service[];
  readonly models: FailureModelPort;
  readonly training: FailureTraining;
  readonly watch: FailureWatch;
}

/** Trains failure models; orders to do so are for the one who has it. */
export const FAILURE_DUTY = 'failure models';

/** Threads need the built program; its sources run on this one. */
const usualFitter = (): FailureFitter => (import.meta.url.endsWith('.js') ? failureFitThread() : failureFitHere());

/** How models are learnt and judged, as the owner wants it. */
export function learningOptions({ predict }: Config) {
  return {
    horizons: [...new Set(predict.horizons.map((ms) => Math.round(ms / 1000)))].sort((a, b) => a - b),
    quietMs: predict.quiet,
    windowMs: predict.window,
    retrainMs: predict.retrain,
    budgetMs: predict.trainingTime,
    contract: { precision: predict.page.precision, minLead: predict.page.minLead / 1000 },
    shadow: { leastMs: predict.shadow },
  };
}

export function createPredicting(deps: PredictingDeps): Predicting {
  const { config, store, stages, duties, fitter = usualFitter(), predictors = [] } = deps;
  const { predict, step } = config;
  const factories = [createHazardFactory(), ...predictors.map(({ factory }) => factory)];
  const quietly = { onChange: () => undefined };
  const lifecycle = createLifecycle({ ...deps, ...quietly });
  const open = (scope: FleetScope) => openFleet(store, scope);
  const options = learningOptions(config);
  const recorded = { store: recordedStore(deps, fencedModels(store, duties, FAILURE_DUTY)) };
  const training = new FailureTraining({
    ...deps,
    ...recorded,
    lifecycle: createLifecycle({ ...deps, ...quietly, ...recorded }),
    mine: () => duties.mine(FAILURE_DUTY),
    fitter,
    openFleet: (scope) => openFleet(recorded.store, scope),
    predictors: predictors.map(({ url }) => url),
    options,
  });
  const quarantine = (model: Model, why: string) =>
    model.state === 'champion' ? lifecycle.rollback(model.scope, ITSELF, why) : lifecycle.retire(model, why);
  const looking = { mine: () => duties.mine('failure risks'), openFleet: open };
  const watch = new FailureWatch({ ...deps, ...looking, factories, everyMs: predict.every, quarantine });
  const failures = createFailureStage({
    ...deps,
    mine: () => duties.mine('failures of the past'),
    definitions: failureDefinitions(config.failures),
    options: { stepMs: step, stepsMs: config.store.retention.steps, windowMs: predict.window },
  });
  const predicts = () => [
    createPredictStage({ ...deps, options: { stepMs: step, horizons: options.horizons } }),
    watch,
  ];
  return {
    services: [...(stages.has('predict') ? predicts() : []), ...(stages.has('learn') ? [failures, training] : [])],
    models: createModelDesk({
      ...deps,
      lifecycle,
      training,
      factories,
      lookCost: (model) => watch.costOf(model),
      options: { ...options, doNothingShare: predict.doNothingShare },
    }),
    training,
    watch,
  };
}
