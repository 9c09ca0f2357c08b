import type { FailureModelDetail } from '../../model/failure-model.ts';
import type { ModelMeasure } from '../../model/model-check.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { FleetHistory } from '../../model/predictor.ts';
import { rowFigures } from '../evaluation/row-figures.ts';
import { judgedRows, type ScoredEntity } from '../evaluation/scored.ts';
import { driftOf, SHIFT, SHIFTED_SHARE, stabilityIndex } from './drift.ts';

/** Expected over observed outside of these, with all of its interval, is no longer what was said. */
const CALIBRATION = { least: 2 / 3, most: 3 / 2 } as const;
/** Fewer scores, or failures, say nothing. */
const LEAST_SCORES = 200;
const LEAST_FAILURES = 10;
const SEED = 1;

const nothing = (reason: Phrase) => ({ value: null, low: null, high: null, drifted: false, reason });

/** Whether the features are still spread as they were in training. `since` in seconds. */
export function measureFeatures(
  fleet: FleetHistory,
  { columns, bins }: Pick<FailureModelDetail, 'columns' | 'bins'>,
  since: number,
): ModelMeasure {
  const { asked, shifted } = driftOf(fleet, columns, { bins, since });
  const base = { of: 'features' as const, threshold: { least: null, most: SHIFTED_SHARE } };
  if (asked === 0) return { ...base, ...nothing(phrase('predict.drift_features_few')) };
  const [worst] = shifted;
  const value = shifted.length / asked;
  const reason =
    worst === undefined
      ? phrase('predict.drift_features_none', { count: asked })
      : phrase(worst.gone ? 'predict.drift_features_gone' : 'predict.drift_features', {
          count: shifted.length,
          asked,
          feature: worst.name,
          index: worst.index,
        });
  return { ...base, value, low: null, high: null, drifted: value >= SHIFTED_SHARE, reason };
}

/** Whether what it says is still spread as it was when it was judged. `scores` are of the horizon of these deciles. */
export function measureScores(deciles: readonly number[], scores: ArrayLike<number>): ModelMeasure {
  const base = { of: 'scores' as const, threshold: { least: null, most: SHIFT } };
  if (deciles.length === 0 || scores.length < LEAST_SCORES)
    return { ...base, ...nothing(phrase('predict.drift_scores_few', { count: scores.length, needed: LEAST_SCORES })) };
  const value = stabilityIndex(deciles, scores);
  const drifted = value > SHIFT;
  const reason = phrase(drifted ? 'predict.drift_scores' : 'predict.drift_scores_none', { index: value });
  return { ...base, value, low: null, high: null, drifted, reason };
}

/** Whether as many failures came as were expected, at the horizon that has seen most of them. */
export function measureCalibration(entities: readonly ScoredEntity[], horizons: readonly number[]): ModelMeasure {
  const base = { of: 'calibration' as const, threshold: CALIBRATION };
  const all = horizons.map((value, index) => {
    const rows = judgedRows(entities, { index, value, width: horizons.length });
    return { rows, seconds: value, failures: failuresIn(entities, rows) };
  });
  const { rows, seconds, failures } = all.reduce((most, one) => (one.failures > most.failures ? one : most));
  const told = { count: failures, needed: LEAST_FAILURES };
  const figure = failures < LEAST_FAILURES ? null : rowFigures(rows, SEED).expectedOverObserved;
  if (figure === null) return { ...base, ...nothing(phrase('predict.drift_calibration_few', told)) };
  const { value, low, high } = figure;
  const drifted = low > CALIBRATION.most || high < CALIBRATION.least;
  const key = drifted
    ? low > 1
      ? 'predict.drift_calibration_high'
      : 'predict.drift_calibration_low'
    : 'predict.drift_calibration_none';
  return { ...base, value, low, high, drifted, reason: phrase(key, { seconds, ratio: value, count: failures }) };
}

/** Failures that rows with a positive label lead to. */
function failuresIn(entities: readonly ScoredEntity[], rows: ReturnType<typeof judgedRows>): number {
  const seen = new Set<string>();
  for (let i = 0; i < rows.count; i++) {
    if (rows.label[i] !== 1) continue;
    const { times, failures } = entities[rows.entity[i]!]!;
    const time = times[rows.row[i]!]!;
    seen.add(`${rows.entity[i]} ${failures.find((failure) => failure.time > time)?.time}`);
  }
  return seen.size;
}
