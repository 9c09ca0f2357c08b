import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAlertPath } from '../../correlate/budget/simulate-path.ts';
import { type AlertBudget, type AlertPots, fleetPots } from '../../model/alert.ts';
import type { Anomaly } from '../../model/anomaly.ts';
import { phrase } from '../../model/phrase.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { createStore } from '../../store/create-store.ts';
import type { Database } from '../../store/database.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import type { Store } from '../../store/store.ts';
import { severityThresholds } from '../severity.ts';
import { createThresholdKeeper, type ThresholdKeeper } from './threshold-keeper.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 1_800_000_000_000;
const clock: Clock = { ...systemClock, now: () => NOW };
const DAILY: AlertBudget = { pages: { count: 2, windowMs: DAY }, warnings: { count: 20, windowMs: DAY } };

let database: Database;
let store: Store;
let budget: AlertBudget;
let keeper: ThresholdKeeper;

const make = (potsOf: (entity: string, kind: string) => AlertPots = () => fleetPots(budget)): ThresholdKeeper =>
  createThresholdKeeper({
    store,
    clock,
    log: silentLog,
    path: createAlertPath(),
    alertBudget: () => budget,
    potsOf: ({ entity, kind }) => potsOf(entity, kind),
    hides: ({ heldBack }) => heldBack?.key === 'test.hidden',
  });

beforeAll(async () => {
  database = await openMemoryDatabase();
  store = await createStore(database, { clock, place: 'memory' });
});
afterAll(() => store.close());

beforeEach(async () => {
  budget = DAILY;
  await sql`truncate anomalies, feedback, checkpoints`.execute(database.sql);
  await store.entities.upsert([
    { id: 'host/0', kind: 'host', name: '0', fleet: 'default', labels: {}, firstSeen: NOW - 14 * DAY, lastSeen: NOW },
  ]);
  keeper = make();
});
let serial = 0;
const anomaly = (ago: number, p: number, over: Partial<Anomaly> & { feature?: string } = {}): Anomaly => {
  const { feature = `feature_${++serial}`, ...rest } = over;
  const start = NOW - ago;
  const contribution = { feature, share: 1, value: 1, expected: 0, low: 0, high: 0, unit: '', detector: 'residual' };
  return {
    id: `anomaly_${++serial}`,
    entity: `host/${serial % 10}`,
    fleet: 'default',
    start,
    end: start + 600_000,
    openedAt: start + 30_000,
    kind: 'spike',
    severity: 'warning',
    severityReason: phrase('x'),
    score: 0.9,
    pValue: p,
    frames: 9,
    contributions: [contribution],
    needs: { warning: p, critical: p, nearLimit: false },
    provisional: false,
    heldBack: null,
    updatedAt: start + 600_000,
    ...rest,
  };
};

/** A page a day too many for 13 days, each as strange as `p`. */
const tooMany = (p: number, kind = 'host'): Anomaly[] =>
  Array.from({ length: 39 }, (_, i) => anomaly((i + 1) * 8 * HOUR, p, { entity: `${kind}/${i % 10}` }));

