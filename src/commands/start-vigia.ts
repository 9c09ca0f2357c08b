import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExecutors } from '../act/load-executor.ts';
import { createChanges } from '../api/changes.ts';
import type { BudgetView } from '../api/contract/views.ts';
import { type Api, createApi } from '../api/create-api.ts';
import type { ApiDeps } from '../api/deps.ts';
import { createLagMeter } from '../bus/lag-meter.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { Config } from '../config/schema.ts';
import { resolveReferences } from '../config/secrets.ts';
import { loadDetectExtensions } from '../detect/load-extension.ts';
import { FLEET_POT } from '../model/alert.ts';
import type { Service } from '../model/service.ts';
import { createPipeline, type Pipeline, stages } from '../pipeline.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { createClockWatch } from '../runtime/clock-watch.ts';
import { randomIds } from '../runtime/ids.ts';
import { createLog, type Log } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { inOrder } from '../runtime/start-stop.ts';
import { createStore } from '../store/create-store.ts';
import { openPgliteDatabase } from '../store/pglite-database.ts';
import { openPostgresDatabase } from '../store/postgres-database.ts';
import type { Store } from '../store/store.ts';
import { createText } from '../text/text.ts';
import { feedChanges, runChange } from './feed-changes.ts';
import { createSettings } from './run-settings.ts';

/** Vigía at work. */
export interface Running {
  readonly url: string;
  /** Stops sources first, lets what is under way end, closes the store. */
  stop(): Promise<void>;
}

/** Time for what is on the bus when it stops. */
const DRAIN_MS = 2500;
const DAY_MS = 86_400_000;

const packageFile = new URL('../../package.json', import.meta.url);
export const version = (): string => (JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }).version;

async function openStore(config: Config, clock: Clock): Promise<Store> {
  const { url, retention, diskBudget } = config.store;
  const folder = resolve(config.data);
  const database = url === undefined ? await openPgliteDatabase({ folder, clock }) : openPostgresDatabase({ url });
  return createStore(database, {
    clock,
    place: url === undefined ? folder : new URL(url).host,
    retention: {
      samplesMs: retention.samples,
      stepsMs: retention.steps,
      minutesMs: retention.minutes,
      hoursMs: retention.hours,
      budgetBytes: diskBudget,
    },
  });
}

/** What the budget allows and what has been used of it within its windows. */
async function budgetView(
  config: Config,
  deps: Pick<ApiDeps, 'store' | 'settings' | 'clock'>,
  startedAt: number,
): Promise<BudgetView> {
  const { store, settings, clock } = deps;
  const { pages, warnings } = config.alertBudget;
  const counts = settings.current().alertBudget;
  const now = clock.now();
  const [paged, warned, first] = await Promise.all([
    store.alerts.used({ pot: FLEET_POT, line: 'pages', since: now - pages.windowMs }),
    store.alerts.used({ pot: FLEET_POT, line: 'warnings', since: now - warnings.windowMs }),
    store.entities.list({ limit: 1, cursor: null }),
  ]);
  return {
    pages: { limit: counts.pages, used: paged },
    warnings: { limit: counts.warnings, used: warned },
    windowSeconds: Math.round(pages.windowMs / 1000),
    resetsAt: null,
    provisional: now - (first.items[0]?.firstSeen ?? startedAt) < DAY_MS,
  };
}

/** Two services around the others: the bus ends after the stages have stopped, the store last of all. */
const closing = (name: string, stop: () => Promise<void>): Service => ({ name, start: async () => undefined, stop });

