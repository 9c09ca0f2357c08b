import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Severity } from '../model/anomaly.ts';
import { type AlertBudget, grant } from './alert-budget.ts';
import { rankOf } from './signal.ts';

const day = 86_400_000;
const budget = (pages: number, warnings: number): AlertBudget => ({
  pages: { count: pages, windowMs: day },
  warnings: { count: warnings, windowMs: day },
});

test('beyond the pages a critical incident becomes a warning, beyond the warnings information', () => {
  const use = { pages: 0, warnings: 0 };
  const granted = Array.from({ length: 5 }, () => grant('critical', 'info', use, budget(2, 1)));
  expect(granted).toEqual(['critical', 'critical', 'warning', 'info', 'info']);
  expect(use).toEqual({ pages: 2, warnings: 1 });
});

test('a warning that turns critical takes a page; without one left it stays a warning', () => {
  const use = { pages: 1, warnings: 1 };
  expect(grant('critical', 'warning', use, budget(2, 1))).toBe('critical');
  expect(grant('critical', 'warning', use, budget(2, 1))).toBe('warning');
  expect(use.warnings).toBe(1);
});

test('a budget of nothing lets nothing through', () => {
  expect(grant('critical', 'info', { pages: 0, warnings: 0 }, budget(0, 0))).toBe('info');
});

test('never grants more than wanted, never takes back, never passes the ceiling', () => {
  const severity = fc.constantFrom<Severity>('info', 'warning', 'critical');
  fc.assert(
    fc.property(fc.array(fc.tuple(severity, severity), { maxLength: 60 }), fc.nat(4), fc.nat(4), (wishes, p, w) => {
      const use = { pages: 0, warnings: 0 };
      for (const [wanted, before] of wishes) {
        const after = grant(wanted, before, use, budget(p, w));
        expect(rankOf(after)).toBeGreaterThanOrEqual(rankOf(before));
        expect(rankOf(after)).toBeLessThanOrEqual(Math.max(rankOf(wanted), rankOf(before)));
      }
      expect(use.pages).toBeLessThanOrEqual(p);
      expect(use.warnings).toBeLessThanOrEqual(w);
    }),
  );
});