describe('thresholds in force', () => {
  test('are believed until they are solved, then come from the history in the store, also after a restart', async () => {
    await store.anomalies.upsert(tooMany(1e-7));
    expect(keeper.thresholdsFor('host/0', 10)).toEqual(severityThresholds(DAILY, 10));
    await keeper.refresh();
    const { critical } = keeper.thresholdsFor('host/0', 10);
    expect(critical).toBeLessThan(1e-7);
    const again = make();
    await again.start();
    expect(again.thresholdsFor('host/0', 10).critical).toBe(critical);
    await again.stop();
  });

  test('are not made deaf by the first day, when nobody is known yet', async () => {
    // Every half an hour one, but only while everything was new.
    const first = Array.from({ length: 46 }, (_, i) =>
      anomaly(14 * DAY - (i * HOUR) / 2, 1e-9, { needs: { warning: 5e-5, critical: null, nearLimit: false } }),
    );
    await store.anomalies.upsert(first);
    await keeper.refresh();
    expect(keeper.solved()[0]?.solved).toMatchObject({ days: 13, how: { pages: 'solved', warnings: 'solved' } });
    expect(keeper.thresholdsFor('host/0', 10).warning).toBeGreaterThan(9e-5);
    // Later on, and more than once, it would be another matter.
    const again = [3 * DAY, 5 * DAY].flatMap((later) =>
      first.map((one) =>
        Object.assign({}, one, {
          id: `${one.id}_${later}`,
          start: one.start + later,
          openedAt: one.openedAt + later,
          end: one.end! + later,
        }),
      ),
    );
    await store.anomalies.upsert(again);
    await keeper.refresh();
    expect(keeper.thresholdsFor('host/0', 10).warning).toBeLessThan(9e-5);
  });

  test('follow a changed budget at once: believed for a moment, then solved, without being told', async () => {
    await store.anomalies.upsert(tooMany(1e-7));
    await keeper.start();
    expect(keeper.thresholdsFor('host/0', 10)).toEqual(severityThresholds(DAILY, 10));
    await expect.poll(() => keeper.thresholdsFor('host/0', 10).critical).toBeLessThan(1e-7);
    budget = { ...DAILY, pages: { count: 5, windowMs: DAY } };
    expect(keeper.thresholdsFor('host/0', 10)).toEqual(severityThresholds(budget, 10));
    await expect.poll(() => keeper.solved()[0]?.pots.pages.count).toBe(5);
    expect(keeper.thresholdsFor('host/0', 10).critical).toBeGreaterThan(1e-7);
    await keeper.stop();
  });

  test('leave out what people keep from alerting, and what they confirmed', async () => {
    const found = tooMany(1e-7);
    await store.anomalies.upsert(
      found.map((one, i) => (i % 3 === 0 ? { ...one, heldBack: phrase('test.hidden') } : one)),
    );
    await keeper.refresh();
    expect(keeper.thresholdsFor('host/0', 10).critical).toBeGreaterThan(1e-7);
    await store.anomalies.upsert(found.map((one) => ({ ...one, updatedAt: one.updatedAt + 1 })));
    await keeper.refresh();
    expect(keeper.thresholdsFor('host/0', 10).critical).toBeLessThan(1e-7);
    for (const [i, { id }] of found.entries())
      if (i % 3 === 0)
        await store.feedback.insert({
          id: `said_${i}`,
          target: 'anomaly',
          targetId: id,
          verdict: 'real',
          note: '',
          by: 'ana',
          time: NOW,
        });
    await keeper.refresh();
    expect(keeper.thresholdsFor('host/0', 10).critical).toBeGreaterThan(1e-7);
  });

  test('are apart for what has a budget of its own', async () => {
    const own: AlertPots = { ...fleetPots(DAILY), pages: { pot: 'kind=pod', count: 9, windowMs: DAY } };
    const apart = make((entity) => (entity.startsWith('pod/') ? own : fleetPots(budget)));
    await store.anomalies.upsert(tooMany(1e-7, 'pod'));
    await apart.refresh();
    expect(apart.thresholdsFor('pod/1', 10).critical).toBeGreaterThan(1e-7);
    expect(apart.solved().map(({ pots }) => pots.pages.pot)).toEqual(['fleet', 'kind=pod']);
  });

  test('are apart for a kind of anomaly that has a budget of its own, and follow its history alone', async () => {
    const own: AlertPots = { ...fleetPots(DAILY), pages: { pot: 'anomaly=spike', count: 9, windowMs: DAY } };
    const apart = make((_, kind) => (kind === 'spike' ? own : fleetPots(budget)));
    const few = Array.from({ length: 13 }, (_, i) => anomaly((i + 1) * DAY, 1e-6, { kind: 'level_shift' }));
    // Three a day: too many for the fleet's budget, not for that of spikes.
    await store.anomalies.upsert([...tooMany(1e-7), ...few]);
    await apart.refresh();
    const critical = (kind?: Anomaly['kind']): number => apart.thresholdsFor('host/1', 10, kind).critical;
    expect(critical('spike')).toBeGreaterThan(1e-7);
    expect(critical('level_shift')).toBeGreaterThan(1e-6);
    expect(critical()).toBe(critical('level_shift'));
    const more = Array.from({ length: 39 }, (_, i) => anomaly((i + 0.5) * 8 * HOUR, 1e-7, { kind: 'level_shift' }));
    await store.anomalies.upsert(more);
    await apart.refresh();
    expect(critical('level_shift')).toBeLessThan(1e-7);
    expect(critical('spike')).toBeGreaterThan(1e-7);
  });
});

