import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { Outcome, Run } from '../../model/action.ts';
import type { Incident } from '../../model/incident.ts';
import { phrase } from '../../model/phrase.ts';
import type { Decision, PolicyContext, PolicyOption } from '../../model/policy.ts';
import { loadPolicies } from '../../recommend/load-policy.ts';
import { POLICIES } from '../../recommend/policies/factories.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { randomIds } from '../../runtime/ids.ts';
import { silentLog } from '../../runtime/log.ts';
import { createMetrics } from '../../runtime/metrics.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createPolicyDesk } from './policy-desk.ts';
import { createPolicyLifecycle } from './policy-lifecycle.ts';
import { PolicyTraining } from './policy-training.ts';
import { createValueDesk } from './value-report.ts';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
let now = T0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let store: Store;
const ACTIONS = ['restart', 'roll-back'];
const INCIDENTS = 240;

const optionOf = (action: string): PolicyOption => ({
  action,
  entity: 'service/a',
  disruption: 'low',
  prior: { resolved: 1, failed: 1 },
  tally: {},
  allowed: true,
});

const contextOf = (deployed: boolean): PolicyContext => ({
  entityKind: 'service',
  anomalyKinds: ['trend'],
  predictionKinds: [],
  drivers: [deployed ? 'errors' : 'memory'],
  probability: 0,
  severity: 'warning',
  ageSeconds: 10,
  breadth: 1,
  changes: deployed ? ['deploy'] : [],
  tried: [],
});

/** Incidents on which one of two actions was drawn by even odds; a deploy wants a roll back, anything else a restart. */
async function history(): Promise<void> {
  const random = createRandom(1);
  for (let i = 0; i < INCIDENTS; i++) {
    const at = T0 + i * 10 * MINUTE;
    const deployed = random.next() < 0.5;
    const chosen = ACTIONS[random.int(2)]!;
    const right = chosen === (deployed ? 'roll-back' : 'restart');
    const incident: Incident = {
      id: `i${i}`,
      fleet: 'default',
      state: 'resolved',
      severity: 'warning',
      title: phrase('x'),
      openedAt: at,
      updatedAt: at,
      resolvedAt: at + (right ? 2 : 9) * MINUTE,
      reopened: 0,
      root: 'service/a',
      rootReason: phrase('x'),
      entities: ['service/a'],
      anomalyKinds: [],
      features: [],
      anomalies: [],
      predictions: [],
      pagedAt: null,
      timeline: [],
    };
    const decision: Decision = {
      id: `d${i}`,
      incident: incident.id,
      fleet: 'default',
      time: at,
      policy: { kind: 'beta', version: '1' },
      context: contextOf(deployed),
      options: ACTIONS.map((action) => Object.assign(optionOf(action), { probability: 0.5, share: 0.5 })),
      chosen,
      explored: false,
    };
    const run: Run = {
      id: `r${i}`,
      incident: incident.id,
      recommendation: decision.id,
      fleet: 'default',
      action: chosen,
      entity: 'service/a',
      dryRun: false,
      state: 'succeeded',
      plan: [],
      decision: [],
      requestedBy: 'vigia',
      requestedAt: at,
      expiresAt: null,
      decidedBy: 'vigia',
      decidedAt: at,
      startedAt: at,
      endedAt: at,
      exitCode: 0,
      output: '',
      error: null,
    };
    const outcome: Outcome = {
      id: `o${i}`,
      run: run.id,
      incident: incident.id,
      fleet: 'default',
      action: chosen,
      entity: 'service/a',
      verdict: right ? 'resolved' : 'ineffective',
      decidedAt: at + MINUTE,
      evidence: [],
      reason: phrase('x'),
    };
    await store.incidents.upsert([incident]);
    await store.decisions.insert(decision);
    await store.runs.insert(run);
    await store.outcomes.insert(outcome);
  }
  now = T0 + INCIDENTS * 10 * MINUTE;
}

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  await history();
}, 120_000);
afterAll(() => store.close());

/** What the product ships, and one of a package. */
const fixtures = resolve(import.meta.dirname, '../../../test/fixtures');
const factories = [...POLICIES, ...(await loadPolicies([{ package: './example-policy' }], fixtures))];

