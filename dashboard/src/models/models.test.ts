import { describe, expect, it, test } from 'vitest';
import type { HorizonFigures } from '../../../src/model/failure-model.ts';
import type { ModelMeasure } from '../../../src/model/model-check.ts';
import { phrase } from '../../../src/model/phrase.ts';
import { driftSeries } from './drift-rows.ts';
import { tellingFigures } from './telling-figures.ts';
import { secondsLeft } from './time-left.ts';

const measure = (of: ModelMeasure['of'], value: number | null): ModelMeasure => ({
  of,
  value,
  low: value === null ? null : value - 0.1,
  high: value === null ? null : value + 0.1,
  threshold: { least: null, most: 0.25 },
  drifted: false,
  reason: phrase('predict.drift_scores_none', { index: value ?? 0 }),
});

describe('figures of a model since it serves', () => {
  it('are one series each, oldest first, with gaps where nothing could be said', () => {
    const series = driftSeries([
      { model: 'm', time: 2000, measures: [measure('scores', 0.3), measure('features', 0)] },
      { model: 'm', time: 1000, measures: [measure('scores', null)] },
    ]);
    expect(series.map(({ of }) => of)).toEqual(['scores', 'features']);
    expect(series[0]?.rows).toEqual([
      { time: 1000, value: null, range: null },
      { time: 2000, value: 0.3, range: [expect.closeTo(0.2), expect.closeTo(0.4)] },
    ]);
    expect(series[0]?.last.value).toBe(0.3);
  });

  it('are none before the first measurement', () => {
    expect(driftSeries([])).toEqual([]);
  });
});

test('the horizon shown first is the one that pages, else the one with the most failures', () => {
  const at = (seconds: number, positives: number): HorizonFigures => ({
    seconds,
    positives,
    rows: 100,
    baseRate: positives / 100,
    averagePrecision: null,
    brierSkill: null,
    expectedOverObserved: null,
    reliability: [],
    threshold: null,
    precision: null,
    recall: null,
  });
  const horizons = [at(900, 3), at(3600, 9), at(21_600, 7)];
  expect(tellingFigures(horizons, 900)?.seconds).toBe(900);
  expect(tellingFigures(horizons, null)?.seconds).toBe(3600);
  expect(tellingFigures([], null)).toBeUndefined();
});

test('the time that training needs yet follows its progress within its budget', () => {
  expect(secondsLeft({ budgetMs: 600_000, progress: 0.5, startedAt: 0 }, 60_000)).toBe(60);
  expect(secondsLeft({ budgetMs: 600_000, progress: 0, startedAt: 0 }, 60_000)).toBe(540);
  expect(secondsLeft({ budgetMs: 600_000, progress: 0.9, startedAt: 0 }, 700_000)).toBe(0);
  expect(secondsLeft({ progress: 0.5, startedAt: 0 }, 60_000)).toBeNull();
});
