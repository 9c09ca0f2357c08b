import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { FrameLayout } from '../model/frame.ts';
import type { Executor } from '../model/executor.ts';
import type { Incident } from '../model/incident.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { VigiaError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { LANGUAGES } from '../text/language.ts';
import { createText } from '../text/text.ts';
import type { ActDeps } from './act-deps.ts';
import { anyAction, auditOf, createSetClock, obedient, openTrouble, runsOf, startActing } from './check-acting.ts';
import { createCommandExecutor } from './executors/command-executor.ts';
import { createWebhookExecutor } from './executors/webhook-executor.ts';
import { createStopFile } from './stop-file.ts';

/** Targets that are away, hang, lie or answer half, over real HTTP; and what else may go wrong while Vigía acts. */
const T0 = 1_800_000_000_000;
const STEP = 1000;
const FEATURE = 'queue_depth';
const NOWHERE = 'nowhere';
const clock = createSetClock(T0);
/** Short pauses between tries pass at once; the loop that ticks still waits. */
const hasty: Clock = { ...clock, sleep: (ms, signal) => systemClock.sleep(ms > 60_000 ? ms : 1, signal) };
let store: Store;
let server: Server;
let base = '';
/** Where nobody listens, nor does any other test by chance, as on a port that was free a moment ago. */
const nowhere = 'http://127.0.0.1:2/';
let asked: string[] = [];

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/half') {
      response.writeHead(200, { 'content-length': 100 }).write('half');
      setTimeout(() => request.socket.destroy(), 20);
    } else if (request.url === '/lies') response.end('done');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await store.close();
});
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  // A day later nothing of it counts any more.
  clock.set(clock.now() + 2 * 86_400_000);
  asked = [];
});

const start = async (actions: readonly ActionDefinition[], over: Partial<ActDeps> = {}) => {
  const acting = await startActing({
    store,
    clock,
    actions,
    executors: [createWebhookExecutor({ clock: systemClock, secret: () => null })],
    ...over,
  });
  stops.push(acting.stop);
  await acting.stage.resetBreaker('test');
  return acting;
};
const calling = (path: string, over: Partial<ActionDefinition> = {}): ActionDefinition =>
  anyAction('call', {
    executor: 'webhook',
    args: { url: path === NOWHERE ? nowhere : `${base}${path}`, retries: 0 },
    mode: 'auto',
    // Only who never answers is not waited for.
    timeoutMs: path === '/hangs' ? 2000 : 60_000,
    ...over,
  });

const layout: FrameLayout = {
  id: 'layout_queue',
  features: [{ name: FEATURE, metric: FEATURE, labels: {}, kind: 'level', unit: '', limit: null }],
};
/** An incident about a queue that is far too long, and stays so until somebody does something. */
async function jam(): Promise<Incident> {
  const incident = await openTrouble(store, clock.now(), { features: [FEATURE], anomalyKinds: ['level_shift'] });
  const anomaly: Anomaly = {
    id: `anomaly_${incident.id}`,
    entity: incident.root,
    fleet: incident.fleet,
    start: clock.now() - 30_000,
    end: null,
    openedAt: clock.now() - 20_000,
    updatedAt: clock.now(),
    kind: 'level_shift',
    severity: 'critical',
    score: 1,
    pValue: 0.0001,
    contributions: [
      { feature: FEATURE, share: 1, value: 900, expected: 10, low: 0, high: 20, unit: '', detector: 'x' },
    ],
    severityReason: { key: 'x', values: {} },
    frames: 30,
    provisional: false,
    heldBack: null,
  };
  await store.anomalies.upsert([anomaly]);
  const with_ = { ...incident, anomalies: [`anomaly_${incident.id}`], updatedAt: clock.now() + 1 };
  await store.incidents.upsert([with_]);
  await measure(with_, clock.now() - 30_000, clock.now(), 900);
  return with_;
}
async function measure(incident: Incident, from: number, to: number, value: number): Promise<void> {
  const list = [];
  for (let time = from; time < to; time += STEP)
    list.push({
      entity: incident.root,
      fleet: incident.fleet,
      time,
      stepMs: STEP,
      layout,
      values: Float32Array.of(value),
      derived: new Float32Array(0),
      closedAt: time,
    });
  await store.frames.append(list);
}

const english = createText()('en');

