import {
  keepPreviousData,
  useInfiniteQuery,
  useQueries,
  useQuery,
  type UseInfiniteQueryResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import type { AlertingView } from '../../../src/api/contract/alerting.ts';
import type { QualityDetail } from '../../../src/api/contract/quality.ts';
import type {
  ActionView,
  Chart,
  EntityView,
  FeatureView,
  IncidentDetail,
  Overview,
  Settings,
  SilenceDetail,
  SilenceView,
  SimilarAnomaly,
  SourceView,
  Status,
} from '../../../src/api/contract/views.ts';
import type { Automation, Outcome, Run } from '../../../src/model/action.ts';
import type { Anomaly } from '../../../src/model/anomaly.ts';
import type { EntityQuality } from '../../../src/model/data-quality.ts';
import type { Event } from '../../../src/model/event.ts';
import type { Exemplar } from '../../../src/model/exemplar.ts';
import type { LearningState } from '../../../src/model/failure-model.ts';
import type { AuditEntry, Failure, Feedback, Model } from '../../../src/model/failure.ts';
import type { Incident } from '../../../src/model/incident.ts';
import type { LogExample, LogLevel, LogPattern } from '../../../src/model/log-record.ts';
import type { LogSequence } from '../../../src/model/log-sequence.ts';
import type { ModelReport, RiskCone } from '../../../src/model/model-report.ts';
import type { PolicyOverview, Rung } from '../../../src/model/policy.ts';
import type { Prediction } from '../../../src/model/prediction.ts';
import type { SilenceState } from '../../../src/model/silence.ts';
import type { DeadLetter } from '../../../src/model/topics.ts';
import type { Neighbour } from '../../../src/model/topology.ts';
import type { ValueReport } from '../../../src/model/value.ts';
import { entityPath, get, query } from './client.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** The stream says when something changed; this is how often a page asks anyway, as values move without a change of state. */
const REFRESH_MS = 15_000;

/** The first element of a query's key is what the live stream invalidates. */
function useGet<T>(key: readonly unknown[], path: string, options: { refresh?: boolean; enabled?: boolean } = {}) {
  return useQuery({
    queryKey: key,
    queryFn: ({ signal }) => get<T>(path, signal),
    enabled: options.enabled ?? true,
    refetchInterval: options.refresh === true ? REFRESH_MS : false,
  });
}

export const useOverview = () => useGet<Overview>(['overview'], 'overview', { refresh: true });

export const useEntity = (id: string) => useGet<EntityView>(['entities', id], entityPath(id), { refresh: true });

export const useFeatures = (id: string) =>
  useGet<Page<FeatureView>>(['entities', id, 'features'], `${entityPath(id)}/features`, {
    refresh: true,
  });

export interface ChartRange {
  readonly from: number;
  readonly to: number;
}

export function useChart(id: string, features: readonly string[], range: ChartRange): UseQueryResult<Chart> {
  return useQuery({
    queryKey: ['entities', id, 'chart', features, range.from, range.to],
    queryFn: ({ signal }) =>
      get<Chart>(`${entityPath(id)}/chart${query({ features, from: range.from, to: range.to, points: 400 })}`, signal),
    enabled: features.length > 0,
    placeholderData: keepPreviousData,
    // Each refresh is a new range; what was left is dropped soon, so that a page left open does not grow.
    gcTime: 30_000,
  });
}

/** What has been loaded of a list so far. */
export interface List<T> {
  readonly items: readonly T[];
  readonly more: boolean;
}

function useList<T>(
  key: string,
  path: string,
  parameters: Parameters<typeof query>[0] = {},
): UseInfiniteQueryResult<List<T>> {
  return useInfiniteQuery({
    queryKey: [key, path, parameters],
    queryFn: ({ signal, pageParam }) =>
      get<Page<T>>(`${path}${query({ limit: 200, ...parameters, cursor: pageParam ?? undefined })}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    gcTime: 60_000,
    select: (data) => ({ items: data.pages.flatMap((page) => page.items), more: data.pages.at(-1)?.next != null }),
  });
}

export const useEntities = (search: string) => useList<EntityView>('entities', 'entities', { search });
export const useIncidents = (state: 'open' | 'resolved') => useList<Incident>('incidents', 'incidents', { state });
/** All that is open, as ranking needs: one that opened long ago may be the most pressing. */
export const useOpenPredictions = () =>
  useList<Prediction>('predictions', 'predictions', { state: 'open', limit: 1000 });
export const usePredictions = (entity?: string) => useList<Prediction>('predictions', 'predictions', { entity });
export const useOpenAnomalies = (entity: string) => useList<Anomaly>('anomalies', 'anomalies', { entity, open: true });
/** Anomalies that began within the range, or up to its length before, as those may reach into it. */
export const useAnomalies = (entity: string, { from, to }: ChartRange) =>
  useList<Anomaly>('anomalies', 'anomalies', { entity, from: Math.max(0, 2 * from - to), to });
export const useFailures = (entity: string) => useList<Failure>('failures', 'failures', { entity });
export const useEvents = (entity: string, range: ChartRange) =>
  useList<Event>('events', 'events', { entity, from: range.from, to: range.to });
export const useRuns = () => useList<Run>('runs', 'runs');
export const useOutcomes = () => useList<Outcome>('outcomes', 'outcomes');
export const useModels = () => useList<Model>('models', 'models');
export const useModel = (id: string) => useGet<Model>(['models', id], `models/${encodeURIComponent(id)}`);
export const useModelReport = (id: string) =>
  useGet<ModelReport>(['models', id, 'report'], `models/${encodeURIComponent(id)}/report`, { refresh: true });
export const useLearning = () =>
  useGet<{ readonly items: readonly LearningState[] }>(['models', 'learning'], 'models/learning', { refresh: true });
/** What was said of an entity over the last day. */
export const useRiskCone = (entity: string) =>
  useGet<RiskCone>(['predictions', 'cone', entity], `predictions/cone${query({ entity })}`, { refresh: true });

export const usePolicies = () => useGet<PolicyOverview>(['policies'], 'policies');
export const useLadder = () => useGet<Page<Rung>>(['actions', 'ladder'], 'automation/ladder');
export const useAutomation = () => useGet<Automation>(['settings', 'automation'], 'automation', { refresh: true });
/** What acting was worth; the range is half-open, Unix ms. */
export const useValue = ({ from, to }: ChartRange) =>
  useGet<ValueReport>(['value', from, to], `value${query({ from, to })}`);

export const useAudit = () => useList<AuditEntry>('audit', 'audit', { limit: 50 });
export const useDeadLetters = () => useList<DeadLetter>('dead-letters', 'dead-letters', { limit: 50 });

export const useQualities = (search: string) => useList<EntityQuality>('quality', 'quality', { search });
export const useQuality = (entity: string) =>
  useGet<QualityDetail>(['quality', entity], `quality/entity${query({ entity })}`, { refresh: true });

export const useIncident = (id: string) =>
  useGet<IncidentDetail>(['incidents', id], `incidents/${encodeURIComponent(id)}`, { refresh: true });
export const useActions = () => useGet<Page<ActionView>>(['actions'], 'actions');
export const useSources = () => useGet<Page<SourceView>>(['sources'], 'sources', { refresh: true });
export const useSettings = () => useGet<Settings>(['settings'], 'settings');
export const useStatus = () => useGet<Status>(['status'], 'status', { refresh: true });

export const useAlerting = () => useGet<AlertingView>(['alerting'], 'alerting', { refresh: true });

/** What stands of what people said of something. */
export const useFeedbackOn = (targetId: string) =>
  useGet<Page<Feedback>>(['feedback', targetId], `feedback${query({ targetId, standing: true, limit: 20 })}`);

export const useSimilar = (anomaly: string) =>
  useGet<{ readonly items: readonly SimilarAnomaly[] }>(
    ['similar', anomaly],
    `anomalies/${encodeURIComponent(anomaly)}/similar`,
  );

export const useNeighbours = (id: string) =>
  useGet<Page<Neighbour>>(['neighbours', id], `${entityPath(id)}/neighbours${query({ distance: 2, limit: 100 })}`);

/** Silences in one state; of one entity only those that are about it. */
export const useSilences = (state: SilenceState, entity?: string) =>
  useList<SilenceView>('silences', 'silences', { state, entity });
export const useSilence = (id: string, enabled = true) =>
  useGet<SilenceDetail>(['silences', id], `silences/${encodeURIComponent(id)}`, { enabled });

export interface LogFilter {
  readonly search: string;
  readonly atLeast: LogLevel;
}

export const useLogs = (entity: string, { search, atLeast }: LogFilter) =>
  useList<LogExample>('logs', 'logs', { entity, search, atLeast, limit: 15 });
export const useLogPatterns = () => useGet<Page<LogPattern>>(['log-patterns'], 'logs/patterns?limit=1000');

/** Sessions of an entity that were hardly like any that was learnt. */
export const useOddSequences = (entity: string, range: ChartRange) =>
  useGet<Page<LogSequence>>(
    ['logs', 'sequences', entity, String(range.from), String(range.to)],
    `logs/sequences${query({ entity, from: range.from, to: range.to, atMost: 0.01, sampled: false, limit: 100 })}`,
  );

/** Measurements of some entities within a range that name their trace; those that could be had so far. */
export function useExemplars(entities: readonly string[], range: ChartRange, limit: number) {
  return useQueries({
    queries: entities.map((entity) => ({
      queryKey: ['exemplars', entity, range.from, range.to],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        get<Page<Exemplar>>(`exemplars${query({ entity, from: range.from, to: range.to, limit })}`, signal),
      gcTime: 60_000,
    })),
    combine: (results) => ({ exemplars: results.flatMap(({ data }) => data?.items ?? []) }),
  });
}

/** The newest lines of some entities within a range; null while any is still loading. */
export function useLogsAround(entities: readonly string[], range: ChartRange, limit: number) {
  return useQueries({
    queries: entities.map((entity) => ({
      queryKey: ['logs', 'around', entity, range.from, range.to],
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        get<Page<LogExample>>(`logs${query({ entity, from: range.from, to: range.to, limit })}`, signal),
      gcTime: 60_000,
    })),
    combine: (results) => ({
      lines: results.some(({ data, error }) => data === undefined && error === null)
        ? null
        : results.flatMap(({ data }) => data?.items ?? []),
      error: results.find(({ error }) => error !== null)?.error ?? null,
    }),
  });
}
