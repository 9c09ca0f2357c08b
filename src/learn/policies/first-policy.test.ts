import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeModel } from '../../ml/serialize.ts';
import { POLICIES } from '../../recommend/policies/factories.ts';
import { banditFactory } from '../../recommend/policies/bandit-policy.ts';
import { historyOf } from '../../recommend/policies/check-policy.ts';
import { systemClock } from '../../runtime/clock.ts';
import { randomIds } from '../../runtime/ids.ts';
import { silentLog } from '../../runtime/log.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { createFirstPolicy } from './first-policy.ts';
import { createPolicyLifecycle, type PolicyLifecycle } from './policy-lifecycle.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigia-first-policy-'));
let store: Store;
let lifecycle: PolicyLifecycle;

beforeAll(async () => {
  store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  lifecycle = createPolicyLifecycle({ store, clock: systemClock, ids: randomIds, factories: POLICIES });
}, 120_000);
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const brought = (name: string, bytes: Uint8Array) => {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return createFirstPolicy({ file, lifecycle, factories: POLICIES, clock: systemClock, log: silentLog });
};
const trained = async (seed: number): Promise<Uint8Array> =>
  (await banditFactory.fit(historyOf(60), { seed, exploration: 0.05 }))!.toBytes();

test.each([
  ['nothing of the kind', new Uint8Array([1, 2, 3]), /./],
  [
    'a policy of a kind that nobody reads',
    encodeModel('oracle', 1, {}, {}),
    /nobody here reads a policy of kind oracle/,
  ],
])('%s is refused by name and changes nothing', async (name, bytes, reason) => {
  const starting = brought('bad', bytes).start();
  await expect(starting, name).rejects.toMatchObject({ code: 'EXTENSION_INVALID' });
  await expect(starting).rejects.toThrow(reason);
  expect((await lifecycle.inForce()).model).toBeNull();
});

test('a policy trained elsewhere serves under the fingerprint of its file, until another is promoted', async () => {
  const first = brought('first', await trained(1));
  await first.start();
  const { model, policy } = await lifecycle.inForce();
  expect(model?.version).toMatch(/^bandit@[0-9a-f]{12}$/);
  expect(policy.toBytes()).toEqual(await trained(1));
  await first.stop();

  // A second start, and another file, find one in force.
  await first.start();
  await brought('second', await trained(2)).start();
  expect((await lifecycle.inForce()).model?.version).toBe(model?.version);
  const { items } = await store.audit.list({ limit: 10, cursor: null });
  expect(items.map(({ verb }) => verb)).toEqual(['policy_champion']);
});
