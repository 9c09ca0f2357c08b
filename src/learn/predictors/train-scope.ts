import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FailureFitted, FailureFitter, JudgedFit } from '../../model/failure-fitter.ts';
import { FAILURE_MODEL, type FailureModelDetail } from '../../model/failure-model.ts';
import type { Model } from '../../model/failure.ts';
import type { LiveFleet } from '../../model/live-fleet.ts';
import { type Phrase, phrase } from '../../model/phrase.ts';
import type { FleetHistory, PredictorProgress } from '../../model/predictor.ts';
import { stableId } from '../../runtime/ids.ts';
import type { Forecast } from '../../store/store.ts';
import type { Contract } from '../evaluation/pages.ts';
import type { ScoredEntity } from '../evaluation/scored.ts';
import { decilesOf, innerDeciles } from './drift.ts';
import { judgeModel } from './judge-model.ts';
import { type Said, scoredStretches } from './truth.ts';

/** The newest part of the history is not learnt from: the model is judged on it, and later ones beside it. */
const JUDGED_SHARE = 0.25;
/** Rows that it is asked about for that: about a minute. */
const MOST_JUDGED = 200_000;
/** Those that figures are taken from, and that are kept as if it had been in shadow then. */
const MOST_KEPT = 20_000;
/** Entities whose answers are put in order before others have their turn. */
const ENTITIES_A_TURN = 8;
const SEED = 1;
/** Settings tried beside the fixed ones. More find little more, and cost the time of the others. */
const CANDIDATES = 6;

export interface ScopeTraining {
  readonly fleet: LiveFleet;
  readonly fitter: FailureFitter;
  /** See `FailureFit`. */
  readonly predictor: string | null;
  readonly now: number;
  /** Milliseconds from any start, never backwards. */
  readonly elapsedMs: () => number;
  /** Seconds, rising. */
  readonly horizons: readonly number[];
  readonly quiet: number;
  readonly budgetMs: number;
  readonly contract: Contract;
  readonly parent: Model | null;
  readonly why: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PredictorProgress) => void;
}

export type TrainedScope =
  | { readonly ready: false; readonly missing: Phrase }
  | {
      readonly ready: true;
      readonly model: Model;
      readonly bytes: Uint8Array;
      readonly forecasts: readonly Forecast[];
    };

/** Where learning ends and judging begins: so that failures lie on both sides where there are any. */
function cutOf({ entities }: FleetHistory): number {
  const from = entities.reduce((least, { times }) => Math.min(least, times[0] ?? Infinity), Infinity);
  const to = entities.reduce((most, { times }) => Math.max(most, times.at(-1) ?? -Infinity), -Infinity);
  return to - JUDGED_SHARE * (to - from);
}

/** Trains one model on what the fleet has read and judges it on what came after its training. */
export async function trainScope(training: ScopeTraining): Promise<TrainedScope> {
  const { fleet, fitter, predictor, horizons, quiet, budgetMs, signal, onProgress } = training;
  const history = fleet.fleet();
  if (history.entities.length === 0) return { ready: false, missing: phrase('hazard.missingRows') };
  const began = training.elapsedMs();
  const cut = cutOf(history);
  const options = { horizons, seed: SEED, quiet, budgetMs, search: { candidates: CANDIDATES } };
  const request = { fleet: history, cut, options, predictor, mostJudged: MOST_JUDGED };
  const fitted = await fitter.fit(request, { signal, onProgress });
  if (!fitted.ready) return fitted;
  onProgress({ done: 1, step: 'judge' });
  return register(training, { history, cut, fitted, began });
}

interface Fitted {
  readonly history: FleetHistory;
  readonly cut: number;
  readonly fitted: Extract<FailureFitted, { ready: true }>;
  /** By `elapsedMs`. */
  readonly began: number;
}

