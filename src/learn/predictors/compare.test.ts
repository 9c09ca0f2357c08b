import { describe, expect, it } from 'vitest';
import type { ScoredEntity } from '../evaluation/scored.ts';
import { clearlyWorse, compare, verdictOf } from './compare.ts';

const DAY = 86_400;
const DAYS = 20;
const A_DAY = 20;
/** One row in twenty is followed by a failure, every day alike. */
const RATE = 1 / A_DAY;
const HORIZON = 60;

/** Says `chance` of every row. */
function entity(e: number, chance: number): ScoredEntity {
  const times = Float64Array.from({ length: DAYS * A_DAY }, (_, i) => {
    return Math.floor(i / A_DAY) * DAY + ((i % A_DAY) * DAY) / A_DAY;
  });
  return {
    entity: `host/${e}`,
    times,
    probabilities: new Float64Array(times.length).fill(chance),
    failures: Array.from({ length: DAYS }, (_, day) => ({ time: day * DAY + HORIZON / 2, kind: 'x' })),
    observedTo: DAYS * DAY + HORIZON,
  };
}

/** A model that is off by a factor beside the base rate. */
function offBy(factor: number) {
  const entities = Array.from({ length: 5 }, (_, e) => entity(e, factor * RATE));
  return compare(
    entities,
    entities.map(({ times }) => new Float64Array(times.length).fill(RATE)),
    [HORIZON],
  );
}

describe('a model beside the base rate', () => {
  it.each([1.1, 1.25, 0.8])('is not clearly worse when its level is off by %d, however sure that is', (factor) => {
    const compared = offBy(factor);
    expect(verdictOf(compared)).toBe('second');
    expect(compared.share).toBeLessThan(0);
    expect(clearlyWorse(compared)).toBe(false);
  });

  it.each([2, 0.5])('is clearly worse when its level is off by %d', (factor) => {
    expect(clearlyWorse(offBy(factor))).toBe(true);
  });

  it('is not worse when few have failed', () => {
    const whole = entity(0, 0.5);
    const few = { ...whole, failures: whole.failures.slice(0, 4) };
    const compared = compare([few], [new Float64Array(DAYS * A_DAY).fill(0.01)], [HORIZON]);
    expect(compared.failures).toBe(4);
    expect(clearlyWorse(compared)).toBe(false);
  });
});
