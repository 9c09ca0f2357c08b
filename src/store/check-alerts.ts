import { describe, expect, it } from 'vitest';
import type { AlertRequest } from '../model/alert.ts';
import type { Feedback } from '../model/failure.ts';
import { NOW } from './check-store.ts';
import type { Store } from './store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const request = (incident: string, changes: Partial<AlertRequest> = {}): AlertRequest => ({
  incident,
  line: 'pages',
  pot: 'fleet',
  count: 2,
  windowMs: DAY,
  time: NOW,
  ...changes,
});

const said = (id: string, changes: Partial<Feedback> = {}): Feedback => ({
  id,
  target: 'anomaly',
  targetId: `${id} target`,
  verdict: 'false_alarm',
  note: 'sí',
  by: 'ana',
  time: NOW,
  anomalies: ['a'],
  missed: null,
  rule: {
    effect: 'quieter',
    level: 'entity',
    alike: [{ where: 'host/a', kind: 'spike', drivers: { 'cpu{core="0"}': 0.75 }, direction: 1, strength: 12.5 }],
    until: null,
  },
  adopted: null,
  undone: null,
  ...changes,
});

/** What every store must do with alerts and feedback. `open` gives one store whose clock says `NOW`. */
export function checkAlerts(open: () => Promise<Store>): void {
  describe('alerts', () => {
    it('are given while the pot has room, once an incident and line, and never beyond the count in any window', async () => {
      const { alerts } = await open();
      const pot = 'rolling';
      const ask = (incident: string, time: number) => alerts.reserve(request(incident, { pot, time }));
      expect(await ask('r1', NOW)).toBe(true);
      expect(await ask('r2', NOW + 20 * HOUR)).toBe(true);
      expect(await ask('r3', NOW + 23 * HOUR)).toBe(false);
      expect(await ask('r1', NOW + 23 * HOUR)).toBe(true);
      expect(await ask('r3', NOW + 24 * HOUR)).toBe(true);
      expect(await ask('r4', NOW + 25 * HOUR)).toBe(false);
      expect(await alerts.used({ pot, line: 'pages', since: NOW })).toBe(2);
      expect(await alerts.used({ pot, line: 'pages', since: NOW - 1 })).toBe(3);
      expect((await alerts.since(NOW + 20 * HOUR - 1, 10)).filter((one) => one.pot === pot)).toEqual([
        { incident: 'r3', line: 'pages', pot, time: NOW + 24 * HOUR },
        { incident: 'r2', line: 'pages', pot, time: NOW + 20 * HOUR },
      ]);
      expect(await alerts.since(NOW - DAY, 1)).toHaveLength(1);
    });

    it('of pots and lines do not touch each other, and a warning that turns critical has taken both', async () => {
      const { alerts, incidents } = await open();
      const before = await incidents.pagedSince(NOW);
      expect(await alerts.reserve(request('o1', { pot: 'one', count: 1 }))).toBe(true);
      expect(await alerts.reserve(request('o2', { pot: 'one', count: 1 }))).toBe(false);
      expect(await alerts.reserve(request('o2', { pot: 'two', count: 1 }))).toBe(true);
      expect(await alerts.reserve(request('o3', { pot: 'two', count: 0 }))).toBe(false);
      expect(await alerts.reserve(request('o1', { pot: 'one', count: 1, line: 'warnings' }))).toBe(true);
      const after = await incidents.pagedSince(NOW);
      expect([after.pages - before.pages, after.warnings - before.warnings]).toEqual([2, 1]);
    });

    it('asked for by many at once are no more than there is room for', async () => {
      const { alerts } = await open();
      const asked = Array.from({ length: 12 }, (_, i) =>
        alerts.reserve(request(`many_${i}`, { pot: 'many', count: 3, time: NOW + i })),
      );
      expect((await Promise.all(asked)).filter(Boolean)).toHaveLength(3);
    });
  });

  describe('feedback', () => {
    it('comes back whole, and one verdict on being right stands for a target until it is undone', async () => {
      const { feedback } = await open();
      const first = said('f1', { targetId: 't1' });
      expect(await feedback.insert(first)).toBe(true);
      expect(await feedback.get('f1')).toEqual(first);
      expect(await feedback.get('nothing')).toBeNull();
      expect(await feedback.insert(said('f2', { targetId: 't1', verdict: 'real', by: 'eva' }))).toBe(false);
      expect(await feedback.insert(said('f3', { targetId: 't1', verdict: 'useful', rule: null }))).toBe(true);
      expect((await feedback.ruling(10)).map(({ id }) => id)).toContain('f1');
      expect(await feedback.undo('f1', { by: 'eva', time: NOW + 1 })).toBe(true);
      expect(await feedback.undo('f1', { by: 'ana', time: NOW + 2 })).toBe(false);
      expect(await feedback.undo('nothing', { by: 'ana', time: NOW })).toBe(false);
      expect(await feedback.get('f1')).toEqual({ ...first, undone: { by: 'eva', time: NOW + 1 } });
      expect((await feedback.ruling(10)).map(({ id }) => id)).not.toContain('f1');
      expect(await feedback.insert(said('f2', { targetId: 't1', verdict: 'real', by: 'eva', time: NOW + 3 }))).toBe(
        true,
      );
      const list = async (filter: object) =>
        (await feedback.list({ limit: 10, cursor: null, targetId: 't1', ...filter })).items.map(({ id }) => id);
      expect(await list({})).toEqual(['f2', 'f3', 'f1']);
      expect(await list({ standing: true })).toEqual(['f2', 'f3']);
      expect(await list({ verdict: 'false_alarm' })).toEqual(['f1']);
      expect(await list({ range: { from: NOW + 1, to: NOW + 4 } })).toEqual(['f2']);
    });

    it('on one target by two persons at once has one winner', async () => {
      const { feedback } = await open();
      const both = [said('w1', { targetId: 'w' }), said('w2', { targetId: 'w', verdict: 'real', rule: null })];
      const written = await Promise.all(both.map((one) => feedback.insert(one)));
      expect(written.filter(Boolean)).toHaveLength(1);
    });
  });
}
