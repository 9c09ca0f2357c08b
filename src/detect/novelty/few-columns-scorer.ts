import type { Severity } from '../../model/anomaly.ts';
import type { DetectorScore } from '../../model/detector.ts';
import { AnomalyCourse } from '../anomaly-course.ts';
import { mergeSurprises } from '../ensemble/merge-surprises.ts';
import { createRowResidual, type ResidualLook } from '../row-residual.ts';
import type { RowScore, RowScorer, RowScorerOptions } from '../row-scorer.ts';
import { MOST } from '../severity.ts';
import { News } from './news.ts';
import { noveltyFactory } from './novelty-detector.ts';

/** Rows to learn from before anything is judged. */
const WARM_UP = 100;
/** From here on a row is an anomaly, of severity info. */
const INFO_P = 1e-3;
/** Of the residual and of novelty: which of them is right more often in one series is close, so none is left alone. */
const WEIGHTS = Float64Array.of(0.4, 0.6);
/** -ln p that has a score of a half. */
const HALF = 10;

const NOTHING: RowScore = { score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 };

/** In more columns the joint members see more than novelty does, and it would cost more than they do. */
export const FEW_COLUMNS = 4;
const NOVELTY = 'novelty';
const KINDS: ReadonlySet<string> = new Set(['residual', NOVELTY]);

/** Whether rows are scored by what looks at one column at a time: few columns, and no other member is asked for. */
export const hasFewColumns = ({ columns, detectors }: RowScorerOptions): boolean =>
  columns.length <= FEW_COLUMNS && (detectors === null || detectors.every((kind) => KINDS.has(kind)));

/** Whether nobody is asked but novelty, of more columns than it looks at: then nothing would ever be found. */
export const asksNobody = (options: RowScorerOptions): boolean =>
  !hasFewColumns(options) && options.detectors !== null && options.detectors.every((kind) => kind === NOVELTY);

/**
 * Scores rows of few columns, learning as it goes: the seasonal residual, calibrated on its own history, and novelty, merged like
 * those of the ensemble. What has been going on counts as less than what begins (`News`).
 */
export function createFewColumnsScorer(options: RowScorerOptions): RowScorer {
  const { columns, stepMs, seed, detectors } = options;
  const residual = createRowResidual(options);
  const novelty = noveltyFactory(WARM_UP, 'UTC').create({ stepMs, seed });
  const course = new AnomalyCourse();
  const news = new News();
  const asked = (kind: string): boolean => detectors === null || detectors.includes(kind);

  const surprises = new Float64Array(2);

  /** -ln of the combined p-value, 0 while learning. */
  function strengthOf(usual: ResidualLook, fresh: DetectorScore): number {
    surprises[0] = asked('residual') ? usual.surprise : 0;
    // As many chances to be new as there are columns.
    surprises[1] = asked(NOVELTY) ? Math.max(0, fresh.score - Math.log(columns.length)) : 0;
    return mergeSurprises(surprises, WEIGHTS);
  }

  function take(time: number, row: Float64Array): RowScore {
    const usual = residual.take(time, row);
    const fresh = novelty.score(usual.frame);
    novelty.learn(usual.frame, 1);
    const strength = news.take(strengthOf(usual, fresh));
    const pValue = Math.exp(-strength);
    const score = strength / (strength + HALF);
    if (pValue > INFO_P) {
      course.clear();
      return { ...NOTHING, score, pValue };
    }
    course.push(usual.frame, usual.score);
    const topFeature = strongest(usual.score, fresh);
    return { score, pValue, severity: severityOf(pValue), kind: course.kind([topFeature], false), topFeature };
  }

  return {
    train: (time, row) => void take(time, row),
    trained: () => {},
    score: (time, row) => {
      const said = take(time, row);
      return row.some(Number.isFinite) ? said : NOTHING;
    },
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
