import { loadExecutors } from '../act/load-executor.ts';
import type { Api } from '../api/create-api.ts';
import { loadPolicies } from '../recommend/load-policy.ts';
import type { Config } from '../config/schema.ts';
import { loadDetectExtensions } from '../detect/load-extension.ts';
import { loadSources } from '../collect/load-source.ts';
import { createShare } from '../collect/share-targets.ts';
import type { Service } from '../model/service.ts';
import { createPipeline, type Pipeline } from '../pipeline.ts';
import { loadPredictors } from '../predict/load-predictor.ts';
import { loadSteps } from '../prepare/steps/load-step.ts';
import { systemClock } from '../runtime/clock.ts';
import { createClockWatch } from '../runtime/clock-watch.ts';
import { createHealthServer, type HealthServer } from '../runtime/health-server.ts';
import { createLog } from '../runtime/log.ts';
import { inOrder } from '../runtime/start-stop.ts';
import type { InterfaceDeps } from './create-interface.ts';
import { feedChanges, runChange } from './feed-changes.ts';
import { createHostClock } from './processes/host-clock.ts';
import { createOwnFigures } from './processes/own-figures.ts';
import { createMembership, type Membership } from './processes/membership.ts';
import { openParts, type Parts, type ProcessOptions } from './processes/open-parts.ts';
import { answerOthers, askOthers, followSettings, measureStore, noOthers } from './processes/others.ts';
import { version } from './version.ts';

/** Vigía at work. */
export interface Running {
  /** Of the interface, or of the port for health and metrics in a process without it. */
  readonly url: string;
  /** Stops sources first, lets what is under way end, hands over what others go on with, closes the store. */
  stop(): Promise<void>;
}

/** Time for what is on the bus when it stops. */
const DRAIN_MS = 2500;
/** Where a process without the interface says how it is, when nothing else is set. */
const METRICS_PORT = 9440;

/** The store ends last of all. */
const closing = (name: string, stop: () => Promise<void>): Service => ({ name, start: async () => undefined, stop });

/** Together with others: who is there, what they have changed, and what this one tells them. */
function createTogether(parts: Parts, pipeline: () => Pipeline): { membership: Membership; services: Service[] } {
  const { stages, meter } = parts;
  const size = measureStore(parts);
  const membership = createMembership({
    ...parts,
    stages: [...stages],
    ...(parts.shared && { compareClocks: createHostClock(parts) }),
    about: () => ({
      lags: Object.fromEntries(meter.lags()),
      sources: stages.has('collect') ? pipeline().collect.sources() : [],
      storeBytes: size.bytes(),
    }),
  });
  const shared = parts.shared ? [membership, followSettings(parts), size] : [];
  return { membership, services: [createOwnFigures(parts), ...shared] };
}

/** Health and metrics at a port of their own, where that is asked for or there is no interface. */
function createHealth({ config, stages, clock, metrics, store }: Parts, ready: () => boolean): HealthServer | null {
  const { host, port } = config.metrics;
  if (port === undefined && stages.has('api')) return null;
  const reached = async (): Promise<boolean> => {
    await store.ping();
    return true;
  };
  return createHealthServer({
    host,
    port: port ?? METRICS_PORT,
    clock,
    metrics,
    ready: () => ready() && reached(),
  });
}

/** A process without the interface does not load what that is made of. */
async function openInterface(parts: Parts, pipeline: Pipeline, about: InterfaceDeps): Promise<Api | null> {
  if (!parts.stages.has('api')) return null;
  const { createInterface } = await import('./create-interface.ts');
  return createInterface(parts, pipeline, about);
}

/** What packages of the configuration bring. */
async function loadPackages(config: Config, folder: string) {
  return {
    extensions: await loadDetectExtensions(config.detect, folder),
    executors: await loadExecutors(config.act.executors, folder),
    predictors: await loadPredictors(config.predict.predictors, folder),
    steps: await loadSteps(config.prepare.steps, folder),
    sources: await loadSources(config.collect.sources, folder, {
      now: () => systemClock.now(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
    }),
    policyFactories: await loadPolicies(config.act.policies, folder),
  };
}

/**
 * A process with all stages, or some of them: opens the store and the bus, starts the stages from the end of the flow to
 * its beginning, then the interface. Throws a VigiaError when something is in the way; what was started is stopped then.
 */
export async function startVigia(config: Config, options: ProcessOptions): Promise<Running> {
  const log = createLog(config.log.level);
  const { folder } = options;
  const brought = await loadPackages(config, folder);
  const parts = await openParts(config, options, log);
  const { store, changes, clock, bus, stages, shared, sharing, instance, duties } = parts;
  const startedAt = clock.now();
  const { membership, services: together } = createTogether(parts, () => pipeline);
  const pipeline = createPipeline({
    ...parts,
    ...brought,
    settings: () => parts.settings.current(),
    onRun: (run) => changes.publish(runChange(run, clock.now())),
    mine: shared ? createShare(instance, () => membership.having('collect')) : () => true,
  });
  let started = false;
  const ready = (): boolean => started && parts.meter.assigned();
  const asking = shared ? askOthers(parts, pipeline, membership) : noOthers(parts, pipeline);
  const api = await openInterface(parts, pipeline, { startedAt, ready, others: asking.others });
  const health = createHealth(parts, ready);
  const all = inOrder(
    'vigia',
    [
      closing('store', () => store.close()),
      ...[health, parts.traces].filter((one) => one !== null),
      { name: 'bus', start: () => bus.start(), stop: () => bus.stop(DRAIN_MS) },
      createClockWatch(parts),
      duties,
      ...together,
      sharing.writer,
      ...(api === null ? [] : [feedChanges(bus, changes, clock)]),
      ...pipeline.services.toReversed(),
      ...(shared ? answerOthers(parts, pipeline) : []),
      ...(api === null ? [] : [...asking.services, api, sharing.reader]),
    ],
    log,
  );
  await all.start();
  started = true;
  const url = (api ?? health)?.url() ?? '';
  log.info({ url, version: version(), step: config.step, stages: [...stages] }, 'Vigía watches');
  return {
    url,
    stop: async () => {
      started = false;
      await all.stop();
      log.info({}, 'Vigía has stopped');
    },
  };
}