/** The parts that stages and API share. */
async function openParts(config: Config, folder: string, log: Log) {
  const clock = systemClock;
  const metrics = createMetrics({ process: true });
  const store = await openStore(config, clock);
  const changes = createChanges();
  const meter = createLagMeter(
    createMemoryBus({ clock, log, metrics, deadLetters: (letter) => store.deadLetters.append([letter]) }),
  );
  const settings = await createSettings(config, {
    store: store.settings,
    clock,
    onChange: () =>
      changes.publish({ type: 'settings', id: 'settings', entity: null, severity: null, time: clock.now() }),
  });
  const secret = (reference: string): string | null => {
    const looked = resolveReferences(reference, { environment: process.env, folder });
    return 'text' in looked ? looked.text : null;
  };
  return {
    config,
    clock,
    metrics,
    store,
    changes,
    settings,
    secret,
    log,
    ids: randomIds,
    bus: meter.bus,
    lags: () => meter.lags(),
  };
}

type Parts = Awaited<ReturnType<typeof openParts>>;

function createInterface(parts: Parts, pipeline: Pipeline, startedAt: number, ready: () => boolean): Api {
  const { config } = parts;
  const { collect, detect, act, alerting, catalogue } = pipeline;
  const dashboard = fileURLToPath(new URL('../dashboard', import.meta.url));
  return createApi({
    ...parts,
    text: createText(),
    options: {
      ...config.api,
      bodyBytes: config.collect.limits.bodyBytes,
      dashboardFolder: existsSync(dashboard) ? dashboard : null,
      version: version(),
      startedAt,
      stepMs: config.step,
      store: { kind: config.store.url === undefined ? 'pglite' : 'postgres', budgetBytes: config.store.diskBudget },
      retention: { steps: config.store.retention.steps, minutes: config.store.retention.minutes },
    },
    ready,
    ingest: async (body, format) => {
      await collect.ingest(body, format);
    },
    ingestLogs: (body, origin) => collect.ingestLogs(body, origin),
    publishEvents: (events) => collect.publishEvents(events),
    entityOf: (labels) => collect.entityOf(labels),
    sources: () => collect.sources(),
    // Before its first frame an entity has all of its learning ahead.
    learning: (entity) =>
      detect.learning(entity) ?? { ready: false, frames: 0, needed: config.detect.warmUp, readyAt: null },
    current: (entity) => detect.current(entity),
    catalogue: () => catalogue,
    act,
    feedback: alerting.feedback,
    models: pipeline.models,
    alerting: () => alerting.view(),
    budget: () => budgetView(config, parts, startedAt),
    stages: () => stages.map(({ name }) => ({ name, lag: parts.lags().get(name) ?? 0 })),
    storeBytes: async () => {
      const bytes = /^vigia_store_bytes (\d+)/m.exec((await parts.metrics.expose()).text)?.[1];
      return Number(bytes ?? 0);
    },
  });
}

/**
 * Everything in one process: opens the store, starts the stages from the end of the flow to its beginning, then the
 * API. `folder` is where the configuration's relative paths start. Throws a VigiaError when something is in the way;
 * what was started is stopped then.
 */
export async function startVigia(config: Config, folder: string): Promise<Running> {
  const log = createLog(config.log.level);
  const extensions = await loadDetectExtensions(config.detect, folder);
  const executors = await loadExecutors(config.act.executors, folder);
  const parts = await openParts(config, folder, log);
  const { store, changes, clock, bus } = parts;
  const startedAt = clock.now();
  const pipeline = createPipeline({
    ...parts,
    settings: () => parts.settings.current(),
    onRun: (run) => changes.publish(runChange(run, clock.now())),
    extensions,
    executors,
  });
  let ready = false;
  const api = createInterface(parts, pipeline, startedAt, () => ready);
  const all = inOrder(
    'vigia',
    [
      closing('store', () => store.close()),
      closing('bus', () => bus.stop(DRAIN_MS)),
      createClockWatch(parts),
      feedChanges(bus, changes, clock),
      ...pipeline.services.toReversed(),
      api,
    ],
    log,
  );
  await all.start();
  ready = true;
  log.info({ url: api.url(), version: version(), step: config.step, data: config.data }, 'Vigía watches');
  return {
    url: api.url(),
    stop: async () => {
      ready = false;
      await all.stop();
      log.info({}, 'Vigía has stopped');
    },
  };
}
