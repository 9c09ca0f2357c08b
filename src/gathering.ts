import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Alerting } from './alerting.ts';
import type { CollectDeps } from './collect/collect-options.ts';
import { createCollectStage } from './collect/collect-stage.ts';
import { createEventSources } from './collect/create-event-sources.ts';
import { scrapeOptions } from './collect/discovery/job-options.ts';
import { readPrometheusFile } from './collect/discovery/prometheus-file.ts';
import { createHistories } from './collect/history/create-history.ts';
import type { KubernetesMemory } from './collect/kubernetes/remembered.ts';
import type { JournalCursors } from './collect/logs/journal-source.ts';
import type { TailPositions } from './collect/logs/tail-options.ts';
import type { FilePosition } from './collect/logs/file-streams.ts';
import type { Config } from './config/schema.ts';
import { FleetModels } from './detect/fleet-models.ts';
import type { Json } from './model/detector.ts';
import { SEQUENCE_ARTEFACT } from './model/log-sequence.ts';
import type { Service } from './model/service.ts';
import type { PipelineDeps } from './pipeline.ts';
import { createEventKeeper } from './prepare/event-keeper.ts';
import { Enrichment } from './prepare/inventory/enrichment.ts';
import { createLogStage } from './prepare/log-stage.ts';
import { loadSequences, type ServingSequences } from './prepare/sequences/session-judge.ts';
import type { FrameRules } from './prepare/entity-frames.ts';
import { framesOfPast } from './prepare/history-frames.ts';
import { createPrepareStage } from './prepare/prepare-stage.ts';
import { createQualityKeeper } from './prepare/quality/quality-keeper.ts';
import { createFilterStep } from './prepare/steps/filter-step.ts';
import { createPreparation, type Preparation } from './prepare/steps/preparation.ts';
import { unitStep } from './prepare/steps/unit-step.ts';
import { createFeatureChooser } from './prepare/training/feature-chooser.ts';
import { TrainingSets } from './prepare/training/training-sets.ts';
import { toError, VigiaError } from './runtime/errors.ts';
import { createKubernetesClient } from './runtime/kubernetes/kubernetes-client.ts';
import type { Log } from './runtime/log.ts';
import type { Store } from './store/store.ts';

const CLUSTER = 'kubernetes.objects';

/** Nothing is fetched or listened for: the interface takes what is pushed to it, and hands it on as collect does. */
const INTAKE_ONLY = { host: { enabled: false, intervalMs: 60_000 }, scrape: [], jobs: [] };

/** From sources to frames. Without the stage, collect is only what the interface needs of it. */
export function createGathering(deps: PipelineDeps, alerting: Alerting) {
  const { config, store, stages } = deps;
  const { lateness: latenessMs, featuresPerEntity } = config.prepare;
  const options = collectOptions(config, deps.log);
  const { statsd: _, ...intake } = { ...options, ...INTAKE_ONLY };
  const pulls = stages.has('collect');
  const files = config.prepare.inventory.map(({ file }) => resolve(file));
  const enrichment = new Enrichment({ ...deps, files });
  const sequences = stages.has('logs') ? sequenceModels(deps) : null;
  const collect = createCollectStage({
    ...deps,
    ...(pulls
      ? {
          options,
          syslog: syslogSources(config),
          brought: deps.sources ?? [],
          events: createEventSources(
            config.collect,
            createKubernetesClient(config.kubernetes, deps.clock),
            clusterMemory(deps),
          ),
          journals: { sources: journalSources(config), cursors: journalCursors(store, deps.place) },
          logFiles: { sources: logSources(config), positions: logPositions(store, deps.place) },
          mine: deps.mine,
        }
      : { options: intake }),
    ...keepingFound(store, alerting, enrichment),
  });
  const rules = {
    stepMs: config.step,
    latenessMs,
    featuresPerEntity,
    limits: config.limits,
    preparation: preparationOf(deps),
  };
  return {
    collect,
    /** New models of log sequences were trained in this process. */
    sequencesChanged: () => sequences?.expire(),
    /** To be started before all stages, so that they begin with what is known of the past. */
    histories: pulls ? historiesOf(deps, rules) : [],
    services: [
      ...(pulls || stages.has('api') ? [collect, enrichment] : []),
      ...(stages.has('logs') ? [createLogStage({ ...deps, ...sequencesOf(deps, sequences) })] : []),
      ...(stages.has('prepare') ? preparing(deps, rules) : []),
    ],
  };
}

/** How the objects of a cluster were, by path. */
const clusterMemory = ({ store, clock }: PipelineDeps): KubernetesMemory => ({
  load: async (path) => (await store.checkpoints.load(CLUSTER, path))?.state ?? null,
  save: (path, state) => store.checkpoints.save([{ stage: CLUSTER, key: path, position: clock.now(), state }]),
});

/** What collect finds beside samples goes to the store, and to whoever else needs to know. */
const keepingFound = (
  store: Store,
  alerting: Alerting,
  enrichment: Enrichment,
): Pick<CollectDeps, 'onEntities' | 'onEdges' | 'onExemplars'> => ({
  onEntities: (found) => {
    const known = enrichment.entities(found);
    alerting.onEntities(known);
    return store.entities.upsert(known);
  },
  onEdges: (found) => {
    enrichment.edges(found);
    return store.edges.upsert(found);
  },
  onExemplars: (found) => store.exemplars.keep(found),
});

/** Models of the order of log lines, as the registry has them. */
const sequenceModels = (deps: PipelineDeps): FleetModels<ServingSequences> =>
  new FleetModels({
    ...deps,
    kind: SEQUENCE_ARTEFACT,
    load: loadSequences,
    called: {
      serving: 'vigia_prepare_sequence_models',
      damaged: 'vigia_prepare_sequence_models_damaged_total',
    },
  });

