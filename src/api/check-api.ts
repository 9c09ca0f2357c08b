import type { ActionDefinition } from '../model/action-definition.ts';
import type { Run } from '../model/action.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import type { Feature, Frame, FrameLayout } from '../model/frame.ts';
import type { Incident } from '../model/incident.ts';
import { createValueDesk } from '../learn/policies/value-report.ts';
import type { Rung } from '../model/policy.ts';
import { createFeedbackDesk } from '../learn/feedback/feedback-desk.ts';
import { phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import { systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { createText } from '../text/text.ts';
import { createChanges } from './changes.ts';
import type { Settings } from './contract/views.ts';
import { createApi } from './create-api.ts';
import type { ApiDeps, ApiOptions } from './deps.ts';

/** A Sunday noon; steps of 5 s divide it. */
export const NOW = Date.UTC(2026, 10, 22, 12);

export const openStore = async (): Promise<Store> =>
  createStore(await openMemoryDatabase(), { clock: { ...systemClock, now: () => NOW }, place: 'memory' });

/** What a request without a browser looks like. */
export const host = { host: '127.0.0.1:8440' };
/** What the dashboard sends with a change. */
export const change = { ...host, 'x-vigia': '1' };

const OPTIONS: ApiOptions = {
  host: '127.0.0.1',
  port: 0,
  allowedHosts: [],
  tokens: [],
  bodyBytes: 10_000,
  dashboardFolder: null,
  version: '0.0.0',
  startedAt: NOW - 60_000,
  stepMs: 5_000,
  store: { kind: 'pglite', budgetBytes: 2 ** 31 },
  retention: { steps: 7 * 86_400_000, minutes: 60 * 86_400_000 },
  cacheMs: 0,
};

export const action = (id: string): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], anomalyKinds: [], features: [], predictions: true },
  executor: 'command',
  args: { argv: ['true'] },
  mode: 'suggest',
  disruption: 'low',
  settleMs: 120_000,
  cooldownMs: 600_000,
  timeoutMs: 60_000,
  approvalMs: 3_600_000,
  prior: { resolved: 1, failed: 1 },
});

export const run = (over: Partial<Run> = {}): Run => ({
  id: 'run_1',
  incident: null,
  recommendation: null,
  fleet: 'default',
  action: 'clean',
  entity: 'host/web-1',
  dryRun: false,
  state: 'awaiting_approval',
  plan: ['true'],
  decision: [],
  requestedBy: 'local',
  requestedAt: NOW,
  expiresAt: NOW + 3_600_000,
  decidedBy: null,
  decidedAt: null,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  output: '',
  error: null,
  ...over,
});

