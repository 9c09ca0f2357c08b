import { fitJointModels } from './ensemble/joint-models.ts';
import type { JointScore, JointWatch } from './ensemble/joint-score.ts';
import { createJointWatch } from './ensemble/joint-watch.ts';
import { JOINT_MEMBERS } from './ensemble/members.ts';
import { createFewColumnsScorer, hasFewColumns } from './novelty/few-columns-scorer.ts';
import { RowHistory } from './row-history.ts';
import type { RowScore, RowScorer, RowScorerOptions } from './row-scorer.ts';

/** Rows before the joint members are fitted for the first time, where there is no training file. */
const FIRST_FIT = 256;
/** Rows that a new model follows, so that its trailing means are those of the moment: some of the longest half-life. */
const FOLLOWED = 1024;
/** A row this improbable is abnormal, and teaches little. */
const ABNORMAL_P = 0.01;
const ABNORMAL_WEIGHT = 0.05;
/** A score of one half is a p-value of e^-10. */
const HALF = 10;
/** p-values at which a row is worth a look, a warning, an alarm. */
const INFO_P = 1e-3;
const WARNING_P = 1e-4;
const CRITICAL_P = 1e-6;

const LEARNING: RowScore = { score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 };

class RowScorerImpl implements RowScorer {
  readonly #options: RowScorerOptions;
  readonly #history: RowHistory;
  readonly #row: Float32Array;
  #watch: JointWatch | null = null;
  /** Rows taken at which the models are fitted next. */
  #nextFit = FIRST_FIT;

  constructor(options: RowScorerOptions) {
    this.#options = options;
    this.#history = new RowHistory(options.columns, options.stepMs);
    this.#row = new Float32Array(options.columns.length);
  }

  train(time: number, row: Float64Array): void {
    this.#history.relative(row, this.#row);
    this.#history.push(time, this.#row);
  }

  trained(): void {
    if (this.#history.taken > 0) this.#fit();
  }

  score(time: number, row: Float64Array): RowScore {
    if (this.#history.taken >= this.#nextFit) this.#fit();
    this.#history.relative(row, this.#row);
    this.#history.push(time, this.#row);
    if (this.#watch === null) return LEARNING;
    const score = this.#watch.take(time, this.#row);
    const weight = score.p <= ABNORMAL_P ? ABNORMAL_WEIGHT : 1;
    this.#history.weigh(weight);
    return score.ready ? rowScore(score) : LEARNING;
  }

  /** Fits on the normal rows so far; next when there are twice as many. */
  #fit(): void {
    this.#nextFit = Math.max(FIRST_FIT, 2 * this.#history.taken);
    const { columns, stepMs, seed, detectors } = this.#options;
    const members = JOINT_MEMBERS.filter(({ kind }) => detectors === null || detectors.includes(kind));
    if (members.length === 0) return;
    const fitted = fitJointModels([this.#history.normal()], { cadenceMs: stepMs, seed, members });
    if (fitted === null) return;
    const own = { scale: fitted.scales[0]!, rows: this.#history.rows };
    const watch = createJointWatch(fitted.models, { features: columns, cadenceMs: stepMs, own });
    this.#history.forEach(FOLLOWED, (at, values) => watch.follow(at, values));
    this.#watch = watch;
  }
}

function rowScore(said: JointScore): RowScore {
  const { p, surprise } = said;
  const severity = p <= CRITICAL_P ? 'critical' : p <= WARNING_P ? 'warning' : p <= INFO_P ? 'info' : 'none';
  return {
    score: surprise / (surprise + HALF),
    pValue: p,
    severity,
    kind: null,
    topFeature: severity === 'none' ? -1 : largest(said.blame()),
  };
}

function largest(values: Float32Array): number {
  let top = -1;
  let most = 0;
  for (let i = 0; i < values.length; i++)
    if (values[i]! > most) {
      most = values[i]!;
      top = i;
    }
  return top;
}

/** Makes what `vigia score` scores with. */
export const createRowScorer = (options: RowScorerOptions): RowScorer =>
  hasFewColumns(options) ? createFewColumnsScorer(options) : new RowScorerImpl(options);
