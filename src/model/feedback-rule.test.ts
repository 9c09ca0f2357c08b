import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Anomaly } from './anomaly.ts';
import { cosine, type FeedbackRule, likenessOf, ruleConcerns, ruleDecides, type Whereabouts } from './feedback-rule.ts';

const NOW = 1_800_000_000_000;
const where: Whereabouts = { entity: 'host/a', kind: 'host', service: 'shop' };

const anomaly = (
  pValue: number,
  drivers: Readonly<Record<string, number>> = { cpu: 0.9, load: 0.1 },
  kind: Anomaly['kind'] = 'spike',
  value = 9,
): Pick<Anomaly, 'kind' | 'pValue' | 'contributions'> => ({
  kind,
  pValue,
  contributions: Object.entries(drivers).map(([feature, share]) => ({
    feature,
    share,
    value,
    expected: 5,
    low: 4,
    high: 6,
    unit: '',
    detector: 'residual',
  })),
});

const rule = (over: Partial<FeedbackRule> = {}, judged = anomaly(1e-8)): FeedbackRule => ({
  effect: 'quieter',
  level: 'entity',
  alike: [{ ...likenessOf(judged), where: 'host/a' }],
  until: null,
  ...over,
});

const decides = (one: FeedbackRule, found: ReturnType<typeof anomaly>, at = where, now = NOW): boolean =>
  ruleDecides(one, likenessOf(found), { where: at, now });

describe('a false alarm', () => {
  test('hides its like, and what is weaker or a little stronger', () => {
    expect([1e-8, 1e-4, 2e-9].map((p) => decides(rule(), anomaly(p)))).toEqual([true, true, true]);
  });

  test('never hides what is clearly stronger', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 12 }), fc.double({ min: 1.01, max: 200 }), (judged, stronger) => {
        const one = rule({}, anomaly(10 ** -judged));
        expect(decides(one, anomaly(10 ** -(judged + stronger)))).toBe(false);
      }),
    );
  });

  test('holds for the same kind, side and drivers only', () => {
    expect(decides(rule(), anomaly(1e-8, { memory: 1 }))).toBe(false);
    expect(decides(rule(), anomaly(1e-8, { cpu: 0.5, memory: 0.5 }))).toBe(false);
    expect(decides(rule(), anomaly(1e-8, undefined, 'variance'))).toBe(false);
    expect(decides(rule(), anomaly(1e-8, undefined, 'dip', 1))).toBe(false);
    expect(decides(rule(), anomaly(1e-8, undefined, 'level_shift'))).toBe(true);
    expect(decides(rule(), anomaly(1e-8, undefined, 'level_shift', 1))).toBe(false);
  });

  test('reaches as far as was said, and as long', () => {
    const other = { entity: 'host/b', kind: 'host', service: null };
    const wider = (level: 'kind' | 'service', value: string) =>
      rule({ level, alike: [{ ...likenessOf(anomaly(1e-8)), where: value }] });
    expect(decides(rule(), anomaly(1e-8), other)).toBe(false);
    expect(decides(wider('kind', 'host'), anomaly(1e-8), other)).toBe(true);
    expect(decides(wider('service', 'shop'), anomaly(1e-8), other)).toBe(false);
    expect(decides(wider('service', 'shop'), anomaly(1e-8), { ...other, service: 'shop' })).toBe(true);
    expect(decides(rule({ until: NOW }), anomaly(1e-8))).toBe(false);
    expect(decides(rule({ until: NOW + 1 }), anomaly(1e-8))).toBe(true);
  });

  test('is about its like however strong', () => {
    expect(ruleConcerns(rule(), likenessOf(anomaly(1e-200)), where)).toBe(true);
    expect(ruleConcerns(rule(), likenessOf(anomaly(1e-200, { memory: 1 })), where)).toBe(false);
  });
});

test('what was missed raises its like and what is stronger, never what is clearly weaker', () => {
  const louder = rule({ effect: 'louder' });
  expect([1e-8, 1e-30, 5e-8, 1.1e-7].map((p) => decides(louder, anomaly(p)))).toEqual([true, true, true, false]);
});

test('shares are compared by the angle between them, whatever they are called', () => {
  expect(cosine({ a: 1 }, { a: 0.2 })).toBeCloseTo(1);
  expect(cosine({ a: 1 }, { b: 1 })).toBe(0);
  expect(cosine({}, {})).toBe(1);
  expect(cosine({ a: 1 }, {})).toBe(0);
  expect(cosine({ constructor: 1 }, { a: 1 })).toBe(0);
});
