import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AlertBudget, fleetPots } from '../model/alert.ts';
import type { Severity } from '../model/anomaly.ts';
import { AlertLedger, type Ask, grantsFrom } from './alert-budget.ts';
import { rankOf } from './signal.ts';

const day = 86_400_000;
const budget = (pages: number, warnings: number): AlertBudget => ({
  pages: { count: pages, windowMs: day },
  warnings: { count: warnings, windowMs: day },
});

const ask = (wanted: Severity, granted: Severity = 'info'): Ask => ({
  incident: 'i',
  sign: 's',
  entity: 'host/a',
  kind: 'spike',
  wanted,
  granted,
  refused: false,
});

/** Grants out of one pot, at the time given. */
function desk(allowed: AlertBudget) {
  const ledger = new AlertLedger();
  const used = (line: 'pages' | 'warnings', time: number) => ledger.used(line, 'fleet', time - day);
  return {
    used,
    grant: (wanted: Severity, granted: Severity = 'info', time = 0) =>
      grantsFrom(
        () => fleetPots(allowed),
        (line, pot) => ledger.take(line, pot, time),
      )(ask(wanted, granted)).severity,
  };
}

test('beyond the pages a critical incident becomes a warning, beyond the warnings information', () => {
  const { grant, used } = desk(budget(2, 1));
  const granted = Array.from({ length: 5 }, () => grant('critical'));
  expect(granted).toEqual(['critical', 'critical', 'warning', 'info', 'info']);
  expect([used('pages', 0), used('warnings', 0)]).toEqual([2, 1]);
});

test('a warning that turns critical takes a page and has taken a warning; without a page left it stays a warning', () => {
  const { grant, used } = desk(budget(1, 1));
  expect(grant('warning')).toBe('warning');
  expect(grant('critical', 'warning')).toBe('critical');
  expect(grant('warning')).toBe('info');
  expect(grant('critical', 'warning')).toBe('warning');
  expect([used('pages', 0), used('warnings', 0)]).toEqual([1, 1]);
});

test('a budget of nothing lets nothing through', () => {
  expect(desk(budget(0, 0)).grant('critical')).toBe('info');
});

test('half an alert a day is one in two days', () => {
  const { grant } = desk(budget(0.5, 0));
  const times = [0, 1.5, 2.1].map((days) => days * day);
  expect(times.map((time) => grant('critical', 'info', time))).toEqual(['critical', 'info', 'critical']);
});

test('never grants more than wanted, never takes back, never passes the ceiling in any window', () => {
  const severity = fc.constantFrom<Severity>('info', 'warning', 'critical');
  const wish = fc.tuple(severity, severity, fc.integer({ min: 0, max: day / 2 }));
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 60 }), fc.nat(4), fc.nat(4), (wishes, p, w) => {
      const { grant, used } = desk(budget(p, w));
      let time = 0;
      for (const [wanted, before, pause] of wishes) {
        time += pause;
        const after = grant(wanted, before, time);
        expect(rankOf(after)).toBeGreaterThanOrEqual(rankOf(before));
        expect(rankOf(after)).toBeLessThanOrEqual(Math.max(rankOf(wanted), rankOf(before)));
        expect(used('pages', time)).toBeLessThanOrEqual(p);
        expect(used('warnings', time)).toBeLessThanOrEqual(w);
      }
    }),
  );
});