async function register(training: ScopeTraining, { history, cut, fitted, began }: Fitted): Promise<TrainedScope> {
  const { fleet, now, horizons, quiet, contract, parent, why, predictor } = training;
  const { scope } = fleet;
  const width = horizons.length;
  const kept = thinned(fitted.judged, width);
  const scored = (judged: JudgedFit) => stretchesOf(saidOf(history, judged, width), width, quiet);
  const judged = { thinned: await scored(kept), all: await scored(fitted.judged) };
  const figures = await judgeModel(judged, horizons, contract);
  const { rows, entities, failures, metrics, search } = fitted.facts;
  const id = stableId('model', FAILURE_MODEL, scope.kind, now, ...(predictor === null ? [] : [predictor]));
  const detail: FailureModelDetail = {
    factory: fitted.factory,
    parent: parent?.id ?? null,
    columns: [...history.columns],
    cadenceMs: scope.cadenceMs,
    judgedTo: Math.round(history.entities.reduce((most, { times }) => Math.max(most, times.at(-1) ?? 0), 0) * 1000),
    rows,
    entities,
    failures,
    horizons: figures,
    bins: decilesOf(history, cut),
    scoreBins: scoreBins(kept, width),
    trainingSeconds: Math.round((training.elapsedMs() - began) / 1000),
    ...(search !== undefined && { search }),
  };
  const model: Model = {
    id,
    kind: FAILURE_MODEL,
    version: new Date(now).toISOString(),
    scope: scope.kind,
    state: 'challenger',
    trainedFrom: scope.from,
    trainedTo: Math.round(cut * 1000),
    metrics: { ...finite(metrics), ...metricsOf(detail) },
    reason: why,
    createdAt: now,
    detail,
  };
  return {
    ready: true,
    model,
    bytes: fitted.bytes,
    forecasts: forecastsOf(id, history, { judged: kept, width }),
  };
}

/** Deciles of what was said of the judged rows, by horizon. */
function scoreBins(judged: JudgedFit, width: number): number[][] {
  const rows = judged.times.length;
  if (rows === 0) return Array.from({ length: width }, () => []);
  return Array.from({ length: width }, (_, h) =>
    innerDeciles(Float64Array.from({ length: rows }, (_row, i) => judged.probabilities[i * width + h]!).sort()),
  );
}

const finite = (metrics: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));

/** The figures of a list: by horizon in seconds. */
function metricsOf({ horizons }: FailureModelDetail): Record<string, number> {
  const named = horizons.flatMap(({ seconds, averagePrecision, brierSkill, threshold, precision, recall }) => [
    [`judged averagePrecision ${seconds}`, averagePrecision?.value],
    [`judged brierSkill ${seconds}`, brierSkill?.value],
    [`page threshold ${seconds}`, threshold],
    [`page precision ${seconds}`, precision],
    [`page recall ${seconds}`, recall],
  ]);
  return Object.fromEntries(named.filter((entry): entry is [string, number] => typeof entry[1] === 'number'));
}

/** Every so many rows, so that no more are left than are kept. */
function thinned({ entity, times, probabilities }: JudgedFit, width: number): JudgedFit {
  const stride = Math.max(1, Math.ceil(times.length / MOST_KEPT));
  const rows = Int32Array.from({ length: Math.ceil(times.length / stride) }, (_, i) => i * stride);
  return {
    entity: rows.map((row) => entity[row]!),
    times: Float64Array.from(rows, (row) => times[row]!),
    probabilities: Float64Array.from(
      { length: rows.length * width },
      (_, i) => probabilities[rows[Math.floor(i / width)]! * width + (i % width)]!,
    ),
  };
}

/** See `scoredStretches`. Gives way between entities. */
async function stretchesOf(said: readonly Said[], width: number, quiet: number): Promise<ScoredEntity[]> {
  const all: ScoredEntity[] = [];
  for (const [i, one] of said.entries()) {
    all.push(...scoredStretches([one], width, quiet));
    if (i % ENTITIES_A_TURN === 0) await nextTurn();
  }
  return all;
}

/** By entity; rows of one stand together. */
function saidOf(history: FleetHistory, { entity, times, probabilities }: JudgedFit, width: number) {
  const said: Said[] = [];
  for (let from = 0, to = 0; from < entity.length; from = to) {
    while (to < entity.length && entity[to] === entity[from]) to++;
    said.push({
      history: history.entities[entity[from]!]!,
      times: times.subarray(from, to),
      probabilities: probabilities.subarray(from * width, to * width),
    });
  }
  return said;
}

/** What it would have said since its training, as if it had been in shadow then. */
function forecastsOf(
  model: string,
  history: FleetHistory,
  { judged, width }: { judged: JudgedFit; width: number },
): Forecast[] {
  const byTime = new Map<number, number[]>();
  for (const [i, time] of judged.times.entries()) {
    const own = byTime.get(time);
    if (own === undefined) byTime.set(time, [i]);
    else own.push(i);
  }
  return [...byTime].map(([time, own]) => ({
    model,
    time: Math.round(time * 1000),
    entities: own.map((i) => history.entities[judged.entity[i]!]!.entity),
    probabilities: Float32Array.from(
      own.flatMap((i) => [...judged.probabilities.subarray(i * width, (i + 1) * width)]),
    ),
  }));
}
