import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { createStore } from './create-store.ts';
import { createDuties } from './duties.ts';
import { openMemoryDatabase } from './memory-database.ts';
import type { Store } from './store.ts';

describe('duties', () => {
  let store: Store;
  beforeAll(async () => {
    store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  });
  afterAll(() => store.close());
  const open = (holder: string, lapseMs = 60_000) =>
    createDuties({ store, clock: systemClock, log: silentLog, holder, lapseMs });

  it('one process has it until it stops, then another', async () => {
    const [a, b] = [open('a'), open('b')];
    await a.start();
    await b.start();
    expect(await a.mine('train')).toBe(true);
    expect(await b.mine('train')).toBe(false);
    expect(await b.mine('tidy')).toBe(true);
    expect(await a.mine('train')).toBe(true);
    await a.stop();
    expect(await a.mine('train')).toBe(false);
    while (!(await b.mine('train'))) await sleep(20);
    await b.stop();
  });

  it('who was not heard of can no longer write, and who took over can', async () => {
    const [slow, next] = [open('slow', 1), open('next')];
    // Not started: it does not renew, as a process that hangs does not.
    expect(await slow.mine('fence')).toBe(true);
    while (!(await next.mine('fence'))) await sleep(5);
    const set = (value: string, duties: typeof slow) =>
      duties.fenced('fence', (stores) => stores.settings.set('fenced', value, 'test', 0));
    await set('new', next);
    await expect(set('old', slow)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await store.settings.get('fenced')).toBe('new');
  });
});
