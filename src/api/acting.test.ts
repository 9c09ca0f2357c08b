import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { signLink } from '../act/approval-links.ts';
import { anyAction, auditOf, createSetClock, obedient, openTrouble, startActing } from '../act/check-acting.ts';
import type { ActionDefinition } from '../model/action-definition.ts';
import type { LinkView, Run } from '../model/action.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { change, host, NOW, openApi } from './check-api.ts';
import type { Problem, Settings } from './contract/views.ts';
import type { ApiToken } from './deps.ts';

/** Acting as people meet it: over HTTP, with the real stage behind it. */
const clock = createSetClock(NOW);
const KEY = Buffer.from('the key of this test');
const OPERATOR: ApiToken = { name: 'olga', role: 'operator', token: 'token-of-olga-1234567890' };
const ADMIN: ApiToken = { name: 'ada', role: 'admin', token: 'token-of-ada-1234567890' };

let store: Store;
beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterAll(() => store.close());
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function open(actions: readonly ActionDefinition[], tokens: readonly ApiToken[] = [OPERATOR, ADMIN]) {
  const target = obedient();
  const acting = await startActing({ store, clock, actions, executors: [target.executor], linkKey: KEY });
  endings.push(acting.stop);
  const { app, api } = openApi(store, { options: { tokens }, deps: { act: acting.stage, clock } });
  endings.push(() => api.stop());
  const ask = async (method: 'GET' | 'POST', url: string, who: ApiToken | null, payload: object = {}) => {
    const authorization = who === null ? {} : { authorization: `Bearer ${who.token}` };
    const body = method === 'POST' ? { payload } : {};
    return app.inject({ method, url: `/api/v1${url}`, headers: { ...change, ...authorization }, ...body });
  };
  const wish = async (): Promise<Run> => {
    const { id, root } = await openTrouble(store, clock.now());
    const asked = await ask('POST', '/runs', OPERATOR, { action: actions[0]!.id, entity: root, incident: id });
    expect(asked.statusCode).toBe(201);
    return asked.json<Run>();
  };
  return { app, ask, wish, target, acting };
}

describe('an approval over HTTP', () => {
  test('after its time is refused, nothing is done, and the run says why', async () => {
    const { app, ask, wish, target } = await open([anyAction('a')]);
    const run = await wish();
    clock.set(run.expiresAt! + 1);
    const late = await ask('POST', `/runs/${run.id}/approve`, OPERATOR);
    expect(late.statusCode).toBe(409);
    expect(late.json<Problem>()).toMatchObject({ code: 'RUN_STATE', values: { state: 'expired' } });
    expect(late.json<Problem>().detail).toBe('The run is expired, so it cannot be approved now.');
    const headers = { ...change, authorization: `Bearer ${OPERATOR.token}`, 'accept-language': 'es' };
    const told = await app.inject({ method: 'POST', url: `/api/v1/runs/${run.id}/approve`, headers });
    expect(told.json<Problem>().detail).toBe('La ejecución está caducada; ahora no se puede aprobar.');
    expect((await ask('GET', `/runs/${run.id}`, OPERATOR)).json()).toMatchObject({
      state: 'expired',
      error: { key: 'act.expired' },
    });
    expect(target.calls).toEqual([]);
    expect(await auditOf(store, run.id)).toContain('run.expire vigia act.expired');
  });

  test('by the wrong role is refused and written down; by the right one it goes', async () => {
    const { ask, wish, target, acting } = await open([anyAction('a', { approver: 'admin' })]);
    const run = await wish();
    const wrong = await ask('POST', `/runs/${run.id}/approve`, OPERATOR);
    expect(wrong.statusCode).toBe(403);
    expect(wrong.json<Problem>()).toMatchObject({ code: 'API_FORBIDDEN', values: { role: 'admin' } });
    expect((await ask('GET', `/runs/${run.id}`, OPERATOR)).json<Run>().state).toBe('awaiting_approval');
    expect(await auditOf(store, run.id)).toContain('run.forbid olga act.forbidden');
    expect((await ask('POST', `/runs/${run.id}/approve`, ADMIN)).json<Run>().state).toBe('running');
    await acting.stage.idle();
    expect(target.calls).toEqual([run.id]);
  });

  test('needs a token where there are tokens, and twice is once', async () => {
    const { ask, wish, target, acting } = await open([anyAction('a')]);
    const run = await wish();
    expect((await ask('POST', `/runs/${run.id}/approve`, null)).statusCode).toBe(401);
    const both = await Promise.all([1, 2].map(() => ask('POST', `/runs/${run.id}/approve`, OPERATOR)));
    expect(both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b)).toEqual([200, 409]);
    await acting.stage.idle();
    expect(target.calls).toEqual([run.id]);
  });
});