describe.each([
  ['that is not there', NOWHERE, 'errors.EXECUTOR_UNREACHABLE', /did not answer: ECONNREFUSED/],
  ['that hangs', '/hangs', 'errors.EXECUTOR_UNFINISHED', /did not say within 2 s that it was done/],
  ['that answers half', '/half', 'errors.EXECUTOR_CUT_OFF', /Whether it did what was asked is not known/],
] as const)('a target %s', (_name, path, key, told) => {
  test('fails the run with a message and an audit entry, and is asked once', async () => {
    const acting = await start([calling(path)]);
    const incident = await jam();
    await acting.recommend(incident, 'call');
    await acting.recommend(incident, 'call');
    const runs = await runsOf(store, incident);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ state: 'failed', error: { key } });
    for (const language of LANGUAGES) {
      const said = createText()(language).phrase(runs[0]!.error!);
      expect(said).not.toContain('{{');
      expect(said).not.toContain('errors.');
    }
    expect(english.phrase(runs[0]!.error!)).toMatch(told);
    expect((await auditOf(store, runs[0]!.id)).toSorted()).toEqual([`run.end vigia ${key}`, 'run.start vigia']);
    expect(asked.length).toBe(path === NOWHERE ? 0 : 1);
  });
});

test('a target that lies, with 200 and nothing done, is found out, and is not asked again', async () => {
  const acting = await start([calling('/lies')], { escalation: null });
  const incident = await jam();
  await acting.recommend(incident, 'call');
  const [run] = await runsOf(store, incident);
  expect(run).toMatchObject({ state: 'succeeded', output: expect.stringContaining('200') });
  await measure(incident, clock.now(), clock.now() + 25_000, 900);
  clock.set(clock.now() + 25_000);
  await acting.stage.tick();
  expect(await store.outcomes.forRun(run!.id)).toMatchObject({
    verdict: 'ineffective',
    reason: { key: 'act.outcome_ineffective', values: { feature: FEATURE, before: 900, after: 900 } },
  });
  clock.set(clock.now() + 3_600_000);
  await acting.recommend(incident, 'call');
  await acting.stage.tick();
  expect(asked).toEqual(['/lies']);
  expect(await auditOf(store, incident.id)).toEqual(['incident.escalate vigia act.escalate_exhausted']);
  const { decision } = await acting.stage.request({
    action: 'call',
    entity: incident.root,
    incident: incident.id,
    dryRun: true,
    by: 'ana',
  });
  expect(decision.map(({ key }) => key)).toContain('act.mind_again_ineffective');
});

describe('a process that dies', () => {
  test('after deciding and before acting has done nothing, and nothing is done in its name', async () => {
    const incident = await jam();
    const target = obedient();
    const dead = await start([anyAction('a', { mode: 'approve' })], { executors: [target.executor] });
    await dead.recommend(incident, 'a');
    await dead.stop();
    const [waiting] = await runsOf(store, incident);
    // The decision is on record, and whoever died never came to act: it is as if it had just started.
    await store.runs.begin({
      query: { action: 'a', entity: incident.root, fleet: incident.fleet, now: clock.now() },
      lease: { holder: 'dead', incident: incident.id, automatic: true, cost: 1, settleMs: 20_000 },
      from: ['awaiting_approval'],
      decide: () => ({ ...waiting!, state: 'running', startedAt: clock.now() }),
    });
    const alive = await start([anyAction('a', { mode: 'auto' })], { executors: [target.executor] });
    await alive.stage.tick();
    await alive.recommend(incident, 'a');
    const runs = await runsOf(store, incident);
    expect(runs.map(({ state }) => state)).toEqual(['failed']);
    expect(runs[0]?.error?.key).toBe('act.interrupted');
    expect(target.calls).toEqual([]);
    expect(await auditOf(store, waiting!.id)).toContain('run.interrupt vigia act.interrupted');
    expect(await store.outcomes.forRun(waiting!.id)).toMatchObject({ verdict: 'inconclusive' });
  });

  test('after acting and before recording has acted once: what came of it is unknown, and waits', async () => {
    const incident = await jam();
    const target = obedient();
    const broken: Store = { ...store, runs: { ...store.runs, finish: async () => Promise.reject(new Error('gone')) } };
    const dead = await start([anyAction('a', { mode: 'auto' })], {
      store: broken,
      executors: [target.executor],
      clock: hasty,
    });
    await dead.recommend(incident, 'a');
    await dead.stop();
    expect(target.calls).toHaveLength(1);
    expect((await runsOf(store, incident))[0]?.state).toBe('running');
    const alive = await start([anyAction('a', { mode: 'auto' })], { executors: [target.executor] });
    for (let i = 0; i < 3; i++) {
      await alive.recommend(incident, 'a');
      await alive.stage.tick();
    }
    expect(target.calls).toHaveLength(1);
    expect(await runsOf(store, incident)).toMatchObject([{ state: 'failed', error: { key: 'act.interrupted' } }]);
  });
});

