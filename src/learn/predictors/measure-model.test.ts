import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import type { ModelMeasure } from '../../model/model-check.ts';
import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';
import { createText } from '../../text/text.ts';
import type { ScoredEntity } from '../evaluation/scored.ts';
import { decilesOf, innerDeciles } from './drift.ts';
import { measureCalibration, measureFeatures, measureScores } from './measure-model.ts';

const text = createText();
const inWords = ({ reason }: ModelMeasure): string => {
  for (const language of ['en', 'es'] as const) expect(text(language).phrase(reason)).not.toContain(reason.key);
  return text('en').phrase(reason);
};

const ROWS = 600;
/** Of the first half a model has learnt. */
const CUT = ROWS / 2;

/** Four features of three entities; `change` moves those of the second half. */
function fleet(change: (column: number, value: number) => number): FleetHistory {
  const entities = [1, 2, 3].map((seed): EntityHistory => {
    const random = createRandom(seed);
    const times = Float64Array.from({ length: ROWS }, (_, row) => row);
    const values = Float32Array.from({ length: 4 * ROWS }, (_, i) => {
      const value = random.normal();
      return Math.floor(i / 4) > CUT ? change(i % 4, value) : value;
    });
    return { entity: `host/${seed}`, times, values, failures: [], events: [], observedFrom: 0, observedTo: ROWS };
  });
  return { columns: ['a', 'b', 'c', 'd'], entities };
}
const featuresOf = (changed: FleetHistory): ModelMeasure => {
  const { columns } = changed;
  return measureFeatures(changed, { columns: [...columns], bins: decilesOf(changed, CUT) }, CUT);
};

describe('features', () => {
  it('spread as in training are no drift', () => {
    const measure = featuresOf(fleet((_, value) => value));
    expect(measure).toMatchObject({ value: 0, drifted: false });
    expect(inWords(measure)).toContain('None of 4 features');
  });

  it('a quarter of them shifted is a drift, and the worst is named', () => {
    const measure = featuresOf(fleet((column, value) => (column === 2 ? value + 2 : value)));
    expect(measure).toMatchObject({ value: 0.25, drifted: true });
    expect(inWords(measure)).toMatch(/1 of 4 features has shifted since training: c /);
  });

  it('one that is gone has shifted', () => {
    const measure = featuresOf(fleet((column, value) => (column === 1 ? Number.NaN : value)));
    expect(measure.drifted).toBe(true);
    expect(inWords(measure)).toContain('b is not reported any more');
  });

  it('too few rows say nothing', () => {
    const whole = fleet((_, value) => value + 9);
    const measure = measureFeatures(whole, { columns: [...whole.columns], bins: decilesOf(whole, CUT) }, ROWS - 10);
    expect(measure).toMatchObject({ value: null, drifted: false });
    expect(inWords(measure)).toContain('too few new rows');
  });
});

describe('scores', () => {
  const random = createRandom(7);
  const usual = Float64Array.from({ length: 5000 }, () => random.next() ** 3);
  const deciles = innerDeciles(usual.toSorted());
  const now = (change: (score: number) => number, count = 1000) =>
    measureScores(
      deciles,
      Float64Array.from({ length: count }, () => change(random.next() ** 3)),
    );

  it.each<[string, (score: number) => number, boolean, string]>([
    ['as they were', (score) => score, false, 'is spread as when it was judged'],
    ['all low', (score) => score / 10, true, 'is spread otherwise'],
    ['all high', (score) => (1 + score) / 2, true, 'is spread otherwise'],
    ['the same for everything', () => 0.2, true, 'is spread otherwise'],
  ])('%s', (_, change, drifted, words) => {
    const measure = now(change);
    expect(measure.drifted).toBe(drifted);
    expect(inWords(measure)).toContain(words);
  });

  it('few of them say nothing', () => {
    expect(now((score) => score / 10, 50)).toMatchObject({ value: null, drifted: false });
    expect(inWords(now((score) => score, 50))).toContain('50 of 200 values');
  });
});

describe('calibration', () => {
  const HORIZON = 10;
  const HAZARD = 0.01;

  /** Entities that fail at random, and what is said of each hour: the true chance, `times` over. */
  function said(times: number, entities = 60): ScoredEntity[] {
    const random = createRandom(11);
    const chance = times * (1 - (1 - HAZARD) ** HORIZON);
    return Array.from({ length: entities }, (_, e) => {
      const hours = Float64Array.from({ length: 300 }, (_row, hour) => hour);
      const failures = [...hours].flatMap((hour) => (random.next() < HAZARD ? [{ time: hour + 0.5, kind: 'x' }] : []));
      const probabilities = new Float64Array(hours.length).fill(chance);
      return { entity: `host/${e}`, times: hours, probabilities, failures, observedTo: 300 };
    });
  }

  it.each<[number, boolean, string]>([
    [1, false, 'it expected'],
    [2.2, true, 'expects too much'],
    [0.4, true, 'expects too little'],
  ])('%d times what comes', (times, drifted, words) => {
    const measure = measureCalibration(said(times), [HORIZON]);
    expect(measure.value! / times).toBeGreaterThan(0.75);
    expect(measure.value! / times).toBeLessThan(1.33);
    expect([measure.low! <= measure.value!, measure.value! <= measure.high!]).toEqual([true, true]);
    expect(measure.drifted).toBe(drifted);
    expect(inWords(measure)).toContain(words);
  });

  it('few failures say nothing', () => {
    const measure = measureCalibration(said(5, 1), [HORIZON]);
    expect(measure).toMatchObject({ value: null, drifted: false });
    expect(inWords(measure)).toContain('10 are needed');
  });
});