describe('a noisy feature', () => {
  const NOISY = 'disk_temperature{disk="sda"}';
  /** Three times a day for a week. */
  const noisy = (entity: (i: number) => string, ago = 0) =>
    Array.from({ length: 21 }, (_, i) =>
      anomaly(ago + (i + 1) * 8 * HOUR, 1e-8 * 1.01 ** i, { feature: NOISY, entity: entity(i) }),
    );

  test('gets a threshold of its own, and the others keep theirs', async () => {
    await store.anomalies.upsert([...noisy(() => 'host/3'), anomaly(4 * HOUR, 1e-7, { entity: 'host/5' })]);
    await keeper.refresh();
    expect(keeper.noise()[0]).toMatchObject({
      scope: { level: 'entity', value: 'host/3' },
      feature: NOISY,
      limit: { critical: expect.any(Number) },
    });
    expect(keeper.thresholdsFor('host/5', 10).critical).toBeGreaterThan(1e-7);
    const held = keeper.restrain(anomaly(0, 2e-8, { feature: NOISY, entity: 'host/3', severity: 'critical' }));
    expect(held).toMatchObject({ severity: 'warning', heldBack: { key: 'detect.heldBackNoise' } });
    const strong = anomaly(0, 1e-12, { feature: NOISY, entity: 'host/3', severity: 'critical' });
    expect(keeper.restrain(strong)).toBe(strong);
    const other = anomaly(0, 2e-8, { feature: NOISY, entity: 'host/4', severity: 'critical' });
    expect(keeper.restrain(other)).toBe(other);
  });

  test('on many entities is noisy as a whole', async () => {
    await store.anomalies.upsert(noisy((i) => `host/${i % 7}`));
    await keeper.refresh();
    expect(keeper.noise()[0]).toMatchObject({ scope: { level: 'kind', value: 'host' }, feature: 'disk_temperature' });
    const held = keeper.restrain(anomaly(0, 2e-8, { feature: NOISY, entity: 'host/9', severity: 'critical' }));
    expect(held.severity).toBe('warning');
  });

  test('is one that people have called false three times', async () => {
    const wrong = [1, 2, 3].map((i) => anomaly(i * 20 * HOUR, 1e-6, { feature: NOISY, entity: 'host/3' }));
    await store.anomalies.upsert(wrong);
    for (const { id } of wrong)
      await store.feedback.insert({
        id: `false_${id}`,
        target: 'anomaly',
        targetId: id,
        verdict: 'false_alarm',
        note: '',
        by: 'ana',
        time: NOW,
      });
    await keeper.refresh();
    expect(keeper.noise()[0]).toMatchObject({ feature: NOISY, falseAlarms: 3 });
    const alike = anomaly(0, 5e-7, { feature: NOISY, entity: 'host/3' });
    expect(keeper.restrain(alike)).toMatchObject({ severity: 'info', heldBack: { key: 'detect.heldBackFalse' } });
  });

  test('loses its limit when it is calm again', async () => {
    await store.anomalies.upsert(noisy(() => 'host/3', 8 * DAY));
    await keeper.refresh();
    expect(keeper.noise().filter(({ limit }) => limit !== null)).toEqual([]);
  });
});
