/**
 * Ten thousand anomalies a minute for five minutes through the real stage: stored and published as detect does it,
 * grouped, stored and told, over the memory bus and PGlite in its thread, while a reader asks the API.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { createChanges } from '../src/api/changes.ts';
import { type Api, createApi } from '../src/api/create-api.ts';
import type { ApiDeps } from '../src/api/deps.ts';
import { createMemoryBus } from '../src/bus/memory-bus.ts';
import { feedChanges } from '../src/commands/feed-changes.ts';
import { createCorrelateStage } from '../src/correlate/correlate-stage.ts';
import { ANOMALY_KINDS, type Anomaly } from '../src/model/anomaly.ts';
import type { Entity } from '../src/model/entity.ts';
import { phrase } from '../src/model/phrase.ts';
import type { Edge } from '../src/model/topology.ts';
import { topics } from '../src/model/topics.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { randomIds } from '../src/runtime/ids.ts';
import { silentLog } from '../src/runtime/log.ts';
import { createMetrics } from '../src/runtime/metrics.ts';
import { createStore } from '../src/store/create-store.ts';
import { openPgliteDatabase } from '../src/store/pglite-database.ts';
import type { Store } from '../src/store/store.ts';
import { createText } from '../src/text/text.ts';
import { quantile } from './process.ts';
import type { Row } from './report.ts';

const PODS = 2000;
const HOSTS = 100;
const SERVICES = 200;
const METRICS = 60;
/** The generator wakes so often, and says what has come due since. */
const TICK_MS = 250;
/** An anomaly is over after so long. */
const LASTS_MS = 45_000;
const READER_PAUSE_MS = 50;

const pod = (n: number): string => `pod/shop/cart-${n % PODS}`;

function fleet(now: number): { readonly entities: Entity[]; readonly edges: Edge[] } {
  const entity = (kind: string, name: string): Entity => ({
    id: `${kind}/${name}`,
    kind,
    name,
    fleet: 'default',
    labels: {},
    firstSeen: now,
    lastSeen: now,
  });
  const edge = (from: string, kind: Edge['kind'], to: string): Edge => ({
    from,
    to,
    kind,
    source: 'labels',
    firstSeen: now,
    lastSeen: now,
  });
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
  return {
    entities: [
      ...numbers(PODS).map((n) => entity('pod', `shop/cart-${n}`)),
      ...numbers(HOSTS).map((n) => entity('host', `n${n}`)),
      ...numbers(SERVICES).map((n) => entity('service', `s${n}`)),
    ],
    edges: [
      ...numbers(PODS).flatMap((n) => [
        edge(pod(n), 'runs_on', `host/n${n % HOSTS}`),
        edge(pod(n), 'part_of', `service/s${n % SERVICES}`),
      ]),
      ...numbers(SERVICES).map((n) => edge(`service/s${n >> 1}`, 'calls', `service/s${n}`)),
    ],
  };
}

const SEVERITIES = ['warning', 'warning', 'critical', 'info'] as const;

/** The n-th anomaly of the storm: spread over entities, kinds, features and severities by numbers that share no factor. */
function anomaly(n: number, now: number): Anomaly {
  const feature = `metric_${(n * 7) % METRICS}_value{device="d${n % 3}"}`;
  return {
    id: `anomaly_storm_${n}`,
    entity: pod(n * 17),
    fleet: 'default',
    start: now - 30_000 - (n % 7) * 1000,
    end: null,
    openedAt: now,
    kind: ANOMALY_KINDS[(n * 3) % ANOMALY_KINDS.length]!,
    severity: SEVERITIES[n % SEVERITIES.length]!,
    severityReason: phrase('detect.warningLasting', { seconds: 30 }),
    score: 0.5 + ((n * 13) % 40) / 100,
    pValue: 1e-6,
    frames: 6,
    contributions: [
      { feature, share: 0.7, value: 9, expected: 1, low: 0, high: 2, unit: '', detector: 'seasonal' },
      { feature: 'cpu_busy_ratio', share: 0.3, value: 1, expected: 0.2, low: 0, high: 0.4, unit: '', detector: 'pca' },
    ],
    provisional: false,
    heldBack: null,
    updatedAt: now,
  };
}

/** The API over the store, with the rest of the program left out. */
function openApi(store: Store, startedAt: number): { readonly api: Api; readonly deps: ApiDeps } {
  const nobody = async (): Promise<never> => Promise.reject(new Error('not part of this benchmark'));
  const deps: ApiDeps = {
    options: {
      host: '127.0.0.1',
      port: 0,
      allowedHosts: [],
      tokens: [],
      bodyBytes: 1_000_000,
      dashboardFolder: null,
      version: 'bench',
      startedAt,
      stepMs: 5000,
      store: { kind: 'pglite', budgetBytes: 2 ** 31 },
      retention: { steps: 2 * 86_400_000, minutes: 60 * 86_400_000 },
    },
    clock: systemClock,
    ids: randomIds,
    log: silentLog,
    metrics: createMetrics(),
    text: createText(),
    store,
    ready: () => true,
    ingest: nobody,
    ingestLogs: nobody,
    ingestJournal: async () => undefined,
    ingestOtlpLogs: nobody,
    feedback: { preview: nobody, give: nobody, undo: nobody },
    models: {
      learning: nobody,
      train: nobody,
      promote: nobody,
      rollback: nobody,
      exportModel: nobody,
      importModel: nobody,
      importTensorFlow: nobody,
      report: nobody,
      cone: nobody,
      exportTensorFlow: nobody,
    },
    alerting: nobody,
    publishEvents: nobody,
    entityOf: () => ({ entity: 'service/push', fleet: 'default' }),
    sources: () => [],
    sendAgain: async () => undefined,
    learning: () => ({ ready: true, frames: 120, needed: 120, readyAt: null }),
    current: () => null,
    catalogue: () => [],
    act: {
      request: nobody,
      approve: nobody,
      reject: nobody,
      lookAtLink: nobody,
      decideByLink: nobody,
      automation: nobody,
      resetBreaker: nobody,
      ladder: nobody,
      putOnLadder: nobody,
    },
    policies: { overview: nobody, train: () => undefined, promote: nobody, rollback: nobody },
    value: { report: nobody },
    settings: {
      current: () => ({ language: 'en', alertBudget: { pages: 2, warnings: 20 }, killSwitch: false, modes: {} }),
      change: nobody,
    },
    budget: async () => ({
      pages: { limit: 2, used: 0 },
      warnings: { limit: 20, used: 0 },
      windowSeconds: 86_400,
      resetsAt: null,
      provisional: false,
    }),
    stages: () => [],
    storeBytes: async () => 0,
    changes: createChanges(),
  };
  return { api: createApi(deps), deps };
}

