import { describe, expect, it } from 'vitest';
import type { Outcome, Recommendation, Run } from '../model/action.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Entity } from '../model/entity.ts';
import type { Event } from '../model/event.ts';
import type { Feature, Frame, FrameLayout, RollupFrame } from '../model/frame.ts';
import type { Incident } from '../model/incident.ts';
import { internLayout } from '../model/layout.ts';
import { phrase } from '../model/phrase.ts';
import type { Decision } from '../model/policy.ts';
import type { Prediction } from '../model/prediction.ts';
import type { SampleBatch, Series } from '../model/series.ts';
import type { Silence } from '../model/silence.ts';
import type { Edge } from '../model/topology.ts';
import type { Page, PageQuery, SampleStore, Store } from './store.ts';

/** Noon of some day, UTC: every store under test believes that it is now. */
export const NOW = Date.UTC(2026, 4, 20, 12, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const seriesOf = (entity: string, name: string): Series => ({
  key: `${name}{entity="${entity}"}`,
  name,
  labels: { entity },
  type: 'gauge',
  unit: '',
  entity,
});

const batchOf = (series: readonly Series[], rows: readonly (readonly [number, number, number])[]): SampleBatch => ({
  entity: series[0]!.entity,
  fleet: 'default',
  source: 'push',
  receivedAt: NOW,
  series: rows.map(([index]) => series[index]!),
  times: Float64Array.from(rows, ([, time]) => time),
  values: Float64Array.from(rows, ([, , value]) => value),
});

const feature = (name: string): Feature => ({
  name,
  metric: name,
  labels: {},
  kind: 'level',
  unit: 'bytes',
  limit: { side: 'above', value: { feature: 'size' } },
});

const frameOf = (entity: string, time: number, layout: FrameLayout, values: readonly number[]): Frame => ({
  entity,
  fleet: 'default',
  time,
  stepMs: 5000,
  layout,
  values: Float32Array.from(values),
  derived: new Float32Array(0),
  closedAt: time + 5123,
});

const rollupOf = (entity: string, time: number, layout: FrameLayout, mean: readonly number[]): RollupFrame => ({
  entity,
  time,
  stepMs: MINUTE,
  layout,
  mean: Float32Array.from(mean),
  low: Float32Array.from(mean, (value) => value - 1),
  high: Float32Array.from(mean, (value) => value + 1),
});

const entityOf = (id: string, changes: Partial<Entity> = {}): Entity => ({
  id,
  kind: id.split('/')[0]!,
  name: id.slice(id.indexOf('/') + 1),
  fleet: 'default',
  labels: { zone: 'a' },
  firstSeen: NOW - HOUR,
  lastSeen: NOW,
  ...changes,
});

const anomalyOf = (id: string, changes: Partial<Anomaly> = {}): Anomaly => ({
  id,
  entity: 'host/a',
  fleet: 'default',
  start: NOW - MINUTE,
  end: null,
  openedAt: NOW - MINUTE + 5000,
  kind: 'spike',
  kindReason: phrase('detect.kindSpike', { feature: 'cpu' }),
  severity: 'warning',
  severityReason: phrase('severity.high', { share: 0.25, name: 'cpu' }),
  score: 0.987_654_321,
  pValue: 1e-9,
  frames: 3,
  contributions: [
    {
      feature: 'cpu',
      share: 1,
      value: 0.5,
      expected: null,
      low: 0.1,
      high: null,
      unit: 'ratio',
      detector: 'residual',
    },
  ],
  members: [{ detector: 'residual', pValue: 1e-9, agrees: true }],
  ending: null,
  needs: { warning: 1e-7, critical: null, nearLimit: false },
  provisional: true,
  heldBack: null,
  updatedAt: NOW,
  ...changes,
});

const predictionOf = (id: string, changes: Partial<Prediction> = {}): Prediction => ({
  id,
  entity: 'host/a',
  fleet: 'default',
  kind: 'capacity',
  feature: 'filesystem_used_bytes{mountpoint="/"}',
  unit: 'bytes',
  madeAt: NOW,
  openedAt: NOW - MINUTE,
  closedAt: null,
  state: 'open',
  severity: 'critical',
  horizons: [{ seconds: 3600, probability: 0.75 }],
  expectedAt: NOW + HOUR,
  earliest: NOW + MINUTE,
  latest: null,
  current: 1e12,
  limit: 2e12,
  slope: 0.1,
  drivers: [{ feature: 'cpu', share: 1, reason: phrase('x') }],
  reason: phrase('capacity.soon'),
  model: { kind: 'capacity', version: '1' },
  ...changes,
});

const incidentOf = (id: string, changes: Partial<Incident> = {}): Incident => ({
  id,
  fleet: 'default',
  state: 'open',
  severity: 'critical',
  title: phrase('incident.title'),
  openedAt: NOW - MINUTE,
  updatedAt: NOW,
  resolvedAt: null,
  reopened: 0,
  root: 'host/a',
  rootReason: phrase('root.first'),
  entities: ['host/a', 'host/b'],
  anomalyKinds: ['spike'],
  features: ['cpu'],
  anomalies: ['anomaly_1'],
  predictions: [],
  pagedAt: NOW,
  timeline: [{ time: NOW, entity: 'host/a', ref: 'anomaly_1', type: 'anomaly', text: phrase('began') }],
  ...changes,
});

const runOf = (id: string, changes: Partial<Run> = {}): Run => ({
  id,
  incident: 'incident_1',
  recommendation: null,
  fleet: 'default',
  action: 'clean',
  entity: 'host/a',
  dryRun: false,
  state: 'awaiting_approval',
  plan: ['/bin/rm', '-r', '/tmp/x'],
  decision: [phrase('guard.ok')],
  requestedBy: 'ana',
  requestedAt: NOW,
  expiresAt: NOW + HOUR,
  decidedBy: null,
  decidedAt: null,
  startedAt: null,
  endedAt: null,
  exitCode: null,
  output: '',
  error: null,
  ...changes,
});

const outcomeOf = (id: string, changes: Partial<Outcome> = {}): Outcome => ({
  id,
  run: `run_of_${id}`,
  incident: 'incident_1',
  fleet: 'default',
  action: 'clean',
  entity: 'host/a',
  verdict: 'resolved',
  decidedAt: NOW,
  evidence: [{ feature: 'disk', before: 0.99, after: null, unit: 'ratio' }],
  reason: phrase('outcome.resolved'),
  ...changes,
});

const recommendationOf = (id: string, changes: Partial<Recommendation> = {}): Recommendation => ({
  id,
  incident: 'incident_1',
  fleet: 'default',
  time: NOW,
  actions: [],
  policy: { kind: 'beta', version: '1' },
  reason: phrase('recommend.best'),
  explores: null,
  similar: null,
  considered: null,
  ...changes,
});

const eventOf = (id: string, changes: Partial<Event> = {}): Event => ({
  id,
  time: NOW,
  entity: 'host/a',
  fleet: 'default',
  name: 'deploy',
  source: 'push',
  severity: 'info',
  text: 'deployed 1.2.3',
  labels: { version: '1.2.3' },
  ...changes,
});

/** Every item of a list, read in pages. */
async function allPages<T>(list: (query: PageQuery) => Promise<Page<T>>, limit = 2): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit, cursor });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

