import type { Bus } from './bus/bus.ts';
import { failureDefinitions } from './config/failures-schema.ts';
import type { Config } from './config/schema.ts';
import { createFailureStage } from './learn/failures/failure-stage.ts';
import { FailureTraining } from './learn/predictors/failure-training.ts';
import { openFleet } from './learn/predictors/live-fleet.ts';
import { createModelDesk } from './learn/predictors/model-desk.ts';
import { createLifecycle, ITSELF } from './learn/predictors/model-lifecycle.ts';
import type { FailureFitter } from './model/failure-fitter.ts';
import type { FailureModelPort } from './model/failure-model.ts';
import type { FleetScope } from './model/live-fleet.ts';
import type { Service } from './model/service.ts';
import { FailureWatch } from './predict/failures/failure-watch.ts';
import { failureFitHere, failureFitThread } from './predict/failures/fit-thread.ts';
import { createPredictStage } from './predict/predict-stage.ts';
import { createHazardFactory } from './predict/hazard/hazard-factory.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { Store } from './store/store.ts';

export interface PredictingDeps {
  readonly config: Config;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly fitter?: FailureFitter;
}

/** Failure prediction: what counts as a failure, models that learn it, and what they say. */
export interface Predicting {
  readonly services: readonly Service[];
  readonly models: FailureModelPort;
  readonly training: FailureTraining;
  readonly watch: FailureWatch;
}

/** Threads need the built program; its sources run on this one. */
const usualFitter = (): FailureFitter => (import.meta.url.endsWith('.js') ? failureFitThread() : failureFitHere());

export function createPredicting(deps: PredictingDeps): Predicting {
  const { config, store, fitter = usualFitter() } = deps;
  const { predict, step } = config;
  const factories = [createHazardFactory()];
  const lifecycle = createLifecycle({ ...deps, onChange: () => undefined });
  const open = (scope: FleetScope) => openFleet(store, scope);
  const horizons = predict.horizons.map((ms) => Math.round(ms / 1000)).toSorted((a, b) => a - b);
  const training = new FailureTraining({
    ...deps,
    lifecycle,
    fitter,
    openFleet: open,
    options: {
      horizons,
      quietMs: predict.quiet,
      windowMs: predict.window,
      retrainMs: predict.retrain,
      budgetMs: predict.trainingTime,
      contract: { precision: predict.page.precision, minLead: predict.page.minLead / 1000 },
      shadow: { leastMs: predict.shadow },
    },
  });
  const watch = new FailureWatch({
    ...deps,
    openFleet: open,
    factories,
    everyMs: predict.every,
    quarantine: (model, why) =>
      model.state === 'champion' ? lifecycle.rollback(model.scope, ITSELF, why) : lifecycle.retire(model, why),
  });
  const failures = createFailureStage({
    ...deps,
    definitions: failureDefinitions(config.failures),
    options: { stepMs: step, stepsMs: config.store.retention.steps, windowMs: predict.window },
  });
  return {
    services: [createPredictStage({ ...deps, options: { stepMs: step, horizons } }), failures, watch, training],
    models: createModelDesk({ ...deps, lifecycle, training, factories }),
    training,
    watch,
  };
}
