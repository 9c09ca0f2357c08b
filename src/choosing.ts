import { resolve } from 'node:path';
import type { ActStage } from './act/act-stage.ts';
import type { Config } from './config/schema.ts';
import { createFirstPolicy } from './learn/policies/first-policy.ts';
import { createPolicyDesk } from './learn/policies/policy-desk.ts';
import { createPolicyLifecycle } from './learn/policies/policy-lifecycle.ts';
import { PolicyTraining } from './learn/policies/policy-training.ts';
import { createValueDesk } from './learn/policies/value-report.ts';
import type { ActionDefinition } from './model/action-definition.ts';
import type { PolicyFactory, PolicyPort } from './model/policy.ts';
import type { Service } from './model/service.ts';
import type { ValuePort } from './model/value.ts';
import { POLICIES } from './recommend/policies/factories.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { Store } from './store/store.ts';

export interface ChoosingDeps {
  readonly config: Config;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly catalogue: readonly ActionDefinition[];
  /** Policies that packages of the configuration brought. */
  readonly policyFactories?: readonly PolicyFactory[];
}

/** How actions are chosen: policies that learn which one helps, and what all that was worth. */
export interface Choosing {
  /** Trains; for the process that learns. */
  readonly training: Service;
  /** Brings a policy that was trained elsewhere, where the configuration names one; for the process that recommends. */
  readonly first: Service | null;
  readonly policies: PolicyPort;
  readonly value: ValuePort;
  /** What recommend is given beside its own. */
  recommending(act: Pick<ActStage, 'guard'>): {
    readonly policies: readonly PolicyFactory[];
    readonly explorationsPerDay: () => number;
    readonly guard: ActStage['guard'];
  };
}

export function createChoosing(deps: ChoosingDeps): Choosing {
  const { config, catalogue, store } = deps;
  const { explorationsPerDay, share, retrain, window, promote, begin } = config.act.learning;
  const factories = [...POLICIES, ...(deps.policyFactories ?? [])];
  const lifecycle = createPolicyLifecycle({ ...deps, factories });
  const options = { windowMs: window, retrainMs: retrain, exploration: share, promote, perDay: explorationsPerDay };
  const training = new PolicyTraining({ ...deps, lifecycle, factories, options });
  return {
    training,
    first: begin === undefined ? null : createFirstPolicy({ ...deps, lifecycle, factories, file: resolve(begin) }),
    policies: createPolicyDesk({ ...deps, lifecycle, training, options }),
    value: createValueDesk({
      store,
      disruptionOf: (action) => catalogue.find(({ id }) => id === action)?.disruption ?? 'low',
    }),
    recommending: (act) => ({
      policies: factories,
      explorationsPerDay: () => explorationsPerDay,
      guard: (action, entity, incident) => act.guard(action, entity, incident),
    }),
  };
}
