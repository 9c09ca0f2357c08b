import { createMemoryBus } from '../bus/memory-bus.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Recommendation, Run } from '../model/action.ts';
import type { ExecutionResult, Executor } from '../model/executor.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { randomIds } from '../runtime/ids.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import type { Store } from '../store/store.ts';
import type { ActDeps } from './act-deps.ts';
import { createActStage } from './act-stage.ts';

/** A clock that a test sets. */
export interface SetClock extends Clock {
  set(time: number): void;
}

export function createSetClock(start: number): SetClock {
  let now = start;
  return { ...systemClock, now: () => now, monotonic: () => now, set: (time) => (now = time) };
}

/** An action that fits every incident, on every kind. */
export const anyAction = (id: string, over: Partial<ActionDefinition> = {}): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: [], anomalyKinds: [], features: [], predictions: true },
  executor: 'target',
  args: { host: '{entity.name}' },
  mode: 'suggest',
  disruption: 'low',
  settleMs: 20_000,
  cooldownMs: 60_000,
  timeoutMs: 10_000,
  approvalMs: 300_000,
  prior: { resolved: 1, failed: 1 },
  ...over,
});

/** Stands in for a target that does what it is told at once, and keeps who asked. */
export function obedient(result: Partial<ExecutionResult> = {}) {
  const calls: string[] = [];
  const executor: Executor = {
    kind: 'target',
    plan: ({ args }) => [JSON.stringify(args)],
    execute: async ({ key }) => {
      calls.push(key);
      return { status: 'succeeded', exitCode: 0, output: 'done', error: null, ...result };
    },
  };
  return { executor, calls };
}

let serial = 0;

/** A host of its own with an open incident. */
export async function openTrouble(
  store: Pick<Store, 'entities' | 'incidents'>,
  now: number,
  over: Partial<Incident> = {},
): Promise<Incident> {
  const name = `t${++serial}`;
  const entity = `host/${name}`;
  const fleet = `fleet-${name}`;
  await store.entities.upsert([{ id: entity, kind: 'host', name, fleet, labels: {}, firstSeen: now, lastSeen: now }]);
  const incident: Incident = {
    id: `incident_${name}`,
    fleet,
    state: 'open',
    severity: 'critical',
    title: phrase('x'),
    openedAt: now,
    updatedAt: now,
    resolvedAt: null,
    reopened: 0,
    root: entity,
    rootReason: phrase('x'),
    entities: [entity],
    anomalyKinds: [],
    features: [],
    anomalies: [],
    predictions: [],
    pagedAt: null,
    timeline: [],
    ...over,
  };
  await store.incidents.upsert([incident]);
  return incident;
}

/** The stage over a store, with small stand-ins around it; nothing ticks but by hand. */
export async function startActing(
  given: Pick<ActDeps, 'store' | 'clock' | 'actions' | 'executors'> & Partial<ActDeps>,
) {
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  const stage = createActStage({
    bus,
    ids: randomIds,
    log: silentLog,
    metrics,
    settings: () => ({ killSwitch: false, modes: {} }),
    stepMs: 1000,
    tickMs: 3_600_000,
    ...given,
  });
  await stage.start();
  /** Publishes a recommendation and resolves when it was dealt with. */
  const recommend = async (incident: Incident, ...ids: string[]): Promise<void> => {
    const value: Recommendation = {
      id: `recommendation_${++serial}`,
      incident: incident.id,
      fleet: incident.fleet,
      time: given.clock.now(),
      actions: ids.map((id, i) => ({
        action: id,
        title: { en: id, es: id },
        entity: incident.root,
        rank: i + 1,
        probability: 0.5,
        low: 0,
        high: 1,
        tried: 0,
        resolved: 0,
        propensity: 1,
        mode: 'suggest',
        blocked: null,
        disruption: 'low',
        reasons: [],
      })),
      policy: { kind: 'beta', version: '1' },
      reason: phrase('x'),
    };
    await given.store.recommendations.upsert(value);
    await bus.publish(topics.recommendations, [{ key: incident.fleet, value }], { durable: true });
    await stage.idle();
  };
  const stop = async (): Promise<void> => {
    await stage.stop();
    await bus.stop(100);
  };
  return { stage, recommend, stop };
}

export const runsOf = async (store: Pick<Store, 'runs'>, incident: Incident): Promise<readonly Run[]> =>
  (await store.runs.list({ incident: incident.id, limit: 50, cursor: null })).items;

/** What the audit log says of a target, as `verb actor reason`. */
export const auditOf = async (store: Pick<Store, 'audit'>, target: string): Promise<readonly string[]> =>
  (await store.audit.list({ limit: 500, cursor: null })).items
    .filter((entry) => entry.target === target)
    .map(({ verb, actor, detail }) => {
      const { reason } = detail as Readonly<Record<string, unknown>>;
      return [verb, actor, ...(typeof reason === 'string' ? [reason] : [])].join(' ');
    })
    .toReversed();
