import type { Severity } from '../../model/anomaly.ts';
import type { FailureModelDetail, HorizonFigures } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import { phrase } from '../../model/phrase.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { PredictionExplanation } from '../../model/predictor.ts';
import { stableId } from '../../runtime/ids.ts';

/** What a model says of one entity now; lengths in seconds. */
export interface Risk {
  readonly entity: string;
  readonly fleet: string;
  /** Unix ms. */
  readonly madeAt: number;
  readonly probabilities: readonly number[];
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** What lies further ahead wakes nobody. */
const PAGE_WITHIN = 86_400;
/** More likely than not within a day is worth a warning; within the largest horizon, worth showing. */
const LIKELY = 0.5;
/** What is open stays so while it is at least so likely. */
const STAYS = 0.25;
/** Looks for which it must be calm before an open prediction is taken back. */
const CALM_LOOKS = 3;
/** Beyond this part of the largest horizon a time is no more than "later". */
const IN_SIGHT = 0.9;

/** The horizon whose pages announce most failures of those that keep the contract, or null when none does. */
export function pageHorizon({ horizons }: FailureModelDetail): HorizonFigures | null {
  const keeping = horizons.filter(({ threshold, seconds }) => threshold !== null && seconds <= PAGE_WITHIN);
  return keeping.sort((a, b) => (b.recall ?? 0) - (a.recall ?? 0) || a.seconds - b.seconds)[0] ?? null;
}

function severityOf(detail: FailureModelDetail, { probabilities }: Risk): Severity | null {
  const at = (seconds: number): number =>
    probabilities[detail.horizons.findIndex((one) => one.seconds === seconds)] ?? 0;
  const page = pageHorizon(detail);
  if (page !== null && at(page.seconds) >= page.threshold!) return 'critical';
  const soon = detail.horizons.filter(({ seconds }) => seconds <= PAGE_WITHIN);
  if (soon.some(({ seconds }) => at(seconds) >= LIKELY)) return 'warning';
  if (detail.horizons.some(({ seconds, threshold }) => threshold !== null && at(seconds) >= threshold))
    return 'warning';
  return probabilities.some((p) => p >= LIKELY) ? 'info' : null;
}

/** The horizon that a prediction is told by: the first that is likely, else the one with the page. */
function toldHorizon(detail: FailureModelDetail, { probabilities }: Risk): { figures: HorizonFigures; p: number } {
  const likely = probabilities.findIndex((p) => p >= LIKELY);
  const page = pageHorizon(detail);
  const place = likely >= 0 ? likely : page === null ? detail.horizons.length - 1 : detail.horizons.indexOf(page);
  return { figures: detail.horizons[place]!, p: probabilities[place] ?? 0 };
}

/** How often it was right at this level on what it was judged by. */
function levelOf({ reliability }: HorizonFigures, p: number): { readonly came: number; readonly count: number } {
  const bin = reliability.find(({ high }) => p <= high) ?? reliability.at(-1);
  return bin === undefined ? { came: 0, count: 0 } : { came: bin.came, count: bin.count };
}

/** How what was said ends: it came true, the risk passed, or no model is left that could say. */
interface End {
  readonly how: 'failed' | 'calm' | 'unwatched';
  readonly at: number;
  readonly kind?: string;
}

/** Follows what is said of each entity: opened, changed, taken back, come true. */
export class Outlook {
  readonly #open = new Map<string, { prediction: Prediction; calm: number }>();

  constructor(open: readonly Prediction[]) {
    for (const prediction of open) this.#open.set(prediction.entity, { prediction, calm: 0 });
  }

  get open(): readonly Prediction[] {
    return [...this.#open.values()].map(({ prediction }) => prediction);
  }

  /** What changes for those who listen, or null. `explain` is asked only when something is said anew. */
  take(
    model: Model & { readonly detail: FailureModelDetail },
    risk: Risk,
    explain: () => PredictionExplanation,
  ): Prediction | null {
    const known = this.#open.get(risk.entity);
    const severity = severityOf(model.detail, risk);
    if (severity === null && known === undefined) return null;
    if (severity === null && known !== undefined && this.#isCalm(known, risk))
      return this.end(risk.entity, { how: 'calm', at: risk.madeAt });
    const said = describe(model, risk, { severity: severity ?? 'info', before: known?.prediction ?? null, explain });
    this.#open.set(risk.entity, { prediction: said, calm: severity === null ? (known?.calm ?? 0) : 0 });
    return said;
  }

  /** Counts calm looks; true when there were enough. */
  #isCalm(known: { calm: number }, { probabilities }: Risk): boolean {
    known.calm = probabilities.every((p) => p < STAYS) ? known.calm + 1 : 0;
    return known.calm >= CALM_LOOKS;
  }

  /** Ends what is open of an entity; null when nothing is. */
  end(entity: string, { how, at, kind = '' }: End): Prediction | null {
    const known = this.#open.get(entity);
    if (known === undefined) return null;
    this.#open.delete(entity);
    const reason = phrase(`predict.${how}`, how === 'failed' ? { kind } : {});
    const state = how === 'failed' ? 'happened' : 'cleared';
    return { ...known.prediction, state, closedAt: at, madeAt: Math.max(at, known.prediction.madeAt), reason };
  }
}

interface Around {
  readonly severity: Severity;
  readonly before: Prediction | null;
  readonly explain: () => PredictionExplanation;
}

function describe(
  model: Model & { readonly detail: FailureModelDetail },
  risk: Risk,
  { severity, before, explain }: Around,
): Prediction {
  const { detail } = model;
  const { entity, fleet, madeAt, probabilities } = risk;
  const { figures, p } = toldHorizon(detail, risk);
  const largest = detail.horizons.at(-1)?.seconds ?? 0;
  const at = (seconds: number): number | null =>
    seconds < IN_SIGHT * largest ? Math.round(madeAt + seconds * 1000) : null;
  const { drivers, kinds } = explain();
  const openedAt = before?.openedAt ?? madeAt;
  const { kind = '', share: kindShare = 0 } = kinds[0] ?? {};
  const told = { probability: p, seconds: figures.seconds, kind, kindShare, ...levelOf(figures, p) };
  return {
    id: before?.id ?? stableId('prediction', 'failure', entity, '', openedAt),
    entity,
    fleet,
    kind: 'failure',
    feature: null,
    unit: '',
    madeAt,
    openedAt,
    closedAt: null,
    state: 'open',
    severity,
    horizons: detail.horizons.map(({ seconds }, h) => ({ seconds, probability: probabilities[h] ?? 0 })),
    expectedAt: at(risk.expected),
    earliest: at(risk.low),
    latest: at(risk.high),
    current: null,
    limit: null,
    slope: null,
    drivers: drivers.map(({ feature, share, reason }) => ({ feature, share, reason })),
    reason: phrase(`predict.failing${told.count > 0 ? '' : 'New'}${kind === '' ? '' : 'As'}`, told),
    model: { kind: model.kind, version: model.version },
  };
}
