import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAlertPath } from '../../correlate/budget/simulate-path.ts';
import type { AlertPath } from '../../model/alert-path.ts';
import type { AlertBudget } from '../../model/alert.ts';
import { severityThresholds } from '../severity.ts';
import { hasRoom } from './room.ts';
import { type AlertHistory, type HistorySign, severityAt, solveThresholds } from './solve-thresholds.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const T0 = 1_800_000_000_000;
const path = createAlertPath();
const budget = (pages: number, warnings: number): AlertBudget => ({
  pages: { count: pages, windowMs: DAY },
  warnings: { count: warnings, windowMs: DAY },
});

let serial = 0;
const sign = (
  hours: number,
  p: { warning: number | null; critical?: number | null },
  over: Partial<HistorySign> = {},
): HistorySign => {
  const start = T0 + hours * HOUR;
  return {
    id: `sign_${++serial}`,
    entity: `host/${serial % 40}`,
    entityKind: 'host',
    fleet: 'default',
    kind: 'spike',
    start,
    end: start + 10 * 60_000,
    warnsAt: start + 60_000,
    pagesAt: start + 300_000,
    score: 0.9,
    drivers: { [`feature_${serial}`]: 1 },
    needs: { warning: p.warning, critical: p.critical ?? null, nearLimit: false },
    severity: 'info',
    confirmed: false,
    falseAlarm: false,
    ...over,
  };
};

const history = (days: number, signs: readonly HistorySign[]): AlertHistory => ({
  from: T0,
  to: T0 + days * DAY,
  signs,
});

const solve = (past: AlertHistory, allowed: AlertBudget, way: AlertPath = path) =>
  solveThresholds(past, { path: way, budget: allowed, prior: severityThresholds(allowed, 40) });

/** Times of the alerts that the past would have asked for at these thresholds. */
const timesAt = async (past: AlertHistory, at: { warning: number; critical: number }, line: 'pages' | 'warnings') =>
  (await path(past.signs, (one) => severityAt(one as HistorySign, at)))
    .filter((alert) => alert.line === line)
    .map(({ time }) => time);

const anySign = fc
  .tuple(fc.integer({ min: 0, max: 24 * 12 }), fc.double({ min: 3, max: 12, noNaN: true }), fc.boolean(), fc.nat(39))
  .map(([hours, decades, broad, host]) => {
    const p = 10 ** -decades;
    return sign(hours, { warning: p, critical: broad ? p : null }, { entity: `host/${host}` });
  });
const anyPast = fc.array(anySign, { maxLength: 120 }).map((signs) => history(13, signs));

