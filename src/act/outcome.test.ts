import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Badness, type FeatureEvidence, judge } from './outcome.ts';

const STEP = 1000;
/** Ten steps before the run at 0 and five at the end of a settle window of twenty. */
const evidence = (
  badness: Badness,
  value: (time: number) => number,
  over: Partial<FeatureEvidence> = {},
): FeatureEvidence => {
  const column = (from: number, count: number) => {
    const times = Array.from({ length: count }, (_, i) => from + i * STEP);
    return { times, values: times.map(value) };
  };
  return {
    feature: 'f',
    unit: 'bytes',
    badness,
    before: column(-10 * STEP, 10),
    after: column(15 * STEP, 5),
    signOpen: true,
    ...over,
  };
};
const verdict = (...features: FeatureEvidence[]) => judge({ runFailed: false, interrupted: false, features }).verdict;

const MB = 2 ** 20;
const disk: Badness = { kind: 'limit', side: 'above', limit: 64 * MB };
const filling = (time: number): number => 30 * MB + (time / 1000) * 0.7 * MB;

describe('a filling disk', () => {
  test('that goes on filling is ineffective', () => {
    expect(verdict(evidence(disk, filling))).toBe('ineffective');
  });

  test('whose space was freed is resolved, also while something still writes', () => {
    expect(verdict(evidence(disk, (t) => (t < 0 ? filling(t) : 0)))).toBe('resolved');
    expect(verdict(evidence(disk, (t) => (t < 0 ? filling(t) : (t / 1000) * 0.7 * MB)))).toBe('resolved');
  });

  test('that no longer fills is resolved, though nothing was freed', () => {
    expect(verdict(evidence(disk, (t) => filling(Math.min(t, 0))))).toBe('resolved');
  });

  test('that was full and has room again is resolved, one that stays full is not', () => {
    expect(verdict(evidence(disk, (t) => (t < 0 ? 64 * MB : 40 * MB)))).toBe('resolved');
    expect(verdict(evidence(disk, () => 64 * MB))).toBe('ineffective');
  });

  test('that stops filling because it is full is ineffective', () => {
    expect(verdict(evidence(disk, (t) => Math.min(64 * MB - 4096, 50 * MB + (t / 1000) * 0.9 * MB)))).toBe(
      'ineffective',
    );
  });

  test('that filled up at once is harmful', () => {
    expect(verdict(evidence(disk, (t) => (t < 0 ? filling(t) : 63.9 * MB)))).toBe('harmful');
  });
});

describe('free memory, which has its limit below', () => {
  const memory: Badness = { kind: 'limit', side: 'below', limit: 0 };
  test.each([
    ['resolved', (t: number) => (t < 0 ? 4e9 + t * -1e4 : 9e9)],
    ['ineffective', (t: number) => 4e9 - t * 1e5],
    ['harmful', (t: number) => (t < 0 ? 4e9 : 1e9)],
  ])('%s', (expected, value) => {
    expect(verdict(evidence(memory, value))).toBe(expected);
  });
});

describe('a value outside its band', () => {
  const high: Badness = { kind: 'band', side: 'above', edge: 0.5 };
  const low: Badness = { kind: 'band', side: 'below', edge: 100 };
  test.each([
    ['resolved', high, (t: number) => (t < 0 ? 0.95 : 0.3)],
    ['ineffective', high, () => 0.95],
    ['ineffective', high, (t: number) => 0.95 + t / 1e6],
    ['harmful', high, (t: number) => (t < 0 ? 0.9 : 1.5)],
    ['inconclusive', high, () => 0.2],
    ['resolved', low, (t: number) => (t < 0 ? 10 : 130)],
    ['ineffective', low, () => 10],
    ['harmful', low, (t: number) => (t < 0 ? 60 : 5)],
  ] as const)('%s %o', (expected, badness, value) => {
    expect(verdict(evidence(badness, value))).toBe(expected);
  });

  test('harm to another feature outweighs what was cured, and is named', () => {
    const cured = evidence(high, (t) => (t < 0 ? 0.95 : 0.3));
    const harmed = evidence(high, (t) => (t < 0 ? 0.9 : 9), { feature: 'g' });
    const judgement = judge({ runFailed: false, interrupted: false, features: [cured, harmed] });
    expect(judgement).toMatchObject({ verdict: 'harmful', reason: { values: { feature: 'g', after: 9 } } });
  });
});

