import { brierSkill } from '../../ml/probability-metrics.ts';
import { averagePrecision } from '../../ml/ranking-metrics.ts';
import type { PredictorFacts } from '../../model/predictor.ts';
import type { Intervals } from './intervals.ts';
import type { Outcomes, Stack } from './stack.ts';
import type { TrainingRows } from './training-rows.ts';

export interface FactMaterial {
  readonly rows: TrainingRows;
  /** Of the rows that were judged, in the order of `chances`. */
  readonly outcomes: Outcomes;
  /** rows × intervals. */
  readonly chances: Float64Array;
  readonly intervals: Intervals;
  readonly horizons: readonly number[];
  readonly stack: Stack;
}

/** Figures of a fit, on rows that its members had not learnt from; without those of rows left out by sampling. */
export function factsOf({
  rows,
  outcomes,
  chances,
  intervals,
  horizons,
  stack,
}: FactMaterial): Omit<PredictorFacts, 'regimes'> {
  const metrics: Record<string, number> = {};
  for (const [h, horizon] of horizons.entries()) {
    const labels: number[] = [];
    const scores: number[] = [];
    for (let i = 0; i < outcomes.time.length; i++) {
      const within = outcomes.time[i]! <= horizon;
      if (within && !(outcomes.failed[i]! > 0)) continue;
      labels.push(within ? 1 : 0);
      scores.push(chances[i * intervals.edges.length + intervals.atHorizon[h]!]!);
    }
    if (!labels.includes(1) || !labels.includes(0)) continue;
    metrics[`averagePrecision ${horizon}`] = averagePrecision(labels, scores);
    metrics[`brierSkill ${horizon}`] = brierSkill(labels, scores);
  }
  for (const [m, name] of ['life', 'hazard', 'lstm'].entries()) {
    const share = stack.shares[m + 1];
    if (share !== undefined) metrics[`share ${name}`] = share;
  }
  const failures = new Set<string>();
  for (let i = 0; i < rows.count; i++) if (rows.failed[i] === 1) failures.add(`${rows.entity[i]} ${rows.failure[i]}`);
  return { rows: rows.count, entities: new Set(rows.entity).size, failures: failures.size, metrics };
}
