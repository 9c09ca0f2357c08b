import { describe, expect, it } from 'vitest';
import { classify } from './classify.ts';
import { type Evidence, judgeSeverity, severityThresholds } from './severity.ts';

const day = 86_400_000;
const budget = (pages: number, warnings: number) => ({
  pages: { count: pages, windowMs: day },
  warnings: { count: warnings, windowMs: day },
});

describe('thresholds', () => {
  it('keep the expected warnings of a fleet below the budget', () => {
    const entities = 1000;
    const { warning } = severityThresholds(budget(2, 20), entities);
    expect(warning * entities * (day / 60_000)).toBeLessThanOrEqual(20);
  });

  it('have a ceiling for a single entity, and are 0 without a budget', () => {
    expect(severityThresholds(budget(100, 10_000), 1)).toEqual({ warning: 1e-4, critical: 1e-5 });
    expect(severityThresholds(budget(0, 0), 10)).toEqual({ warning: 0, critical: 0 });
  });

  it('count a budget by its own stretch of time', () => {
    const hourly = { count: 1, windowMs: day / 24 };
    const { critical } = severityThresholds({ pages: hourly, warnings: hourly }, 5000);
    expect(critical).toBeCloseTo(severityThresholds(budget(24, 24), 5000).critical, 12);
  });
});

describe('severity', () => {
  const thresholds = severityThresholds(budget(2, 20), 1);
  const strong: Evidence = {
    pValue: 1e-9,
    durationMs: 600_000,
    features: 6,
    groups: 4,
    allGroups: 12,
    limitUsed: 0,
    provisional: false,
  };
  const judge = (over: Partial<Evidence>): string => judgeSeverity({ ...strong, ...over }, thresholds).severity;

  it('is critical when strong, lasting and broad, or near a limit', () => {
    expect(judge({})).toBe('critical');
    expect(judge({ groups: 1, features: 1, limitUsed: 0.97 })).toBe('critical');
  });

  it.each([
    ['narrow', { groups: 1 }],
    ['short', { durationMs: 120_000 }],
    ['hardly known yet', { provisional: true }],
    ['mild', { pValue: 5e-5 }],
  ])('is a warning when it is otherwise but %s', (_, over) => {
    expect(judge(over)).toBe('warning');
  });

  it.each([
    ['nothing strange', { pValue: 1e-3 }],
    ['a moment', { durationMs: 10_000 }],
    ['minutes on the first day', { durationMs: 120_000, provisional: true }],
  ])('is only shown for %s', (_, over) => {
    expect(judge(over)).toBe('info');
  });
});

describe('kind', () => {
  const kind = (values: readonly number[]): string =>
    classify({
      values,
      expected: values.map(() => 10),
      half: values.map(() => 1),
      seasonBreak: values.map(() => 0),
      countsEvents: false,
    });
  const each = (n: number, value: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => value(i));

  it.each([
    ['spike', each(4, () => 15)],
    ['dip', each(4, () => 2)],
    ['level_shift', each(30, (i) => 20 + (i % 3))],
    ['trend', each(30, (i) => 12 + i)],
    ['trend', each(30, (i) => 8 - i)],
    ['variance', each(30, (i) => (i % 2 === 0 ? 15 : 5))],
    ['flatline', each(30, () => 10.2)],
  ])('%s', (expected, values) => {
    expect(kind(values)).toBe(expected);
  });
});
