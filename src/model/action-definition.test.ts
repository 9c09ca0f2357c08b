import { describe, expect, test } from 'vitest';
import { type ActionMatch, targetOf } from './action-definition.ts';

const any: ActionMatch = { entityKinds: [], anomalyKinds: [], features: [], predictions: true };
const fits = (match: Partial<ActionMatch>, subject: { anomalies?: string[]; failures?: string[] | null }): boolean => {
  const { anomalies = [], failures = [] } = subject;
  const found = targetOf(
    { match: { ...any, ...match } },
    {
      root: 'host/a',
      entities: ['host/a'],
      features: [],
      anomalyKinds: anomalies,
      predictions: failures === null || failures.length > 0 ? ['p'] : [],
      ...(failures !== null && { failureKinds: failures }),
    },
  );
  return found !== null;
};

describe('an action about some predicted failures', () => {
  test('fits these and no others', () => {
    expect(fits({ failureKinds: ['crash'] }, { failures: ['crash', 'capacity'] })).toBe(true);
    expect(fits({ failureKinds: ['crash'] }, { failures: ['capacity'] })).toBe(false);
    expect(fits({}, { failures: ['capacity'] })).toBe(true);
  });

  test('is not meant for every anomaly by that, but may name some beside', () => {
    expect(fits({ failureKinds: ['crash'] }, { anomalies: ['spike'] })).toBe(false);
    expect(fits({ failureKinds: ['crash'], anomalyKinds: ['spike'] }, { anomalies: ['spike'] })).toBe(true);
    expect(fits({}, { anomalies: ['spike'] })).toBe(true);
  });

  test('fits where nobody knows what is predicted, and not where predictions do not count', () => {
    expect(fits({ failureKinds: ['crash'] }, { failures: null })).toBe(true);
    expect(fits({ failureKinds: ['crash'], predictions: false }, { failures: ['crash'] })).toBe(false);
  });
});
