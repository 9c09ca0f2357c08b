import { type Alerting, createAlerting } from './alerting.ts';
import type { ActStage } from './act/act-stage.ts';
import type { loadExecutors } from './act/load-executor.ts';
import type { Settings } from './api/contract/views.ts';
import type { Bus } from './bus/bus.ts';
import type { NamedSource } from './collect/brought-source.ts';
import type { CollectStage } from './collect/collect-stage.ts';
import { createActing } from './acting.ts';
import { type Choosing, createChoosing } from './choosing.ts';
import { actionDefinitions } from './config/action-definitions.ts';
import { failureDefinitions } from './config/failures-schema.ts';
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
import { createGathering, recordedStore } from './gathering.ts';
import { createTrainingPool } from './ml/training-pool.ts';
import { createLearnStage, MODELS_DUTY } from './learn/learn-stage.ts';
import { type ActionDefinition, matchesPattern } from './model/action-definition.ts';
import type { Run } from './model/action.ts';
import { parseEntityId } from './model/entity.ts';
import type { AlertBudget } from './model/alert.ts';
import type { Duties } from './model/duty.ts';
import type { PolicyFactory } from './model/policy.ts';
import type { PreparationStep } from './model/preparation.ts';
import type { Service } from './model/service.ts';
import type { StageName } from './model/stage.ts';
import { type Topic, topics } from './model/topics.ts';
import type { BroughtPredictor } from './predict/load-predictor.ts';
import { createPredicting, type Predicting } from './predicting.ts';
import type { Clock } from './runtime/clock.ts';
import type { Ids } from './runtime/ids.ts';
import type { Log } from './runtime/log.ts';
import type { Metrics } from './runtime/metrics.ts';
import { fencedModels } from './store/fenced.ts';
import type { FencedStores, Store } from './store/store.ts';

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
  /** Policies that packages of the configuration brought. */
  readonly policyFactories?: readonly PolicyFactory[];
  /** Predictors that packages of the configuration brought. */
  readonly predictors?: readonly BroughtPredictor[];
  /** Sources that packages of the configuration brought. */
  readonly sources?: readonly NamedSource[];
  /** Steps of preparation that packages of the configuration brought. */
  readonly steps?: readonly PreparationStep[];
  /** What packages of the configuration brought. */
  readonly extensions?: DetectExtensions;
  /** Which stages this process has; the others have theirs elsewhere. */
  readonly stages: ReadonlySet<StageName>;
  /** What only one of the processes may do at a time. */
  readonly duties: Duties<FencedStores>;
  /** Whether other processes work on the same store. */
  readonly shared: boolean;
  /** Name of this machine among those that collect; null when there is only one. */
  readonly place: string | null;
  /** Name of this process, as groups of its own are called. */
  readonly instance: string;
  /** Which endpoints are this process's to scrape; asked each time. */
  readonly mine: (url: string) => boolean;
}

/** The way the data goes: every stage in order, what it reads, what it writes, and the groups in which it reads. */
export const stages: readonly {
  readonly name: StageName;
  readonly reads: readonly Topic<unknown>[];
  readonly writes: readonly Topic<unknown>[];
  readonly groups: readonly string[];
}[] = [
  { name: 'collect', reads: [], writes: [topics.samples, topics.logs, topics.events], groups: [] },
  { name: 'logs', reads: [topics.logs], writes: [topics.samples], groups: ['logs'] },
  { name: 'prepare', reads: [topics.samples, topics.events], writes: [topics.frames], groups: ['prepare', 'events'] },
  { name: 'detect', reads: [topics.frames], writes: [topics.anomalies], groups: ['detect'] },
  { name: 'predict', reads: [topics.frames], writes: [topics.predictions], groups: ['predict'] },
  {
    name: 'correlate',
    reads: [topics.anomalies, topics.predictions, topics.events, topics.outcomes],
    writes: [topics.incidents],
    groups: ['correlate'],
  },
  {
    name: 'recommend',
    reads: [topics.incidents, topics.outcomes],
    writes: [topics.recommendations],
    groups: ['recommend'],
  },
  { name: 'act', reads: [topics.recommendations], writes: [topics.outcomes], groups: ['act'] },
  {
    name: 'learn',
    reads: [topics.frames, topics.events, topics.predictions, topics.outcomes],
    writes: [],
    groups: ['learn', 'failures'],
  },
];