describe('a signed link', () => {
  const link = (run: Run, over: Partial<Parameters<typeof signLink>[0]> = {}, key: Uint8Array = KEY): string =>
    `/approval-links/${signLink({ run: run.id, role: 'operator', channel: 'chat', expiresAt: run.expiresAt!, ...over }, key)}`;

  test('shows without a token what would be done, and looking does nothing, however often', async () => {
    const { ask, wish, target } = await open([anyAction('a')]);
    const run = await wish();
    for (let i = 0; i < 3; i++) {
      const seen = await ask('GET', link(run), null);
      expect(seen.statusCode).toBe(200);
      expect(seen.json<LinkView>()).toMatchObject({
        run: { id: run.id, plan: run.plan },
        channel: 'chat',
        mayApprove: true,
      });
    }
    expect(target.calls).toEqual([]);
    expect((await store.runs.get(run.id))?.state).toBe('awaiting_approval');
  });

  test('approves once; who comes later is told who has decided', async () => {
    const { app, ask, wish, target, acting } = await open([anyAction('a')]);
    const run = await wish();
    expect((await ask('POST', link(run), null, { decision: 'approve' })).json<Run>().state).toBe('running');
    await acting.stage.idle();
    for (const method of ['POST', 'GET'] as const) {
      const again = await ask(method, link(run), null, { decision: 'approve' });
      expect(again.statusCode).toBe(409);
      expect(again.json<Problem>()).toMatchObject({ code: 'LINK_USED', values: { by: 'link of chat' } });
    }
    const spanish = { ...host, 'accept-language': 'es' };
    const told = await app.inject({ method: 'GET', url: `/api/v1${link(run)}`, headers: spanish });
    expect(told.json<Problem>().detail).toMatch(/^Esto ya está decidido/);
    expect(target.calls).toEqual([run.id]);
    const entries = await auditOf(store, run.id);
    expect(entries).toContain('run.approve link of chat');
    expect(entries.filter((entry) => entry === 'link.refuse link of chat LINK_USED')).toHaveLength(1);
  });

  test('rejects, with what the person said', async () => {
    const { ask, wish, target } = await open([anyAction('a')]);
    const run = await wish();
    const said = await ask('POST', link(run), null, { decision: 'reject', note: 'not tonight' });
    expect(said.json<Run>()).toMatchObject({ state: 'rejected', error: { values: { note: 'not tonight' } } });
    expect(target.calls).toEqual([]);
  });

  test('too late says so, whether anybody has noticed or not', async () => {
    const { ask, wish, target, acting } = await open([anyAction('a')]);
    const run = await wish();
    clock.set(run.expiresAt! + 1);
    const late = await ask('POST', link(run), null, { decision: 'approve' });
    expect([late.statusCode, late.json<Problem>().code]).toEqual([410, 'LINK_EXPIRED']);
    await acting.stage.tick();
    expect((await ask('GET', link(run), null)).json<Problem>().code).toBe('LINK_EXPIRED');
    // A longer life than the run's is worth nothing.
    expect((await ask('GET', link(run, { expiresAt: clock.now() + 1e9 }), null)).json<Problem>().code).toBe(
      'LINK_EXPIRED',
    );
    expect(target.calls).toEqual([]);
    expect(await auditOf(store, run.id)).toContain('link.refuse link of chat LINK_EXPIRED');
  });

  test('of the wrong role shows it, may not approve it, and may reject it', async () => {
    const { ask, wish, target, acting } = await open([anyAction('a', { approver: 'admin' })]);
    const run = await wish();
    expect((await ask('GET', link(run), null)).json<LinkView>()).toMatchObject({ mayApprove: false, needs: 'admin' });
    const wrong = await ask('POST', link(run), null, { decision: 'approve' });
    expect([wrong.statusCode, wrong.json<Problem>().code]).toEqual([403, 'LINK_ROLE']);
    expect(await auditOf(store, run.id)).toContain('run.forbid link of chat act.forbidden');
    expect((await ask('POST', link(run, { role: 'admin' }), null, { decision: 'approve' })).json<Run>().state).toBe(
      'running',
    );
    await acting.stage.idle();
    expect(target.calls).toHaveLength(1);
  });

  test('that was changed, or signed by somebody else, is no link', async () => {
    const { ask, wish } = await open([anyAction('a')]);
    const run = await wish();
    const [said = '', mac = ''] = link(run, { role: 'operator' }).slice('/approval-links/'.length).split('.');
    const forged = Buffer.from(Buffer.from(said, 'base64url').toString().replace('operator', 'admin')).toString(
      'base64url',
    );
    const tries = [`${forged}.${mac}`, `${said}.${mac}x`, said, `${said}.`, 'x', `${said}.${mac}.${mac}`];
    const foreign = link(run, {}, Buffer.from('another key'));
    for (const url of [foreign, ...tries.map((one) => `/approval-links/${one}`)]) {
      const answer = await ask('POST', url, null, { decision: 'approve' });
      expect([answer.statusCode, answer.json<Problem>().code]).toEqual([404, 'LINK_INVALID']);
    }
    expect((await store.runs.get(run.id))?.state).toBe('awaiting_approval');
  });

  test('of a run that a guardrail stops now ends it with the reason', async () => {
    const { ask, wish, target } = await open([anyAction('a')]);
    const [first, second] = [await wish(), await wish()];
    await store.runs.transition({ ...second, plan: ['something else'] }, ['awaiting_approval']);
    const refused = await ask('POST', link(second), null, { decision: 'approve' });
    expect(refused.json<Run>()).toMatchObject({
      state: 'rejected',
      decidedBy: 'vigia',
      error: { key: 'act.no_changed' },
    });
    expect((await store.runs.get(first.id))?.state).toBe('awaiting_approval');
    expect(target.calls).toEqual([]);
  });
});