describe('what cannot be known', () => {
  const missing = evidence(disk, (t) => (t < 0 ? filling(t) : Number.NaN));
  test('is inconclusive, with its reason', () => {
    const reason = (facts: Partial<Parameters<typeof judge>[0]>) => {
      const judgement = judge({ runFailed: false, interrupted: false, features: [missing], ...facts });
      return `${judgement.verdict} ${judgement.reason.key}`;
    };
    expect(reason({})).toBe('inconclusive act.outcome_missing');
    expect(reason({ features: [] })).toBe('inconclusive act.outcome_no_features');
    expect(reason({ interrupted: true })).toBe('inconclusive act.outcome_interrupted');
    const cured = evidence(disk, (t) => (t < 0 ? filling(t) : 0));
    expect(reason({ features: [cured], runFailed: true })).toBe('inconclusive act.outcome_run_failed');
    expect(reason({ features: [evidence(disk, filling)], runFailed: true })).toBe(
      'ineffective act.outcome_ineffective',
    );
  });

  test('shows what there is as evidence', () => {
    const [shown] = judge({ runFailed: false, interrupted: false, features: [missing] }).evidence;
    expect(shown).toEqual({ feature: 'f', before: expect.closeTo(filling(-5500), -3), after: null, unit: 'bytes' });
  });

  test('without any value of the strongest feature afterwards nothing is ever called resolved', () => {
    const value = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    const badness = fc.oneof(
      fc.record({
        kind: fc.constant('band' as const),
        side: fc.constantFrom('above' as const, 'below' as const),
        edge: value,
      }),
      fc.record({
        kind: fc.constant('limit' as const),
        side: fc.constantFrom('above' as const, 'below' as const),
        limit: value,
      }),
      fc.constant({ kind: 'sign' as const }),
    );
    fc.assert(
      fc.property(badness, fc.array(value, { minLength: 10, maxLength: 10 }), fc.boolean(), (bad, values, signOpen) => {
        const one = evidence(bad, (t) => (t < 0 ? values[(t + 10_000) / 1000]! : Number.NaN), { signOpen });
        expect(verdict(one)).toBe('inconclusive');
      }),
    );
  });
});

test('where only the sign is known, it decides', () => {
  const sign: Badness = { kind: 'sign' };
  expect(verdict(evidence(sign, () => 1, { signOpen: true }))).toBe('ineffective');
  expect(verdict(evidence(sign, () => 1, { signOpen: false }))).toBe('resolved');
});

describe('what the catalogue wants to see', () => {
  const cured = evidence(disk, (t) => (t < 0 ? filling(t) : 0));
  const judged = (wanted: { before: boolean | null; after: boolean | null }, features: FeatureEvidence[] = [cured]) =>
    judge({ runFailed: false, interrupted: false, features, wanted: [{ told: 'up > 0.5', ...wanted }] });

  test('takes a success back when it does not hold, or nobody knows', () => {
    expect(judged({ before: true, after: true }).verdict).toBe('resolved');
    expect(judged({ before: true, after: false })).toMatchObject({
      verdict: 'ineffective',
      reason: { key: 'act.outcome_unfulfilled', values: { wanted: 'up > 0.5' } },
    });
    expect(judged({ before: true, after: null }).verdict).toBe('inconclusive');
  });

  test('makes no success of what was in vain or did harm', () => {
    expect(judged({ before: false, after: true }, [evidence(disk, filling)]).verdict).toBe('ineffective');
  });

  test('speaks where nothing else does, unless it held before or the run failed', () => {
    expect(judged({ before: false, after: true }, [])).toMatchObject({
      verdict: 'resolved',
      reason: { key: 'act.outcome_fulfilled' },
    });
    expect(judged({ before: true, after: true }, []).verdict).toBe('inconclusive');
    expect(judged({ before: null, after: true }, []).verdict).toBe('inconclusive');
    const wanted = [{ told: 'x', before: false, after: true }];
    expect(judge({ runFailed: true, interrupted: false, features: [], wanted }).verdict).toBe('inconclusive');
    expect(judge({ runFailed: false, interrupted: true, features: [], wanted }).verdict).toBe('inconclusive');
  });
});
