import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '../bus/bus.ts';
import { createMemoryBus } from '../bus/memory-bus.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Outcome, Recommendation, Run } from '../model/action.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Executor } from '../model/executor.ts';
import type { FrameLayout } from '../model/frame.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import { topics } from '../model/topics.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { randomIds } from '../runtime/ids.ts';
import { silentLog } from '../runtime/log.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { LANGUAGES } from '../text/language.ts';
import { createText, createTranslator } from '../text/text.ts';
import { reasonOf } from '../../dashboard/src/settings/audit-words.ts';
import { pageWords } from '../../dashboard/src/text/page-words.ts';
import type { ActDeps } from './act-deps.ts';
import type { ActSettings } from './guardrails.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { type ActStage, createActStage } from './act-stage.ts';
import { createCommandExecutor } from './executors/command-executor.ts';

const T0 = 1_800_000_000_000;
const STEP = 1000;
const DISK = 'filesystem_used_bytes{mountpoint="/data"}';
const MB = 2 ** 20;

let now = T0;
const clock: Clock = { ...systemClock, now: () => now, monotonic: () => now };
let store: Store;
let serial = 0;

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterAll(() => store.close());

/** Stands in for a target: says when it was called, and ends when it is told to. */
function createTarget() {
  const calls: string[] = [];
  let end: (() => void) | null = null;
  let hang = false;
  const executor: Executor = {
    kind: 'target',
    plan: ({ args }) => [JSON.stringify(args)],
    execute: (request, signal) =>
      new Promise((resolve) => {
        calls.push(request.key);
        const stopped = () =>
          resolve({ status: 'failed', exitCode: null, output: '', error: { code: 'EXECUTOR_STOPPED', values: {} } });
        if (signal.aborted) return stopped();
        signal.addEventListener('abort', stopped, { once: true });
        end = () => resolve({ status: 'succeeded', exitCode: 0, output: 'done', error: null });
        if (!hang) end();
      }),
  };
  return { executor, calls, end: () => end?.(), hang: () => (hang = true) };
}

const action = (id: string, over: Partial<ActionDefinition> = {}): ActionDefinition => ({
  id,
  title: { en: id, es: id },
  match: { entityKinds: ['host'], anomalyKinds: [], features: ['filesystem_used_bytes*'], predictions: true },
  executor: 'target',
  args: { path: '{feature.labels.mountpoint}/junk', host: '{entity.name}' },
  mode: 'suggest',
  disruption: 'low',
  settleMs: 20_000,
  cooldownMs: 60_000,
  timeoutMs: 10_000,
  approvalMs: 300_000,
  prior: { resolved: 1, failed: 1 },
  ...over,
});

/** Fits everything. */
const ANY = { entityKinds: [], anomalyKinds: [], features: [], predictions: true };

const layout: FrameLayout = {
  id: 'layout_disk',
  features: [
    {
      name: DISK,
      metric: 'filesystem_used_bytes',
      labels: { mountpoint: '/data' },
      kind: 'level',
      unit: 'bytes',
      limit: { side: 'above', value: 64 * MB },
    },
  ],
};

/** Frames of a host's disk; nothing where the value is null. */
async function frames(entity: string, from: number, to: number, value: (time: number) => number | null): Promise<void> {
  const list = [];
  for (let time = from; time < to; time += STEP) {
    const used = value(time);
    if (used === null) continue;
    const values = Float32Array.of(used);
    list.push({
      entity,
      fleet: 'default',
      time,
      stepMs: STEP,
      layout,
      values,
      derived: new Float32Array(0),
      closedAt: time,
    });
  }
  await store.frames.append(list);
}

/** A host of its own with an open incident: its disk will be full. */
async function trouble(): Promise<Incident> {
  const entity = `host/h${++serial}`;
  await store.entities.upsert([
    { id: entity, kind: 'host', name: `h${serial}`, fleet: 'default', labels: {}, firstSeen: T0, lastSeen: now },
  ]);
  const prediction: Prediction = {
    id: `prediction_${serial}`,
    entity,
    fleet: 'default',
    kind: 'capacity',
    feature: DISK,
    unit: 'bytes',
    madeAt: now,
    openedAt: now,
    closedAt: null,
    state: 'open',
    severity: 'critical',
    horizons: [{ seconds: 3600, probability: 0.9 }],
    expectedAt: now + 60_000,
    earliest: null,
    latest: null,
    current: 30 * MB,
    limit: 64 * MB,
    slope: 0.7 * MB,
    drivers: [],
    reason: phrase('x'),
    model: { kind: 'trend', version: '1' },
  };
  await store.predictions.upsert([prediction]);
  const incident: Incident = {
    id: `incident_${serial}`,
    fleet: 'default',
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
    features: [DISK],
    anomalies: [],
    predictions: [prediction.id],
    pagedAt: null,
    timeline: [],
  };
  await store.incidents.upsert([incident]);
  await frames(entity, now - 30_000, now, (t) => 30 * MB + ((t - now) / 1000) * 0.7 * MB);
  return incident;
}

const stages: ActStage[] = [];
const buses: Bus[] = [];
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop();
  for (const bus of buses.splice(0)) await bus.stop(100);
});

