import type { FailureModelDetail, HorizonFigures, LearningState } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { LeadTimeContract, ModelComparison, ModelReport } from '../../model/model-report.ts';
import { phrase } from '../../model/phrase.ts';
import { VigiaError } from '../../runtime/errors.ts';
import type { Store } from '../../store/store.ts';
import { verdictOf } from './compare.ts';
import { type JudgeOptions, faceEachOther, rivalOf, type ShadowDeps } from './shadow.ts';

export interface ReportDeps extends Omit<ShadowDeps, 'log' | 'lifecycle'> {
  readonly store: ShadowDeps['store'] & Pick<Store, 'models' | 'modelChecks' | 'restraints'>;
  readonly lifecycle: Pick<ShadowDeps['lifecycle'], 'of'>;
  readonly training: { readonly states: readonly LearningState[] };
  /** CPU of the last look by a model, ms an entity; null when it was not asked here. */
  readonly lookCost: (model: string) => number | null;
  readonly options: Pick<JudgeOptions, 'horizons' | 'quietMs'> & {
    readonly windowMs: number;
    readonly doNothingShare: number;
    /** `minLead` in seconds. */
    readonly contract: { readonly precision: number; readonly minLead: number };
  };
}

const MOST_CHECKS = 500;
const MOST_DECISIONS = 10_000;
/** What lies further ahead wakes nobody; as the outlook has it. */
const PAGE_WITHIN = 86_400;
const BYTES_A_VALUE = 4;

/** Gathers everything that is known of a failure model. */
export async function reportOn(deps: ReportDeps, model: Model): Promise<ModelReport> {
  const { store, options, training } = deps;
  const { detail } = model;
  if (!detail) throw new VigiaError('NOT_FOUND', { what: 'model', id: model.id });
  return {
    model: model.id,
    horizons: detail.horizons,
    contract: contractOf(detail, options.contract),
    versus: await versus(deps, model),
    drift: [...(await store.modelChecks.of(model.id, MOST_CHECKS))],
    weighting: await weightingOf(deps),
    cost: await costOf(deps, model, detail),
    learning: training.states.find(({ scope }) => scope === model.scope) ?? null,
  };
}

function contractOf(
  { horizons }: FailureModelDetail,
  { precision, minLead }: ReportDeps['options']['contract'],
): LeadTimeContract {
  const keeping = horizons.filter(({ threshold, seconds }) => threshold !== null && seconds <= PAGE_WITHIN);
  const [best] = keeping.toSorted((a, b) => (b.recall ?? 0) - (a.recall ?? 0) || a.seconds - b.seconds);
  const base = { precision, minLeadSeconds: minLead };
  const told = { precision, lead: minLead };
  if (best === undefined)
    return { ...base, seconds: null, threshold: null, recall: null, reason: phrase('predict.contract_none', told) };
  return { ...base, ...kept(best, told) };
}

function kept({ seconds, threshold, recall }: HorizonFigures, told: { precision: number; lead: number }) {
  const values = { ...told, seconds, threshold: threshold ?? 1, recall: recall ?? 0 };
  return { seconds, threshold, recall, reason: phrase('predict.contract', values) };
}

async function versus(deps: ReportDeps, model: Model): Promise<ModelComparison | null> {
  if (model.state === 'retired') return null;
  const champion = (await deps.lifecycle.of(model.scope)).find(({ state }) => state === 'champion') ?? null;
  const rival = rivalOf(model, champion, deps.options);
  const compared = await faceEachOther(deps, { challenger: model, champion: rival }, deps.options);
  const { gain, z, clusters, failures } = compared;
  const verdict = ({ first: 'better', second: 'worse', open: 'open' } as const)[verdictOf(compared)];
  const key = verdict === 'open' ? 'predict.versus_open' : `predict.versus_${verdict}${rival === null ? '_base' : ''}`;
  const reason = phrase(key, { count: failures, than: rival?.version ?? '' });
  return { rival: rival?.id ?? null, gain, z, entityDays: clusters, failures, verdict, reason };
}

async function weightingOf({ store, clock, options }: ReportDeps): Promise<ModelReport['weighting']> {
  const { doNothingShare: share, windowMs } = options;
  const now = clock.now();
  const all = await store.restraints.read({ from: now - windowMs, to: now + 1 }, MOST_DECISIONS);
  const left = all.filter(({ acted }) => !acted).length;
  const decided = all.length;
  const key = decided > 0 ? 'predict.weighting' : share > 0 ? 'predict.weighting_waits' : 'predict.weighting_none';
  const mean = decided > 0 ? all.reduce((sum, { notActing }) => sum + notActing, 0) / decided : share;
  return { share, decided, left, possible: left > 0, reason: phrase(key, { share: mean, all: decided, count: left }) };
}

async function costOf(
  { store, clock, lookCost }: ReportDeps,
  { id, trainedFrom, createdAt }: Model,
  { entities, columns, cadenceMs, trainingSeconds }: FailureModelDetail,
): Promise<ModelReport['cost']> {
  const artefactBytes = (await store.models.artefact(id))?.length ?? 0;
  const now = clock.now();
  const rows = Math.max(0, (now - (trainedFrom ?? now)) / cadenceMs);
  return {
    artefactBytes,
    memoryBytes: Math.round(artefactBytes + entities * rows * (columns.length + 2) * BYTES_A_VALUE),
    trainingSeconds: trainingSeconds ?? null,
    millisecondsAnEntity: lookCost(id),
    ageMs: Math.max(0, now - createdAt),
  };
}
