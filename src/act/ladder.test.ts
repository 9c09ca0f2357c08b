import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import type { Store } from '../store/store.ts';
import { anyAction, auditOf, createSetClock, obedient, openTrouble, startActing } from './check-acting.ts';

const MINUTE = 60_000;
const clock = createSetClock(1_800_000_000_000);
let store: Store;
beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
});
afterAll(() => store.close());

/** An incident that some actions were thought of for, that nobody acted upon, and that ended after so long. */
async function leftAlone(lastedMs: number, ...actions: readonly string[]): Promise<void> {
  clock.set(clock.now() + MINUTE);
  const incident = await openTrouble(store, clock.now());
  await store.decisions.insert({
    id: `decision_${incident.id}`,
    incident: incident.id,
    fleet: incident.fleet,
    time: clock.now(),
    policy: { kind: 'beta', version: '1' },
    context: {
      entityKind: 'host',
      anomalyKinds: [],
      predictionKinds: [],
      drivers: [],
      probability: 0,
      severity: 'critical',
      ageSeconds: 0,
      breadth: 1,
      changes: [],
      tried: [],
    },
    options: actions.map((action) => ({
      action,
      entity: incident.root,
      disruption: 'low' as const,
      prior: { resolved: 1, failed: 1 },
      tally: {},
      allowed: false,
      probability: 0.5,
      share: 0,
    })),
    chosen: null,
    explored: false,
  });
  const resolvedAt = clock.now() + lastedMs;
  await store.incidents.upsert([{ ...incident, state: 'resolved', resolvedAt, updatedAt: clock.now() + 1 }]);
}

test('what is only observed is suggested once its incidents have shown to last, and goes no further by that', async () => {
  const target = obedient();
  const acting = await startActing({
    store,
    clock,
    executors: [target.executor],
    actions: [
      anyAction('lasting', { mode: 'observe', upTo: 'auto' }),
      anyAction('passing', { mode: 'observe', upTo: 'auto' }),
      anyAction('kept', { mode: 'observe' }),
    ],
  });
  const levels = async () =>
    Object.fromEntries((await acting.stage.ladder()).map(({ action, level }) => [action, level]));
  const look = async () => {
    clock.set(clock.now() + 2 * MINUTE);
    await acting.stage.tick();
    return levels();
  };
  for (let i = 0; i < 4; i++) await leftAlone(MINUTE, 'lasting', 'kept');
  for (let i = 0; i < 6; i++) await leftAlone(1000, 'passing');
  expect(await look()).toEqual({ lasting: 'observe', passing: 'observe', kept: 'observe' });
  await leftAlone(MINUTE, 'lasting', 'kept');
  expect(await look()).toEqual({ lasting: 'suggest', passing: 'observe', kept: 'observe' });
  for (let i = 0; i < 20; i++) await leftAlone(MINUTE, 'lasting', 'kept');
  expect(await look()).toEqual({ lasting: 'suggest', passing: 'observe', kept: 'observe' });
  expect(await auditOf(store, 'lasting')).toEqual(['automation.climb vigia proven']);
  expect(target.calls).toEqual([]);

  // A person who puts it back has the last word until it has shown itself anew.
  await acting.stage.putOnLadder({ action: 'lasting', entityKind: 'host', level: 'observe' }, 'ana');
  expect(await look()).toMatchObject({ lasting: 'observe' });
  const [rung] = await acting.stage.ladder();
  expect(rung).toMatchObject({ level: 'observe', reason: 'person', watched: { incidents: 0, lasted: 0 }, needed: 0.3 });
  for (let i = 0; i < 5; i++) await leftAlone(MINUTE, 'lasting');
  expect(await look()).toMatchObject({ lasting: 'suggest' });
  await acting.stop();
});
