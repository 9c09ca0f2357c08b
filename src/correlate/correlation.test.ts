import { describe, expect, test } from 'vitest';
import type { Outcome } from '../model/action.ts';
import { type AlertBudget, fleetPots } from '../model/alert.ts';
import type { Anomaly } from '../model/anomaly.ts';
import type { Event } from '../model/event.ts';
import type { Incident } from '../model/incident.ts';
import { phrase } from '../model/phrase.ts';
import type { Prediction } from '../model/prediction.ts';
import { AlertLedger, grantsFrom } from './alert-budget.ts';
import { Correlation, CORRELATION_DEFAULTS } from './correlation.ts';
import { MAX_SIGNS } from './incident-record.ts';
import { anomalySignal, predictionSignal } from './signal.ts';

const T0 = 1_800_000_000_000;
const MINUTE = 60_000;
const DISK = 'filesystem_used_bytes{mountpoint="/data"}';
const day = 86_400_000;
const plenty: AlertBudget = { pages: { count: 1000, windowMs: day }, warnings: { count: 1000, windowMs: day } };

let serial = 0;
const anomaly = (over: Partial<Anomaly> & { feature?: string } = {}): Anomaly => {
  const { feature = 'cpu_busy_ratio', ...rest } = over;
  const start = rest.start ?? T0;
  return {
    id: `anomaly_${++serial}`,
    entity: 'host/web-1',
    fleet: 'default',
    start,
    openedAt: start,
    end: null,
    kind: 'spike',
    severity: 'warning',
    severityReason: phrase('x'),
    score: 0.9,
    pValue: 1e-5,
    frames: 3,
    contributions: [{ feature, share: 1, value: 1, expected: 0, low: 0, high: 0.5, unit: '', detector: 'seasonal' }],
    provisional: false,
    heldBack: null,
    updatedAt: rest.end ?? start,
    ...rest,
  };
};

const prediction = (over: Partial<Prediction> = {}): Prediction => ({
  id: `prediction_${++serial}`,
  entity: 'host/web-1',
  fleet: 'default',
  kind: 'capacity',
  feature: DISK,
  unit: 'bytes',
  madeAt: T0,
  openedAt: T0,
  closedAt: null,
  state: 'open',
  severity: 'warning',
  horizons: [{ seconds: 3600, probability: 0.9 }],
  expectedAt: T0 + 10 * MINUTE,
  earliest: null,
  latest: null,
  current: 30,
  limit: 64,
  slope: 0.1,
  drivers: [],
  reason: phrase('y'),
  model: { kind: 'trend', version: '1' },
  ...over,
});

/** A correlation with its time, budget and published incidents, as the stage drives it. */
function watch(budget: AlertBudget = plenty) {
  const correlation = new Correlation();
  const ledger = new AlertLedger();
  const paged: { time: number; severity: string }[] = [];
  const incidents = new Map<string, Incident>();
  const flush = (now: number): readonly Incident[] => {
    const grants = grantsFrom(
      () => fleetPots(budget),
      (line, pot) => ledger.take(line, pot, now),
    );
    const changed = correlation.flush(now, grants);
    for (const incident of changed) incidents.set(incident.id, incident);
    correlation.acknowledge(changed);
    return changed;
  };
  return {
    correlation,
    paged,
    flush,
    all: () => [...incidents.values()],
    anomaly(value: Anomaly, now = value.updatedAt) {
      correlation.take(anomalySignal(value), now);
      return flush(now);
    },
    prediction(value: Prediction, now = value.madeAt) {
      correlation.take(predictionSignal(value, 60 * MINUTE), now);
      return flush(now);
    },
    tick(now: number) {
      correlation.tick(now);
      return flush(now);
    },
  };
}