test('a target that has gone is left alone, a person is warned, and both can be read', async () => {
  const target = obedient();
  const acting = await start([anyAction('a', { mode: 'auto' })], { executors: [target.executor] });
  const incident = await jam();
  clock.set(clock.now() + 25 * 3_600_000);
  await acting.recommend(incident, 'a');
  expect(target.calls).toEqual([]);
  const guard = await acting.stage.guard('a', incident.root, incident.id);
  expect(guard).toMatchObject({ help: { key: 'act.no_gone' }, person: null });
  expect(english.phrase(guard.help!)).toMatch(/^Nothing was heard of the target for .+; it is taken to be gone\.$/);
  expect(await auditOf(store, incident.id)).toEqual(['incident.escalate vigia act.no_gone']);
  const wish = { action: 'a', entity: 'host/never-seen', incident: null, dryRun: false, by: 'ana' };
  await expect(acting.stage.request(wish)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a label that is missing or unsafe blocks the run and says which', async () => {
  const target = obedient();
  const action = anyAction('a', { mode: 'auto', args: { path: '/srv/{labels.queue:name}' } });
  const acting = await start([action], { executors: [target.executor] });
  const wish = async (labels: Readonly<Record<string, string>>) => {
    const { id, root, fleet } = await jam();
    const seen = { firstSeen: clock.now(), lastSeen: clock.now() + 1 };
    await store.entities.upsert([{ id: root, kind: 'host', name: root.slice(5), fleet, labels, ...seen }]);
    return acting.stage.request({ action: 'a', entity: root, incident: id, dryRun: false, by: 'ana' });
  };
  expect(await wish({})).toMatchObject({ state: 'rejected', error: { key: 'act.placeholderMissing' } });
  const unsafe = await wish({ queue: '../../etc' });
  expect(unsafe).toMatchObject({ state: 'rejected', error: { key: 'act.placeholderType' } });
  expect(await auditOf(store, unsafe.id)).toEqual(['run.request ana act.placeholderType']);
  expect(target.calls).toEqual([]);
});

test('a clock set back by a day neither repeats nor forgets what was started', async () => {
  const target = obedient();
  const acting = await start([anyAction('a', { mode: 'auto', cooldownMs: 3_600_000 })], {
    executors: [target.executor],
  });
  const incident = await jam();
  await acting.recommend(incident, 'a');
  const then = clock.now();
  clock.set(then - 86_400_000);
  await acting.recommend(incident, 'a');
  await acting.stage.tick();
  expect(target.calls).toHaveLength(1);
  const guard = await acting.stage.guard('a', incident.root, incident.id);
  expect(guard.person).toMatchObject({ key: 'act.no_cooldown_clock' });
  const wish = { action: 'a', entity: incident.root, incident: incident.id, dryRun: false, by: 'ana' };
  const refused = await acting.stage.request(wish);
  expect(await auditOf(store, refused.id)).toEqual(['run.request ana act.no_cooldown_clock']);
  const run = (await runsOf(store, incident)).find(({ requestedBy }) => requestedBy === 'vigia')!;
  expect(english.phrase(refused.error!)).toMatch(
    /^The clock was set back after it was carried out .+ possible again in 25 h\.$/,
  );
  expect((await auditOf(store, run.id)).toSorted()).toEqual(['run.end vigia', 'run.start vigia']);
  clock.set(then);
});

test('a clock set forward by more than a day forgets nothing that runs, calls nothing a success, and says what it ended', async () => {
  const target = obedient();
  const ends: (() => void)[] = [];
  const slow: Executor = {
    kind: 'slow',
    plan: () => ['x'],
    execute: (_, signal) =>
      new Promise((resolve) => {
        const end = (): void => resolve({ status: 'succeeded', exitCode: 0, output: '', error: null });
        signal.addEventListener('abort', end);
        ends.push(end);
      }),
  };
  const asking = anyAction('b', { mode: 'approve' });
  const acting = await start([anyAction('a', { mode: 'auto' }), asking, anyAction('c', { executor: 'slow' })], {
    executors: [target.executor, slow],
  });
  const [done, waits, runs] = [await jam(), await jam(), await jam()];
  await acting.recommend(done, 'a');
  await acting.recommend(waits, 'b');
  const wish = { action: 'c', entity: runs.root, incident: runs.id, dryRun: false, by: 'ana' };
  const { id } = await acting.stage.request(wish);
  await acting.stage.approve(id, 'ana');
  clock.set(clock.now() + 25 * 3_600_000);
  await acting.stage.tick();
  const [judged] = await runsOf(store, done);
  expect(await store.outcomes.forRun(judged!.id)).toMatchObject({
    verdict: 'inconclusive',
    reason: { key: 'act.outcome_missing' },
  });
  const [expired] = await runsOf(store, waits);
  expect(expired).toMatchObject({ state: 'expired', error: { key: 'act.expired' } });
  expect(await auditOf(store, expired!.id)).toContain('run.expire vigia act.expired');
  expect((await store.runs.get(id))?.state).toBe('running');
  for (const end of ends) end();
  await acting.stage.idle();
  expect((await store.runs.get(id))?.state).toBe('succeeded');
  // By that clock nothing was heard of the target for a day: it is left to people.
  expect(target.calls).toEqual([judged!.id]);
  expect(await auditOf(store, done.id)).toEqual(['incident.escalate vigia act.no_gone']);
});

test('a secret that an action is given stands neither in the store nor in the log', async () => {
  const secret = 'correct-horse-battery';
  const lines: string[] = [];
  const keep = (fields: object, message: string): void => void lines.push(JSON.stringify([message, fields]));
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  const script = "console.log('I was told ' + process.env.TOKEN); process.exit(Number(process.argv[1]))";
  const tell = (id: string, code: string): ActionDefinition =>
    anyAction(id, {
      executor: 'command',
      timeoutMs: 60_000,
      args: { argv: [process.execPath, '-e', script, code], env: { TOKEN: '${env:TOKEN}' } },
    });
  const headers = { Authorization: 'Bearer ${env:TOKEN}' };
  const call = anyAction('call', { executor: 'webhook', timeoutMs: 60_000, args: { url: `${base}/lies`, headers } });
  const deps = { clock: systemClock, secret: () => secret };
  const acting = await start([tell('well', '0'), tell('badly', '3'), call], {
    log,
    executors: [createCommandExecutor({ ...deps, environment: process.env }), createWebhookExecutor(deps)],
  });
  const states: string[] = [];
  for (const action of ['well', 'badly', 'call']) {
    const { root, id: incident } = await jam();
    const { id } = await acting.stage.request({ action, entity: root, incident, dryRun: false, by: 'ana' });
    await acting.stage.approve(id, 'ana');
    await acting.stage.idle();
    await acting.stage.tick();
    const run = await store.runs.get(id);
    states.push(`${run!.state} ${run!.output.split('\n', 1)[0]}`);
    expect(JSON.stringify(run)).not.toContain(secret);
  }
  expect(states).toEqual(['succeeded I was told ***', 'failed I was told ***', 'succeeded 200 OK']);
  expect(asked).toEqual(['/lies']);
  const { items } = await store.audit.list({ limit: 500, cursor: null });
  expect(JSON.stringify(items)).not.toContain(secret);
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.join('\n')).not.toContain(secret);
});

