import { expect, test } from 'vitest';
import type { Feedback } from '../../model/failure.ts';
import { createStore } from '../../store/create-store.ts';
import { openMemoryDatabase } from '../../store/memory-database.ts';
import { systemClock } from '../../runtime/clock.ts';
import { phrase } from '../../model/phrase.ts';
import { memberEvidence, trustOf } from './member-evidence.ts';

const NOW = 1_800_000_000_000;

test('a detector earns trust by agreeing with what was real and not with false alarms', async () => {
  const store = await createStore(await openMemoryDatabase(), { clock: systemClock, place: 'memory' });
  const anomaly = (id: string, agreeing: readonly string[]) => ({
    id,
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
    members: ['pca', 'forest'].map((detector) => ({ detector, pValue: 0.1, agrees: agreeing.includes(detector) })),
    provisional: false,
    heldBack: null,
    updatedAt: NOW,
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
  await store.close();
});

test('trust begins at 1, rises to 2 and never falls below a quarter', () => {
  expect(trustOf({ right: 0, wrong: 0 })).toBe(1);
  expect(trustOf({ right: 1000, wrong: 0 })).toBeCloseTo(2, 1);
  expect(trustOf({ right: 0, wrong: 1000 })).toBe(0.25);
  expect(trustOf({ right: 2, wrong: 1 })).toBeGreaterThan(1);
});