/** The API over a store, with the rest of the program played by small stand-ins that keep what they were given. */
export function openApi(store: Store, over: { options?: Partial<ApiOptions>; deps?: Partial<ApiDeps> } = {}) {
  const ingested: { body: string; format: string }[] = [];
  let settings: Settings = {
    language: 'en',
    alertBudget: { pages: 2, warnings: 20 },
    killSwitch: false,
    modes: {},
  };
  const changes = createChanges();
  let id = 0;
  const decide = async (name: string, state: Run['state'], by: string): Promise<Run> => {
    const found = await store.runs.get(name);
    if (found === null) throw new VigiaError('NOT_FOUND', { what: 'run', id: name });
    const decided = { ...found, state, decidedBy: by, decidedAt: NOW };
    if (await store.runs.transition(decided, ['awaiting_approval'])) return decided;
    throw new VigiaError('RUN_STATE', { state: found.state, verb: state === 'rejected' ? 'reject' : 'approve' });
  };
  const deps: ApiDeps = {
    options: { ...OPTIONS, ...over.options },
    clock: { ...systemClock, now: () => NOW, monotonic: () => NOW },
    ids: { next: (prefix) => `${prefix}_${id++}` },
    log: silentLog,
    metrics: createMetrics(),
    text: createText({ timeZone: 'UTC', now: () => NOW }),
    store,
    ready: () => true,
    ingestLogs: async (body, { source }) => {
      ingested.push({ body: Buffer.from(body).toString('utf8'), format: source });
    },
    ingest: async (body, format) => {
      const text = Buffer.from(body).toString();
      if (text.includes('malformed')) throw new VigiaError('EXPOSITION_INVALID', { line: 2, detail: 'no value' });
      ingested.push({ body: text, format });
      return { samples: 1, dropped: text.includes('too old') ? { too_old: 2 } : {} };
    },
    ingestJournal: async (pieces) => {
      const all: Uint8Array[] = [];
      for await (const piece of pieces) all.push(piece);
      ingested.push({ body: Buffer.concat(all).toString('utf8'), format: 'logs/journal' });
    },
    ingestOtlpLogs: async (body, encoding) => {
      ingested.push({ body: Buffer.from(body).toString(), format: `logs/otlp/${encoding}` });
      return { dropped: 0 };
    },
    publishEvents: (events) => store.events.append(events),
    entityOf: (labels) => ({
      entity: labels['entity'] ?? (labels['instance'] === undefined ? 'service/push' : `host/${labels['instance']}`),
      fleet: 'default',
    }),
    sources: () => [],
    sendAgain: async () => undefined,
    learning: (entity) =>
      entity.startsWith('host/') ? { ready: true, frames: 120, needed: 120, readyAt: null } : null,
    current: () => null,
    catalogue: () => [action('clean')],
    act: {
      request: async ({ action: name, entity, incident, dryRun, by }) => {
        if (name !== 'clean') throw new VigiaError('ACTION_UNKNOWN', { action: name });
        const state = dryRun ? 'dry_run' : 'awaiting_approval';
        const made = run({ id: `run_${id++}`, action: name, entity, incident, dryRun, state, requestedBy: by });
        await store.runs.insert(made);
        return made;
      },
      approve: (name, by) => decide(name, 'running', by),
      reject: (name, by) => decide(name, 'rejected', by),
      lookAtLink: async (token) => {
        const found = token === 'good' ? await store.runs.get('run_1') : null;
        if (found === null) throw new VigiaError('LINK_INVALID');
        const view = {
          title: { en: 'clean', es: 'clean' },
          channel: 'ops',
          role: 'operator',
          needs: 'operator',
        } as const;
        return { ...view, run: found, disruption: 'low', mayApprove: true, expiresAt: NOW + 1000 };
      },
      decideByLink: (token, decision) =>
        token === 'good'
          ? decide('run_1', decision === 'approve' ? 'running' : 'rejected', 'link of ops')
          : Promise.reject(new VigiaError('LINK_INVALID')),
      automation: async () => ({ killSwitch: settings.killSwitch, breaker: { open: false, reason: null } }),
      resetBreaker: async () => ({ killSwitch: settings.killSwitch, breaker: { open: false, reason: null } }),
      ladder: async () => [rung()],
      putOnLadder: async (wish) => ({ ...rung(), ...wish }),
    },
    policies: {
      overview: async () => ({
        inForce: {
          id: null,
          kind: 'beta',
          version: '1',
          state: 'champion',
          createdAt: null,
          reason: 'first',
          incidents: 0,
          evaluation: null,
        },
        policies: [],
        curve: [],
        exploration: { share: 0.05, perDay: 5, used: 0 },
      }),
      train: () => undefined,
      promote: async () => undefined,
      rollback: async () => undefined,
    },
    value: createValueDesk({ store, disruptionOf: () => 'low' }),
    settings: {
      current: () => settings,
      change: async (next) => {
        settings = next;
      },
    },
    feedback: createFeedbackDesk({
      store,
      clock: { ...systemClock, now: () => NOW },
      ids: { next: (prefix) => `${prefix}_${id++}` },
      book: { refresh: async () => undefined },
      adopt: async (name) => store.anomalies.get(name),
      latest: () => null,
    }),
    models: {
      learning: async () => [],
      train: async () => undefined,
      promote: async () => undefined,
      rollback: async () => undefined,
      exportModel: async () => Uint8Array.of(1, 2, 3),
      importModel: async () => 'model_1',
      importTensorFlow: async () => 'model_1',
      report: async (id) => {
        throw new VigiaError('NOT_FOUND', { what: 'model', id });
      },
      exportTensorFlow: async () => [],
      cone: async () => ({ model: null, horizons: [], points: [] }),
    },
    alerting: async () => ({ pots: [], thresholds: [], noise: { since: NOW, items: [] } }),
    budget: async () => ({
      pages: { limit: 2, used: 0 },
      warnings: { limit: 20, used: 1 },
      windowSeconds: 86_400,
      resetsAt: null,
      provisional: true,
    }),
    stages: () => [{ name: 'detect', lag: 0 }],
    storeBytes: async () => 1_000,
    changes,
    ...over.deps,
  };
  const api = createApi(deps);
  return { api, app: api.app, deps, changes, ingested };
}

