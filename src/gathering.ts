import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Alerting } from './alerting.ts';
import { createCollectStage } from './collect/collect-stage.ts';
import type { TailPositions } from './collect/logs/tail-source.ts';
import type { FilePosition } from './collect/logs/tailed-file.ts';
import type { Config } from './config/schema.ts';
import type { Json } from './model/detector.ts';
import type { PipelineDeps } from './pipeline.ts';
import { createEventKeeper } from './prepare/event-keeper.ts';
import { createLogStage } from './prepare/log-stage.ts';
import { createPrepareStage } from './prepare/prepare-stage.ts';
import type { Store } from './store/store.ts';

/** From sources to frames. */
export function createGathering(deps: PipelineDeps, alerting: Alerting) {
  const { config, store } = deps;
  const { lateness: latenessMs, featuresPerEntity } = config.prepare;
  const collect = createCollectStage({
    ...deps,
    options: collectOptions(config),
    syslog: syslogSources(config),
    logFiles: { sources: logSources(config), positions: logPositions(store) },
    onEntities: (found) => {
      alerting.onEntities(found);
      return store.entities.upsert(found);
    },
    onEdges: (found) => store.edges.upsert(found),
  });
  const rules = { stepMs: config.step, latenessMs, featuresPerEntity, limits: config.limits };
  const prepare = createPrepareStage({ ...deps, rules });
  return { collect, services: [collect, createLogStage(deps), prepare, createEventKeeper(deps)] };
}

/** Where reading of log files has come to, kept with the checkpoints. */
const logPositions = ({ checkpoints }: Store): TailPositions => ({
  load: async (source) =>
    ((await checkpoints.load('collect', `logs/${source}`))?.state ?? []) as unknown as readonly FilePosition[],
  save: (source, positions) =>
    checkpoints.save([{ stage: 'collect', key: `logs/${source}`, position: 0, state: positions as unknown as Json }]),
});

const logSources = ({ collect }: Config) =>
  collect.logs.map(({ paths, ...rest }) => ({ ...rest, paths: paths.map((path) => resolve(path)) }));

const syslogSources = ({ collect }: Config) =>
  collect.syslog.map(({ cert, key, ...rest }) => ({
    ...rest,
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } }),
  }));

function collectOptions({ collect, entities, step }: Config) {
  const { host, scrape, limits } = collect;
  return {
    host: { enabled: host.enabled, intervalMs: host.interval ?? step },
    scrape: scrape.flatMap(({ name, targets, interval, timeout, token, labels }) =>
      targets.map((url, index) => ({
        name: targets.length === 1 ? `scrape/${name}` : `scrape/${name}/${index + 1}`,
        job: name,
        url,
        intervalMs: interval,
        timeoutMs: timeout,
        token,
        labels,
      })),
    ),
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
