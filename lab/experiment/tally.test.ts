import { describe, expect, it } from 'vitest';
import type { FaultPlan } from '../world.ts';
import { firstSign, predictedOf, reportArm, reportText } from './report.ts';
import { type FaultRecord, fitnessOf, unavailability, visibleFrom } from './tally.ts';

const leak: FaultPlan = { kind: 'fd-leak', service: 'orders', replica: 2, growthS: 60 };
const surge: FaultPlan = { kind: 'traffic-surge', service: 'payments', replica: null, growthS: 60 };

const record = (changes: Partial<FaultRecord> = {}): FaultRecord => ({
  index: 0,
  plan: leak,
  requests: 1000,
  failed: 30,
  slow: 10,
  visibleS: 50,
  actions: [],
  signs: [],
  ...changes,
});

describe('when users notice', () => {
  const second = (n: number, failed: number, slow = 0) => ({ second: n, requests: 20, failed, slow });

  it('is never without loss, nor by one request in a hundred', () => {
    expect(visibleFrom([])).toBeNull();
    expect(visibleFrom([second(1, 0), second(2, 1), second(3, 0)])).toBeNull();
  });

  it('is when more than a twentieth of some seconds is lost, slow ones too, in whatever order they were told', () => {
    const seconds = [second(10, 0), second(14, 2, 1), second(11, 0), second(12, 0), second(13, 1)];
    expect(visibleFrom([...seconds, second(15, 5)])).toBe(5);
    expect(visibleFrom([...seconds, second(15, 1, 1)])).toBe(5);
  });
});

describe('what an action was', () => {
  it.each([
    [leak, 'restart', 'replica/orders-2', 'helps'],
    [leak, 'restart', 'replica/orders-1', 'useless'],
    [leak, 'clear', 'replica/orders-2', 'useless'],
    [leak, 'shed-load', 'service/gateway', 'harms'],
    [surge, 'scale', 'service/payments', 'helps'],
    [surge, 'scale', 'replica/payments-2', 'helps'],
    [surge, 'scale', 'service/ledger', 'useless'],
    [surge, 'restart', 'replica/payments-3', 'harms'],
    [surge, 'restart', 'replica/orders-1', 'useless'],
    [surge, 'shed-load', 'service/gateway', 'helps'],
    [surge, 'explode', 'service/gateway', 'useless'],
  ] as const)('%o %s %s: %s', (plan, action, entity, fitness) => {
    expect(fitnessOf(plan, action, entity)).toBe(fitness);
  });
});

describe('a report', () => {
  const said = (atS: number, entity: string, kind: 'prediction' | 'anomaly' = 'prediction') => ({
    atS,
    entity,
    kind,
    detail: '',
  });

  it('counts what failed and what was slow', () => {
    expect(unavailability([record(), record({ failed: 0, slow: 0 })])).toBeCloseTo(0.02, 12);
    expect(unavailability([])).toBe(0);
  });

  it('takes a prediction for one only on the faulty service and before users noticed', () => {
    const early = record({ signs: [said(5, 'replica/ledger-1'), said(20, 'replica/orders-2')] });
    const late = record({ index: 1, signs: [said(60, 'service/orders')] });
    const mute = record({ index: 2, signs: [said(10, 'replica/orders-2', 'anomaly')] });
    expect(firstSign(early, ['prediction'])).toBe(20);
    expect(predictedOf([early, late, mute], () => true)).toEqual({ of: 3, predicted: 1, medianLead: 0.5 });
  });

  it('judges predictions by faults with a precursor that users noticed, and by no others', () => {
    const unnoticed = record({ visibleS: null, signs: [said(20, 'replica/orders-2')] });
    expect(predictedOf([unnoticed], () => true)).toEqual({ of: 0, predicted: 0, medianLead: null });
    expect(predictedOf([record()], () => false)).toEqual({ of: 0, predicted: 0, medianLead: null });
  });

  it('says in text what it says in figures', () => {
    const done = { atS: 21, action: 'restart', entity: 'replica/orders-2', by: 'vigia', ok: true } as const;
    const faults = [
      record({
        actions: [
          { ...done, fitness: 'helps' },
          { ...done, ok: false, fitness: 'useless' },
        ],
      }),
    ];
    const of = {
      scenario: 'x',
      seed: 3,
      arm: 'vigia',
      policy: 'bandit@1',
      quietS: 60,
      quietSigns: [said(3, 'a')],
      faults,
    } as const;
    const report = reportArm(of, () => true);
    expect(report).toMatchObject({
      unavailability: 0.04,
      actions: { helps: 1, useless: 0, harms: 0, refused: 1 },
      quietPredictions: 1,
    });
    expect(report.budgetBurnt).toBeCloseTo(8, 9);
    expect(reportText(report)).toContain('4.00 %');
    expect(reportText(report)).toContain('bandit@1');
    expect(reportText(report)).toContain('21 s restart replica/orders-2 helps');
  });
});
