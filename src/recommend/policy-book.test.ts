import { expect, test } from 'vitest';
import type { Model } from '../model/failure.ts';
import { type PolicyOption, POLICY_MODEL, POLICY_SCOPE } from '../model/policy.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createStore } from '../store/create-store.ts';
import { openMemoryDatabase } from '../store/memory-database.ts';
import { banditFactory } from './policies/bandit-policy.ts';
import { contextOf, historyOf, optionOf } from './policies/check-policy.ts';
import { POLICIES } from './policies/factories.ts';
import { plannerFactory } from './policies/planner-policy.ts';
import { PolicyBook } from './policy-book.ts';

const T0 = 1_800_000_000_000;
let monotonic = 0;
const clock: Clock = { ...systemClock, now: () => T0, monotonic: () => monotonic };
const model = (kind: string, state: Model['state']): Model => ({
  id: `model_${kind}`,
  kind: POLICY_MODEL,
  version: `${kind}@1`,
  scope: POLICY_SCOPE,
  state,
  trainedFrom: null,
  trainedTo: T0,
  metrics: {},
  reason: '',
  createdAt: T0,
});

// By counts a restart is best; of a bad release only the context tells.
const CONTEXT = contextOf({ drivers: ['errors'], changes: ['deploy'] });
const OPTIONS: readonly PolicyOption[] = [
  optionOf('restart', { tally: { resolved: 900, ineffective: 100 } }),
  optionOf('roll-back', { tally: { resolved: 100, ineffective: 900 } }),
];
const HOW = { seed: 1, exploration: 0 } as const;

test('who is in force lets challengers try what it would not, where something may be tried, and hears of both anew', async () => {
  const store = await createStore(await openMemoryDatabase(), { clock, place: 'memory' });
  try {
    const book = new PolicyBook({ store, clock, log: silentLog, factories: POLICIES });
    const shares = async (explore: boolean): Promise<number[]> => {
      monotonic += 60_000;
      const { policy } = await book.current();
      return policy.decide({ context: CONTEXT, options: OPTIONS, explore }).map(({ share }) => share);
    };
    expect(await shares(true)).toEqual([1, 0]);

    const bandit = await banditFactory.fit(historyOf(90), HOW);
    await store.models.upsert(model('bandit', 'challenger'), bandit!.toBytes());
    expect(await shares(true)).toEqual([0.9, 0.1]);
    expect(await shares(false)).toEqual([1, 0]);

    // One that nobody here can read has no turn, and takes none from others.
    await store.models.upsert(model('unheard-of', 'challenger'), new Uint8Array(8));
    expect(await shares(true)).toEqual([0.9, 0.1]);

    const planner = await plannerFactory.fit(historyOf(90), HOW);
    await store.models.upsert(model('fitted-q', 'champion'), planner!.toBytes());
    await store.models.upsert(model('bandit', 'retired'), null);
    expect((await book.current()).version).toBe('1');
    expect(await shares(false)).toEqual([0, 1]);
    expect((await book.current()).version).toBe('fitted-q@1');
  } finally {
    await store.close();
  }
}, 60_000);