const whole = { from: NOW - 30 * DAY, to: NOW + 30 * DAY };
const first: PageQuery = { limit: 100, cursor: null };

async function replayed(store: SampleStore, after: ReadonlyMap<string, number>, since: number): Promise<string[]> {
  const found: string[] = [];
  for await (const batch of store.replay(after, since)) {
    batch.series.forEach(({ key }, i) => found.push(`${key} ${batch.times[i]} ${batch.values[i]}`));
  }
  return found;
}

/**
 * What every store passes, whichever database is behind it. `open` gives an empty one that is closed afterwards by
 * the caller; tests use names of their own, so they may share it.
 */
export function checkStore(open: () => Promise<Store>): void {
  describe('entities', () => {
    it('keeps the first sight, moves the last one, lists by id', async () => {
      const { entities } = await open();
      await entities.upsert([entityOf('zebra/2'), entityOf('zebra/1'), entityOf('zebra/3')]);
      await entities.upsert([entityOf('zebra/1', { firstSeen: NOW, lastSeen: NOW + 5, labels: { zone: 'b' } })]);
      expect(await entities.get('zebra/1')).toEqual(
        entityOf('zebra/1', { firstSeen: NOW - HOUR, lastSeen: NOW + 5, labels: { zone: 'b' } }),
      );
      expect(await entities.get('zebra/4')).toBeNull();
      const listed = await allPages((query) => entities.list({ ...query, kind: 'zebra' }));
      expect(listed.map(({ id }) => id)).toEqual(['zebra/1', 'zebra/2', 'zebra/3']);
      const found = await entities.list({ ...first, search: 'EBRA/2' });
      expect(found.items.map(({ id }) => id)).toEqual(['zebra/2']);
    });

    it('keeps text that PostgreSQL cannot hold by replacing what is wrong with it', async () => {
      const { entities } = await open();
      const labels = { note: 'a\0b', half: 'x\uD800y', quoted: '\\u0000 "\n\'' };
      await entities.upsert([entityOf('odd/1', { labels })]);
      expect((await entities.get('odd/1'))?.labels).toEqual({
        note: 'a\uFFFDb',
        half: 'x\uFFFDy',
        quoted: labels.quoted,
      });
    });

    it('refuses a cursor that is not its own', async () => {
      const { entities, audit } = await open();
      await entities.upsert([entityOf('cursor/1'), entityOf('cursor/2')]);
      const { next } = await entities.list({ limit: 1, cursor: null, kind: 'cursor' });
      expect(next).not.toBeNull();
      for (const cursor of ['nonsense', '', Buffer.from('[1,2,3]').toString('base64url')]) {
        await expect(entities.list({ limit: 1, cursor })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
      }
      await expect(audit.list({ limit: 1, cursor: next })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
    });
  });

  describe('samples', () => {
    it('writes a sample once, whatever its value', async () => {
      const { samples } = await open();
      const series = [seriesOf('sample/a', 'one'), seriesOf('sample/a', 'two')];
      const rows = [
        [0, NOW - 3000, 1.1],
        [1, NOW - 3000, Number.NaN],
        [0, NOW - 2000, Number.POSITIVE_INFINITY],
        [0, NOW - 2000, 7],
        [1, NOW - 1000, -0.123_456_789_012_345],
      ] as const;
      expect(await samples.append([batchOf(series, rows)])).toEqual({ written: 4, repeated: 1 });
      expect(await samples.append([batchOf(series, rows)])).toEqual({ written: 0, repeated: 5 });
      // The same series as another object, as after a restart of the sender.
      const again = [seriesOf('sample/a', 'one')];
      expect(await samples.append([batchOf(again, [[0, NOW - 3000, 9]])])).toEqual({ written: 0, repeated: 1 });
      const read = await samples.read('sample/a', whole, 100);
      expect(read.series.map(({ name }) => name)).toEqual(['one', 'two', 'one', 'two']);
      expect([...read.times]).toEqual([NOW - 3000, NOW - 3000, NOW - 2000, NOW - 1000]);
      expect([...read.values]).toEqual([1.1, Number.NaN, Number.POSITIVE_INFINITY, -0.123_456_789_012_345]);
      expect(read.series[0]).toEqual(series[0]);
    });

    it('reads half-open ranges, oldest first, and no more than asked for', async () => {
      const { samples } = await open();
      const series = [seriesOf('sample/range', 'one')];
      await samples.append([
        batchOf(
          series,
          [5, 1, 3, 2, 4].map((second) => [0, NOW - 10_000 + second * 1000, second]),
        ),
      ]);
      const values = async (from: number, to: number, limit: number): Promise<number[]> => [
        ...(await samples.read('sample/range', { from: NOW - 10_000 + from, to: NOW - 10_000 + to }, limit)).values,
      ];
      expect(await values(1000, 4000, 10)).toEqual([1, 2, 3]);
      expect(await values(0, 9000, 2)).toEqual([1, 2]);
      expect(await values(9000, 9001, 2)).toEqual([]);
      expect((await samples.read('sample/nobody', whole, 10)).series).toEqual([]);
    });

    it('takes thousands at once, over several hours, in one commit', async () => {
      const { samples } = await open();
      const series = Array.from({ length: 400 }, (_, i) => seriesOf('sample/many', `m${i}`));
      const rows = Array.from(
        { length: 12_000 },
        (_, i) => [i % 400, NOW - 5 * HOUR + Math.floor(i / 400) * 600_000, i] as const,
      );
      expect(await samples.append([batchOf(series, rows)])).toEqual({ written: 12_000, repeated: 0 });
      expect((await samples.read('sample/many', whole, 20_000)).values).toHaveLength(12_000);
      const listed = await allPages((query) => samples.series({ ...query, entity: 'sample/many' }), 150);
      expect(listed).toHaveLength(400);
      expect(new Set(listed.map(({ key }) => key)).size).toBe(400);
    });

    it('does not write what retention would drop at once, nor what lies days ahead', async () => {
      const { samples } = await open();
      const series = [seriesOf('sample/far', 'one')];
      const rows = [
        [0, 0, 1],
        [0, NOW - 8 * DAY, 2],
        [0, NOW, 3],
        [0, NOW + 2 * DAY, 4],
        [0, 8e15, 5],
      ] as const;
      expect(await samples.append([batchOf(series, rows)])).toEqual({ written: 1, repeated: 0 });
      expect([...(await samples.read('sample/far', whole, 10)).values]).toEqual([3]);
    });

    it('replays what is newer than each entity knows', async () => {
      const { samples } = await open();
      const from = NOW - 26 * HOUR;
      const [a, b] = [[seriesOf('replay/a', 'm')], [seriesOf('replay/b', 'm')]] as const;
      const times = Array.from({ length: 6000 }, (_, i) => from + i * 10);
      await samples.append([
        batchOf(
          a,
          times.map((time, i) => [0, time, i]),
        ),
        batchOf(
          b,
          times.map((time, i) => [0, time, -i]),
        ),
      ]);
      const known = new Map([['replay/a', from + 59_980]]);
      const found = (await replayed(samples, known, from)).filter((line) => line.includes('replay/'));
      expect(found.filter((line) => line.includes('replay/a'))).toEqual([`${a[0].key} ${from + 59_990} 5999`]);
      const ofB = found.filter((line) => line.includes('replay/b'));
      expect(ofB).toEqual(times.map((time, i) => `${b[0].key} ${time} ${-i}`));
      const later = (await replayed(samples, new Map(), from + 59_990)).filter((line) => line.includes('replay/'));
      expect(later).toHaveLength(2);
    });
  });

  describe('frames', () => {
    const narrow = internLayout([feature('used'), feature('size')]);
    const wide = internLayout([feature('used'), feature('size'), feature('late')]);

    it('gives step frames back bit for bit, and writes each once', async () => {
      const { frames, entities } = await open();
      const written = [
        frameOf('frame/a', NOW - 15_000, narrow, [0.1, Number.NaN]),
        frameOf('frame/a', NOW - 10_000, narrow, [1e30, -2]),
        frameOf('frame/a', NOW - 5_000, wide, [3, 4, 5]),
        frameOf('frame/b', NOW - 5_000, narrow, [6, 7]),
      ];
      await frames.append(written);
      await frames.append([frameOf('frame/a', NOW - 10_000, narrow, [9, 9]), written[3]!]);
      const read = await frames.replay('frame/a', whole, 10);
      expect(read).toEqual(written.slice(0, 3));
      expect(read[2]!.layout).toBe(wide);
      expect(await frames.replay('frame/a', { from: NOW - 10_000, to: NOW - 5000 }, 10)).toEqual([written[1]]);
      expect(await frames.replay('frame/a', whole, 2)).toEqual(written.slice(0, 2));
      expect(await frames.replay('frame/nobody', whole, 2)).toEqual([]);
      expect(await frames.layout('frame/a')).toBe(wide);
      expect(await frames.layout('frame/nobody')).toBeNull();
      expect(await entities.get('frame/a')).toMatchObject({ kind: 'frame', name: 'a', fleet: 'default' });
      const newest = await frames.newest();
      expect(newest.get('frame/a')).toBe(NOW - 5000);
      expect(newest.get('frame/b')).toBe(NOW - 5000);
    });

    it('gives columns, over layouts that grow, of the newest times', async () => {
      const { frames } = await open();
      await frames.append([
        frameOf('columns/a', NOW - 20_000, narrow, [0, 0]),
        frameOf('columns/a', NOW - 15_000, narrow, [1, 2]),
        frameOf('columns/a', NOW - 10_000, wide, [3, 4, 5]),
      ]);
      const query = { entity: 'columns/a', tier: 'step', range: whole, limit: 2 } as const;
      const all = await frames.columns({ ...query, features: null });
      expect(all).toEqual({
        tier: 'step',
        stepMs: 5000,
        times: Float64Array.of(NOW - 15_000, NOW - 10_000),
        features: ['used', 'size', 'late'],
        mean: [Float32Array.of(1, 3), Float32Array.of(2, 4), Float32Array.of(Number.NaN, 5)],
        low: all.mean,
        high: all.mean,
      });
      const some = await frames.columns({ ...query, features: ['late', 'unknown', 'used'] });
      expect(some.features).toEqual(['late', 'unknown', 'used']);
      expect(some.mean).toEqual([
        Float32Array.of(Number.NaN, 5),
        Float32Array.of(Number.NaN, Number.NaN),
        Float32Array.of(1, 3),
      ]);
      const none = await frames.columns({ ...query, entity: 'columns/nobody', features: null });
      expect(none).toMatchObject({ features: [], mean: [] });
      expect(none.times).toHaveLength(0);
    });

    it('gives the means of many entities at once, whatever their layouts', async () => {
      const { frames } = await open();
      const rollup = (entity: string, time: number, layout: FrameLayout, values: readonly number[]): RollupFrame => {
        const mean = Float32Array.from(values);
        return { entity, time, stepMs: MINUTE, layout, mean, low: mean, high: mean };
      };
      const minutes = [
        rollup('many/a', NOW - 3 * MINUTE, narrow, [1, 2]),
        rollup('many/a', NOW - 2 * MINUTE, wide, [3, 4, 5]),
        rollup('many/b', NOW - 2 * MINUTE, narrow, [6, Number.NaN]),
        rollup('many/b', NOW, narrow, [9, 9]),
      ];
      await frames.append(minutes.map(({ entity, time, layout, mean }) => frameOf(entity, time, layout, [...mean])));
      await frames.appendRollups('minute', minutes);
      const range = { from: NOW - HOUR, to: NOW };
      const entities = ['many/a', 'many/b', 'many/nobody'];
      const found = await frames.many({ entities, tier: 'minute', range, features: ['late', 'size', 'unknown'] });
      expect([...found.keys()].toSorted()).toEqual(['many/a', 'many/b']);
      const { NaN: none } = Number;
      expect(found.get('many/a')).toEqual({
        times: Float64Array.of(NOW - 3 * MINUTE, NOW - 2 * MINUTE),
        values: Float32Array.of(none, 2, none, 5, 4, none),
      });
      expect(found.get('many/b')?.values).toEqual(Float32Array.of(none, none, none));
      expect(await frames.many({ entities: [], tier: 'minute', range, features: ['late'] })).toEqual(new Map());
    });

    it('rolls minutes up to hours once each, leaving out what was missing', async () => {
      const { frames, maintenance } = await open();
      const from = NOW - 3 * HOUR;
      const minutes = Array.from({ length: 60 }, (_, i) =>
        rollupOf('rollup/a', from + i * MINUTE, i < 30 ? narrow : wide, i < 30 ? [i, Number.NaN] : [i, 10, 7]),
      );
      // What the minutes are made of: there are stores that make them of it themselves.
      await frames.append(
        minutes.flatMap(({ time, layout, mean, low, high }) =>
          [low, mean, high].map((values, step) => frameOf('rollup/a', time + step * 5000, layout, [...values])),
        ),
      );
      await frames.appendRollups('minute', minutes);
      await frames.appendRollups('minute', minutes);
      await frames.appendRollups('expected', minutes.slice(0, 1));
      expect(await frames.rollups('minute', 'rollup/a', whole, 100)).toEqual(minutes);
      expect(await frames.rollups('expected', 'rollup/a', whole, 100)).toEqual(minutes.slice(0, 1));
      // The two hours after have no minutes of this entity; others may have some.
      expect(await maintenance.rollHours(NOW + 10 * MINUTE)).toBeGreaterThanOrEqual(1);
      expect(await maintenance.rollHours(NOW + 10 * MINUTE)).toBe(0);
      const [hour, ...rest] = await frames.rollups('hour', 'rollup/a', whole, 10);
      expect(rest).toEqual([]);
      expect(hour).toEqual({
        entity: 'rollup/a',
        time: from,
        stepMs: HOUR,
        layout: wide,
        mean: Float32Array.of(29.5, 10, 7),
        low: Float32Array.of(-1, 9, 6),
        high: Float32Array.of(60, 11, 8),
      });
      const columns = await frames.columns({
        entity: 'rollup/a',
        tier: 'hour',
        range: whole,
        features: ['late'],
        limit: 5,
      });
      expect([columns.mean, columns.low, columns.high]).toEqual([[7], [6], [8]].map((v) => [Float32Array.from(v)]));
      // A day later the hour makes a day.
      await maintenance.rollHours(NOW + DAY);
      const day = await frames.rollups('day', 'rollup/a', whole, 10);
      expect(day).toEqual([{ ...hour, time: from - 9 * HOUR, stepMs: DAY }]);
    });
  });

  describe('findings', () => {
    it('anomalies: whole, newest start first, filtered, never overwritten by old news', async () => {
      const { anomalies } = await open();
      const all = ['info', 'warning', 'critical', 'info', 'warning'].map((severity, i) =>
        anomalyOf(`anomaly_${i}`, {
          entity: 'finding/a',
          severity: severity as Anomaly['severity'],
          start: NOW - Math.floor(i / 2) * MINUTE,
          end: i === 4 ? NOW : null,
          ending: i === 4 ? { by: 'adopted', reason: phrase('detect.endAdopted', { seconds: 60 }) } : null,
          heldBack: i === 3 ? phrase('budget.spent') : null,
        }),
      );
      await anomalies.upsert(all);
      await anomalies.upsert([{ ...all[0]!, score: 0.5, updatedAt: NOW - 1 }]);
      await anomalies.upsert([
        { ...all[1]!, score: 0.25, updatedAt: NOW + 1 },
        { ...all[1]!, score: 0.1 },
      ]);
      expect(await anomalies.get('anomaly_0')).toEqual(all[0]);
      expect(await anomalies.get('anomaly_3')).toEqual(all[3]);
      expect((await anomalies.get('anomaly_1'))?.score).toBe(0.25);
      expect(await anomalies.get('nothing')).toBeNull();
      const ids = async (filter: object): Promise<string[]> =>
        (await allPages((query) => anomalies.list({ ...query, entity: 'finding/a', ...filter }))).map(({ id }) => id);
      expect(await ids({})).toEqual(['anomaly_1', 'anomaly_0', 'anomaly_3', 'anomaly_2', 'anomaly_4']);
      expect(await ids({ open: false })).toEqual(['anomaly_4']);
      expect(await ids({ open: true, atLeast: 'warning' })).toEqual(['anomaly_1', 'anomaly_2']);
      expect(await ids({ range: { from: NOW - MINUTE, to: NOW } })).toEqual(['anomaly_3', 'anomaly_2', 'anomaly_4']);
      expect(await ids({ range: { from: NOW, to: NOW + 1 } })).not.toContain('anomaly_4');
      expect((await anomalies.some(['anomaly_3', 'nothing'])).map(({ id }) => id)).toEqual(['anomaly_3']);
      const counts = (await anomalies.openCounts()).filter(({ entity }) => entity === 'finding/a');
      expect(counts.map(({ severity, count }) => `${severity} ${count}`).toSorted()).toEqual([
        'critical 1',
        'info 2',
        'warning 1',
      ]);
      const open_ = (await anomalies.open(100)).filter(({ entity }) => entity === 'finding/a');
      expect(open_.map(({ id }) => id)).toEqual(['anomaly_1', 'anomaly_0', 'anomaly_3', 'anomaly_2']);
    });

    it('a storm of anomalies goes in', async () => {
      const { anomalies } = await open();
      await anomalies.upsert(Array.from({ length: 1200 }, (_, i) => anomalyOf(`storm_${i}`, { entity: 'storm/a' })));
      expect(await allPages((query) => anomalies.list({ ...query, entity: 'storm/a' }), 1000)).toHaveLength(1200);
    });

    it('predictions', async () => {
      const { predictions } = await open();
      await predictions.upsert([
        predictionOf('p1'),
        predictionOf('p2', { state: 'cleared', closedAt: NOW, openedAt: NOW }),
      ]);
      await predictions.upsert([predictionOf('p1', { madeAt: NOW - 1, state: 'happened' })]);
      expect(await predictions.get('p1')).toEqual(predictionOf('p1'));
      const listed = await predictions.list({ ...first, entity: 'host/a' });
      expect(listed.items.map(({ id }) => id)).toEqual(['p2', 'p1']);
      expect((await predictions.list({ ...first, state: 'cleared' })).items.map(({ id }) => id)).toEqual(['p2']);
      expect((await predictions.open(10)).map(({ id }) => id)).toEqual(['p1']);
    });

    it('incidents', async () => {
      const { incidents } = await open();
      await incidents.upsert([
        incidentOf('i1'),
        incidentOf('i2', { severity: 'warning', entities: ['host/c'], state: 'resolved', resolvedAt: NOW }),
        incidentOf('i3', { pagedAt: null }),
        incidentOf('i4', { pagedAt: NOW - DAY }),
      ]);
      expect(await incidents.get('i1')).toEqual(incidentOf('i1'));
      expect((await incidents.list({ ...first, entity: 'host/c' })).items.map(({ id }) => id)).toEqual(['i2']);
      expect((await incidents.list({ ...first, state: 'resolved' })).items).toHaveLength(1);
      expect(await incidents.open(10)).toHaveLength(3);
    });

    it('events and failures', async () => {
      const { events, failures } = await open();
      await events.append([eventOf('e1'), eventOf('e2', { time: NOW - DAY, entity: 'host/e' }), eventOf('e1')]);
      await events.append([eventOf('e1', { text: 'changed' })]);
      expect((await events.list({ ...first, range: { from: NOW, to: NOW + 1 } })).items).toEqual([eventOf('e1')]);
      expect((await events.list({ ...first, entity: 'host/e' })).items).toHaveLength(1);
      const failure = { id: 'f1', entity: 'host/a', kind: 'down', start: NOW, end: null, source: 'ana', note: '' };
      await failures.upsert([failure]);
      await failures.upsert([{ ...failure, end: NOW + 1 }]);
      const ended = { ...failure, end: NOW + 1, correction: null };
      expect((await failures.list({ ...first, entity: 'host/a' })).items).toEqual([ended]);
      expect((await failures.list({ ...first, open: true })).items).toEqual([]);

      const corrected = { ...ended, kind: 'crash', correction: { by: 'ana', time: NOW, withdrawn: false } };
      expect(await failures.correct(corrected)).toBe(true);
      expect(await failures.correct({ ...corrected, id: 'f2' })).toBe(false);
      await failures.upsert([failure]);
      expect(await failures.get('f1')).toEqual(corrected);
      await failures.correct({ ...corrected, correction: { by: 'ana', time: NOW, withdrawn: true } });
      expect((await failures.list(first)).items).toEqual([]);
      expect((await failures.list({ ...first, kind: 'crash', withdrawn: true })).items).toHaveLength(1);
    });

    it('what models said, once for each time, bit for bit', async () => {
      const { forecasts } = await open();
      const said = {
        model: 'm',
        time: NOW,
        entities: ['host/a', 'host/b'],
        probabilities: Float32Array.of(0.1, 0.2, 0.3, 1),
      };
      await forecasts.save([said, { ...said, time: NOW + 1 }]);
      await forecasts.save([{ ...said, probabilities: Float32Array.of(9) }]);
      expect(await forecasts.read('m', { from: NOW, to: NOW + 1 }, 10)).toEqual([said]);
      const times = async (limit: number): Promise<number[]> =>
        (await forecasts.read('m', { from: 0, to: NOW + 9 }, limit)).map(({ time }) => time);
      expect([await times(10), await times(1)]).toEqual([[NOW, NOW + 1], [NOW + 1]]);
      const own = { entity: 'host/b', range: { from: NOW, to: NOW + 9 }, limit: 1 };
      expect(await forecasts.of('m', own)).toEqual([{ time: NOW + 1, probabilities: Float32Array.of(0.3, 1) }]);
      await forecasts.forget(NOW + 1);
      expect(await forecasts.read('m', { from: 0, to: NOW + 9 }, 10)).toHaveLength(1);
    });

    it('what was left to chance, decided once, and what was measured of models', async () => {
      const { restraints, modelChecks } = await open();
      const left = { prediction: 'p1', entity: 'host/a', time: NOW, notActing: 0.05, acted: false };
      await restraints.insert(left);
      await restraints.insert({ ...left, acted: true });
      await restraints.insert({ ...left, prediction: 'p2', time: NOW + 1 });
      expect(await restraints.read({ from: NOW, to: NOW + 1 }, 10)).toEqual([left]);
      expect((await restraints.read({ from: 0, to: NOW + 9 }, 1))[0]?.prediction).toBe('p2');
      const check = { model: 'm', time: NOW, measures: [] };
      await modelChecks.insert(check);
      await modelChecks.insert(check);
      await modelChecks.insert({ ...check, time: NOW + 1 });
      expect(await modelChecks.of('m', 1)).toEqual([{ ...check, time: NOW + 1 }]);
      expect(await modelChecks.of('m', 9)).toHaveLength(2);
    });
  });

  describe('acting', () => {
    it('a run changes its state only from where it is said to be, and has one winner', async () => {
      const { runs } = await open();
      expect(await runs.insert(runOf('r1'))).toBe(true);
      expect(await runs.insert(runOf('r1', { requestedBy: 'eva' }))).toBe(false);
      const tries = await Promise.all(
        ['ana', 'eva', 'leo'].map((decidedBy) =>
          runs.transition(runOf('r1', { state: 'running', decidedBy, startedAt: NOW }), ['awaiting_approval']),
        ),
      );
      expect(tries.filter(Boolean)).toHaveLength(1);
      expect(await runs.get('r1')).toMatchObject({ state: 'running', requestedBy: 'ana', startedAt: NOW });
      expect(await runs.transition(runOf('none', { state: 'running' }), ['awaiting_approval'])).toBe(false);
      await runs.insert(runOf('r2', { dryRun: true, state: 'dry_run', startedAt: NOW + HOUR, action: 'other' }));
      expect(await runs.lastStart({ entity: 'host/a' })).toBe(NOW);
      expect(await runs.lastStart({ entity: 'host/a', action: 'clean' })).toBe(NOW);
      expect(await runs.lastStart({ entity: 'host/a', action: 'other' })).toBeNull();
      expect((await runs.list({ ...first, state: 'dry_run' })).items.map(({ id }) => id)).toEqual(['r2']);
      expect((await runs.list({ ...first, incident: 'incident_1', entity: 'host/a' })).items).toHaveLength(2);
    });

    it('recommendations and outcomes', async () => {
      const { recommendations, outcomes } = await open();
      await recommendations.upsert(recommendationOf('c1', { time: NOW - 1 }));
      await recommendations.upsert(recommendationOf('c2'));
      expect((await recommendations.forIncident('incident_1'))?.id).toBe('c2');
      expect(await recommendations.forIncident('other')).toBeNull();
      expect(await recommendations.get('c1')).toEqual(recommendationOf('c1', { time: NOW - 1 }));
      expect((await allPages((query) => recommendations.list(query), 1)).map(({ id }) => id)).toEqual(['c2', 'c1']);
      await outcomes.insert(outcomeOf('o1'));
      await outcomes.insert(outcomeOf('o1', { verdict: 'harmful' }));
      await outcomes.insert(outcomeOf('o2', { verdict: 'ineffective', entity: 'pod/shop/cart' }));
      await outcomes.insert(outcomeOf('o3'));
      expect(await outcomes.forRun('run_of_o1')).toEqual(outcomeOf('o1'));
      expect(await outcomes.forRun('none')).toBeNull();
      expect(await outcomes.tally()).toEqual([
        { action: 'clean', entityKind: 'host', verdict: 'resolved', count: 2 },
        { action: 'clean', entityKind: 'pod', verdict: 'ineffective', count: 1 },
      ]);
      expect((await outcomes.list({ ...first, incident: 'incident_1', action: 'clean' })).items).toHaveLength(3);
    });
  });

  describe('policies and the ladder', () => {
    const decisionOf = (id: string, over: Partial<Decision> = {}): Decision => ({
      id,
      incident: `incident_of_${id}`,
      fleet: 'default',
      time: NOW,
      policy: { kind: 'beta', version: '1' },
      context: {
        entityKind: 'vm',
        anomalyKinds: ['trend'],
        predictionKinds: [],
        drivers: ['m'],
        probability: 0.5,
        severity: 'warning',
        ageSeconds: 1,
        breadth: 1,
        changes: [],
        tried: [],
      },
      options: [],
      chosen: 'heal',
      explored: false,
      ...over,
    });
    const run = (id: string, at: number, over: Partial<Run> = {}): Run =>
      runOf(id, { action: 'heal', entity: 'vm/a', startedAt: at, requestedAt: at, state: 'succeeded', ...over });
    const outcome = (of: string, over: Partial<Outcome> = {}): Outcome =>
      outcomeOf(`outcome_${of}`, { run: of, action: 'heal', entity: 'vm/a', ...over });

    it('a judged run is told with what was known when it was chosen, whoever asked for it', async () => {
      const { decisions, runs, outcomes, incidents } = await open();
      await decisions.insert(decisionOf('d1', { incident: 'i_d', time: NOW - 2 }));
      await decisions.insert(decisionOf('d2', { incident: 'i_d', explored: true }));
      await decisions.insert(decisionOf('d2', { incident: 'other' }));
      expect(await decisions.get('d2')).toEqual(decisionOf('d2', { incident: 'i_d', explored: true }));
      expect([await decisions.explored(NOW, null), await decisions.explored(NOW + 1, null)]).toEqual([1, 0]);
      expect(await decisions.explored(NOW, 'i_d')).toBe(0);
      await incidents.upsert([incidentOf('i_d', { state: 'resolved', resolvedAt: NOW + 9 })]);
      await runs.insert(run('r_d1', NOW, { incident: 'i_d', recommendation: 'd1', requestedBy: 'vigia' }));
      await runs.insert(run('r_d2', NOW + 1, { incident: 'i_d' }));
      await runs.insert(run('r_d3', NOW + 2, { incident: 'i_d', dryRun: true }));
      for (const id of ['r_d1', 'r_d2', 'r_d3']) await outcomes.insert(outcome(id));
      const found = await decisions.cases(NOW, 100);
      expect(found.map((one) => [one.run, one.automatic, one.decision?.id, one.resolvedAt])).toEqual([
        ['r_d1', true, 'd1', NOW + 9],
        ['r_d2', false, 'd2', NOW + 9],
      ]);
      expect((await decisions.cases(NOW, 1)).map((one) => one.run)).toEqual(['r_d2']);
    });

    it('an outcome moves an action on the ladder once, and evidence is counted from then on', async () => {
      const { ladder, runs, outcomes } = await open();
      const step = {
        action: 'heal',
        entityKind: 'vm',
        level: 'auto',
        since: NOW,
        reason: 'proven',
        run: 'r1',
      } as const;
      expect(await ladder.get('heal', 'vm')).toBeNull();
      expect([await ladder.move(step), await ladder.move({ ...step, level: 'suggest' })]).toEqual([true, false]);
      expect(await ladder.move({ ...step, since: NOW - 1, run: 'r2' })).toBe(false);
      const fall = { ...step, level: 'suggest', reason: 'harmed', since: NOW + 5, run: 'r3' } as const;
      expect(await ladder.move(fall)).toBe(true);
      expect(await ladder.get('heal', 'vm')).toEqual(fall);
      expect(await ladder.all()).toEqual([fall]);
      await runs.insert(run('r_l1', NOW + 6, { incident: 'i_l', entity: 'vm/b' }));
      await outcomes.insert(outcome('r_l1', { entity: 'vm/b', verdict: 'harmful' }));
      expect(await ladder.evidence('heal', 'vm', NOW + 5)).toEqual([{ verdict: 'harmful', count: 1 }]);
      expect(await ladder.evidence('heal', 'vm', NOW + 6)).toEqual([]);
    });

    it('what ended by itself is told apart from what was acted upon', async () => {
      const { ladder, incidents, runs } = await open();
      const of = (id: string, lasted: number | null) =>
        incidentOf(id, {
          root: 'queue/a',
          openedAt: NOW,
          state: lasted === null ? 'open' : 'resolved',
          resolvedAt: lasted === null ? null : NOW + lasted,
        });
      await incidents.upsert([of('u1', 10), of('u2', 1000), of('u3', null), of('u4', 10)]);
      await runs.insert(run('r_u4', NOW, { incident: 'u4' }));
      expect(await ladder.untouched('queue', 100)).toEqual({ all: 2, over: 1 });
      expect(await ladder.untouched('nothing', 100)).toEqual({ all: 0, over: 0 });
      const { value, decisions } = await open();
      const thought = {
        action: 'heal',
        entity: 'queue/a',
        disruption: 'low',
        prior: { resolved: 1, failed: 1 },
        tally: {},
        allowed: true,
        probability: 0.5,
        share: 1,
      } as const;
      await decisions.insert(decisionOf('d_u1', { incident: 'u1', options: [thought] }));
      const watched = { action: 'heal', entityKind: 'queue', withinMs: 100, since: 0 };
      expect(await ladder.watched(watched)).toEqual({ all: 1, over: 1 });
      expect(await ladder.watched({ ...watched, since: NOW })).toEqual({ all: 0, over: 0 });
      expect(await ladder.watched({ ...watched, action: 'other' })).toEqual({ all: 0, over: 0 });
      expect(await ladder.kindsOf(watched.action)).toContain('queue');
      expect(await ladder.kindsOf('other')).toEqual([]);
      const found = await value.incidents({ from: NOW, to: NOW + 1 }, 1000);
      const mine = found.filter(({ entityKind }) => entityKind === 'queue');
      expect(mine.map(({ id, acted, recommended }) => [id, acted, recommended])).toEqual([
        ['u4', true, false],
        ['u3', false, false],
        ['u2', false, false],
        ['u1', false, true],
      ]);
      expect(mine.at(-1)).toMatchObject({ openedAt: NOW, resolvedAt: NOW + 10 });
      const counted = await value.runs({ from: NOW + 6, to: NOW + 7 });
      expect(counted).toEqual([{ action: 'heal', automatic: false, verdict: 'harmful', count: 1 }]);
    });
  });

  describe('topology and silences', () => {
    const edgeOf = (from: string, to: string, over: Partial<Edge> = {}): Edge => ({
      from,
      to,
      kind: 'calls',
      source: 'labels',
      firstSeen: NOW,
      lastSeen: NOW,
      ...over,
    });

    it("edges: once, in pages by both ends, forgotten when not seen, the configuration's kept", async () => {
      const { edges } = await open();
      await edges.forget(NOW + DAY);
      const before = await edges.mark();
      await edges.upsert([
        edgeOf('service/a', 'service/b', { source: 'config' }),
        edgeOf('service/a', 'service/b', { lastSeen: NOW + 5, source: 'config' }),
        edgeOf('pod/a', 'host/a', { kind: 'runs_on' }),
        edgeOf('pod/b', 'host/a', { kind: 'runs_on' }),
      ]);
      const mark = await edges.mark();
      expect(mark).not.toBe(before);
      await edges.upsert([
        edgeOf('service/a', 'service/b', { firstSeen: NOW + 9, lastSeen: NOW + 9 }),
        edgeOf('pod/b', 'host/a', { kind: 'runs_on', lastSeen: NOW + 9 }),
      ]);
      expect(await edges.mark()).toBe(mark);
      const all = await allPages((query) => edges.list({ ...query, limit: 1 }));
      expect(all.map(({ from, lastSeen, source }) => `${from} ${lastSeen - NOW} ${source}`)).toEqual([
        'pod/a 0 labels',
        'pod/b 9 labels',
        'service/a 9 config',
      ]);
      expect((await edges.list({ ...first, entity: 'host/a', kind: 'runs_on' })).items).toHaveLength(2);
      expect(await edges.forget(NOW + 5)).toBe(1);
      expect((await edges.list({ ...first, source: 'labels' })).items.map(({ from }) => from)).toEqual(['pod/b']);
      await edges.remove(all);
      expect((await edges.list(first)).items).toEqual([]);
    });

    it('silences: one change of two wins, found by state and by what they overlap', async () => {
      const { silences } = await open();
      const silenceOf = (id: string, over: Partial<Silence> = {}): Silence => ({
        id,
        kind: 'maintenance',
        match: { entity: 'host/*', below: true },
        from: NOW,
        to: NOW + HOUR,
        why: 'kernel',
        by: 'ana',
        createdAt: NOW,
        updatedAt: NOW,
        endedBy: null,
        event: null,
        ...over,
      });
      expect(await silences.insert(silenceOf('s1'))).toBe(true);
      expect(await silences.insert(silenceOf('s1', { why: 'other' }))).toBe(false);
      await silences.insert(silenceOf('s2', { from: NOW + HOUR, to: NOW + 2 * HOUR, event: 'event_1' }));
      const ended = silenceOf('s1', { to: NOW + MINUTE, endedBy: 'bob', updatedAt: NOW + 1 });
      expect(await silences.replace(ended, NOW)).toBe(true);
      expect(await silences.replace(silenceOf('s1', { updatedAt: NOW + 2 }), NOW)).toBe(false);
      expect(await silences.get('s1')).toEqual(ended);
      const ids = (found: readonly Silence[]): string[] => found.map(({ id }) => id);
      expect(ids((await silences.list(first)).items)).toEqual(['s2', 's1']);
      expect(ids((await silences.list({ ...first, state: { is: 'scheduled', at: NOW } })).items)).toEqual(['s2']);
      expect(ids((await silences.list({ ...first, state: { is: 'over', at: NOW + MINUTE } })).items)).toEqual(['s1']);
      expect(ids(await silences.active(NOW, 10))).toEqual(['s1']);
      expect(ids(await silences.overlapping({ from: NOW + MINUTE, to: NOW + DAY }, 10))).toEqual(['s2']);
    });
  });

  describe('housekeeping', () => {
    it('settings, feedback, audit, dead letters', async () => {
      const { settings, feedback, audit, deadLetters } = await open();
      expect(await settings.get('mode')).toBeNull();
      await settings.set('mode', ['a', { b: 1 }], 'ana', NOW);
      await settings.set('mode', 'approve', 'eva', NOW);
      await settings.set('flag', false, 'eva', NOW);
      expect(await settings.get('mode')).toBe('approve');
      expect([...(await settings.all())].sort(([a], [b]) => a.localeCompare(b))).toEqual([
        ['flag', false],
        ['mode', 'approve'],
      ]);
      const said = {
        id: 's1',
        target: 'anomaly',
        targetId: 'a',
        verdict: 'real',
        note: 'sí',
        by: 'ana',
        time: NOW,
      } as const;
      await feedback.insert(said);
      expect((await feedback.list({ ...first, targetId: 'a' })).items).toMatchObject([said]);
      const entries = [1, 2, 3].map((n) => ({
        id: `u${n}`,
        time: NOW,
        actor: 'ana',
        verb: 'approve',
        target: 'r1',
        detail: { n, ok: true, why: null },
      }));
      for (const entry of entries) await audit.append(entry);
      expect(await allPages((query) => audit.list(query))).toEqual(entries.toReversed());
      const letter = {
        id: 'd1',
        topic: 'samples',
        group: 'prepare',
        key: 'host/a',
        reason: 'bad',
        attempts: 3,
        time: NOW,
        payload: '{}',
      };
      await deadLetters.append([letter]);
      expect((await deadLetters.list({ ...first, topic: 'samples' })).items).toMatchObject([letter]);
      expect((await deadLetters.list({ ...first, topic: 'other' })).items).toEqual([]);
    });

    it('checkpoints are saved together, the last of a key wins, all are read in order', async () => {
      const { checkpoints } = await open();
      const many = Array.from({ length: 120 }, (_, i) => ({
        stage: 'detect',
        key: `host/${String(i).padStart(3, '0')}`,
        position: NOW + i,
        state: { a: [1.5e-300, null, 'x\0'], i },
      }));
      await checkpoints.save(many);
      await checkpoints.save([
        { ...many[0]!, position: NOW + 1 },
        { ...many[0]!, position: NOW + 2, state: 'last' },
      ]);
      // From a process that does not know yet that others have gone on.
      await checkpoints.save([{ ...many[0]!, position: NOW + 1, state: 'late' }]);
      expect(await checkpoints.load('detect', 'host/000')).toEqual({ ...many[0], position: NOW + 2, state: 'last' });
      expect((await checkpoints.load('detect', 'host/001'))?.state).toEqual({ a: [1.5e-300, null, 'x\uFFFD'], i: 1 });
      expect(await checkpoints.load('predict', 'host/000')).toBeNull();
      const keys: string[] = [];
      for await (const { key } of checkpoints.loadAll('detect')) keys.push(key);
      expect(keys).toEqual(many.map(({ key }) => key));
      const some: string[] = [];
      for await (const { key } of checkpoints.loadAll('detect', (one) => one.endsWith('7'))) some.push(key);
      expect(some).toEqual(keys.filter((one) => one.endsWith('7')));
    });

    it('models keep their artefact apart', async () => {
      const { models } = await open();
      const model = {
        id: 'm1',
        kind: 'pca',
        version: '1',
        scope: 'host',
        state: 'champion',
        trainedFrom: NOW - DAY,
        trainedTo: null,
        metrics: { auprc: 0.5 },
        reason: 'first',
        createdAt: NOW,
        detail: null,
      } as const;
      const artefact = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
      await models.upsert(model, artefact);
      await models.upsert({ ...model, state: 'retired' }, null);
      expect((await models.list(first)).items).toEqual([{ ...model, state: 'retired' }]);
      expect(await models.artefact('m1')).toEqual(artefact);
      expect(await models.artefact('m2')).toBeNull();
    });

    it('answers a ping', async () => {
      await expect((await open()).ping()).resolves.toBeUndefined();
    });
  });
}