describe('thresholds', () => {
  test('stay as believed until there is a day of history', async () => {
    const prior = severityThresholds(budget(2, 20), 40);
    const noisy = Array.from({ length: 50 }, (_, i) => sign(i / 3, { warning: 1e-9, critical: 1e-9 }));
    const solved = await solve(history(0.9, noisy), budget(2, 20));
    expect(solved).toMatchObject({ thresholds: prior, how: { pages: 'prior' }, check: null });
  });

  test('of a quiet history are no looser than noise allows, so that nothing pages to fill a quota', async () => {
    const mild = Array.from({ length: 300 }, (_, i) => sign(i, { warning: 2e-4, critical: 2e-5 }));
    const past = history(13, mild);
    const { thresholds } = await solve(past, budget(50, 500));
    expect(await timesAt(past, thresholds, 'pages')).toEqual([]);
    expect(await timesAt(past, thresholds, 'warnings')).toEqual([]);
  });

  test('let the strongest through, as many as the budget allows', async () => {
    const daily = Array.from({ length: 13 }, (_, day) =>
      [1e-10, 1e-9, 1e-7, 3e-7, 1e-6].map((p, i) => sign(day * 24 + 4 * i, { warning: p, critical: p })),
    ).flat();
    const past = history(13, daily);
    const { thresholds, how } = await solve(past, budget(2, 20));
    expect(how).toEqual({ pages: 'solved', warnings: 'solved' });
    expect(thresholds.critical).toBeGreaterThanOrEqual(1e-9);
    expect(thresholds.critical).toBeLessThan(1e-7);
    expect(thresholds.warning).toBeGreaterThan(1e-6);
  });

  test('count what belongs together once', async () => {
    const together = Array.from({ length: 13 }, (_, day) =>
      Array.from({ length: 20 }, (_u, i) =>
        sign(day * 24 + i / 600, { warning: 1e-7, critical: 1e-7 }, { entity: `host/${i}`, drivers: { cpu: 1 } }),
      ),
    ).flat();
    const { thresholds } = await solve(history(13, together), budget(1, 20));
    expect(thresholds.critical).toBeGreaterThan(1e-7);
  });

  test('are not made deaf by one outbreak in three weeks, nor by what was confirmed as right', async () => {
    const outbreak = Array.from({ length: 30 }, (_, i) => sign(48 + i / 3, { warning: 1e-7, critical: 1e-7 }));
    const spread = history(21, outbreak);
    expect((await solve(spread, budget(2, 20))).thresholds.critical).toBeGreaterThan(1e-7);
    const recent = history(4, outbreak);
    expect((await solve(recent, budget(2, 20))).thresholds.critical).toBeLessThan(1e-7);
    const right = history(
      4,
      outbreak.map((one) => Object.assign({}, one, { confirmed: true })),
    );
    expect((await solve(right, budget(2, 20))).thresholds.critical).toBeGreaterThan(1e-7);
  });

  test('are not stricter than the budget needs: warnings that come in clusters may use most of it', async () => {
    // Eight a day, and once a week as many as the ceiling lets through, and a few more.
    const clustered = Array.from({ length: 20 }, (_, day) =>
      Array.from({ length: day % 7 === 3 ? 22 : 8 }, (_u, i) => sign(day * 24 + i, { warning: 5e-5 })),
    ).flat();
    const { thresholds, how } = await solve(history(20, clustered), budget(2, 20));
    expect(how.warnings).toBe('solved');
    expect(thresholds.warning).toBeGreaterThanOrEqual(5e-5);
    const daily = Array.from({ length: 20 }, (_, day) =>
      Array.from({ length: 22 }, (_u, i) => sign(day * 24 + i, { warning: i % 2 === 0 ? 5e-5 : 2e-5 })),
    ).flat();
    const strict = await solve(history(20, daily), budget(2, 20));
    expect(strict.thresholds.warning).toBeLessThan(5e-5);
    expect(strict.thresholds.warning).toBeGreaterThanOrEqual(2e-5);
  });

  test('follow drift within days, and are checked on what is newer', async () => {
    const calm = Array.from({ length: 14 }, (_, day) => sign(day * 24, { warning: 1e-7, critical: 1e-7 }));
    const noisy = Array.from({ length: 20 }, (_, i) => sign(14 * 24 + i * 4, { warning: 1e-7, critical: 1e-7 }));
    const before = await solve(history(14, calm), budget(2, 20));
    const after = await solve(history(18, [...calm, ...noisy]), budget(2, 20));
    expect(before.check).toMatchObject({ kept: true });
    expect(before.thresholds.critical).toBeGreaterThan(1e-7);
    expect(after.check).toMatchObject({ kept: false });
    expect(after.thresholds.critical).toBeLessThan(1e-7);
  });

  test('where none reaches are a thousandth of the prior, and the ceiling does the rest', async () => {
    const wild = Array.from({ length: 200 }, (_, i) => sign(i, { warning: 1e-30, critical: 1e-30 }));
    const { thresholds, how } = await solve(history(9, wild), budget(2, 20));
    expect(how).toEqual({ pages: 'tightest', warnings: 'tightest' });
    const prior = severityThresholds(budget(2, 20), 40);
    expect(thresholds.critical).toBeGreaterThanOrEqual(prior.critical * 1e-3);
  });

  test('of a budget of nothing let nothing through', async () => {
    const signs = Array.from({ length: 20 }, (_, i) => sign(i * 12, { warning: 1e-8, critical: 1e-8 }));
    const past = history(13, signs);
    const none = await solve(past, budget(0, 0));
    expect(await timesAt(past, none.thresholds, 'warnings')).toEqual([]);
    const pagesOnly = await solve(past, budget(2, 0));
    expect(await timesAt(past, pagesOnly.thresholds, 'pages')).toHaveLength(20);
  });

  test('leave room in the budget for the history that they were solved on', async () => {
    await fc.assert(
      fc.asyncProperty(anyPast, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }), async (past, p, w) => {
        const { thresholds, how } = await solve(past, budget(p, w));
        const allowed = budget(p, w);
        for (const line of ['pages', 'warnings'] as const)
          expect([
            hasRoom(await timesAt(past, thresholds, line), allowed[line], past),
            how[line] === 'tightest',
          ]).toContain(true);
      }),
      { numRuns: 25 },
    );
  });

  test('never become tighter when the budget grows', async () => {
    // Without grouping, for what belongs together depends on what is let through.
    const each: AlertPath = async (signs, severityOf) =>
      signs
        .flatMap((one) => {
          const severity = severityOf(one);
          const lines =
            severity === 'critical'
              ? (['warnings', 'pages'] as const)
              : severity === 'warning'
                ? (['warnings'] as const)
                : [];
          return lines.map((line) => ({ line, time: one.start, lead: one.id, signs: [one.id] }));
        })
        .sort((a, b) => a.time - b.time);
    await fc.assert(
      fc.asyncProperty(anyPast, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }), async (past, p, w) => {
        const [less, pages, both] = [
          await solve(past, budget(p, w), each),
          await solve(past, budget(p + 1, w), each),
          await solve(past, budget(p + 1, w + 3), each),
        ];
        expect(pages.thresholds.critical).toBeGreaterThanOrEqual(less.thresholds.critical);
        expect(both.thresholds.warning).toBeGreaterThanOrEqual(pages.thresholds.warning);
      }),
      { numRuns: 40 },
    );
  });
});