async function start(actions: readonly ActionDefinition[], over: Partial<Omit<ActDeps, 'actions'>> = {}) {
  const target = createTarget();
  const metrics = createMetrics();
  const bus = createMemoryBus({ clock: systemClock, log: silentLog, metrics, deadLetters: async () => undefined });
  buses.push(bus);
  const outcomes: Outcome[] = [];
  const heard = await bus.subscribe(topics.outcomes, 'test', async (batch) => {
    outcomes.push(...batch.map(({ value }) => value));
  });
  const stage = createActStage({
    bus,
    store,
    clock,
    ids: randomIds,
    log: silentLog,
    metrics,
    actions,
    executors: [
      target.executor,
      createCommandExecutor({ clock: systemClock, secret: () => null, environment: process.env }),
    ],
    settings: () => ({ killSwitch: false, modes: {} }),
    stepMs: STEP,
    tickMs: 3_600_000,
    ...over,
  });
  stages.push(stage);
  await stage.start();
  // Tests share a store: what fell in one of them stands where its mode says in the next.
  for (const step of await store.ladder.all()) {
    const since = Math.max(now, step.since);
    await store.ladder.move({ ...step, level: 'auto', since, reason: 'person', run: `test ${++serial}` });
  }
  /** Publishes a recommendation and resolves when act has dealt with it. */
  const recommend = async (incident: Incident, ...ids: string[]): Promise<Recommendation> => {
    const recommendation: Recommendation = {
      id: `recommendation_${++serial}`,
      incident: incident.id,
      fleet: 'default',
      time: now,
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
        mode: 'auto',
        blocked: null,
        disruption: 'low',
        reasons: [],
      })),
      policy: { kind: 'tally', version: '1' },
      reason: phrase('x'),
    };
    await bus.publish(topics.recommendations, [{ key: 'default', value: recommendation }], { durable: true });
    await stage.idle();
    return recommendation;
  };
  const wish = (incident: Incident, id: string, dryRun = false) =>
    stage.request({ action: id, entity: incident.root, incident: incident.id, dryRun, by: 'ana' });
  /** Ticks, and gives what was said so far of the outcomes of an incident. */
  const judged = async (incident: string): Promise<readonly Outcome[]> => {
    await stage.tick();
    while (heard.lag() > 0) await systemClock.sleep(1);
    return outcomes.filter((outcome) => outcome.incident === incident);
  };
  return { stage, target, judged, recommend, wish, metrics };
}

const runsOf = async (incident: Incident): Promise<readonly Run[]> =>
  (await store.runs.list({ incident: incident.id, limit: 100, cursor: null })).items;
const verbsOf = async (run: string): Promise<string[]> => {
  const { items } = await store.audit.list({ limit: 1000, cursor: null });
  const mine = items.filter(({ target }) => target === run);
  return mine.map(({ verb, actor }) => `${verb} ${actor}`).sort();
};

