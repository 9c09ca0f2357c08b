import { resolve } from 'node:path';
import { type Alerting, createAlerting } from './alerting.ts';
import { type ActStage, createActStage } from './act/act-stage.ts';
import { createCommandExecutor } from './act/executors/command-executor.ts';
import { createDockerExecutor } from './act/executors/docker-executor.ts';
import { onceByKey } from './act/executors/once.ts';
import { createSystemdExecutor } from './act/executors/systemd-executor.ts';
import { createWebhookExecutor } from './act/executors/webhook-executor.ts';
import { modeOf } from './act/guardrails.ts';
import type { loadExecutors } from './act/load-executor.ts';
import { createStopFile } from './act/stop-file.ts';
import type { Settings } from './api/contract/views.ts';
import type { Bus } from './bus/bus.ts';
import type { CollectStage } from './collect/collect-stage.ts';
import { actionDefinitions, actLimits, ruledMode } from './config/action-definitions.ts';
import type { Config } from './config/schema.ts';
import { settingsFor } from './config/settings-for.ts';
import { type CorrelateStage, createCorrelateStage } from './correlate/correlate-stage.ts';
import { CORRELATION_DEFAULTS } from './correlate/correlation.ts';
import { createDetectStage, type DetectStage } from './detect/detect-stage.ts';
import { JOINT_ARTEFACT, loadJointArtefact } from './detect/joint-artefact.ts';
import { createJointTrainer, fitThread } from './detect/joint-trainer.ts';
import { LIVE_MEMBERS } from './detect/live-members.ts';
import type { DetectExtensions } from './detect/load-extension.ts';
import { memberTrust } from './learn/feedback/member-evidence.ts';
import { createGathering } from './gathering.ts';
import { createLearnStage } from './learn/learn-stage.ts';
import { type ActionDefinition, matchesPattern } from './model/action-definition.ts';
import type { Run } from './model/action.ts';
import { parseEntityId } from './model/entity.ts';
import type { FailureModelPort } from './model/failure-model.ts';
import type { Service } from './model/service.ts';
import { type Topic, topics } from './model/topics.ts';
import { createPredicting } from './predicting.ts';
import { createRecommendStage } from './recommend/recommend-stage.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import type { Store } from './store/store.ts';

export interface PipelineDeps {
  readonly config: Config;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly metrics: Metrics;
  /** What may be changed while it runs; asked each time. */
  readonly settings: () => Settings;
  /** The value of a secret that an action refers to; null when it cannot be had. */
  readonly secret: (reference: string) => string | null;
  readonly onRun: (run: Run) => void;
  /** Executors that packages of the configuration brought. */
  readonly executors?: Awaited<ReturnType<typeof loadExecutors>>;
  /** What packages of the configuration brought. */
  readonly extensions?: DetectExtensions;
}

/** The way the data goes: every stage in order, what it reads, what it writes. */
export const stages: readonly {
  readonly name: string;
  readonly reads: readonly Topic<unknown>[];
  readonly writes: readonly Topic<unknown>[];
}[] = [
  { name: 'collect', reads: [], writes: [topics.samples, topics.logs, topics.events] },
  { name: 'logs', reads: [topics.logs], writes: [topics.samples] },
  { name: 'prepare', reads: [topics.samples, topics.events], writes: [topics.frames] },
  { name: 'detect', reads: [topics.frames], writes: [topics.anomalies] },
  { name: 'predict', reads: [topics.frames], writes: [topics.predictions] },
  {
    name: 'correlate',
    reads: [topics.anomalies, topics.predictions, topics.events, topics.outcomes],
    writes: [topics.incidents],
  },
  { name: 'recommend', reads: [topics.incidents, topics.outcomes], writes: [topics.recommendations] },
  { name: 'act', reads: [topics.recommendations], writes: [topics.outcomes] },
  { name: 'learn', reads: [topics.predictions, topics.outcomes], writes: [] },
];

export interface Pipeline {
  /** In the order of the flow; start them in reverse, so that nothing is sent before somebody listens. */
  readonly services: readonly Service[];
  readonly collect: CollectStage;
  readonly detect: DetectStage;
  readonly act: ActStage;
  readonly alerting: Alerting;
  readonly models: FailureModelPort;
  readonly catalogue: readonly ActionDefinition[];
}

const NO_EXTENSIONS: DetectExtensions = { members: [], detector: null };

