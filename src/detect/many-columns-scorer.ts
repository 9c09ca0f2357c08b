import { AnomalyCourse } from './anomaly-course.ts';
import { fitJointModels } from './ensemble/joint-models.ts';
import type { JointScore, JointWatch } from './ensemble/joint-score.ts';
import { createJointWatch } from './ensemble/joint-watch.ts';
import type { MemberFactory } from './ensemble/member.ts';
import { JOINT_MEMBERS, priorWorth } from './ensemble/members.ts';
import { mergeSurprises } from './ensemble/merge-surprises.ts';
import { RowHistory } from './row-history.ts';
import { createRowResidual, type ResidualLook, type RowResidual } from './row-residual.ts';
import type { RowScore, RowScorer, RowScorerOptions } from './row-scorer.ts';
import { MOST } from './severity.ts';

/** Rows before the joint members are fitted for the first time, where there is no training file. */
const FIRST_FIT = 256;
/** Rows that a new model follows, so that its trailing means are those of the moment: some of the longest half-life. */
const FOLLOWED = 1024;
/** A row this improbable is abnormal, and teaches little. */
const ABNORMAL_P = 0.01;
const ABNORMAL_WEIGHT = 0.05;
/** Share of abnormal rows, over a day and no fewer rows than the first fit, up to which they are left out of what is learnt. */
const BELIEVED_SHARE = 0.1;
const SHARE_MS = 86_400_000;
/** Without normal history nobody is woken for what the first day brings: by then a backup or a build has been seen, as in the live stage. */
const PROVISIONAL_MS = 86_400_000;
/** Worth of the residual beside those of the joint members, which add up to 8. */
const RESIDUAL_WORTH = 2;
/** A score of one half is a p-value of e^-10. */
const HALF = 10;
/** From here on a row is an anomaly, of severity info. */
const INFO_P = 1e-3;
/** Columns that the kind of an anomaly is told by. */
const LEADING = 3;

const LEARNING: RowScore = { score: 0, pValue: 1, severity: 'none', kind: null, topFeature: -1 };

const wanted = (kind: string, detectors: readonly string[] | null): boolean => detectors?.includes(kind) ?? true;

class ManyColumnsScorer implements RowScorer {
  readonly #options: RowScorerOptions;
  readonly #members: readonly MemberFactory[];
  readonly #weights: Float64Array;
  readonly #history: RowHistory;
  readonly #residual: RowResidual | null;
  readonly #row: Float32Array;
  readonly #course = new AnomalyCourse();
  readonly #shareRows: number;
  #watch: JointWatch | null = null;
  /** Rows taken at which the models are fitted next. */
  #nextFit = FIRST_FIT;
  #abnormalShare = 0;
  #named = false;

  constructor(options: RowScorerOptions) {
    const { columns, stepMs, detectors } = options;
    this.#options = options;
    this.#members = JOINT_MEMBERS.filter(({ kind }) => wanted(kind, detectors));
    const joint = this.#members.reduce((sum, { kind }) => sum + priorWorth(kind), 0);
    this.#weights = Float64Array.of(joint / (joint + RESIDUAL_WORTH), RESIDUAL_WORTH / (joint + RESIDUAL_WORTH));
    this.#history = new RowHistory(columns, stepMs);
    this.#residual = wanted('residual', detectors) ? createRowResidual(options) : null;
    this.#row = new Float32Array(columns.length);
    this.#shareRows = Math.max(FIRST_FIT, SHARE_MS / stepMs);
  }

  train(time: number, row: Float64Array): void {
    this.#keep(time, row);
    this.#residual?.take(time, row);
  }