describe('a person', () => {
  test('sees by a dry run exactly what would be done, and nothing is done', async () => {
    const { target, wish } = await start([action('clean')], {
      settings: () => ({ killSwitch: true, modes: { clean: 'observe' } }),
    });
    const incident = await trouble();
    const run = await wish(incident, 'clean', true);
    expect(run).toMatchObject({ state: 'dry_run', dryRun: true, startedAt: null });
    expect(run.plan).toEqual([JSON.stringify({ path: '/data/junk', host: incident.root.slice(5) })]);
    expect(run.error?.key).toBe('act.no_kill_switch');
    expect(target.calls).toEqual([]);
    expect(await store.runs.get(run.id)).toEqual(run);
  });

  test('asks, approves, and it is done once, with every step in the audit log', async () => {
    const { stage, target, wish } = await start([action('clean')]);
    const incident = await trouble();
    const asked = await wish(incident, 'clean');
    expect(asked).toMatchObject({ state: 'awaiting_approval', requestedBy: 'ana', expiresAt: now + 300_000 });
    expect((await wish(incident, 'clean')).id).toBe(asked.id);
    expect(target.calls).toEqual([]);
    const approved = await stage.approve(asked.id, 'bob');
    expect(approved).toMatchObject({ state: 'running', decidedBy: 'bob', startedAt: now });
    await stage.idle();
    expect(await store.runs.get(asked.id)).toMatchObject({
      state: 'succeeded',
      exitCode: 0,
      output: 'done',
      error: null,
    });
    expect(target.calls).toEqual([asked.id]);
    expect(await verbsOf(asked.id)).toEqual(['run.approve bob', 'run.end vigia', 'run.request ana']);
    await expect(stage.approve(asked.id, 'bob')).rejects.toMatchObject({ code: 'RUN_STATE' });
    expect((await wish(incident, 'clean')).error?.key).toBe('act.no_cooldown');
  });

  test('rejects, comes too late, asks for what is not there', async () => {
    const { stage, target, wish } = await start([action('clean')]);
    const incident = await trouble();
    const rejected = await stage.reject((await wish(incident, 'clean')).id, 'bob', 'not today');
    expect(rejected).toMatchObject({ state: 'rejected', error: { key: 'act.rejected_note' } });
    await expect(stage.approve(rejected.id, 'ana')).rejects.toMatchObject({ code: 'RUN_STATE' });
    const late = await wish(incident, 'clean');
    now += 300_000;
    await expect(stage.approve(late.id, 'ana')).rejects.toMatchObject({
      code: 'RUN_STATE',
      values: { state: 'expired' },
    });
    const forgotten = await wish(incident, 'clean');
    now += 300_000;
    await stage.tick();
    expect((await store.runs.get(forgotten.id))?.state).toBe('expired');
    await expect(stage.approve('run_none', 'ana')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(wish(incident, 'none')).rejects.toMatchObject({ code: 'ACTION_UNKNOWN' });
    await expect(wish({ ...incident, root: 'host/none' }, 'clean')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(target.calls).toEqual([]);
  });

  test('is told by a rejected run why it may not be', async () => {
    let settings: ActSettings = { killSwitch: false, modes: {} };
    const { stage, target, wish } = await start([action('clean'), action('lost', { args: { x: '{labels.none}' } })], {
      settings: () => settings,
    });
    const incident = await trouble();
    expect(await wish(incident, 'lost')).toMatchObject({ state: 'rejected', error: { key: 'act.placeholderMissing' } });
    const asked = await wish(incident, 'clean');
    settings = { killSwitch: true, modes: {} };
    expect(await stage.approve(asked.id, 'ana')).toMatchObject({
      state: 'rejected',
      decidedBy: 'vigia',
      error: { key: 'act.no_kill_switch' },
    });
    expect(target.calls).toEqual([]);
  });

  test('never approves something else than was shown', async () => {
    const { stage, target, wish } = await start([action('clean')]);
    const incident = await trouble();
    const asked = await wish(incident, 'clean');
    await stage.stop();
    const other = await start([action('clean', { args: { path: '/' } })]);
    expect((await other.stage.approve(asked.id, 'ana')).error?.key).toBe('act.no_changed');
    expect([...target.calls, ...other.target.calls]).toEqual([]);
  });
});

describe('two at once', () => {
  test('of two approvals one wins', async () => {
    const { stage, target, wish } = await start([action('clean')]);
    const asked = await wish(await trouble(), 'clean');
    const both = await Promise.allSettled([stage.approve(asked.id, 'ana'), stage.approve(asked.id, 'bob')]);
    await stage.idle();
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(target.calls).toHaveLength(1);
  });

  test('an entity has one action at a time', async () => {
    const { stage, target, wish } = await start([action('clean'), action('grow')]);
    target.hang();
    const incident = await trouble();
    const [first, second] = [await wish(incident, 'clean'), await wish(incident, 'grow')];
    await stage.approve(first.id, 'ana');
    expect((await stage.approve(second.id, 'ana')).error?.key).toBe('act.no_alone');
    target.end();
    await stage.idle();
    expect(target.calls).toEqual([first.id]);
  });
});

describe('by itself', () => {
  test('it suggests nothing more than it may', async () => {
    const { target, recommend } = await start([action('clean'), action('watch', { mode: 'observe' })]);
    const incident = await trouble();
    await recommend(incident, 'clean', 'watch');
    expect(await runsOf(incident)).toEqual([]);
    expect(target.calls).toEqual([]);
  });

  test('it asks once in mode approve, and not again after a rejection', async () => {
    const { stage, recommend } = await start([action('clean', { mode: 'approve' })]);
    const incident = await trouble();
    await recommend(incident, 'clean');
    await recommend(incident, 'clean');
    const [run, ...more] = await runsOf(incident);
    expect(more).toEqual([]);
    expect(run).toMatchObject({ state: 'awaiting_approval', requestedBy: 'vigia' });
    await stage.reject(run!.id, 'ana', '');
    await recommend(incident, 'clean');
    expect(await runsOf(incident)).toHaveLength(1);
  });

  test('it does without asking what has become better than what it asked for, and takes the question back', async () => {
    const { target, recommend } = await start([action('clean', { mode: 'approve' }), action('grow', { mode: 'auto' })]);
    const incident = await trouble();
    await recommend(incident, 'clean', 'grow');
    expect((await runsOf(incident)).map(({ action: id, state }) => `${id} ${state}`)).toEqual([
      'clean awaiting_approval',
    ]);
    // Still the best: people are asked, and nothing else is done.
    await recommend(incident, 'clean', 'grow');
    expect(target.calls).toEqual([]);
    await recommend(incident, 'grow', 'clean');
    expect(target.calls).toHaveLength(1);
    const runs = await runsOf(incident);
    const asked = runs.find(({ action: id }) => id === 'clean');
    expect(runs.find(({ action: id }) => id === 'grow')).toMatchObject({ state: 'succeeded' });
    expect(asked).toMatchObject({ state: 'rejected', decidedBy: 'vigia', error: { key: 'act.withdrawn' } });
    expect(await notesOf(asked!.id)).toContain('run.withdraw act.withdrawn');
  });

  test('what a person asks for is for people to decide, whatever has become better', async () => {
    const { target, recommend, wish } = await start([action('clean'), action('grow', { mode: 'auto' })]);
    const incident = await trouble();
    const asked = await wish(incident, 'clean');
    await recommend(incident, 'grow', 'clean');
    expect(target.calls).toEqual([]);
    expect(await store.runs.get(asked.id)).toMatchObject({ state: 'awaiting_approval' });
  });

  test('it does only what has been the best choice for long enough', async () => {
    const limits = { ...DEFAULT_LIMITS, steadyMs: 30_000 };
    const { stage, target, recommend } = await start(
      [action('clean', { mode: 'auto' }), action('grow', { mode: 'auto' })],
      { limits },
    );
    const incident = await trouble();
    await recommend(incident, 'clean', 'grow');
    now += 20_000;
    // Another one for a moment: what was wanted before begins anew.
    await recommend(incident, 'grow', 'clean');
    now += 1000;
    await recommend(incident, 'clean', 'grow');
    now += 20_000;
    await recommend(incident, 'clean', 'grow');
    expect(target.calls).toEqual([]);
    expect(await runsOf(incident)).toEqual([]);
    now += 10_000;
    // Nobody recommends anew: what was held back is looked at by itself.
    await stage.tick();
    await stage.idle();
    expect((await runsOf(incident)).map(({ action: id, state }) => `${id} ${state}`)).toEqual(['clean succeeded']);
  });

  test('it acts once in mode auto, waits for the outcome, and then tries the next', async () => {
    const { target, recommend, judged } = await start([
      action('clean', { mode: 'auto' }),
      action('grow', { mode: 'auto' }),
    ]);
    const incident = await trouble();
    const began = now;
    await recommend(incident, 'clean', 'grow');
    await recommend(incident, 'clean', 'grow');
    expect(target.calls).toHaveLength(1);
    await frames(incident.root, began, began + 25_000, (t) => 30 * MB + ((t - began) / 1000) * 0.7 * MB);
    now += 25_000;
    const said = (await judged(incident.id)).map(({ verdict, action: id }) => `${id} ${verdict}`);
    expect(said).toEqual(['clean ineffective']);
    now += 60_000;
    await recommend(incident, 'clean', 'grow');
    expect((await runsOf(incident)).map(({ action: id }) => id)).toEqual(['grow', 'clean']);
  });

  test('it comes back to what a cooldown held back, in a new incident of the same entity', async () => {
    const { stage, target, recommend } = await start([action('clean', { mode: 'auto' })]);
    const incident = await trouble();
    await recommend(incident, 'clean');
    const next = { ...incident, id: `${incident.id}_next` };
    await store.incidents.upsert([next]);
    await recommend(next, 'clean');
    now += 59_000;
    await stage.tick();
    await stage.idle();
    expect(target.calls).toHaveLength(1);
    now += 6000;
    await stage.tick();
    await stage.idle();
    expect((await runsOf(next)).map(({ state }) => state)).toEqual(['succeeded']);
  });

  test('it takes up after a restart what was recommended and not yet done', async () => {
    const first = await start([action('clean', { mode: 'suggest' })]);
    const incident = await trouble();
    await store.recommendations.upsert(await first.recommend(incident, 'clean'));
    await first.stage.stop();
    const { stage, target } = await start([action('clean', { mode: 'auto' })]);
    for (let i = 0; i < 3; i++) {
      await stage.tick();
      await stage.idle();
      // Less than what a try without evidence has to wait.
      now += 30_000;
    }
    expect((await runsOf(incident)).map(({ state }) => state)).toEqual(['succeeded']);
    expect(target.calls).toHaveLength(1);
  });

  test('it leaves what is over alone', async () => {
    const { recommend, target } = await start([action('clean', { mode: 'auto' })]);
    const incident = await trouble();
    await store.incidents.upsert([{ ...incident, state: 'resolved', resolvedAt: now, updatedAt: now }]);
    await recommend(incident, 'clean');
    expect(target.calls).toEqual([]);
  });

  test('the kill switch ends what runs', async () => {
    let settings: ActSettings = { killSwitch: false, modes: {} };
    const { stage, target, wish } = await start([action('clean')], { settings: () => settings });
    target.hang();
    const asked = await wish(await trouble(), 'clean');
    await stage.approve(asked.id, 'ana');
    settings = { killSwitch: true, modes: {} };
    await stage.tick();
    await stage.idle();
    expect(await store.runs.get(asked.id)).toMatchObject({ state: 'failed', error: { key: 'act.killed' } });
  });
});

describe('what it brought', () => {
  const outcomeOf = async (value: (sinceMs: number) => number | null, restart = false): Promise<Outcome> => {
    let acting = await start([action('clean')]);
    const incident = await trouble();
    const began = now;
    const asked = await acting.wish(incident, 'clean');
    await acting.stage.approve(asked.id, 'ana');
    await acting.stage.idle();
    if (restart) {
      await acting.stage.stop();
      acting = await start([action('clean')]);
    }
    expect(await acting.judged(incident.id)).toEqual([]);
    await frames(incident.root, began, began + 22_000, (t) => value(t - began));
    now += 60_000;
    await acting.judged(incident.id);
    const mine = await acting.judged(incident.id);
    expect(mine).toHaveLength(1);
    expect(await store.outcomes.forRun(asked.id)).toEqual(mine[0]);
    return mine[0]!;
  };

  test('resolved when the space is free again', async () => {
    const outcome = await outcomeOf(() => MB);
    expect(outcome).toMatchObject({ verdict: 'resolved', reason: { key: 'act.outcome_resolved' } });
    expect(outcome.evidence).toEqual([{ feature: DISK, before: expect.any(Number), after: MB, unit: 'bytes' }]);
  });

  test('ineffective when it goes on filling, also when Vigía was started again meanwhile', async () => {
    expect((await outcomeOf((t) => 30 * MB + (t / 1000) * 0.7 * MB, true)).verdict).toBe('ineffective');
  });

  test('inconclusive when nothing is measured any more', async () => {
    expect(await outcomeOf(() => null)).toMatchObject({
      verdict: 'inconclusive',
      reason: { key: 'act.outcome_missing' },
    });
  });
});

test('a command that is missing or hangs fails with one clear message, and is counted', async () => {
  const { stage, wish, metrics } = await start([
    action('missing', { executor: 'command', args: { argv: ['no-such-command-here'] } }),
    action('hanging', { executor: 'command', timeoutMs: 500, args: { argv: ['sleep', '60'] } }),
  ]);
  const incident = await trouble();
  const texts: string[] = [];
  for (const id of ['missing', 'hanging']) {
    const asked = await wish(incident, id);
    await stage.approve(asked.id, 'ana');
    await stage.idle();
    const { state, error } = (await store.runs.get(asked.id))!;
    expect(state).toBe('failed');
    texts.push(createText()('en').phrase(error!));
  }
  expect(texts).toEqual([
    'no-such-command-here was not found. Install it or correct `actions` in the configuration.',
    'It did not end within 0.5 s, so it and all it had started were ended.',
  ]);
  expect((await metrics.expose()).text).toContain('vigia_act_runs_total{verb="run.end",state="failed"} 2');
});

test('what a run prints can be read while it goes on, by whoever reads the store', async () => {
  const told: Run[] = [];
  const script = "console.log('first half'); setInterval(() => {}, 1000)";
  const argv = [process.execPath, '-e', script];
  const { stage, wish } = await start([action('slow', { executor: 'command', timeoutMs: 60_000, args: { argv } })], {
    onRun: (run) => told.push(run),
  });
  const { id } = await wish(await trouble(), 'slow');
  await stage.approve(id, 'ana');
  const printed = async (): Promise<string> => (await store.runs.get(id))?.output ?? '';
  for (let i = 0; i < 2400 && (await printed()) === ''; i++) {
    await stage.tick();
    await systemClock.sleep(25);
  }
  expect(await store.runs.get(id)).toMatchObject({ state: 'running', output: 'first half\n', endedAt: null });
  expect(told.at(-1)).toMatchObject({ id, state: 'running', output: 'first half\n' });
  // What has not changed is not told again.
  const before = told.length;
  await stage.tick();
  expect(told).toHaveLength(before);
  await stage.stop();
  expect(await store.runs.get(id)).toMatchObject({ state: 'failed', output: 'first half\n' });
});

test('what ran when the process died is never repeated, and what it brought is not known', async () => {
  const { stage, target, wish } = await start([action('clean')]);
  target.hang();
  const asked = await wish(await trouble(), 'clean');
  const running = await stage.approve(asked.id, 'ana');
  await stage.stop();
  // As the store would hold it after SIGKILL: nobody wrote the end.
  const stopped = await store.runs.get(asked.id);
  expect(stopped).toMatchObject({ state: 'failed', error: { key: 'errors.EXECUTOR_STOPPED' } });
  await store.runs.transition(running, ['failed']);
  const after = await start([action('clean')]);
  expect(await store.runs.get(asked.id)).toMatchObject({ state: 'failed', error: { key: 'act.interrupted' } });
  expect(await after.judged(asked.incident!)).toMatchObject([
    { verdict: 'inconclusive', reason: { key: 'act.outcome_interrupted' } },
  ]);
  expect(after.target.calls).toEqual([]);
  expect(await verbsOf(asked.id)).toContain('run.interrupt vigia');
});

/** Lets the settle window pass with a disk that goes on as told, and judges. */
async function settle(
  acting: Awaited<ReturnType<typeof start>>,
  incident: Incident,
  value: (sinceMs: number) => number | null,
): Promise<readonly Outcome[]> {
  const began = now;
  await acting.stage.idle();
  await frames(incident.root, began, began + 60_000, (t) => value(t - incident.openedAt));
  now += 60_000;
  return acting.judged(incident.id);
}
const filling = (t: number): number => 30 * MB + (t / 1000) * 0.1 * MB;
const bursting = (): number => 63.9 * MB;
const auto = (id: string, over: Partial<ActionDefinition> = {}) => action(id, { mode: 'auto', ...over });
const notesOf = async (target: string): Promise<string[]> =>
  (await store.audit.list({ limit: 1000, cursor: null })).items
    .filter((entry) => entry.target === target)
    .map(({ verb, detail }) => `${verb} ${String(detail['reason'])}`);
/** Forgets what other tests have brought. */
const reset = (acting: Awaited<ReturnType<typeof start>>) => acting.stage.resetBreaker('ana');

describe('after an outcome', () => {
  test('what was of no use makes room for the next action, and then for a person, who is called once', async () => {
    const acting = await start([auto('clean'), auto('grow'), action('call', { disruption: 'none' })], {
      escalation: 'call',
    });
    await reset(acting);
    const incident = await trouble();
    await store.recommendations.upsert(await acting.recommend(incident, 'clean', 'grow'));
    for (let i = 0; i < 4; i++) {
      await settle(acting, incident, filling);
      await acting.stage.tick();
    }
    await acting.stage.idle();
    const done = (await runsOf(incident)).map(({ action: id, state }) => `${id} ${state}`);
    expect(done.toSorted()).toEqual(['call succeeded', 'clean succeeded', 'grow succeeded']);
    expect(await notesOf(incident.id)).toEqual(['incident.escalate act.escalate_exhausted']);
    const { items } = await store.events.list({ entity: incident.root, limit: 10, cursor: null });
    expect(items.map(({ name, text }) => [name, text])).toEqual([
      ['escalation', '2 actions were tried without success, and nothing else may be tried. Please look at it.'],
    ]);
  });

  test('one harm puts an action back to people, also with the breaker reset, until a person trusts it again', async () => {
    const acting = await start([auto('clean')]);
    await reset(acting);
    const incident = await trouble();
    await acting.recommend(incident, 'clean');
    expect((await settle(acting, incident, bursting)).map(({ verdict }) => verdict)).toEqual(['harmful']);
    await acting.stage.resetBreaker('eva');
    const [rung] = await acting.stage.ladder();
    expect(rung).toMatchObject({
      action: 'clean',
      entityKind: 'host',
      level: 'suggest',
      ceiling: 'auto',
      reason: 'harmed',
    });
    expect(await verbsOf('clean')).toContain('automation.fall vigia');
    const next = await trouble();
    await acting.recommend(next, 'clean');
    expect(await runsOf(next)).toEqual([]);
    const put = { action: 'clean', entityKind: 'host', level: 'auto' } as const;
    expect(await acting.stage.putOnLadder(put, 'eva')).toMatchObject({ level: 'auto', reason: 'person' });
    await acting.recommend(next, 'clean');
    expect(await runsOf(next)).toHaveLength(1);
  });

  test('harm is undone at once, automation stops, and a person lets it go on', async () => {
    const acting = await start([auto('clean', { rollback: 'undo' }), action('undo')]);
    await reset(acting);
    const incident = await trouble();
    const harmed = await acting.recommend(incident, 'clean');
    expect((await settle(acting, incident, bursting)).map(({ verdict }) => verdict)).toEqual(['harmful']);
    await acting.stage.idle();
    const [undo, clean] = await runsOf(incident);
    expect(clean).toMatchObject({ action: 'clean', state: 'rolled_back', recommendation: harmed.id });
    expect(undo).toMatchObject({ action: 'undo', state: 'succeeded', requestedBy: 'vigia' });
    expect(undo?.decision.at(-1)).toEqual(phrase('act.rollback_of', { run: clean!.id, action: 'clean' }));
    expect(await notesOf(clean!.id)).toContain('breaker.open act.no_breaker_harm');
    const next = await trouble();
    const [before] = await runsOf(next);
    await acting.recommend(next, 'clean');
    expect(before).toBeUndefined();
    expect(await runsOf(next)).toEqual([]);
    expect(await acting.stage.automation()).toMatchObject({ breaker: { open: true } });
    // A restart changes nothing, and undoes nothing a second time.
    await acting.stage.stop();
    const again = await start([auto('clean', { rollback: 'undo' }), action('undo')]);
    expect(await again.stage.automation()).toMatchObject({ breaker: { open: true } });
    expect(await runsOf(incident)).toHaveLength(2);
    expect(await again.stage.resetBreaker('eva')).toMatchObject({ breaker: { open: false, reason: null } });
    expect(await verbsOf('breaker')).toContain('breaker.reset eva');
    await again.recommend(next, 'clean');
    expect(await runsOf(next)).toHaveLength(1);
  });

  test('a run of failures stops automation', async () => {
    const acting = await start([auto('clean')], { limits: { ...DEFAULT_LIMITS, failuresInRow: 2 } });
    await reset(acting);
    for (let i = 0; i < 2; i++) {
      const incident = await trouble();
      await acting.recommend(incident, 'clean');
      await settle(acting, incident, filling);
    }
    expect(await acting.stage.automation()).toMatchObject({
      breaker: { open: true, reason: { key: 'act.no_breaker_failures', values: { count: 2 } } },
    });
    await reset(acting);
  });

  test('what nobody can tell is tried again after a pause that doubles', async () => {
    const acting = await start([auto('clean')]);
    await reset(acting);
    const incident = await trouble();
    await store.recommendations.upsert(await acting.recommend(incident, 'clean'));
    expect((await settle(acting, incident, () => null)).map(({ verdict }) => verdict)).toEqual(['inconclusive']);
    await acting.stage.tick();
    expect(await runsOf(incident)).toHaveLength(1);
    now += 60_000;
    await acting.stage.tick();
    await acting.stage.idle();
    expect(await runsOf(incident)).toHaveLength(2);
  });

  test('what has helped is done again after a pause, when trouble comes back to the same incident', async () => {
    const acting = await start([auto('clean')]);
    await reset(acting);
    const incident = await trouble();
    await acting.recommend(incident, 'clean');
    expect((await settle(acting, incident, () => 5 * MB)).map(({ verdict }) => verdict)).toEqual(['resolved']);
    await acting.recommend(incident, 'clean');
    expect(await runsOf(incident)).toHaveLength(1);
    now += 60_000;
    await acting.recommend(incident, 'clean');
    await acting.stage.idle();
    expect((await runsOf(incident)).map(({ action: id, state }) => `${id} ${state}`)).toEqual([
      'clean succeeded',
      'clean succeeded',
    ]);
  });
});

describe('bad luck and bad input', () => {
  test('a wrong role may not approve, and that is written down', async () => {
    const { stage, target, wish } = await start([action('clean', { approver: 'admin' })]);
    const asked = await wish(await trouble(), 'clean');
    await expect(stage.approve(asked.id, 'bob', 'operator')).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      values: { role: 'admin' },
    });
    expect(await notesOf(asked.id)).toContain('run.forbid act.forbidden');
    expect(target.calls).toEqual([]);
    expect((await stage.approve(asked.id, 'eva', 'admin')).state).toBe('running');
  });

  test('an approval asked for before the clock was set back is too old to tell', async () => {
    const { stage, wish } = await start([action('clean')]);
    const asked = await wish(await trouble(), 'clean');
    now -= 3_600_000;
    await expect(stage.approve(asked.id, 'ana')).rejects.toMatchObject({ code: 'RUN_STATE' });
    now += 3_600_000;
    expect(await store.runs.get(asked.id)).toMatchObject({ state: 'expired', error: { key: 'act.expired_clock' } });
    expect(await notesOf(asked.id)).toContain('run.expire act.expired_clock');
  });

  test('an action that has left the catalogue ends the run that waits for it', async () => {
    const { stage, wish } = await start([action('clean')]);
    const asked = await wish(await trouble(), 'clean');
    await stage.stop();
    const after = await start([]);
    expect(await after.stage.approve(asked.id, 'ana')).toMatchObject({
      state: 'rejected',
      error: { key: 'act.no_action' },
    });
  });

  test('what Vigía has asked for is not done any more when the incident is over', async () => {
    const { stage, recommend, target } = await start([action('clean', { mode: 'approve' })]);
    const incident = await trouble();
    await recommend(incident, 'clean');
    const [asked] = await runsOf(incident);
    await store.incidents.upsert([{ ...incident, state: 'resolved', resolvedAt: now, updatedAt: now + 1 }]);
    expect((await stage.approve(asked!.id, 'ana')).error?.key).toBe('act.no_over');
    expect(target.calls).toEqual([]);
  });

  test('what an action presupposes is looked at again when it is approved', async () => {
    const preconditions = [{ feature: DISK, above: MB }];
    const { stage, recommend, wish, target } = await start([
      action('clean', { mode: 'approve', preconditions }),
      action('grow', { preconditions }),
    ]);
    const incident = await trouble();
    await recommend(incident, 'clean');
    const [asked] = await runsOf(incident);
    expect(asked?.decision.map(({ key }) => key)).toContain('act.ok_needs');
    const own = await wish(incident, 'grow');
    // Nothing is heard of the disk for a minute, and what nobody knows does not hold.
    now += 60_000;
    const refused = await stage.approve(asked!.id, 'ana');
    expect(refused).toMatchObject({ state: 'rejected', decidedBy: 'vigia', error: { key: 'act.no_needs' } });
    expect(await notesOf(asked!.id)).toContain('run.refuse act.no_needs');
    expect(target.calls).toEqual([]);
    const anyway = await stage.approve(own.id, 'ana');
    expect(anyway.state).toBe('running');
    expect(anyway.decision.map(({ key }) => key)).toContain('act.mind_needs');
  });

  test.each([
    ['fill', ['clean']],
    ['clean', ['fill']],
  ] as const)(
    'of two incidents that want the contrary the second waits for a person, also where only %s says so',
    async (which, opposes) => {
      const of = (id: string): ActionDefinition => auto(id, id === which ? { opposes } : {});
      const acting = await start([of('clean'), of('fill')]);
      await reset(acting);
      const incident = await trouble();
      await acting.recommend(incident, 'clean');
      await acting.stage.idle();
      const other = { ...incident, id: `${incident.id}_contrary` };
      await store.incidents.upsert([other]);
      await acting.recommend(other, 'fill');
      expect(await runsOf(other)).toEqual([]);
      expect(await notesOf(other.id)).toEqual(['incident.escalate act.no_opposed']);
      now += 120_000;
    },
  );

  test('a maintenance window and an unmet precondition hold automation off', async () => {
    const acting = await start([auto('clean'), auto('low', { preconditions: [{ feature: DISK, below: MB }] })]);
    await reset(acting);
    const incident = await trouble();
    await store.silences.insert({
      id: `silence_${incident.id}`,
      kind: 'maintenance',
      match: { entity: incident.root },
      why: 'disks',
      by: 'eva',
      from: now - 1,
      to: now + 120_000,
      createdAt: now,
      updatedAt: now,
      endedBy: null,
      event: null,
    });
    await acting.recommend(incident, 'clean');
    expect(await runsOf(incident)).toEqual([]);
    now += 120_000;
    await acting.recommend(incident, 'low');
    expect(await runsOf(incident)).toEqual([]);
    await acting.recommend(incident, 'clean');
    expect(await runsOf(incident)).toHaveLength(1);
  });

  test('a rule for the target wins over the mode of the action', async () => {
    const acting = await start([auto('clean')], { ruledMode: ({ kind }) => (kind === 'host' ? 'suggest' : null) });
    const incident = await trouble();
    await acting.recommend(incident, 'clean');
    expect(await runsOf(incident)).toEqual([]);
  });
});

