import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from '../bench/simulator/faults.ts';
import { falseAlerts, recalled, type Told } from '../bench/simulator/judge.ts';
import { robustDeviations } from '../bench/simulator/life.ts';
import { createOracle } from '../bench/simulator/oracle.ts';
import { simulate } from '../bench/simulator/simulate.ts';

const small = { seed: 3, days: 2, stepMs: 60_000, entities: 10 } as const;
const faults = { count: 20, afterDays: 0.5 } as const;

describe('the fleet simulator', () => {
  test('the same seeds give the same lives, another run another life of the same fleet', () => {
    const [one, same, other] = [1, 1, 2].map((run) => simulate({ ...small, run }));
    expect(same!.lives.map(({ values }) => values)).toEqual(one!.lives.map(({ values }) => values));
    expect(other!.lives[0]!.values).not.toEqual(one!.lives[0]!.values);
    expect(other!.fleet.entities.map(({ features }) => features)).toEqual(
      one!.fleet.entities.map(({ features }) => features),
    );
  });

  test('values stray from their true mean by their deviation, and are never missing', () => {
    for (const life of simulate({ ...small, run: 1 }).lives) {
      expect(life.values.every((value) => Number.isFinite(value))).toBe(true);
      const deviations = robustDeviations(life);
      life.entity.features.forEach(({ base, load, deviation, noise }, column) => {
        if (noise !== 'smooth') return;
        const expected = base * Math.hypot(deviation, 0.07 * load);
        expect(deviations[column]! / expected).toBeGreaterThan(0.5);
        expect(deviations[column]! / expected).toBeLessThan(1.6);
      });
    }
  });

  test('faults change what they say, and nothing else', () => {
    const quiet = simulate({ ...small, run: 1 });
    const struck = simulate({ ...small, run: 1, faults });
    expect(new Set(struck.faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    for (const [place, life] of struck.lives.entries()) {
      const own = struck.faults.filter(({ entity }) => entity === life.entity.id);
      const columns = life.entity.features.length;
      const changed = new Set<number>();
      life.values.forEach((value, at) => {
        if (value !== quiet.lives[place]!.values[at]!) changed.add(Math.floor(at / columns));
      });
      const within = (step: number): boolean => own.some(({ from, to }) => step >= from && step < to);
      expect([...changed].every(within)).toBe(true);
      for (const { kind, from, to } of own) {
        const seen =
          kind === 'silence' ? life.absent[from] === 1 : [...changed].some((step) => step >= from && step < to);
        expect([kind, seen]).toEqual([kind, true]);
      }
    }
  });

  test('the oracle finds much of it within its budget, and a fault is recalled only in its time and place', () => {
    const { faults: planted, lives, span } = simulate({ ...small, run: 1, faults });
    const budget = 20;
    const oracle = createOracle([2, 3].map((run) => simulate({ ...small, run }).lives));
    const best = oracle
      .tell(lives, budget)
      .map((told) => ({ told, found: recalled(planted, told, span) }))
      .toSorted((a, b) => b.found.size - a.found.size)[0]!;
    expect(best.found.size).toBeGreaterThan(planted.length / 2);
    expect(best.told.length).toBeLessThanOrEqual(budget * small.days);
    const nowhere = (told: Told): Told['spans'] =>
      told.spans.map(({ from, to }) => ({ entity: 'host/none', from, to }));
    const elsewhere = best.told.map((told): Told => ({ at: told.at, severity: told.severity, spans: nowhere(told) }));
    expect(recalled(planted, elsewhere, span).size).toBe(0);
    expect(falseAlerts(planted, elsewhere, span)).toHaveLength(elsewhere.length);
  });
});