/** What there is of the stages in this process; null is what it does not have. */
export interface Pipeline {
  /** In the order of the flow; start them in reverse, so that nothing is sent before somebody listens. */
  readonly services: readonly Service[];
  /** Without the stage it only takes what is pushed. */
  readonly collect: CollectStage;
  readonly detect: DetectStage | null;
  readonly act: ActStage | null;
  readonly alerting: Alerting;
  readonly predicting: Predicting;
  readonly choosing: Choosing;
  readonly catalogue: readonly ActionDefinition[];
}

const NO_EXTENSIONS: DetectExtensions = { members: [], detector: null };

/** Builds the stages of this process from the configuration. Nothing runs yet. */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { config, settings, instance, shared } = deps;
  const has = (stage: StageName): boolean => deps.stages.has(stage);
  const catalogue = actionDefinitions(config);
  const alertBudget = () => budgetInForce(config, settings());

  const correlation = correlateSettings(config);
  const alerting = createAlerting({
    ...deps,
    alertBudget,
    grouping: correlation.options,
    topologyOptions: correlation.topology,
    topology: () => correlate?.topology ?? null,
    detect: () => detect,
  });
  const { potsOf } = alerting;

  const gathering = createGathering(deps, alerting);
  const detect = has('detect') ? createDetecting(deps, alerting, alertBudget) : null;
  // Events go by entity, everything else that correlate reads by fleet: so each process reads all of them.
  const events = shared ? { eventsGroup: `correlate.${instance}` } : {};
  const correlate: CorrelateStage | null = has('correlate')
    ? createCorrelateStage({ ...deps, ...events, alertBudget, potsOf, ...correlation })
    : null;
  const predicting = createPredicting(deps);
  const choosing = createChoosing({ ...deps, catalogue });
  const acting = createActing(deps, catalogue, { serviceOf: alerting.serviceOf, choosing });
  const recorded = recordedStore(deps, fencedModels(deps.store, deps.duties, MODELS_DUTY));
  const learning = { ...deps, store: recorded, mine: (duty: string) => deps.duties.mine(duty) };
  const trained = () => ({
    training: detectTraining(deps, () => detect?.modelsChanged()),
    sequences: sequenceTraining(deps, gathering.sequencesChanged),
  });
  return {
    services: [
      ...gathering.services,
      ...(detect === null ? [] : [detect]),
      ...alerting.services,
      ...predicting.services,
      ...(correlate === null ? [] : [correlate]),
      ...acting.services,
      ...(has('learn') ? [choosing.training, createLearnStage({ ...learning, ...trained() })] : []),
      ...gathering.histories,
    ],
    collect: gathering.collect,
    detect,
    alerting,
    predicting,
    choosing,
    act: acting.act,
    catalogue,
  };
}

function createDetecting(deps: PipelineDeps, alerting: Alerting, alertBudget: () => AlertBudget): DetectStage {
  const { config } = deps;
  const { thresholds, review, population } = alerting;
  return createDetectStage({
    ...deps,
    options: {
      stepMs: config.step,
      timezone: config.timezone,
      thresholds,
      review,
      population,
      alertBudget,
      settingsOf: detectSettings(config, alerting.serviceOf),
      failures: failureDefinitions(config.failures),
      ...detectModels(deps),
    },
  });
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

/** More of them take longer to be read than others can wait. */
const SEQUENCE_CONTEXTS = 20_000;

/** What learn trains for the order of log lines: on the same schedule, on sessions that were kept; there may be none. */
function sequenceTraining(deps: PipelineDeps, onTrained: () => void) {
  const { window: windowMs, retrain: retrainMs } = deps.config.detect;
  const pool = createTrainingPool({ threads: 1 });
  return {
    store: fencedModels(deps.store, deps.duties, MODELS_DUTY),
    options: { windowMs, retrainMs },
    trainer: {
      fit: async (data: readonly (readonly number[])[], signal: AbortSignal) =>
        (await pool.run({ kind: 'sequence', data, options: { contexts: SEQUENCE_CONTEXTS } }, { signal })).bytes,
      close: () => pool.close(),
    },
    onTrained,
  };
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
  (entity: string, anomaly?: string): { warmUp: number; minimumDurationMs: number; mute: boolean; pace: number } => {
    const service = serviceOf(entity);
    const known = { ...(anomaly !== undefined && { anomaly }), ...(service !== null && { service }) };
    const subject = { entity, kind: parseEntityId(entity).kind, ...known };
    const { warmUp, minimumDuration, mute, pace } = settingsFor(config, subject).detect;
    return { warmUp, minimumDurationMs: minimumDuration, mute, pace };
  };
