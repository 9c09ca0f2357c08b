import { rocAuc } from '../../ml/ranking-metrics.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows } from '../../predict/hazard/labels.ts';
import { followed } from '../../predict/history/rate-model.ts';

/** Rows that the line is drawn through. */
const ROWS = 30;
/** Rows of the training that the feature is chosen on. */
const MOST_ROWS = 20_000;
const LEAST_FAILURES = 3;

/**
 * What a person with a ruler does: of all features the one that tells most, a straight line through its last rows, and the time
 * until it crosses the level at which others failed. Null where there is no feature or too little to choose it by.
 */
export function createStraightLine(
  training: readonly EntityHistory[],
  columns: readonly string[],
  horizons: readonly number[],
): ((history: EntityHistory, place: number, horizon: number) => number) | null {
  const width = columns.length;
  const chosen = chooseFeature(training, width, horizons.at(-1)!);
  if (chosen === null) return null;
  const { feature, rising, level } = chosen;
  return (history, place, j) => {
    const { slope, last } = lineThrough(history, place, { feature, width });
    const missing = rising ? level - last : last - level;
    const speed = rising ? slope : -slope;
    if (Number.isNaN(missing)) return 0;
    const time = missing <= 0 ? 0 : speed > 0 ? missing / speed : Infinity;
    return horizons[j]! / (horizons[j]! + time);
  };
}

function chooseFeature(training: readonly EntityHistory[], width: number, horizon: number) {
  const rows = sampleRows(training, horizon);
  if (rows.failures < LEAST_FAILURES) return null;
  let best: { feature: number; rising: boolean; level: number } | null = null;
  let most = 0;
  for (let feature = 0; feature < width; feature++) {
    const values = rows.at.map(({ history, row }) => history.values[row * width + feature]!);
    const usable = values.map((value, i) => (Number.isFinite(value) ? i : -1)).filter((i) => i >= 0);
    const labels = usable.map((i) => rows.at[i]!.label);
    const positives = labels.reduce((sum, label) => sum + label, 0);
    if (positives === 0 || positives === labels.length) continue;
    const area =
      rocAuc(
        labels,
        usable.map((i) => values[i]!),
      ) - 0.5;
    if (Math.abs(area) <= most) continue;
    const level = levelAtFailure(training, feature, width);
    if (Number.isNaN(level)) continue;
    most = Math.abs(area);
    best = { feature, rising: area > 0, level };
  }
  return best;
}

/** Every so many rows, with whether a failure followed within the horizon. */
function sampleRows(training: readonly EntityHistory[], horizon: number) {
  const total = training.reduce((sum, { times }) => sum + times.length, 0);
  const every = Math.max(1, Math.ceil(total / MOST_ROWS));
  const at: { history: EntityHistory; row: number; label: number }[] = [];
  let failures = 0;
  let seen = 0;
  for (const history of training) {
    const label = labelRows(history, 0);
    failures += history.failures.length;
    for (let row = 0; row < history.times.length; row++) {
      if (seen++ % every !== 0) continue;
      const outcome = followed(label, row, horizon);
      if (outcome >= 0) at.push({ history, row, label: outcome });
    }
  }
  return { at, failures };
}

/** Median of the last value before each failure. */
function levelAtFailure(training: readonly EntityHistory[], feature: number, width: number): number {
  const levels: number[] = [];
  for (const { times, values, failures } of training) {
    let row = 0;
    for (const { time } of failures) {
      while (row < times.length && times[row]! < time) row++;
      const value = row > 0 ? values[(row - 1) * width + feature]! : Number.NaN;
      if (Number.isFinite(value)) levels.push(value);
    }
  }
  return levels.sort((a, b) => a - b)[levels.length >> 1] ?? Number.NaN;
}

/** Least squares through the last rows up to a place. */
function lineThrough(
  { times, values }: EntityHistory,
  place: number,
  { feature, width }: { readonly feature: number; readonly width: number },
): { slope: number; last: number } {
  let count = 0;
  let [sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0];
  for (let row = Math.max(0, place - ROWS + 1); row <= place; row++) {
    const y = values[row * width + feature]!;
    if (!Number.isFinite(y)) continue;
    const x = times[row]! - times[place]!;
    count++;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  }
  const spread = count * sumXX - sumX * sumX;
  const slope = spread > 0 ? (count * sumXY - sumX * sumY) / spread : 0;
  return { slope, last: count > 0 ? (sumY - slope * sumX) / count : Number.NaN };
}
