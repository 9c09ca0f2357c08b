import { expect, test } from 'vitest';
import type { Feedback } from '../../model/failure.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { systemClock } from '../../runtime/clock.ts';
import { phrase } from '../../model/phrase.ts';
import { memberEvidence, trustOf } from './member-evidence.ts';

const NOW = 1_800_000_000_000;

const ANOMALY = {
  entity: 'host/a',
  fleet: 'default',
  start: NOW,
  end: NOW + 1,
  openedAt: NOW,
  kind: 'spike' as const,
  severity: 'warning' as const,
  severityReason: phrase('x'),
  score: 0.5,
  pValue: 1e-4,
  frames: 3,
  contributions: [],
  provisional: false,
  heldBack: null,
  updatedAt: NOW,
};

test('a detector earns trust by agreeing with what was real and not with false alarms', async () => {
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  const anomaly = (id: string, agreeing: readonly string[]) => ({
    ...ANOMALY,
    id,
    members: ['pca', 'forest'].map((detector) => ({ detector, pValue: 0.1, agrees: agreeing.includes(detector) })),
  });
  await store.anomalies.upsert([anomaly('a', ['pca']), anomaly('b', ['pca']), anomaly('c', ['forest'])]);
  const said = (id: string, verdict: Feedback['verdict'], anomalies: string[]): Feedback => ({
    id,
    target: 'incident',
    targetId: id,
    verdict,
    note: '',
    by: 'ana',
    time: NOW,
    anomalies,
  });
  await store.feedback.insert(said('f1', 'real', ['a', 'b', 'gone']));
  await store.feedback.insert(said('f2', 'false_alarm', ['c']));
  await store.feedback.insert(said('f3', 'useful', ['a']));
  expect([...(await memberEvidence(store))]).toEqual([
    ['pca', { right: 3, wrong: 0 }],
    ['forest', { right: 0, wrong: 3 }],
  ]);
  // A failure an hour later says of `before` what nobody said; of `c` somebody did, `after` and `elsewhere` were no signs of it.
  const HOUR = 3_600_000;
  await store.anomalies.upsert([
    { ...anomaly('before', ['forest']), start: NOW - HOUR / 2, end: NOW - HOUR / 4 },
    { ...anomaly('long ago', ['pca']), start: NOW - 3 * HOUR, end: NOW - 2 * HOUR },
    { ...anomaly('after', ['pca']), start: NOW + 2000, end: NOW + 3000 },
    { ...anomaly('elsewhere', ['pca']), entity: 'host/b', start: NOW - HOUR / 2, end: NOW - HOUR / 4 },
  ]);
  await store.failures.upsert([
    {
      id: 'failure_1',
      entity: 'host/a',
      kind: 'down',
      start: NOW + 1000,
      end: NOW + 2000,
      source: 'definition',
      note: '',
    },
  ]);
  expect([...(await memberEvidence(store))]).toEqual([
    ['pca', { right: 3, wrong: 1 }],
    ['forest', { right: 1, wrong: 3 }],
  ]);
  await store.close();
});

test('where nothing is known, agreement counts for a little, and never for more than two judgements', async () => {
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  const voices = (agreeing: readonly string[]) =>
    ['pca', 'svm', 'forest'].map((detector) => ({ detector, pValue: 0.1, agrees: agreeing.includes(detector) }));
  const seen = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...ANOMALY, id: `unknown_${i}`, members: voices(['pca', 'svm']) }));
  await store.anomalies.upsert(seen(3));
  const few = await memberEvidence(store);
  expect(few.get('pca')?.right).toBeCloseTo(0.3, 12);
  expect(few.get('forest')?.wrong).toBeCloseTo(0.3, 12);
  await store.anomalies.upsert(seen(100));
  const many = await memberEvidence(store);
  expect(many.get('svm')?.right).toBeCloseTo(2, 12);
  expect(trustOf(many.get('forest')!)).toBeCloseTo(0.8, 12);
  await store.close();
});

test('trust begins at 1, rises to 2 and never falls below a quarter', () => {
  expect(trustOf({ right: 0, wrong: 0 })).toBe(1);
  expect(trustOf({ right: 1000, wrong: 0 })).toBeCloseTo(2, 1);
  expect(trustOf({ right: 0, wrong: 1000 })).toBe(0.25);
  expect(trustOf({ right: 2, wrong: 1 })).toBeGreaterThan(1);
});
