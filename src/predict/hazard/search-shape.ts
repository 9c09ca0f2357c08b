import { searchHyperParameters, type HyperSearchResult } from '../../ml/hyper-search.ts';
import { loadHazardBoosting } from '../../ml/hazard-boosting.ts';
import { MlError } from '../../ml/ml-error.ts';
import type { TimeFold } from '../../ml/time-folds.ts';
import type { PredictorSearch } from '../../model/failure-model.ts';
import type { Fold } from './folds.ts';
import type { Intervals } from './intervals.ts';
import { coarseEnds, type MemberRows, takeRows } from './members.ts';
import { FIXED_SHAPE, hazardTask, type HazardShape, type RunTraining } from './train-team.ts';
import { survivedOf } from './targets.ts';
import type { TrainingRows } from './training-rows.ts';

/** Around the fixed configuration: a third of it to three times as much, or as far as it makes sense. */
const SPACE = {
  maxLeaves: { kind: 'integer', min: 4, max: 32, scale: 'log' },
  minChildWeight: { kind: 'number', min: 3, max: 30, scale: 'log' },
  columnSample: { kind: 'number', min: 0.15, max: 0.8 },
  learningRate: { kind: 'number', min: 0.04, max: 0.25, scale: 'log' },
} as const;
/** Rows that a search learns from and judges by, at most: bounds the memory and the time of each training. */
const MOST_ROWS = 20_000;
/**
 * The least of several losses is too good by chance. On generated fleets candidates that saved 1 to 4 % of the loss on the folds
 * made the whole model no better on later rows, by 2 % worse to 0.4 % better; from here on they are taken.
 */
const LEAST_GAIN = 0.05;
const FLOOR = 1e-9;

export interface ShapeSearch {
  readonly rows: TrainingRows;
  readonly data: MemberRows;
  /** In time; see `timeFolds`. */
  readonly folds: readonly Fold[];
  readonly intervals: Intervals;
  readonly seed: number;
  /** Candidates beside the fixed configuration. */
  readonly candidates: number;
  readonly budgetSeconds: number;
  /** Milliseconds from any start, never backwards. */
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (trainings: number) => void;
}

/** Rows in the order of time, evenly thinned out, with the folds as stretches of them. */
function inTime({ rows, folds }: ShapeSearch) {
  const stride = Math.max(1, Math.ceil(rows.count / MOST_ROWS));
  const all = Int32Array.from({ length: rows.count }, (_, i) => i).sort((a, b) => rows.at[a]! - rows.at[b]! || a - b);
  const order = all.filter((_, i) => i % stride === 0);
  const cuts = folds.map(({ judge }) => judge.reduce((least, i) => Math.min(least, rows.at[i]!), Infinity));
  const upTo = (cut: number): number => {
    const place = order.findIndex((i) => rows.at[i]! >= cut);
    return place < 0 ? order.length : place;
  };
  const places = [...cuts.map(upTo), order.length];
  const stretches = folds.map(({ rows: known }, f) => {
    const [from, to] = [places[f]!, places[f + 1]!];
    return { known, fold: { trainFrom: 0, trainTo: from, validFrom: from, validTo: to } };
  });
  return { order, stretches: stretches.filter(({ fold }) => fold.trainTo > 0 && fold.validTo > fold.validFrom) };
}

/** Mean log loss of hazards on rows that came after those they were learnt from. */
function lossOf(hazards: Float64Array, judged: Int32Array, { rows, intervals }: ShapeSearch): number {
  const ends = Float64Array.from(coarseEnds(intervals), (k) => intervals.edges[k]!);
  const width = ends.length;
  let [loss, total] = [0, 0];
  for (const [at, i] of judged.entries()) {
    const weight = rows.lean[i]!;
    const survived = survivedOf(ends, rows.time[i]!, rows.failed[i]!);
    for (let k = 0; k < survived; k++) loss -= weight * Math.log1p(-Math.min(1 - FLOOR, hazards[at * width + k]!));
    if (rows.failed[i] === 1 && survived < width)
      loss -= weight * Math.log(Math.max(FLOOR, hazards[at * width + survived]!));
    total += weight;
  }
  return loss / total;
}

/**
 * Looks for a better shape of the boosted hazards than the fixed one, each candidate judged on later time. Without an end of
 * the budget in between the same seed and rows give the same answer. Throws `ML_CANCELLED`.
 */
export async function searchShape(search: ShapeSearch, run: RunTraining): Promise<[HazardShape, PredictorSearch]> {
  const { data, rows, seed, candidates, budgetSeconds, now, signal, onProgress, intervals } = search;
  const { order, stretches } = inTime(search);
  const folds = stretches.map(({ fold }) => fold);
  /** Labels as they were known when the stretch begins that is judged. */
  const knownAt = new Map(stretches.map(({ known, fold }) => [fold.validFrom, known]));
  let trainings = 0;
  const evaluate = async ({ parameters, fold }: { parameters: HazardShape; fold: TimeFold }): Promise<number> => {
    const picked = order.subarray(fold.trainFrom, fold.trainTo);
    const lesson = {
      rows: knownAt.get(fold.validFrom) ?? rows,
      data,
      picked,
      intervals,
      seed,
      effort: 1,
      shape: parameters,
    };
    const model = loadHazardBoosting((await run(hazardTask(lesson))).bytes);
    onProgress(++trainings);
    const judged = order.subarray(fold.validFrom, fold.validTo);
    const features = takeRows(data.features, data.count, judged);
    const matrix = { data: features, rows: judged.length, columns: data.features.length / data.count };
    return lossOf(model.predictBatch(matrix), judged, search);
  };
  const method = 'random';
  const options = { space: SPACE, defaults: FIXED_SHAPE, folds, evaluate, method, candidates } as const;
  const found = await searchHyperParameters({ ...options, budgetSeconds, now, seed, ...(signal && { signal }) }).catch(
    (error: unknown) => {
      if (error instanceof MlError && error.code !== 'ML_CANCELLED') return null;
      throw error;
    },
  );
  return told(found, { trainings, budgetSeconds });
}

function told(
  found: HyperSearchResult<typeof SPACE> | null,
  { trainings, budgetSeconds }: { readonly trainings: number; readonly budgetSeconds: number },
): [HazardShape, PredictorSearch] {
  const better = found !== null && found.loss < (1 - LEAST_GAIN) * found.defaultLoss;
  const chosen = better ? found.parameters : FIXED_SHAPE;
  const fixedLoss = found !== null && Number.isFinite(found.defaultLoss) ? found.defaultLoss : null;
  const tried = found?.ranking.map(({ parameters, loss }) => ({ parameters: { ...parameters }, loss })) ?? [];
  const complete = found?.complete ?? false;
  return [chosen, { chosen: { ...chosen }, fixedLoss, tried, trainings, complete, budgetSeconds }];
}