const rung = (): Rung => ({
  action: 'clean',
  entityKind: 'host',
  level: 'suggest',
  ceiling: 'auto',
  since: null,
  reason: null,
  resolved: 0,
  failed: 0,
  harmful: 0,
  success: 0,
  lower: 0,
  byItself: 0,
  needed: 0.5,
});

export const entity = (id: string, over: Partial<Entity> = {}): Entity => ({
  id,
  kind: id.slice(0, id.indexOf('/')),
  name: id.slice(id.indexOf('/') + 1),
  fleet: 'default',
  labels: {},
  firstSeen: NOW - 3_600_000,
  lastSeen: NOW,
  ...over,
});

export const anomaly = (over: Partial<Anomaly> = {}): Anomaly => ({
  id: 'anomaly_1',
  entity: 'host/web-1',
  fleet: 'default',
  start: NOW - 60_000,
  end: null,
  openedAt: NOW - 55_000,
  kind: 'spike',
  severity: 'warning',
  severityReason: phrase('detect.severity'),
  score: 0.9,
  pValue: 0.001,
  frames: 12,
  contributions: [],
  provisional: true,
  heldBack: null,
  updatedAt: NOW,
  ...over,
});

export const prediction = (over: Partial<Prediction> = {}): Prediction => ({
  id: 'prediction_1',
  entity: 'host/web-1',
  fleet: 'default',
  kind: 'capacity',
  feature: 'filesystem_used_bytes{mountpoint="/"}',
  unit: 'bytes',
  madeAt: NOW,
  openedAt: NOW - 60_000,
  closedAt: null,
  state: 'open',
  severity: 'warning',
  horizons: [
    { seconds: 3_600, probability: 0.1 },
    { seconds: 21_600, probability: 0.8 },
  ],
  expectedAt: NOW + 10_800_000,
  earliest: NOW + 7_200_000,
  latest: NOW + 18_000_000,
  current: 60,
  limit: 100,
  slope: 0.01,
  drivers: [],
  reason: phrase('predict.capacity'),
  model: { kind: 'capacity', version: '1' },
  ...over,
});

export const incident = (over: Partial<Incident> = {}): Incident => ({
  id: 'incident_1',
  fleet: 'default',
  state: 'open',
  severity: 'warning',
  title: phrase('correlate.title'),
  openedAt: NOW - 60_000,
  updatedAt: NOW,
  resolvedAt: null,
  reopened: 0,
  root: 'host/web-1',
  rootReason: phrase('correlate.root'),
  entities: ['host/web-1'],
  anomalyKinds: ['spike'],
  features: ['cpu'],
  anomalies: ['anomaly_1'],
  predictions: ['prediction_1'],
  pagedAt: null,
  timeline: [],
  ...over,
});

const feature = (name: string): Feature => ({
  name,
  metric: name,
  labels: {},
  kind: 'level',
  unit: 'bytes',
  limit: null,
});

export const layout: FrameLayout = { id: 'layout-api', features: [feature('a'), feature('b')] };

export const frame = (id: string, time: number, values: readonly number[]): Frame => ({
  entity: id,
  fleet: 'default',
  time,
  stepMs: 5_000,
  layout,
  values: Float32Array.from(values),
  derived: new Float32Array(0),
  closedAt: time + 5_000,
});