/** How lines become sessions, and what these are judged by; nothing when the owner does not want it. */
function sequencesOf({ config, store }: PipelineDeps, models: FleetModels<ServingSequences> | null) {
  const { enabled, automatic, keys, idle, lateness } = config.prepare.sessions;
  if (!enabled || models === null) return {};
  const timing = { idleMs: idle, latenessMs: lateness, stepMs: config.step };
  const { logs } = store;
  return { sequences: { timing, key: { automatic, keys }, models, keep: logs.keepSequences.bind(logs) } };
}

/** Histories of Prometheus servers, and what makes frames of them: the same that makes live ones. */
function historiesOf(deps: PipelineDeps, rules: FrameRules): readonly Service[] {
  const { config } = deps;
  const { bodyBytes, seriesPerSource } = config.collect.limits;
  return createHistories({
    ...deps,
    makeFrames: (stretch, known) => framesOfPast(rules, stretch, known),
    options: {
      histories: config.collect.history,
      entityRules: config.entities,
      stepMs: config.step,
      stepsMs: config.store.retention.steps,
      bodyBytes,
      seriesPerSource,
    },
  });
}

/** The steps between samples and features, of the configuration and of packages. */
export function preparationOf({ config, steps = [] }: Pick<PipelineDeps, 'config' | 'steps'>): Preparation {
  const { units, filters } = config.prepare;
  return createPreparation([
    ...(filters.length > 0 ? [createFilterStep(filters)] : []),
    ...(units === 'base' ? [unitStep] : []),
    ...steps,
  ]);
}

/** A store as whoever trains models sees it: what it reads is noted, and becomes the lineage of the model that it enters. */
export function recordedStore<S extends Store>(deps: Pick<PipelineDeps, 'config' | 'steps' | 'clock'>, store: S): S {
  const { enforce } = deps.config.prepare.selection;
  const sets = new TrainingSets({ clock: deps.clock, store, preparation: preparationOf(deps), enforce });
  return { ...store, frames: sets.frames(), models: sets.models(store.models) };
}

/** The stage, and what it says of the quality of its data. */
function preparing(deps: PipelineDeps, rules: FrameRules) {
  const prepare = createPrepareStage({ ...deps, rules });
  const chooser = createFeatureChooser({
    ...deps,
    mine: () => deps.duties.mine('choice of features'),
    options: deps.config.prepare.selection,
  });
  return [prepare, createQualityKeeper({ ...deps, prepare }), chooser, createEventKeeper(deps)];
}

/** Where reading of log files has come to, kept with the checkpoints; files of two machines may have the same name. */
function logPositions({ checkpoints }: Store, place: string | null): TailPositions {
  const keyOf = (source: string): string => (place === null ? `logs/${source}` : `logs/${place}/${source}`);
  return {
    load: async (source) =>
      ((await checkpoints.load('collect', keyOf(source)))?.state ?? []) as unknown as readonly FilePosition[],
    save: (positions) =>
      checkpoints.save(
        Object.entries(positions).map(([source, state]) => ({
          stage: 'collect',
          key: keyOf(source),
          position: 0,
          state: state as unknown as Json,
        })),
      ),
  };
}

/** The last entry of each journal that was committed. */
function journalCursors({ checkpoints }: Store, place: string | null): JournalCursors {
  const keyOf = (source: string): string => (place === null ? `journal/${source}` : `journal/${place}/${source}`);
  return {
    load: async (source) => {
      const state = (await checkpoints.load('collect', keyOf(source)))?.state;
      return typeof state === 'string' ? state : null;
    },
    save: (source, cursor) => checkpoints.save([{ stage: 'collect', key: keyOf(source), position: 0, state: cursor }]),
  };
}

const journalSources = ({ collect }: Config) =>
  collect.journals.map(({ directory, ...rest }) => ({
    ...rest,
    ...(directory !== undefined && { directory: resolve(directory) }),
  }));

const logSources = ({ collect }: Config) =>
  collect.logs.map(({ paths, ...rest }) => ({ ...rest, paths: paths.map((path) => resolve(path)) }));

const syslogSources = ({ collect }: Config) =>
  collect.syslog.map(({ cert, key, ...rest }) => ({
    ...rest,
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } }),
  }));

/** The jobs of a prometheus.yml that is named; throws `CONFIG_UNREADABLE` when it cannot be read. */
function prometheusJobs({ collect, kubernetes }: Config, log: Log) {
  if (collect.prometheus === undefined) return [];
  const file = resolve(collect.prometheus.file);
  const { jobs, notes } = readPrometheusFile(textOf(file), file, kubernetes);
  for (const note of notes) log.warn({ file, note }, 'not all of the Prometheus configuration is taken over');
  return jobs;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const detail = (error as NodeJS.ErrnoException).code ?? toError(error).message;
    throw new VigiaError('CONFIG_UNREADABLE', { file, detail }, error);
  }
}

function collectOptions(config: Config, log: Log) {
  const { collect, entities, step } = config;
  const { host, limits, statsd } = collect;
  const written = collect.scrape.map((job) => scrapeOptions(job, config.kubernetes));
  return {
    host: { enabled: host.enabled, intervalMs: host.interval ?? step },
    scrape: written.flatMap(({ scrape }) => scrape),
    jobs: [...written.flatMap(({ jobs }) => jobs), ...prometheusJobs(config, log)],
    ...(statsd && { statsd: { ...statsd, flushMs: statsd.flush ?? step } }),
    limits: {
      lineBytes: limits.lineBytes,
      aheadMs: limits.futureTolerance,
      behindMs: limits.pastTolerance,
      bodyBytes: limits.bodyBytes,
      seriesPerSource: limits.seriesPerSource,
    },
    entityRules: entities,
  };
}
