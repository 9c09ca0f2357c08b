import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ExecutionResult, Executor } from '../model/executor.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { EdgeKind } from '../model/topology.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { anyAction, createSetClock, openTrouble, startActing } from './check-acting.ts';

/** What the topology has to say to an action: three replicas of a service, two of them on one machine, and who calls it. */
const clock = createSetClock(1_800_000_000_000);
const SETTLE_MS = 20_000;
let store: Store;
let acting: Awaited<ReturnType<typeof startActing>>;
let end: (() => void) | null = null;

/** A target that ends when it is told to, or at once. */
let hang = false;
const executor: Executor = {
  kind: 'target',
  plan: () => ['x'],
  execute: (_, signal) =>
    new Promise<ExecutionResult>((resolve) => {
      end = () => resolve({ status: 'succeeded', exitCode: 0, output: '', error: null });
      signal.addEventListener('abort', () => end?.());
      if (!hang) end();
    }),
};

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  const names = ['pod/a', 'pod/b', 'pod/c', 'host/big', 'host/small', 'service/orders', 'service/gateway'];
  const [firstSeen, lastSeen] = [clock.now(), clock.now() + 86_400_000];
  const seen = { firstSeen, lastSeen };
  await store.entities.upsert(
    names.map((id) => {
      const [kind = '', name = ''] = id.split('/');
      return { id, kind, name, fleet: 'default', labels: {}, firstSeen, lastSeen };
    }),
  );
  const edge = (from: string, kind: EdgeKind, to: string) => ({ from, to, kind, source: 'config', ...seen }) as const;
  await store.edges.upsert([
    edge('pod/a', 'part_of', 'service/orders'),
    edge('pod/b', 'part_of', 'service/orders'),
    edge('pod/c', 'part_of', 'service/orders'),
    edge('pod/a', 'runs_on', 'host/big'),
    edge('pod/b', 'runs_on', 'host/big'),
    edge('pod/c', 'runs_on', 'host/small'),
    edge('service/gateway', 'calls', 'service/orders'),
  ]);
});
afterAll(() => store.close());
beforeEach(async () => {
  const actions = [anyAction('restart', { mode: 'auto', settleMs: SETTLE_MS, cooldownMs: 0 })];
  acting = await startActing({ store, clock, actions, executors: [executor] });
  await acting.stage.resetBreaker('test');
});
afterEach(async () => {
  hang = false;
  end?.();
  await acting.stop();
  clock.set(clock.now() + 3_600_000);
});

const troubleOf = (entity: string): Promise<Incident> =>
  openTrouble(store, clock.now(), { root: entity, entities: [entity], fleet: 'default' });
const guard = async (entity: string) => acting.stage.guard('restart', entity, (await troubleOf(entity)).id);

describe('the blast radius', () => {
  test('counts what runs on a machine as touched with it', async () => {
    expect((await guard('host/big')).help).toEqual(
      phrase('act.no_blast', { whole: 'service/orders', touched: 2, parts: 3, allowed: 1 }),
    );
    expect((await guard('host/small')).help).toBeNull();
    // A person is warned, not held back.
    expect((await guard('host/big')).person).toBeNull();
  });

  test('counts replicas that were touched and have not settled', async () => {
    await acting.recommend(await troubleOf('pod/a'), 'restart');
    expect((await guard('pod/c')).help).toMatchObject({ key: 'act.no_blast', values: { touched: 2 } });
    clock.set(clock.now() + SETTLE_MS + 1);
    expect((await guard('pod/c')).help).toBeNull();
  });
});

test('what calls a target, or is called by it, is left alone until that has settled', async () => {
  await acting.recommend(await troubleOf('service/orders'), 'restart');
  expect((await guard('service/gateway')).help).toMatchObject({
    key: 'act.no_near',
    values: { entity: 'service/orders' },
  });
  clock.set(clock.now() + SETTLE_MS + 1);
  expect((await guard('service/gateway')).help).toBeNull();
});

test('nobody shakes a machine while something is done to what runs on it', async () => {
  hang = true;
  const { root, id } = await troubleOf('pod/a');
  const asked = await acting.stage.request({ action: 'restart', entity: root, incident: id, dryRun: false, by: 'ana' });
  await acting.stage.approve(asked.id, 'ana');
  expect((await guard('host/big')).person).toMatchObject({ key: 'act.no_alone' });
  expect((await guard('host/small')).person).toBeNull();
});

describe('what was of no use on an incident', () => {
  const said = async (at: readonly string[], verdict: 'ineffective' | 'harmful' = 'ineffective') => {
    const incident = await troubleOf('pod/a');
    const evidence = { evidence: [], reason: phrase('act.outcome_ineffective') };
    const of = { incident: incident.id, fleet: 'default', action: 'restart', decidedAt: clock.now(), ...evidence };
    for (const entity of at) {
      const id = `${incident.id}_${entity}`;
      await store.outcomes.insert({ id: `outcome_${id}`, run: `run_${id}`, entity, verdict, ...of });
    }
    return async (entity: string) => (await acting.stage.guard('restart', entity, incident.id)).help?.key;
  };

  test('is not done at another part of the same service, but may be what another one needs', async () => {
    const helpAt = await said(['pod/a']);
    expect(await helpAt('pod/a')).toBe('act.no_again_ineffective');
    expect(await helpAt('pod/c')).toBe('act.no_again_ineffective');
    expect(await helpAt('service/gateway')).toBeUndefined();
  });

  test('is done nowhere any more after three places', async () => {
    expect(await (await said(['pod/a', 'pod/b']))('service/gateway')).toBeUndefined();
    expect(await (await said(['pod/a', 'pod/b', 'pod/c']))('service/gateway')).toBe('act.no_again_ineffective');
  });

  test('is done nowhere any more where it did harm', async () => {
    expect(await (await said(['pod/a'], 'harmful'))('service/gateway')).toMatch(/no_again_harmful|no_breaker_harm/);
  });
});
