import type { FleetHistory, PredictorOptions } from '../../model/predictor.ts';
import type { Intervals } from './intervals.ts';
import type { TrainingRows } from './training-rows.ts';

/** What is known when it is learnt how rows become features. */
export interface FeatureLesson {
  readonly fleet: FleetHistory;
  readonly rows: TrainingRows;
  readonly intervals: Intervals;
  readonly unitMs: number | null;
  readonly asked: PredictorOptions['asked'];
  readonly seed: number;
}