describe('what people see of automation', () => {
  test('the ladder stands where the catalogue says, and a person moves it within its limit', async () => {
    const { ask } = await open([
      anyAction('a', { mode: 'suggest', upTo: 'approve', match: { ...anyAction('a').match, entityKinds: ['host'] } }),
    ]);
    const { items, next } = (await ask('GET', '/automation/ladder', OPERATOR)).json();
    expect(next).toBeNull();
    expect(items).toMatchObject([
      { action: 'a', entityKind: 'host', level: 'suggest', ceiling: 'approve', resolved: 0 },
    ]);
    const to = (level: string, who: ApiToken | null = ADMIN) =>
      ask('POST', '/automation/ladder', who, { action: 'a', entityKind: 'host', level });
    expect((await to('observe', OPERATOR)).statusCode).toBe(403);
    expect((await to('observe')).json()).toMatchObject({ level: 'observe', reason: 'person' });
    expect((await to('auto')).json()).toMatchObject({ level: 'approve' });
    expect((await to('nonsense')).statusCode).toBe(400);
    const unknown = await ask('POST', '/automation/ladder', ADMIN, { action: 'b', entityKind: 'host', level: 'auto' });
    expect([unknown.statusCode, unknown.json<Problem>().code]).toEqual([404, 'ACTION_UNKNOWN']);
    expect((await ask('GET', '/automation/ladder', null)).statusCode).toBe(401);
  });

  test('automation says whether it may act, and only administrators reset the breaker', async () => {
    const { ask } = await open([anyAction('a')]);
    expect((await ask('GET', '/automation', OPERATOR)).json()).toEqual({
      killSwitch: false,
      breaker: { open: false, reason: null },
    });
    expect((await ask('POST', '/automation/reset', OPERATOR)).statusCode).toBe(403);
    expect((await ask('POST', '/automation/reset', ADMIN)).statusCode).toBe(200);
    expect(await auditOf(store, 'breaker')).toContain('breaker.reset ada');
  });

  test('whoever may act may stop everything, but only administrators let it go on', async () => {
    const { ask, app } = await open([anyAction('a')]);
    expect((await ask('POST', '/automation/stop', null)).statusCode).toBe(401);
    const stopped = await ask('POST', '/automation/stop', OPERATOR);
    const settings = stopped.json<Settings>();
    expect([stopped.statusCode, settings.killSwitch]).toEqual([200, true]);
    expect((await ask('GET', '/settings', OPERATOR)).json()).toMatchObject({ killSwitch: true });
    const release = (who: ApiToken) =>
      app.inject({
        method: 'PUT',
        url: '/api/v1/settings',
        headers: { ...change, authorization: `Bearer ${who.token}` },
        payload: { ...settings, killSwitch: false },
      });
    expect((await release(OPERATOR)).statusCode).toBe(403);
    expect((await release(ADMIN)).json()).toMatchObject({ killSwitch: false });
    expect(await auditOf(store, 'settings')).toEqual(['settings olga', 'settings ada']);
  });

  test('policies say which is in force, and changes of them need a role', async () => {
    const { ask } = await open([anyAction('a')]);
    expect((await ask('GET', '/policies', OPERATOR)).json()).toMatchObject({
      inForce: { kind: 'beta', state: 'champion' },
      exploration: { perDay: 5 },
    });
    expect((await ask('POST', '/policies/train', OPERATOR)).statusCode).toBe(202);
    expect((await ask('POST', '/policies/rollback', OPERATOR)).statusCode).toBe(403);
    expect((await ask('POST', '/policies/p1/promote', OPERATOR)).statusCode).toBe(403);
    expect((await ask('POST', '/policies/rollback', ADMIN)).statusCode).toBe(200);
    expect((await ask('GET', '/policies', null)).statusCode).toBe(401);
  });

  test('the value of a period counts its incidents and runs, and says what it assumes', async () => {
    const { ask, wish, acting } = await open([anyAction('a')]);
    const from = clock.now() + 86_400_000;
    clock.set(from + 1000);
    const run = await wish();
    await ask('POST', `/runs/${run.id}/approve`, OPERATOR);
    await acting.stage.idle();
    await wish();
    const report = (await ask('GET', `/value?from=${from}&to=${from + 60_000}`, OPERATOR)).json();
    expect(report).toMatchObject({ from, to: from + 60_000, incidents: 2, actedUpon: 1, harmful: 0 });
    expect(report.actions).toMatchObject([{ action: 'a', runs: 1, automatic: 0, undecided: 1 }]);
    expect(report.assumptions.length).toBeGreaterThan(0);
    const empty = (await ask('GET', `/value?from=${from - 2000}&to=${from - 1000}`, OPERATOR)).json();
    expect(empty).toMatchObject({ incidents: 0, actedUpon: 0, downtimeAvoidedMinutes: null });
    expect((await ask('GET', `/value?from=${from}&to=${from}`, OPERATOR)).statusCode).toBe(400);
    expect((await ask('GET', '/value?from=yesterday', OPERATOR)).statusCode).toBe(400);
    expect((await ask('GET', '/value', OPERATOR)).json()).toMatchObject({ to: clock.now() });
  });
});