function desk() {
  const common = { store, clock, ids: randomIds, log: silentLog, metrics: createMetrics(), factories };
  const lifecycle = createPolicyLifecycle(common);
  const options = { windowMs: 90 * 86_400_000, retrainMs: MINUTE, exploration: 0.05, promote: true, perDay: 5 };
  const training = new PolicyTraining({ ...common, lifecycle, options });
  return { training, lifecycle, policies: createPolicyDesk({ ...common, lifecycle, training, options }) };
}

describe('learning which action helps', () => {
  test('a policy that tells contexts apart is proven on newer incidents, serves, and can be taken back', async () => {
    const { training, lifecycle, policies } = desk();
    expect((await policies.overview()).inForce).toMatchObject({ id: null, kind: 'beta' });
    expect(await training.round()).toBeGreaterThan(0);
    const { inForce, policies: all, curve } = await policies.overview();
    expect(inForce.kind).toBe('bandit');
    expect(inForce.evaluation).toMatchObject({ verdict: 'better', faults: [] });
    expect(inForce.evaluation!.saved.low).toBeGreaterThan(0);
    // Restarting or rolling back by a coin costs 5.5 minutes and what it disturbs, knowing which costs 2.
    expect(inForce.evaluation!.minutes.value).toBeGreaterThan(2);
    expect(inForce.evaluation!.minutes.value).toBeLessThan(4);
    expect(all.length).toBeGreaterThan(1);
    // That of a package is trained and judged like the others; it tells no contexts apart, so it does not serve.
    const brought = all.find(({ kind }) => kind === 'last-time');
    expect(brought).toMatchObject({ state: 'challenger', evaluation: { incidents: expect.any(Number) } });
    expect(brought!.evaluation?.verdict).not.toBe('better');
    expect(curve.at(-1)?.incidents).toBe(INCIDENTS);
    const { policy } = await lifecycle.inForce();
    const shares = policy
      .decide({ context: contextOf(true), options: ACTIONS.map(optionOf), explore: false })
      .map(({ share }) => share);
    expect(shares).toEqual([0, 1]);
    expect(await training.round()).toBe(0);
    await policies.rollback('ana');
    expect((await policies.overview()).inForce.kind).toBe('beta');
    await expect(policies.rollback('ana')).rejects.toMatchObject({ code: 'MODEL_STATE' });
    await policies.promote(inForce.id!, 'ana');
    expect((await policies.overview()).inForce.id).toBe(inForce.id);
    await expect(policies.promote('none', 'ana')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const { items } = await store.audit.list({ limit: 100, cursor: null });
    expect(items.map(({ verb, actor }) => `${verb} ${actor}`)).toEqual(
      expect.arrayContaining(['policy_champion vigia', 'policy_retired ana', 'policy_champion ana']),
    );
  });

  test('what acting was worth is told with what was assumed; nothing to compare with is not nothing', async () => {
    const value = createValueDesk({ store, disruptionOf: () => 'medium' });
    const report = await value.report({ from: T0, to: now });
    expect(report).toMatchObject({
      incidents: INCIDENTS,
      actedUpon: INCIDENTS,
      harmful: 0,
      downtimeAvoidedMinutes: null,
    });
    expect(report.disruptionMinutes).toBe(2 * INCIDENTS);
    expect(report.actions.reduce((sum, { runs }) => sum + runs, 0)).toBe(INCIDENTS);
    expect(report.assumptions.length).toBeGreaterThan(3);
    const [one] = (await store.incidents.list({ limit: 1, cursor: null })).items;
    const alone = Array.from({ length: 8 }, (_, i) => ({
      ...one!,
      id: `alone${i}`,
      openedAt: now + 1,
      updatedAt: now + 1,
      resolvedAt: now + 1 + 30 * MINUTE,
    }));
    await store.incidents.upsert(alone);
    const compared = await value.report({ from: T0, to: now + 2 });
    const { value: saved, low, high } = compared.downtimeAvoidedMinutes!;
    expect(saved).toBeGreaterThan(INCIDENTS * (30 - 9));
    expect(low).toBeLessThanOrEqual(saved);
    expect(high).toBeGreaterThanOrEqual(saved);
  });
});
