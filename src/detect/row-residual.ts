import type { DetectorScore } from '../model/detector.ts';
import type { Feature, Frame } from '../model/frame.ts';
import { internLayout } from '../model/layout.ts';
import { Calibration, CHANNELS } from './calibration.ts';
import { residualFactory } from './residual-detector.ts';
import type { RowScorerOptions } from './row-scorer.ts';

/** Rows to learn from before anything is judged. */
const WARM_UP = 100;
/** Below this a row teaches little. */
const ABNORMAL_P = 1e-3;
const ABNORMAL_WEIGHT = 0.1;

const featureOf = (name: string): Feature => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null });

/** What the seasonal residual says of a row. */
export interface ResidualLook {
  readonly frame: Frame;
  readonly score: DetectorScore;
  /** -ln of the tail probability on its own history, 0 while learning. */
  readonly surprise: number;
}

/** The seasonal residual over rows of a file, calibrated on its own history. */
export interface RowResidual {
  /** Judges a row, then learns it. */
  take(time: number, row: Float64Array): ResidualLook;
}

export function createRowResidual({ columns, stepMs, seed }: RowScorerOptions): RowResidual {
  const layout = internLayout(columns.map(featureOf));
  const residual = residualFactory(WARM_UP).create({ stepMs, seed });
  const calibration = new Calibration(stepMs, CHANNELS * columns.length);
  return {
    take: (time, row) => {
      const values = Float32Array.from(row);
      const closedAt = time + stepMs;
      const derived = new Float32Array(0);
      const frame = { entity: 'file/rows', fleet: 'default', time, stepMs, layout, values, derived, closedAt } as const;
      const score = residual.score(frame);
      const p = score.ready ? Math.min(1, calibration.probability(score.score)) : 1;
      if (score.ready) calibration.learn(score.score);
      residual.learn(frame, p <= ABNORMAL_P ? ABNORMAL_WEIGHT : 1);
      return { frame, score, surprise: -Math.log(p) };
    },
  };
}
