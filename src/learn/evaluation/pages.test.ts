import { describe, expect, test } from 'vitest';
import { scoredFleet } from './check-scored-fleet.ts';
import { chooseThreshold, pagesOf, sharesOf } from './pages.ts';
import type { ScoredEntity } from './scored.ts';

describe('pages', () => {
  const rule = { horizon: 10, index: 0, width: 1, minLead: 2, threshold: 0.5 };
  const one = (chances: Record<number, number>, failures: number[], observedTo = 60): ScoredEntity => ({
    entity: 'a',
    times: Float64Array.from({ length: 60 }, (_, day) => day),
    probabilities: Float64Array.from({ length: 60 }, (_, day) => chances[day] ?? 0),
    failures: failures.map((time) => ({ time, kind: '' })),
    observedTo,
  });
  const verdicts = (scored: ScoredEntity) => pagesOf([scored], rule).pages.map(({ time, verdict }) => [time, verdict]);

  test('a lasting risk is one page, and the next comes after the horizon', () => {
    expect(verdicts(one({ 20: 1, 21: 1, 25: 1 }, [26]))).toEqual([[20, 'right']]);
    expect(verdicts(one({ 20: 1, 25: 1, 31: 1 }, []))).toEqual([
      [20, 'false'],
      [31, 'false'],
    ]);
  });

  test('too late is of no use, and what nobody saw is not held against it', () => {
    expect(verdicts(one({ 25: 1 }, [26]))).toEqual([[25, 'late']]);
    expect(verdicts(one({ 55: 1 }, [], 60))).toEqual([[55, 'open']]);
    expect(sharesOf(pagesOf([one({ 55: 1 }, [])], rule)).decided).toBe(0);
  });

  test('a failure is caught by a page of its own, missed without one, and not counted where none was possible', () => {
    const { failures } = pagesOf([one({ 20: 1 }, [1, 26, 50])], rule);
    expect(failures.map(({ time, lead }) => [time, lead])).toEqual([
      [26, 6],
      [50, Number.NaN],
    ]);
  });

  test('the threshold keeps the contract on the rows it was chosen on, and on others', () => {
    const tuning = scoredFleet(2, { noise: 0.002, entities: 80 });
    const contract = { precision: 0.8, minLead: 1 };
    const asked = { horizon: 5, index: 0, width: 1 };
    const threshold = chooseThreshold(tuning, asked, contract)!;
    for (const fleet of [tuning, scoredFleet(3, { noise: 0.002, entities: 80 })]) {
      const { precision, recall } = sharesOf(pagesOf(fleet, { ...asked, minLead: 1, threshold }));
      expect(precision).toBeGreaterThan(0.78);
      expect(recall).toBeGreaterThan(0.5);
    }
    const noise = scoredFleet(4, { noise: 0.5 });
    expect(chooseThreshold(noise, asked, contract)).toBeNull();
  });

  /** Entities that say so much once, at 20; those named by `fails` fail at 26. */
  const lone = (said: readonly number[], fails: (entity: number) => boolean) =>
    said.map((p, entity) => one({ 20: p }, fails(entity) ? [26] : []));
  const asked = { horizon: 10, index: 0, width: 1 };
  const contract = { precision: 0.8, minLead: 2 };
  const spread = Array.from({ length: 100 }, (_, i) => 0.99 - 0.004 * i);

  test('one false page among the first few does not hide that later ones come true', () => {
    const threshold = chooseThreshold(
      lone(spread, (i) => i !== 2 && i < 60),
      asked,
      contract,
    )!;
    expect(threshold).toBeLessThan(spread[50]!);
    expect(threshold).toBeGreaterThan(spread[75]!);
  });

  test('what the model says does not stand against what came, and a handful of pages does not choose', () => {
    expect(
      chooseThreshold(
        lone(spread, (i) => i % 2 === 0),
        asked,
        contract,
      ),
    ).toBeNull();
    expect(
      chooseThreshold(
        lone([0.99, 0.98, 0.97, 0.96], () => true),
        asked,
        contract,
      ),
    ).toBeNull();
  });

  test('pages that come too late from a high threshold do not hide that a lower one has them in time', () => {
    const slow = spread.slice(0, 15).map((p) => one({ 20: p }, [26]));
    const fast = spread.slice(0, 40).map((p) => one({ 20: p - 0.2, 25: p - 0.06 }, [26]));
    const threshold = chooseThreshold([...slow, ...fast], asked, contract)!;
    expect(threshold).toBeLessThan(spread[0]! - 0.2);
    const { precision, recall } = sharesOf(pagesOf([...slow, ...fast], { ...asked, threshold, minLead: 2 }));
    expect(precision).toBeGreaterThan(0.8);
    expect(recall).toBeGreaterThan(0.7);
  });

  test('a lower threshold is not taken for pages of which most are false, though the contract had room for them', () => {
    // Of the last twenty one in four comes true: 55 of 70 in all, and 50 of 50 before.
    const threshold = chooseThreshold(
      lone(spread.slice(0, 70), (i) => i < 50 || i % 4 === 0),
      asked,
      { ...contract, precision: 0.7 },
    )!;
    expect(threshold).toBeGreaterThan(spread[56]!);
    expect(threshold).toBeLessThan(spread[45]!);
  });

  test('what counts is what came, not how boldly it was said', () => {
    const entities = (said: readonly number[]) => lone(said, (i) => i % 10 !== 3 && i < 70);
    const recall = (said: readonly number[]): number => {
      const threshold = chooseThreshold(entities(said), asked, contract)!;
      return sharesOf(pagesOf(entities(said), { ...rule, threshold })).recall;
    };
    expect(recall(spread)).toBeGreaterThan(0.5);
    expect(recall(spread.map((p) => p / 1.5))).toBe(recall(spread));
  });
});