/** Builds every stage from the configuration. Nothing runs yet. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { config, settings } = deps;
  const catalogue = actionDefinitions(config);
  const alertBudget = () => budgetInForce(config, settings());

  const correlation = correlateSettings(config);
  const alerting = createAlerting({
    ...deps,
    alertBudget,
    grouping: correlation.options,
    topology: () => correlate.topology,
    detect: () => detect,
  });
  const { potsOf, thresholds, review } = alerting;

  const gathering = createGathering(deps, alerting);
  const detect: DetectStage = createDetectStage({
    ...deps,
    options: {
      stepMs: config.step,
      timezone: config.timezone,
      thresholds,
      review,
      alertBudget,
      settingsOf: detectSettings(config, alerting.serviceOf),
      ...detectModels(deps),
    },
  });
  const correlate: CorrelateStage = createCorrelateStage({ ...deps, alertBudget, potsOf, ...correlation });
  const predicting = createPredicting(deps);
  const acting = createActing(deps, catalogue, alerting.serviceOf);
  return {
    services: [
      ...gathering.services,
      detect,
      ...alerting.services,
      ...predicting.services,
      correlate,
      acting.recommend,
      acting.act,
      createLearnStage({ ...deps, training: detectTraining(deps, () => detect.modelsChanged()) }),
    ],
    collect: gathering.collect,
    detect,
    alerting,
    models: predicting.models,
    act: acting.act,
    catalogue,
  };
}

/** How signs become incidents, what the owner says of the topology, and what opens maintenance windows. */
function correlateSettings({ correlate, topology, step }: Config) {
  const { window, quiet, near, distance, reopen, forgetEdges, deployGrace } = correlate;
  return {
    options: {
      entityWindowMs: window,
      quietMs: quiet,
      topologyWindowMs: near,
      distance,
      reopenMs: reopen,
      tieMs: Math.max(CORRELATION_DEFAULTS.tieMs, 2 * step),
    },
    topology: { rules: topology, forgetMs: forgetEdges },
    deployGrace: { events: deployGrace.events, durationMs: deployGrace.duration },
  };
}

/** What detect is made of beside its defaults, and how it reads what learn has trained. */
function detectModels({ config, extensions = NO_EXTENSIONS }: PipelineDeps) {
  const members = [...LIVE_MEMBERS, ...extensions.members.map(({ factory }) => factory)];
  const brought = extensions.detector?.factory;
  return {
    adoptMs: config.detect.adopt,
    joint: {
      kind: JOINT_ARTEFACT,
      load: (id: string, bytes: Uint8Array) => loadJointArtefact(id, bytes, members),
    },
    ...(brought && { detector: () => brought }),
  };
}

/** What learn trains for detect. */
function detectTraining(deps: PipelineDeps, onTrained: () => void) {
  const { config, extensions = NO_EXTENSIONS } = deps;
  const { detect, store, step } = config;
  const members = extensions.members.map(({ url }) => url);
  return {
    trainer: createJointTrainer({ stepMs: step, members, place: fitThread(), trust: () => memberTrust(deps.store) }),
    options: {
      stepMs: step,
      windowMs: detect.window,
      retrainMs: detect.retrain,
      stepsMs: store.retention.steps,
      own: (entity: string) => detect.ownModels.some((pattern) => matchesPattern(pattern, entity)),
    },
    onTrained,
  };
}

/** The two stages that know the catalogue. */
function createActing(deps: PipelineDeps, catalogue: readonly ActionDefinition[], serviceOf: Alerting['serviceOf']) {
  const { clock, config, secret, settings } = deps;
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
  return { recommend, act };
}

/** The owner's budget, with the counts that were set while it runs. */
function budgetInForce({ alertBudget }: Config, { alertBudget: counts }: Settings) {
  return {
    pages: { ...alertBudget.pages, count: counts.pages },
    warnings: { ...alertBudget.warnings, count: counts.warnings },
  };
}

const detectSettings =
  (config: Config, serviceOf: Alerting['serviceOf']) =>
  (entity: string, anomaly?: string): { warmUp: number; minimumDurationMs: number; mute: boolean } => {
    const service = serviceOf(entity);
    const known = { ...(anomaly !== undefined && { anomaly }), ...(service !== null && { service }) };
    const subject = { entity, kind: parseEntityId(entity).kind, ...known };
    const { warmUp, minimumDuration, mute } = settingsFor(config, subject).detect;
    return { warmUp, minimumDurationMs: minimumDuration, mute };
  };