describe('grouping', () => {
  test('a disk anomaly and the prediction for the same disk are one incident, whatever the time between', () => {
    const w = watch();
    w.anomaly(anomaly({ feature: DISK, kind: 'trend' }));
    w.prediction(prediction({ openedAt: T0 + 90 * MINUTE, madeAt: T0 + 90 * MINUTE }));
    expect(w.all()).toHaveLength(1);
    const [incident] = w.all();
    expect(incident).toMatchObject({ state: 'open', severity: 'warning', root: 'host/web-1' });
    expect(incident!.anomalies).toHaveLength(1);
    expect(incident!.predictions).toHaveLength(1);
    expect(incident!.features).toEqual([DISK]);
    expect(incident!.title).toEqual(phrase('correlate.sign_capacity', { entity: 'host/web-1', feature: DISK }));
  });

  test('other trouble of the same entity joins while it is near in time, later it is its own', () => {
    const w = watch();
    w.anomaly(anomaly({ feature: 'cpu_busy_ratio' }));
    w.anomaly(anomaly({ feature: 'memory_used_bytes', start: T0 + 2 * MINUTE }));
    w.anomaly(anomaly({ feature: 'network_errors', start: T0 + 60 * MINUTE }));
    expect(w.all().map(({ anomalies }) => anomalies.length)).toEqual([2, 1]);
  });

  test('unrelated trouble of another entity is another incident', () => {
    const w = watch();
    w.anomaly(anomaly({ feature: 'cpu_busy_ratio' }));
    w.anomaly(anomaly({ feature: 'memory_used_bytes', entity: 'host/web-2' }));
    w.prediction(prediction({ entity: 'host/web-3' }));
    w.prediction(prediction({ entity: 'host/web-4' }));
    expect(w.all()).toHaveLength(4);
  });

  test('a scrape outage of everything is one incident', () => {
    const w = watch();
    for (let i = 0; i < 1000; i++) {
      w.correlation.take(
        anomalySignal(
          anomaly({ kind: 'missing', contributions: [], entity: `host/web-${i}`, start: T0 + (i % 15) * 1000 }),
        ),
        T0 + 20_000,
      );
    }
    w.flush(T0 + 20_000);
    expect(w.all()).toHaveLength(1);
    expect(w.all()[0]!.entities).toHaveLength(1000);
    expect(w.all()[0]!.title).toMatchObject({ key: 'correlate.many_missing', values: { count: 1000 } });
    expect(w.all()[0]!.rootReason.key).toBe('correlate.rootShared');
  });

  test('information alone opens nothing, joins what is open, and what of it came before', () => {
    const w = watch();
    w.anomaly(anomaly({ severity: 'info' }));
    expect(w.all()).toHaveLength(0);
    w.anomaly(anomaly({ feature: 'memory_used_bytes' }));
    w.anomaly(anomaly({ severity: 'info', start: T0 + 1000 }));
    expect(w.all().map(({ anomalies }) => anomalies.length)).toEqual([3]);
  });

  test('what is said twice changes nothing, and an older message never undoes a newer one', () => {
    const w = watch();
    const open = anomaly({ updatedAt: T0 + 1000 });
    w.anomaly(open);
    const closed = { ...open, end: T0 + 5000, updatedAt: T0 + 5000 };
    w.anomaly(closed);
    const before = w.all();
    expect(w.anomaly(closed)).toEqual([]);
    expect(w.anomaly(open)).toEqual([]);
    expect(w.all()).toEqual(before);
  });

  test('a replay of something long over opens nothing', () => {
    const w = watch();
    w.anomaly(anomaly({ end: T0 + 1000 }), T0 + 60 * MINUTE);
    expect(w.all()).toHaveLength(0);
  });

  test('the same first sign makes the same incident in another process', () => {
    const sign = anomaly();
    const [a, b] = [watch(), watch()];
    a.anomaly(sign);
    b.anomaly(sign, T0 + 3000);
    expect(a.all()[0]!.id).toBe(b.all()[0]!.id);
  });
});