  trained(): void {
    this.#named = this.#history.taken > 0;
    if (this.#named) this.#fit();
  }

  score(time: number, row: Float64Array): RowScore {
    if (this.#history.taken >= this.#nextFit) this.#fit();
    this.#keep(time, row);
    const alone = this.#residual?.take(time, row) ?? null;
    const joint = this.#watch?.take(time, this.#row) ?? null;
    const known = joint?.ready === true || alone?.score.ready === true;
    if (joint !== null) this.#learn(joint.p);
    if (!known || !row.some(Number.isFinite)) return LEARNING;
    return this.#say(this.#merged(joint, alone), joint, alone);
  }

  #keep(time: number, row: Float64Array): void {
    this.#history.relative(row, this.#row);
    this.#history.push(time, this.#row);
  }

  #learn(p: number): void {
    const abnormal = p <= ABNORMAL_P;
    this.#abnormalShare += ((abnormal ? 1 : 0) - this.#abnormalShare) / this.#shareRows;
    // Anomalies are rare: where much is abnormal and nobody has said what is normal, too little is known yet.
    const believed = this.#named || this.#abnormalShare < BELIEVED_SHARE;
    const weight = abnormal && believed ? ABNORMAL_WEIGHT : 1;
    this.#history.weigh(weight);
    this.#watch?.learn(weight);
  }

  /** -ln of the combined tail probability. */
  #merged(joint: JointScore | null, alone: ResidualLook | null): number {
    if (joint?.ready !== true) return alone?.surprise ?? 0;
    if (alone?.score.ready !== true) return joint.surprise;
    return mergeSurprises(Float64Array.of(joint.surprise, alone.surprise), this.#weights);
  }

  #say(surprise: number, joint: JointScore | null, alone: ResidualLook | null): RowScore {
    const pValue = Math.max(Number.MIN_VALUE, Math.exp(-surprise));
    const score = surprise / (surprise + HALF);
    if (pValue > INFO_P) {
      this.#course.clear();
      return { ...LEARNING, score, pValue };
    }
    const leading = leadingFeatures(joint, alone);
    const wakes =
      pValue <= MOST.critical && (this.#named || this.#history.taken * this.#options.stepMs >= PROVISIONAL_MS);
    const severity = wakes ? 'critical' : pValue <= MOST.warning ? 'warning' : 'info';
    const topFeature = leading[0] ?? -1;
    if (alone === null) return { score, pValue, severity, kind: 'relation_broken', topFeature };
    this.#course.push(alone.frame, alone.score);
    const relational = (joint?.surprise ?? 0) > alone.surprise;
    return { score, pValue, severity, kind: this.#course.kind(leading, relational), topFeature };
  }

  /** Fits on the normal rows so far; next when there are twice as many. */
  #fit(): void {
    this.#nextFit = Math.max(FIRST_FIT, 2 * this.#history.taken);
    const { columns, stepMs, seed } = this.#options;
    if (this.#members.length === 0) return;
    const fitted = fitJointModels([this.#history.normal()], { cadenceMs: stepMs, seed, members: this.#members });
    if (fitted === null) return;
    const own = {
      scale: fitted.scales[0]!,
      within: fitted.within[0],
      rows: this.#history.rows,
      calibrated: this.#named,
    };
    const watch = createJointWatch(fitted.models, { features: columns, cadenceMs: stepMs, own });
    this.#history.forEach(FOLLOWED, (at, values) => watch.follow(at, values));
    this.#watch = watch;
  }
}

/** Columns by their part in it, the strongest first: what the joint members blame, and what is odd alone. */
function leadingFeatures(joint: JointScore | null, alone: ResidualLook | null): readonly number[] {
  const shares = joint?.ready === true ? Float32Array.from(joint.blame(), (share) => share * joint.surprise) : null;
  const features = alone?.score.features;
  const total = features?.reduce((sum, one) => sum + one * one, 0) ?? 0;
  const strengths = Float64Array.from({ length: shares?.length ?? features?.length ?? 0 }, (_, f) => {
    const single = total > 0 ? (alone!.surprise * features![f]! ** 2) / total : 0;
    return (shares?.[f] ?? 0) + single;
  });
  return [...strengths.keys()]
    .filter((f) => strengths[f]! > 0)
    .toSorted((a, b) => strengths[b]! - strengths[a]!)
    .slice(0, LEADING);
}

/** Scores rows of many columns: joint members and the seasonal residual, merged. */
export const createManyColumnsScorer = (options: RowScorerOptions): RowScorer => new ManyColumnsScorer(options);
