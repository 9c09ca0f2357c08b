import { resolve } from 'node:path';
import { createActStage } from './act/act-stage.ts';
import { createCommandExecutor } from './act/executors/command-executor.ts';
import { createDockerExecutor } from './act/executors/docker-executor.ts';
import { onceByKey } from './act/executors/once.ts';
import { createSystemdExecutor } from './act/executors/systemd-executor.ts';
import { createWebhookExecutor } from './act/executors/webhook-executor.ts';
import { modeOf } from './act/guardrails.ts';
import { createStopFile } from './act/stop-file.ts';
import type { Alerting } from './alerting.ts';
import type { Settings } from './api/contract/views.ts';
import type { Choosing } from './choosing.ts';
import { actLimits, ruledMode } from './config/action-definitions.ts';
import type { ActionDefinition } from './model/action-definition.ts';
import { parseEntityId } from './model/entity.ts';
import type { PipelineDeps } from './pipeline.ts';
import { createRecommendStage } from './recommend/recommend-stage.ts';

type ActingDeps = Pick<
  PipelineDeps,
  | 'config'
  | 'bus'
  | 'store'
  | 'clock'
  | 'ids'
  | 'log'
  | 'metrics'
  | 'settings'
  | 'secret'
  | 'onRun'
  | 'executors'
  | 'stages'
>;

/** The two stages that know the catalogue. */
export function createActing(
  deps: ActingDeps,
  catalogue: readonly ActionDefinition[],
  { serviceOf, choosing }: Pick<Alerting, 'serviceOf'> & { readonly choosing: Choosing },
) {
  const { clock, config, secret, settings, stages } = deps;
  const killed = createStopFile(resolve(config.data), process.env);
  const inForce = (): Settings => (killed() ? { ...settings(), killSwitch: true } : settings());
  const recommend = createRecommendStage({
    ...deps,
    catalogue,
    modeOf: (action, entity) => {
      const service = serviceOf(entity);
      const subject = {
        action: action.id,
        entity,
        kind: parseEntityId(entity).kind,
        ...(service !== null && { service }),
      };
      return modeOf(action, settings(), ruledMode(config, subject));
    },
    stopped: () => inForce().killSwitch,
    ...choosing.recommending({ guard: (...wish) => act.guard(...wish) }),
  });
  const { docker, systemd } = config.act;
  const executors = [
    createCommandExecutor({ clock, secret, environment: process.env }),
    createWebhookExecutor({ clock, secret }),
    createDockerExecutor({ clock, secret, ...docker }),
    createSystemdExecutor({ clock, secret, environment: process.env, ...systemd }),
    ...(deps.executors ?? []).map((create) => create({ clock, secret })),
  ].map(onceByKey);
  const act = createActStage({
    ...deps,
    actions: catalogue,
    executors,
    settings: inForce,
    stepMs: config.step,
    limits: actLimits(config),
    ruledMode: ({ service, ...subject }) => ruledMode(config, { ...subject, ...(service !== null && { service }) }),
    shared: config.store.url !== undefined,
    doNothingShare: config.predict.doNothingShare,
    language: () => settings().language,
    escalation: config.act.escalation ?? null,
  });
  const services = [...(stages.has('recommend') ? [recommend] : []), ...(stages.has('act') ? [act] : [])];
  return { services, act: stages.has('act') ? act : null };
}