describe('life', () => {
  test('it resolves after the quiet time, opens again for the same trouble, and only for a while', () => {
    const w = watch();
    const { quietMs, reopenMs } = CORRELATION_DEFAULTS;
    const first = anomaly();
    w.anomaly(first);
    w.anomaly({ ...first, end: T0 + 1000, updatedAt: T0 + 1000 });
    expect(w.tick(T0 + quietMs)).toEqual([]);
    const resolvedAt = T0 + 1000 + quietMs;
    expect(w.tick(resolvedAt)[0]).toMatchObject({ state: 'resolved', resolvedAt });
    w.anomaly(anomaly({ start: resolvedAt + 1000 }));
    expect(w.all()).toHaveLength(1);
    expect(w.all()[0]).toMatchObject({ state: 'open', reopened: 1, resolvedAt: null });
    const again = w.all()[0]!.anomalies[1]!;
    expect(again).not.toBe(first.id);
    const over = T0 + 30 * MINUTE;
    w.anomaly(anomaly({ id: again, start: resolvedAt + 1000, end: over, updatedAt: over }));
    w.tick(over + quietMs);
    w.tick(over + quietMs + reopenMs);
    w.anomaly(anomaly({ start: over + quietMs + reopenMs + 1000 }));
    expect(w.all()).toHaveLength(2);
    expect(w.correlation.open).toBe(1);
  });

  test('an open sign keeps it open, an unheard one does not for ever', () => {
    const w = watch();
    w.anomaly(anomaly());
    w.tick(T0 + 2 * day);
    expect(w.all()[0]!.state).toBe('open');
    w.tick(T0 + 3 * day + 1);
    expect(w.all()[0]!.state).toBe('resolved');
    expect(w.all()[0]!.timeline.at(-1)!.text.key).toBe('correlate.stale');
  });

  test('a failure that has happened stays open until an outcome says it is resolved', () => {
    const w = watch();
    const open = prediction();
    w.prediction(open);
    expect(w.all()[0]!.title.key).toBe('correlate.sign_capacity');
    const full = { ...open, state: 'happened' as const, closedAt: T0 + MINUTE, madeAt: T0 + MINUTE };
    w.prediction(full);
    w.tick(T0 + 20 * MINUTE);
    expect(w.all()[0]!.state).toBe('open');
    expect(w.all()[0]!.title.key).toBe('correlate.sign_capacity_reached');
    const outcome: Outcome = {
      id: 'outcome_1',
      run: 'run_1',
      incident: w.all()[0]!.id,
      fleet: 'default',
      action: 'clean',
      entity: 'host/web-1',
      verdict: 'resolved',
      decidedAt: T0 + 20 * MINUTE,
      evidence: [],
      reason: phrase('act.outcomeResolved'),
    };
    expect(w.correlation.takeOutcome(outcome)).toBe(true);
    w.flush(T0 + 20 * MINUTE);
    expect(w.all()[0]!.timeline.at(-1)).toMatchObject({ type: 'outcome', ref: 'outcome_1' });
    w.tick(T0 + 26 * MINUTE);
    expect(w.all()[0]!.state).toBe('resolved');
    expect(w.correlation.takeOutcome({ ...outcome, incident: 'incident_unknown' })).toBe(false);
  });

  test('a restored incident goes on where it was', () => {
    const w = watch({ ...plenty, pages: { count: 0, windowMs: day } });
    const sign = anomaly({ severity: 'critical' });
    w.anomaly(sign);
    const stored = w.all()[0]!;
    const restarted = watch({ ...plenty, pages: { count: 0, windowMs: day } });
    restarted.correlation.restore(stored, [anomalySignal(sign)]);
    expect(restarted.anomaly(sign)).toEqual([]);
    restarted.anomaly({ ...sign, end: T0 + 1000, updatedAt: T0 + 1000 });
    expect(restarted.tick(T0 + 10 * MINUTE)[0]).toMatchObject({ id: stored.id, state: 'resolved' });
    expect(restarted.all()[0]!.timeline.filter(({ text }) => text.key.includes('heldBack'))).toHaveLength(1);
  });
});

describe('the root', () => {
  const deploy: Event = {
    id: 'event_1',
    time: T0 - 30_000,
    entity: 'host/web-2',
    fleet: 'default',
    name: 'deploy',
    source: 'ci',
    severity: 'info',
    text: '',
    labels: {},
  };

  test('is the earliest, and says by how much', () => {
    const w = watch();
    w.anomaly(anomaly({ entity: 'host/web-1', start: T0 + 40_000 }));
    w.anomaly(anomaly({ entity: 'host/web-2', start: T0 }), T0 + 41_000);
    expect(w.all()[0]).toMatchObject({
      root: 'host/web-2',
      rootReason: { key: 'correlate.rootEarliest', values: { seconds: 40 } },
    });
  });

  test('is the strongest of those that began together', () => {
    const w = watch();
    w.anomaly(anomaly({ entity: 'host/web-1', score: 0.7 }));
    w.anomaly(anomaly({ entity: 'host/web-2', score: 0.99, start: T0 + 5000 }));
    expect(w.all()[0]).toMatchObject({ root: 'host/web-2', rootReason: { key: 'correlate.rootStrongest' } });
  });

  test('is where something was changed just before, and the change is part of the story', () => {
    const w = watch();
    w.correlation.takeEvent(deploy);
    w.anomaly(anomaly({ entity: 'host/web-2', start: T0, score: 0.7 }));
    w.anomaly(anomaly({ entity: 'host/web-1', start: T0 - 5000, score: 0.9 }), T0 + 1000);
    const [incident] = w.all();
    expect(incident).toMatchObject({
      root: 'host/web-2',
      rootReason: { key: 'correlate.rootChange', values: { event: 'deploy', seconds: 30 } },
    });
    expect(incident!.timeline[0]).toMatchObject({ type: 'event', ref: 'event_1' });
  });
});

