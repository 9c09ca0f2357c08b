import type { Duties } from '../../model/duty.ts';
import type { Service } from '../../model/service.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import type { FencedStores, Store } from '../../store/store.ts';
import { accessOf, type WrittenAccess } from '../discovery/job-options.ts';
import { createEntityRules, DEFAULT_ENTITY_RULES, type EntityRule, FALLBACK_ENTITY } from '../entity-rules.ts';
import { createHttpClient } from '../http-client.ts';
import { DEFAULT_SERIES_LIMITS } from '../series-registry.ts';
import { HistoryImport, type MakeFrames } from './history-import.ts';
import { PastReader } from './past-reader.ts';
import { PrometheusApi } from './prometheus-api.ts';

/** An entry of `collect.history`; times in ms. */
interface WrittenHistory extends WrittenAccess {
  readonly name: string;
  readonly url: string;
  readonly select: readonly string[];
  readonly since: number;
  readonly requestsPerSecond: number;
  readonly timeout: number;
  readonly wait: number;
}

export interface HistoriesDeps {
  readonly store: Pick<Store, 'frames' | 'entities' | 'checkpoints'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly duties: Duties<FencedStores>;
  readonly makeFrames: MakeFrames;
  readonly options: {
    readonly histories: readonly WrittenHistory[];
    readonly entityRules: readonly EntityRule[];
    readonly stepMs: number;
    /** How long frames of a step are kept. */
    readonly stepsMs: number;
    readonly bodyBytes: number;
    readonly seriesPerSource: number;
  };
}

/** So many frames of a step are what detection takes in when it begins. */
const RECENT_STEPS = 2000;

/** One service for each Prometheus server whose history is wanted. They are to start before the stages. */
export function createHistories(deps: HistoriesDeps): readonly Service[] {
  const { clock, duties, options } = deps;
  const { histories, entityRules, stepMs, stepsMs, bodyBytes, seriesPerSource } = options;
  return histories.map((history) => {
    const { name, url, select, since, requestsPerSecond, timeout, wait } = history;
    const api = new PrometheusApi({
      url,
      client: createHttpClient(accessOf(history)),
      clock,
      timeoutMs: timeout,
      bodyBytes,
    });
    const reader = new PastReader({
      name: `history/${name}`,
      api,
      clock,
      assign: createEntityRules([...entityRules, ...DEFAULT_ENTITY_RULES], FALLBACK_ENTITY),
      limits: { ...DEFAULT_SERIES_LIMITS, series: seriesPerSource },
      selectors: select,
      pauseMs: 1000 / requestsPerSecond,
    });
    const recentMs = Math.min(stepsMs, RECENT_STEPS * stepMs);
    return new HistoryImport({
      ...deps,
      reader,
      mine: () => duties.mine(`history/${name}`),
      options: { name, sinceMs: since, recentMs, waitMs: wait, stepMs },
    });
  });
}