interface Load {
  readonly perMinute: number;
  readonly seconds: number;
}

/** Seconds that it takes. */
async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** Says anomalies as they come due, their ends too, and how long each batch took until it was grouped and stored. */
async function storm(load: Load, say: (values: readonly Anomaly[]) => Promise<void>): Promise<number[]> {
  const running: Promise<number>[] = [];
  const open: Anomaly[] = [];
  const began = systemClock.now();
  let made = 0;
  for (;;) {
    const now = systemClock.now();
    const elapsed = now - began;
    const due = Math.floor((Math.min(elapsed, load.seconds * 1000) / 60_000) * load.perMinute);
    const batch: Anomaly[] = [];
    while (made < due) batch.push(anomaly(made++, now));
    open.push(...batch);
    while (open.length > 0 && now - open[0]!.openedAt >= LASTS_MS) {
      batch.push({ ...open.shift()!, end: now, updatedAt: now });
    }
    if (batch.length > 0) {
      running.push(timed(() => say(batch)));
    }
    if (elapsed >= load.seconds * 1000) break;
    await delay(TICK_MS);
  }
  return Promise.all(running);
}

/** Times of all requests, ms, once the reader has been told to end. */
function startReader(url: string): () => Promise<readonly { readonly path: string; readonly took: number }[]> {
  const worker = new Worker(new URL('storm/reader.js', import.meta.url), {
    workerData: { url, pauseMs: READER_PAUSE_MS },
  });
  const answer = new Promise<readonly { readonly path: string; readonly took: number }[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  return async () => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage('end');
    const times = await answer;
    await worker.terminate();
    return times;
  };
}

interface Measured {
  readonly behindSeconds: number;
  readonly apiMs: readonly { readonly path: string; readonly took: number }[];
  readonly incidents: number;
  readonly merged: number;
}

export async function measureStorm(load: Load): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-storm-'));
  const database = await openPgliteDatabase({ folder, clock: systemClock });
  const store = await createStore(database, { clock: systemClock, place: folder });
  const metrics = createMetrics();
  const deadLetters = async (letter: { readonly reason: string }): Promise<void> => {
    throw new Error(letter.reason);
  };
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters });
  const { entities, edges } = fleet(systemClock.now());
  await store.entities.upsert(entities);
  await store.edges.upsert(edges);
  const { api, deps } = openApi(store, systemClock.now());
  const day = 86_400_000;
  const stage = createCorrelateStage({
    bus,
    store,
    clock: systemClock,
    log: silentLog,
    metrics,
    alertBudget: () => ({ pages: { count: 2, windowMs: day }, warnings: { count: 20, windowMs: day } }),
  });
  const feed = feedChanges(bus, deps.changes, systemClock);
  try {
    await feed.start();
    await stage.start();
    await api.start();
    const endReader = startReader(api.url());
    const took = await storm(load, async (values) => {
      await store.anomalies.upsert(values);
      const messages = values.map((value) => ({ key: value.fleet, value }));
      await bus.publish(topics.anomalies, messages, { durable: true });
    });
    const apiMs = await endReader();
    const { items } = await store.incidents.list({ limit: 1000, cursor: null });
    const merged = items.filter(({ mergedInto }) => mergedInto !== undefined).length;
    return { behindSeconds: Math.max(...took), apiMs, incidents: items.length - merged, merged };
  } finally {
    await api.stop();
    await stage.stop();
    await feed.stop();
    await bus.stop(0);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** 10,000 anomalies a minute for five minutes, grouped: how far behind it came, and what that did to readers. */
export async function stormRows(load: Load = { perMinute: 10_000, seconds: 300 }): Promise<Row[]> {
  const { behindSeconds, apiMs, incidents, merged } = await measureStorm(load);
  const note = `${load.perMinute} a minute for ${load.seconds} s, ${PODS} entities; ${incidents} incidents, ${merged} joined`;
  const p95 = quantile(
    apiMs.map(({ took }) => took),
    0.95,
  );
  return [
    { name: 'storm-behind-seconds', value: behindSeconds, unit: 's', bound: 60, better: 'lower', note },
    { name: 'storm-api-p95', value: p95, unit: 'ms', bound: 100, better: 'lower', note: `${apiMs.length} requests` },
  ];
}