describe('the alert budget', () => {
  const small: AlertBudget = { pages: { count: 2, windowMs: day }, warnings: { count: 1, windowMs: day } };
  const critical = (i: number, start: number) =>
    anomaly({ severity: 'critical', entity: `host/db-${i}`, feature: `metric${i}`, start });

  test('holds back what is beyond it, says so once, and lets it through when there is room again', () => {
    const w = watch(small);
    const signs = [0, 1, 2, 3].map((i) => critical(i, T0 + i * 1000));
    for (const sign of signs) w.anomaly(sign);
    expect(w.all().map(({ severity }) => severity)).toEqual(['critical', 'critical', 'warning', 'info']);
    expect(w.all().map(({ pagedAt }) => pagedAt !== null)).toEqual([true, true, true, false]);
    const heldBack = (i: number): string[] => {
      const { timeline } = w.all()[i]!;
      return timeline.map(({ text }) => text.key).filter((key) => key.includes('heldBack'));
    };
    expect([0, 1, 2, 3].map(heldBack)).toEqual([
      [],
      [],
      ['correlate.heldBack_critical_warning'],
      ['correlate.heldBack_critical_info'],
    ]);
    w.anomaly({ ...signs[2]!, updatedAt: T0 + day / 2 });
    expect(heldBack(2)).toHaveLength(1);
    w.anomaly({ ...signs[2]!, updatedAt: T0 + day + MINUTE });
    expect(w.all()[2]!.severity).toBe('critical');
  });

  test('opening again does not page again', () => {
    const w = watch(small);
    const sign = critical(1, T0);
    w.anomaly(sign);
    const { pagedAt } = w.all()[0]!;
    w.anomaly({ ...sign, end: T0 + 1000, updatedAt: T0 + 1000 });
    w.tick(T0 + 10 * MINUTE);
    w.anomaly(critical(1, T0 + 11 * MINUTE));
    expect(w.all()).toHaveLength(1);
    expect(w.all()[0]).toMatchObject({ reopened: 1, pagedAt, severity: 'critical' });
  });
});

describe('a storm', () => {
  test('10,000 different anomalies in a minute are a few incidents, and bounded ones', () => {
    const w = watch();
    for (let i = 0; i < 10_000; i++) {
      const at = T0 + i * 6;
      const sign = anomaly({ entity: `pod/shop/cart-${i}`, feature: `metric_${i}`, start: at });
      w.correlation.take(anomalySignal(sign), at);
      if (i % 500 === 499) w.flush(at);
    }
    const { storm } = CORRELATION_DEFAULTS;
    expect(w.all().length).toBeLessThanOrEqual(2 * storm.count + 2);
    const biggest = w.all().reduce((a, b) => (b.anomalies.length > a.anomalies.length ? b : a));
    expect(biggest.title.key).toBe('correlate.storm');
    expect(biggest.anomalies.length).toBe(MAX_SIGNS);
    expect(biggest.timeline.some(({ text }) => text.key === 'correlate.overflow')).toBe(true);
    expect(JSON.stringify(biggest).length).toBeLessThan(200_000);
  });

  test('after the storm new trouble has its own incident again', () => {
    const w = watch();
    for (let i = 0; i < 100; i++) w.anomaly(anomaly({ entity: `pod/a-${i}`, feature: `metric_${i}` }), T0);
    const before = w.all().length;
    w.anomaly(anomaly({ entity: 'pod/new', feature: 'other', start: T0 + 2 * MINUTE }));
    expect(w.all()).toHaveLength(before + 1);
  });
});
