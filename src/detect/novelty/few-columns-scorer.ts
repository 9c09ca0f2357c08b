import { cauchyCombination } from '../../ml/cauchy-combination.ts';
import type { Severity } from '../../model/anomaly.ts';
import type { DetectorScore } from '../../model/detector.ts';
import type { Feature, Frame } from '../../model/frame.ts';
import { internLayout } from '../../model/layout.ts';
import { AnomalyCourse } from '../anomaly-course.ts';
import { Calibration } from '../calibration.ts';
import { residualFactory } from '../residual-detector.ts';
import type { RowScore, RowScorer, RowScorerOptions } from '../row-scorer.ts';
import { MOST } from '../severity.ts';
import { News } from './news.ts';
import { noveltyFactory } from './novelty-detector.ts';

/** Rows to learn from before anything is judged. */
const WARM_UP = 100;
/** Below this a row is an anomaly, of severity info; rows below it teach the residual little. */
const ABNORMAL_P = 1e-3;
const ABNORMAL_WEIGHT = 0.1;
/** -ln p that has a score of a half. */
const HALF = 10;

const NOTHING: RowScore = { score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 };

const featureOf = (name: string): Feature => ({ name, metric: name, labels: {}, kind: 'level', unit: '', limit: null });

/** In more columns the joint members see more than novelty does, and it would cost more than they do. */
const FEW_COLUMNS = 4;
const KINDS: ReadonlySet<string> = new Set(['residual', 'novelty']);

/** Whether rows are scored by what looks at one column at a time: few columns, and no other member is asked for. */
export const hasFewColumns = ({ columns, detectors }: RowScorerOptions): boolean =>
  columns.length <= FEW_COLUMNS && (detectors === null || detectors.every((kind) => KINDS.has(kind)));

/**
 * Scores rows of few columns, learning as it goes: the seasonal residual, calibrated on its own history, and novelty, combined by
 * Cauchy's rule with equal weights. What has been going on counts as less than what begins (`News`).
 */
export function createFewColumnsScorer({ columns, stepMs, seed, detectors }: RowScorerOptions): RowScorer {
  const layout = internLayout(columns.map(featureOf));
  const residual = residualFactory(WARM_UP).create({ stepMs, seed });
  const novelty = noveltyFactory(WARM_UP, 'UTC').create({ stepMs, seed });
  const calibration = new Calibration(stepMs, columns.length);
  const course = new AnomalyCourse();
  const news = new News();

  const frameOf = (time: number, row: Float64Array): Frame => ({
    entity: 'file/rows',
    fleet: 'default',
    time,
    stepMs,
    layout,
    values: Float32Array.from(row),
    derived: new Float32Array(0),
    closedAt: time + stepMs,
  });

  const asked = (kind: string): boolean => detectors === null || detectors.includes(kind);

  /** -ln of the combined p-value, 0 while learning. */
  function strengthOf(usual: DetectorScore, fresh: DetectorScore): number {
    if (!usual.ready && !fresh.ready) return 0;
    const usualP = usual.ready && asked('residual') ? Math.min(1, calibration.probability(usual.score)) : 1;
    const freshP = fresh.ready && asked('novelty') ? Math.min(1, columns.length * Math.exp(-fresh.score)) : 1;
    return -Math.log(cauchyCombination([usualP, freshP]));
  }

  function take(frame: Frame): RowScore {
    const usual = residual.score(frame);
    const fresh = novelty.score(frame);
    const strength = news.take(strengthOf(usual, fresh));
    const pValue = Math.exp(-strength);
    const abnormal = pValue < ABNORMAL_P;
    if (usual.ready) calibration.learn(usual.score);
    residual.learn(frame, abnormal ? ABNORMAL_WEIGHT : 1);
    novelty.learn(frame, 1);
    const score = strength / (strength + HALF);
    if (!abnormal) {
      course.clear();
      return { ...NOTHING, score, pValue };
    }
    course.push(frame, usual);
    const topFeature = strongest(usual, fresh);
    return { score, pValue, severity: severityOf(pValue), kind: course.kind([topFeature], false), topFeature };
  }

  return {
    train: (time, row) => void take(frameOf(time, row)),
    trained: () => {},
    score: (time, row) => (row.some(Number.isFinite) ? take(frameOf(time, row)) : NOTHING),
  };
}

const severityOf = (p: number): Severity => (p > MOST.warning ? 'info' : p > MOST.critical ? 'warning' : 'critical');

function strongest(usual: DetectorScore, fresh: DetectorScore): number {
  let best = 0;
  let most = 0;
  for (let f = 0; f < fresh.features.length; f++) {
    const score = Math.max(usual.features[f]!, fresh.features[f]!);
    if (score > most) [best, most] = [f, score];
  }
  return best;
}
