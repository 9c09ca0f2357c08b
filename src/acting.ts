import { resolve } from 'node:path';
import { createActStage } from './act/act-stage.ts';
import { createCommandExecutor } from './act/executors/command-executor.ts';
import { createDockerExecutor } from './act/executors/docker-executor.ts';
import { createKubernetesExecutor } from './act/executors/kubernetes-executor.ts';
import { onceByKey } from './act/executors/once.ts';
import { createSystemdExecutor } from './act/executors/systemd-executor.ts';
import { createWebhookExecutor } from './act/executors/webhook-executor.ts';
import { modeOf } from './act/guardrails.ts';
import { linkKey } from './act/link-key.ts';
import { createTelling } from './act/notify/create-telling.ts';
import { createStopFile } from './act/stop-file.ts';
import type { Alerting } from './alerting.ts';
import type { Settings } from './api/contract/views.ts';
import type { Choosing } from './choosing.ts';
import { actLimits, commandBounds, ruledMode } from './config/action-definitions.ts';
import { channelsOf, dashboardAddress } from './config/channels.ts';
import type { ActionDefinition } from './model/action-definition.ts';
import type { Executor } from './model/executor.ts';
import { parseEntityId } from './model/entity.ts';
import type { PipelineDeps } from './pipeline.ts';
import { createRecommendStage } from './recommend/recommend-stage.ts';
import { createKubernetesClient } from './runtime/kubernetes/kubernetes-client.ts';

/** A change counts as news for so long where things go wrong at their usual pace. */
const NEWS_MS = 1_800_000;

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
  | 'duties'
  | 'shared'
>;

/** The key of links to approvals: the owner's, or one of this data folder, which several processes do not share. */
function keyOfLinks({ config, secret, shared }: ActingDeps): Uint8Array | null {
  const { linkKey: reference, channels } = config.notify;
  const own = reference === undefined ? null : secret(reference);
  if (own !== null) return Buffer.from(own);
  return shared || channels.every(({ approve }) => approve === undefined) ? null : linkKey(resolve(config.data));
}

/** What tells people, for actions of the catalogue and by itself. */
const telling = (deps: ActingDeps, catalogue: readonly ActionDefinition[], key: Uint8Array | null) =>
  createTelling({
    ...deps,
    actions: catalogue,
    channels: channelsOf(deps.config),
    language: () => deps.settings().language,
    base: dashboardAddress(deps.config),
    linkKey: key,
    reopenMs: deps.config.correlate.reopen,
  });

/** What the product ships, and what packages of the configuration bring. */
function executorsOf({ clock, secret, config, executors = [] }: ActingDeps): readonly Executor[] {
  const { docker, systemd } = config.act;
  return [
    createCommandExecutor({ clock, secret, environment: process.env, bounds: commandBounds(config) }),
    createWebhookExecutor({ clock, secret }),
    createDockerExecutor({ clock, secret, ...docker }),
    createSystemdExecutor({ clock, secret, environment: process.env, ...systemd }),
    createKubernetesExecutor({ clock, secret, client: createKubernetesClient(config.kubernetes, clock) }),
    ...executors.map((create) => create({ clock, secret })),
  ];
}

/** The two stages that know the catalogue. */
export function createActing(
  deps: ActingDeps,
  catalogue: readonly ActionDefinition[],
  { serviceOf, choosing }: Pick<Alerting, 'serviceOf'> & { readonly choosing: Choosing },
) {
  const { config, settings, stages } = deps;
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
    stepMs: config.step,
    newsMs: NEWS_MS / config.detect.pace,
    ...choosing.recommending({ guard: (...wish) => act.guard(...wish) }),
  });
  const key = stages.has('act') ? keyOfLinks(deps) : null;
  const { executor: notify, notifier } = telling(deps, catalogue, key);
  const act = createActStage({
    ...deps,
    actions: catalogue,
    executors: [notify, ...executorsOf(deps)].map(onceByKey),
    settings: inForce,
    stepMs: config.step,
    limits: actLimits(config),
    ruledMode: ({ service, ...subject }) => ruledMode(config, { ...subject, ...(service !== null && { service }) }),
    shared: config.store.url !== undefined,
    doNothingShare: config.predict.doNothingShare,
    language: () => settings().language,
    escalation: config.act.escalation ?? null,
    linkKey: key,
  });
  const { first } = choosing;
  const recommending = first === null ? [recommend] : [first, recommend];
  const services = [...(stages.has('recommend') ? recommending : []), ...(stages.has('act') ? [act, notifier] : [])];
  return { services, act: stages.has('act') ? act : null };
}
