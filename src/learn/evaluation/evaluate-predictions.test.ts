import { describe, expect, test } from 'vitest';
import { averagePrecision } from '../../ml/ranking-metrics.ts';
import { brierSkill } from '../../ml/probability-metrics.ts';
import { createRandom } from '../../ml/random.ts';
import { DAYS, scoredFleet } from './check-scored-fleet.ts';
import { evaluatePredictions } from './evaluate-predictions.ts';
import { findLeaks } from './find-leaks.ts';
import { judgedRows, outcomeOf, type ScoredEntity } from './scored.ts';

const evaluate = (entities: ScoredEntity[], tuning = entities, paged = entities) =>
  evaluatePredictions({
    horizons: [5],
    entities,
    tuning,
    paged,
    baseRates: [0.1],
    rivals: [
      { name: 'base-rate', probabilities: entities.map(({ times }) => new Float64Array(times.length).fill(0.1)) },
    ],
    contract: { precision: 0.8, minLead: 1 },
    day: 1,
    seed: 1,
  });

describe('what was said against what came', () => {
  const entities = scoredFleet(1);
  const { horizons, entityDays } = evaluate(entities);
  const report = horizons[0]!;
  const rows = judgedRows(entities, { index: 0, value: 5, width: 1 });

  test('figures are those of the rows, and lie within their intervals', () => {
    expect(report.auprc!.value).toBeCloseTo(averagePrecision(rows.label, rows.chance), 12);
    expect(report.brierSkill!.value).toBeCloseTo(brierSkill(rows.label, rows.chance), 12);
    for (const figure of [report.auprc!, report.brier!, report.expectedOverObserved!, report.riskiestTenth!]) {
      expect(figure.low).toBeLessThan(figure.value);
      expect(figure.high).toBeGreaterThan(figure.value);
    }
    expect(entityDays).toBeCloseTo(40 * DAYS, 9);
    expect(report.reliability.reduce((sum, { count }) => sum + count, 0)).toBe(report.rows);
  });

  test('a rival on the same rows is beaten by as much as its area is smaller', () => {
    const { auprc, ratio } = report.rivals[0]!;
    expect(auprc!.value).toBeCloseTo(report.observedRate, 9);
    expect(ratio!.value).toBeCloseTo(report.auprc!.value / auprc!.value, 9);
    expect(ratio!.low).toBeGreaterThan(1);
  });

  test('the same input gives the same figures', () => {
    expect(evaluate(entities).horizons[0]).toEqual(report);
  });

  test('rows whose outcome nobody could see count nowhere', () => {
    const [first] = entities;
    expect(outcomeOf({ ...first!, failures: [] }, DAYS - 5, 5)).toBe(0);
    expect(outcomeOf({ ...first!, failures: [] }, DAYS - 4, 5)).toBe(-1);
    expect(outcomeOf({ ...first!, failures: [{ time: DAYS - 1, kind: '' }] }, DAYS - 4, 5)).toBe(1);
    expect(Math.max(...rows.row)).toBeGreaterThanOrEqual(DAYS - 5);
  });

  test('without a failure, or without rows, there are no figures and no exception', () => {
    const calm = entities.map((scored) => ({ ...scored, failures: [] }));
    expect(evaluate(calm).horizons[0]).toMatchObject({ auprc: null, positives: 0 });
    const none = entities.map((scored) => ({
      ...scored,
      times: new Float64Array(0),
      probabilities: new Float64Array(0),
    }));
    expect(evaluate(none).horizons[0]).toMatchObject({ auprc: null, rows: 0, paging: { threshold: null, pages: 0 } });
  });

  test('pages are of the model that thresholds were chosen with, everything else of the one that was asked', () => {
    const sure = scoredFleet(2, { noise: 0.002, entities: 80 });
    const silent = sure.map((scored) => ({ ...scored, probabilities: scored.probabilities.map(() => 0) }));
    const usual = evaluate(sure).horizons[0]!;
    const [horizon] = evaluate(sure, sure, silent).horizons;
    expect(usual.paging.pages).toBeGreaterThan(0);
    expect(horizon!.paging).toMatchObject({
      threshold: usual.paging.threshold,
      pages: 0,
      failures: usual.paging.failures,
    });
    expect(horizon!.auprc).toEqual(usual.auprc);
  });

  test('few entities are cut into stretches of time, so that there is something to draw again', () => {
    expect(judgedRows(entities.slice(0, 3), { index: 0, value: 5, width: 1 }).clusters).toBeGreaterThan(30);
    expect(rows.clusters).toBe(40);
  });
});

describe('leaks', () => {
  const random = createRandom(5);
  const columns = ['label', 'countdown', 'down', 'ticket', 'wear', 'noise', 'constant', 'missing'];
  const ahead: number[] = [];
  const since: number[] = [];
  const values: number[] = [];
  for (let entity = 0; entity < 60; entity++) {
    // Two lives each: the first row of the second one is the row after a failure.
    const lives = [30 + random.int(40), 30 + random.int(40)];
    for (const [life, length] of lives.entries()) {
      for (let row = 0; row < length; row++) {
        const left = length - row;
        const past = life === 0 ? Infinity : row;
        ahead.push(left);
        since.push(past);
        values.push(
          left <= 10 ? 1 : 0,
          -left,
          left <= 1 ? 5 : random.next(),
          past <= 1 ? 9 : random.next(),
          row / length + 0.3 * random.next(),
          random.next(),
          7,
          Number.NaN,
        );
      }
    }
  }
  const rows = {
    columns,
    values: Float32Array.from(values),
    ahead: Float64Array.from(ahead),
    since: Float64Array.from(since),
    failures: 120,
    step: 1,
  };

  test('a label, a countdown and what changes with the failure are named; honest wear is not', () => {
    const found = findLeaks(rows, [5, 10, 20]);
    expect(found.map(({ column, kind }) => [column, kind])).toEqual([
      ['label', 'knows'],
      ['countdown', 'knows'],
      ['down', 'at-failure'],
    ]);
  });

  test('what an incident process writes after a failure is named where it seems to foretell the next', () => {
    // Failures come in bursts of four, three rows apart; after each the ticket is open for three rows.
    const bursts = { values: [] as number[], ahead: [] as number[], since: [] as number[] };
    const failed = (row: number): boolean => [0, 3, 6, 9].includes(row % 80);
    for (let row = 10; row < 8000; row++) {
      const back = Array.from({ length: 80 }, (_, i) => i).find((i) => failed(row - i))!;
      bursts.since.push(back);
      bursts.ahead.push(Array.from({ length: 80 }, (_, i) => i + 1).find((i) => failed(row + i))!);
      bursts.values.push(back < 3 ? 9 + random.next() : random.next(), random.next());
    }
    const found = findLeaks(
      {
        columns: ['ticket', 'load'],
        values: Float32Array.from(bursts.values),
        ahead: Float64Array.from(bursts.ahead),
        since: Float64Array.from(bursts.since),
        failures: 400,
        step: 1,
      },
      [4],
    );
    expect(found.map(({ column, kind }) => [column, kind])).toEqual([['ticket', 'aftermath']]);
  });

  test('one failure proves nothing: an uptime runs along with the time that is left', () => {
    expect(findLeaks({ ...rows, failures: 1 }, [10]).filter(({ kind }) => kind === 'knows')).toEqual([]);
  });
});