describe('several processes', () => {
  test('never start more than the limits allow, however many want to at once', async () => {
    const actions = [auto('clean', { match: ANY, args: {} })];
    const limits = { ...DEFAULT_LIMITS, disruptionPerDay: 3, fleetCooldownMs: 0 };
    now += 2 * 86_400_000;
    const many = await Promise.all(Array.from({ length: 4 }, () => start(actions, { limits, shared: true })));
    await reset(many[0]!);
    const incidents: Incident[] = [];
    for (let i = 0; i < 8; i++) incidents.push(await trouble());
    await Promise.all(incidents.flatMap((one) => many.map(({ recommend }) => recommend(one, 'clean'))));
    const runs = (await Promise.all(incidents.map(runsOf))).flat();
    expect(runs).toHaveLength(3);
    const calls = many.flatMap(({ target }) => target.calls);
    expect(calls.toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
    now += 2 * 86_400_000;
  });

  test('leave what another carries out alone, and take it for dead when it is not heard of', async () => {
    const one = await start([action('clean')], { shared: true });
    one.target.hang();
    const asked = await one.wish(await trouble(), 'clean');
    await one.stage.approve(asked.id, 'ana');
    const other = await start([action('clean')], { shared: true });
    await other.stage.tick();
    expect((await store.runs.get(asked.id))?.state).toBe('running');
    now += 61_000;
    await other.stage.tick();
    expect(await store.runs.get(asked.id)).toMatchObject({ state: 'failed', error: { key: 'act.interrupted' } });
    // Whoever has lost a run ends what it still does of it, and writes nothing over what was said.
    await one.stage.tick();
    await one.stage.idle();
    expect((await store.runs.get(asked.id))?.error?.key).toBe('act.interrupted');
  });

  test('start numbers only grow', async () => {
    const fences: number[] = [];
    const executor: Executor = {
      kind: 'target',
      plan: () => ['x'],
      execute: async ({ fence }) => {
        fences.push(fence ?? 0);
        return { status: 'succeeded', exitCode: 0, output: '', error: null };
      },
    };
    const acting = await start([auto('clean')], { executors: [executor] });
    await reset(acting);
    for (let i = 0; i < 3; i++) {
      await acting.recommend(await trouble(), 'clean');
      await acting.stage.idle();
    }
    expect(fences).toHaveLength(3);
    expect(fences).toEqual(fences.toSorted((a, b) => a - b));
    expect(new Set(fences).size).toBe(3);
  });
});

describe('leaving predicted failures alone by chance', () => {
  /** Calm in the fleet, so that only chance decides. */
  const limits = { ...DEFAULT_LIMITS, blastRadius: 1, disruptionPerDay: 1000 };
  const auto = action('clean', { mode: 'auto', cooldownMs: 0, match: ANY, args: {} });

  async function predicted(): Promise<Incident> {
    const incident = await trouble();
    const prediction = await store.predictions.get(incident.predictions[0]!);
    await store.predictions.upsert([{ ...prediction!, kind: 'failure', feature: null }]);
    return incident;
  }
  const criticalOn = (entity: string): Anomaly => ({
    id: `anomaly ${entity}`,
    entity,
    fleet: 'default',
    start: now,
    end: null,
    openedAt: now,
    kind: 'spike',
    severity: 'critical',
    severityReason: phrase('x'),
    score: 1,
    pValue: 0,
    frames: 1,
    contributions: [],
    provisional: false,
    heldBack: null,
    updatedAt: now,
  });
  const decisions = async () =>
    new Map((await store.restraints.read({ from: 0, to: now + 1 }, 1000)).map((one) => [one.prediction, one]));

  test('is written down with its chance, once, and people are free', async () => {
    const { recommend, target, wish, stage } = await start([auto], { limits, doNothingShare: 0.2 });
    const chance = phrase('act.ok_chance', { share: 0.2 });
    const left: Incident[] = [];
    let acted = 0;
    for (let i = 0; i < 40 && (left.length === 0 || acted === 0); i++) {
      const incident = await predicted();
      await recommend(incident, 'clean');
      const decision = (await decisions()).get(incident.predictions[0]!);
      expect(decision).toMatchObject({ entity: incident.root, notActing: 0.2 });
      const [run] = await runsOf(incident);
      expect(run !== undefined).toBe(decision!.acted);
      if (run === undefined) left.push(incident);
      expect(run?.decision ?? [chance]).toContainEqual(chance);
      acted += Number(decision!.acted);
      now += 120_000;
    }
    const [incident] = left;
    expect(acted).toBeGreaterThan(0);
    const calls = target.calls.length;
    await recommend(incident!, 'clean');
    expect(target.calls).toHaveLength(calls);
    const run = await wish(incident!, 'clean');
    expect((await stage.approve(run.id, 'ana')).state).toBe('running');
  });

  test('never without a share, for capacity, or where something is critical', async () => {
    const none = await start([auto], { limits });
    const free = await predicted();
    await none.recommend(free, 'clean');
    const { recommend } = await start([auto], { limits, doNothingShare: 1 });
    const full = await trouble();
    await recommend(full, 'clean');
    const critical = await predicted();
    await store.anomalies.upsert([criticalOn(critical.root)]);
    await store.incidents.upsert([{ ...critical, anomalies: [`anomaly ${critical.root}`], updatedAt: now + 1 }]);
    now += 120_000;
    await recommend(critical, 'clean');
    for (const incident of [free, full, critical]) {
      expect(await runsOf(incident)).toHaveLength(1);
      expect((await decisions()).has(incident.predictions[0]!)).toBe(false);
    }
  });
});

test('whatever stands in the audit log by now can be read in both languages, with its reason', async () => {
  const { items } = await store.audit.list({ limit: 1000, cursor: null });
  const verbs = new Set(items.map(({ verb }) => verb));
  const reasons = items.map(reasonOf).filter((reason) => reason !== null);
  expect(verbs.size).toBeGreaterThan(10);
  expect(reasons.map(({ key }) => key)).toEqual(
    expect.arrayContaining(['act.forbidden', 'act.no_opposed', 'act.no_cooldown']),
  );
  for (const language of LANGUAGES) {
    const words = pageWords(createTranslator(language), language);
    for (const verb of verbs) expect(words.name('audit', verb)).not.toBe(verb);
    for (const reason of reasons) expect(words.phrase(reason)).not.toMatch(/^(act|errors)\.|\{\{|undefined/);
  }
});
