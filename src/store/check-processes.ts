import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { NOW } from './check-store.ts';
import type { Store } from './store.ts';

const LONG = 600_000;

/** What every store holds of processes that work together; part of the suite of stores. */
export function checkProcesses(open: () => Promise<Store>): void {
  describe('processes', () => {
    it('members are there from their first word until they leave or go silent', async () => {
      const { members } = await open();
      const beat = (id: string, lapseMs: number, about = {}) =>
        members.beat({ id, stages: ['collect', 'api'], about }, lapseMs);
      await beat('b', LONG);
      await beat('a', LONG, { lag: 1 });
      await beat('c', 1);
      await beat('a', LONG, { lag: 2 });
      while ((await members.live()).length > 2) await sleep(5);
      expect(await members.live()).toMatchObject([
        { id: 'a', stages: ['collect', 'api'], about: { lag: 2 } },
        { id: 'b' },
      ]);
      await members.leave('a');
      expect((await members.live()).map(({ id }) => id)).toEqual(['b']);
      await members.leave('b');
    });

    it('an order goes to one taker, once, and its answer back', async () => {
      const { orders } = await open();
      const place = (id: string, stage = 'act') => orders.place({ id, stage, verb: 'approve', body: { run: id } });
      for (const id of ['o1', 'o2', 'o3']) await place(id);
      await place('p1', 'learn');
      const take = (by: string) => orders.take({ stage: 'act', by, withinMs: LONG, limit: 2 });
      const taken = (await Promise.all([take('x'), take('y'), take('z')])).flat();
      expect(taken.map(({ id }) => id).sort()).toEqual(['o1', 'o2', 'o3']);
      expect(taken[0]).toMatchObject({ stage: 'act', verb: 'approve', body: { run: taken[0]!.id } });
      expect(await orders.answerTo('o1')).toBeNull();
      await orders.answer('o1', { ok: true });
      expect(await orders.answerTo('o1')).toEqual({ ok: true });
      expect(await orders.withdraw('o2')).toBe(false);
      expect(await orders.withdraw('p1')).toBe(true);
      expect(await orders.take({ stage: 'learn', by: 'x', withinMs: LONG, limit: 2 })).toEqual([]);
    });

    it('changes are numbered in the order in which they are seen', async () => {
      const { changes } = await open();
      const before = await changes.newest();
      await Promise.all([1, 2, 3].map((n) => changes.append([{ n }, { n: n + 10 }], NOW)));
      const found = await changes.after(before, 100);
      expect(found).toHaveLength(6);
      expect(found.map(({ number }) => number)).toEqual(found.map(({ number }) => number).sort((a, b) => a - b));
      expect(await changes.newest()).toBe(found.at(-1)!.number);
      expect((await changes.after(before, 2)).length).toBe(2);
      await changes.forget(NOW + 2 * 3_600_000);
      expect(await changes.after(before, 100)).toEqual([]);
    });
  });
}