test.each([
  [{}, false],
  [{ VIGIA_KILL: '' }, false],
  [{ VIGIA_KILL: '0' }, false],
  [{ VIGIA_KILL: '1' }, true],
])('the environment %o pulls the kill switch: %s', (environment, pulled) => {
  expect(createStopFile(join(tmpdir(), 'vigia-no-such-folder'), environment)()).toBe(pulled);
});

test('the file STOP ends what runs and starts nothing while the database is down', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vigia-stop-'));
  const killed = createStopFile(folder, {});
  let down = false;
  const away = async (): Promise<never> => Promise.reject(new VigiaError('STORE_UNAVAILABLE', { detail: 'gone' }));
  const runs = new Proxy(store.runs, {
    get: (target, name, self) => (down ? away : (Reflect.get(target, name, self) as unknown)),
  });
  let stopped = false;
  let begun = 0;
  const hanging = {
    kind: 'target',
    plan: () => ['x'],
    execute: (_request: unknown, signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        begun++;
        signal.addEventListener('abort', () => {
          stopped = true;
          reject(new Error('ended'));
        });
      }),
  };
  const acting = await startActing({
    store: { ...store, runs },
    clock: hasty,
    actions: [anyAction('a', { mode: 'suggest', timeoutMs: 1e9 })],
    executors: [hanging],
    settings: () => ({ killSwitch: killed(), modes: {} }),
  });
  stops.push(acting.stop);
  const incident = await jam();
  const wish = { action: 'a', entity: incident.root, incident: incident.id, dryRun: false, by: 'ana' };
  const { id } = await acting.stage.request(wish);
  await acting.stage.approve(id, 'ana');
  expect(begun).toBe(1);
  down = true;
  writeFileSync(join(folder, 'STOP'), '');
  await acting.stage.tick().catch(() => undefined);
  expect(stopped).toBe(true);
  await expect(acting.stage.request(wish)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  down = false;
  const refused = await acting.stage.request({ ...wish, entity: (await jam()).root, incident: null });
  expect(refused).toMatchObject({ state: 'rejected', error: { key: 'act.no_kill_switch' } });
  expect(await auditOf(store, refused.id)).toEqual(['run.request ana act.no_kill_switch']);
  // What was ended is written down as soon as there is a database again.
  await acting.stage.idle();
  await acting.stage.tick();
  expect(await auditOf(store, id)).toEqual(
    expect.arrayContaining(['run.approve ana', expect.stringMatching(/^run\.\w+ vigia act\.(killed|interrupted)$/)]),
  );
  rmSync(folder, { recursive: true });
  expect([existsSync(folder), killed(), begun]).toEqual([false, false, 1]);
});
