import type { FailureModelPort } from '../../model/failure-model.ts';
import { createExchange, type ExchangeDeps } from './exchange-models.ts';
import type { FailureTraining } from './failure-training.ts';
import { type ReportDeps, reportOn } from './model-report.ts';
import { coneOf } from './risk-cone.ts';

export interface ModelDeskDeps extends ExchangeDeps {
  readonly store: ReportDeps['store'];
  readonly training: Pick<FailureTraining, 'states' | 'want'>;
  readonly lookCost: ReportDeps['lookCost'];
  readonly options: ReportDeps['options'];
}

/** The door to failure models for people. */
export function createModelDesk(deps: ModelDeskDeps): FailureModelPort {
  const { lifecycle, training } = deps;
  const { checkModel, ...exchange } = createExchange(deps);
  return {
    learning: async () => training.states,
    train: async (scope) => training.want(scope),
    promote: async (id, by) => {
      await checkModel(id);
      await lifecycle.promote(id, by);
    },
    rollback: (scope, by) => lifecycle.rollback(scope, by),
    report: async (id) => reportOn(deps, await lifecycle.find(id)),
    cone: (entity, range) => coneOf(deps, entity, range),
    ...exchange,
  };
}
