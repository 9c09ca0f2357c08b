import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NOW } from './check-store.ts';
import type { Lease, Store } from './store.ts';

const LONG = 600_000;

/** What every store's leases hold; part of the suite of stores. */
export function checkLeases(open: () => Promise<Store>): void {
  describe('leases', () => {
    const take = async (name: string, holder: string, lapseMs = LONG): Promise<Lease | null> =>
      (await open()).leases.acquire({ name, holder, lapseMs });
    const outlive = async (name: string, holder: string): Promise<Lease> => {
      for (let tries = 0; tries < 500; tries++) {
        const lease = await take(name, holder);
        if (lease) return lease;
        await sleep(10);
      }
      throw new Error('the lease does not lapse');
    };

    it('one of many gets it, keeps it while it is renewed, and gives it back', async () => {
      const { leases } = await open();
      const taken = (await Promise.all(['a', 'b', 'c', 'd'].map((holder) => take('one', holder)))).filter(Boolean);
      expect(taken).toHaveLength(1);
      const lease = taken[0]!;
      expect(await take('one', lease.holder)).toEqual(lease);
      expect(await leases.renew(lease, LONG)).toBe(true);
      expect(await take('one', 'z')).toBeNull();
      expect(await take('other', 'z')).toMatchObject({ holder: 'z' });
      await leases.release(lease);
      expect((await take('one', 'z'))?.token).toBe(lease.token + 1);
      expect(await leases.renew(lease, LONG)).toBe(false);
      await leases.release(lease);
      expect(await take('one', 'y')).toBeNull();
    });

    it('is free when its holder was not heard of, and the same holder then has a new token', async () => {
      const { leases } = await open();
      const first = await take('lapse', 'a', 1);
      const second = await outlive('lapse', 'b');
      expect(second.token).toBe(first!.token + 1);
      await leases.release(second);
      expect((await take('lapse', 'b'))?.token).toBe(second.token + 1);
    });

    it('lets a holder write only while no other has taken over, all or nothing', async () => {
      const { leases, settings } = await open();
      const lease = (await take('fence', 'a'))!;
      const write = (by: Lease, value: string): Promise<void> =>
        leases.fenced(by, async (stores) => {
          await stores.settings.set('fenced', value, by.holder, NOW);
          if (value === 'fails') throw new Error('half way');
        });
      await write(lease, 'first');
      await expect(write(lease, 'fails')).rejects.toThrow('half way');
      expect(await settings.get('fenced')).toBe('first');
      await leases.release(lease);
      // Nobody else has it yet, so nothing can be out of order.
      await write(lease, 'late');
      const next = (await take('fence', 'b'))!;
      await write(next, 'second');
      await expect(write(lease, 'stale')).rejects.toMatchObject({ code: 'LEASE_LOST', values: { name: 'fence' } });
      expect(await settings.get('fenced')).toBe('second');
    });
  });
}
