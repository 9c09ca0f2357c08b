import { MlError } from '../../ml/ml-error.ts';
import type { PredictorSearch } from '../../model/failure-model.ts';
import type { FitOutcome, FleetHistory, PredictorOptions } from '../../model/predictor.ts';
import { calibrate, fitCalibration } from './calibrate.ts';
import { whatIsMissing } from './evidence.ts';
import { factsOf } from './facts.ts';
import { censorAt, entityFolds, firstCut, type Fold, timeFolds } from './folds.ts';
import { askTeams, createHazardPredictor } from './hazard-model.ts';
import { type Intervals, intervalsOf } from './intervals.ts';
import { fitKinds } from './kind-model.ts';
import { learnFeatures } from './learn-features.ts';
import { type Answers, isWide, type MemberRows, type Team, takeMemberRows } from './members.ts';
import { buildRows, type RowModel, sequenceFor } from './row-builder.ts';
import { fitStack, type Outcomes, stackAnswers } from './stack.ts';
import { searchShape } from './search-shape.ts';
import { FIXED_SHAPE, type HazardShape, type RunTraining, trainTeam } from './train-team.ts';
import { chooseRows, eachEntity, type TrainingRows } from './training-rows.ts';

/** Rows that take part in training, at most; what is left out is stood for by weights. */
const MOST_ROWS = 100_000;
/**
 * The same where horizons span minutes to weeks. There, rows minutes before a failure are all kept anyway, and more of the others only
 * drown them: with 25,000 rows average precision within an hour was .41, with 100,000 it was .33 (simulated fleet, later time).
 */
const MOST_WIDE_ROWS = 40_000;
/** Milliseconds that the usual work takes on two slow cores; a smaller budget lessens it. */
const USUAL_BUDGET = 480_000;
/** The part of the budget that a search for better settings may take. */
const SEARCH_SHARE = 0.25;
/** Teams trained on everything when judging was done on later time. */
const FINAL_TEAMS = 2;

/** Everything that one fit goes by. */
interface Fit {
  readonly fleet: FleetHistory;
  readonly options: PredictorOptions;
  readonly intervals: Intervals;
  readonly run: RunTraining;
  /** Milliseconds from any start, never backwards. */
  readonly now: () => number;
}

/** Trains a predictor. See `FailurePredictorFactory.fit`. */
export async function fitHazard(
  fleet: FleetHistory,
  options: PredictorOptions,
  { run, now }: Pick<Fit, 'run' | 'now'>,
): Promise<FitOutcome> {
  const intervals = intervalsOf(options.horizons);
  const { seed, quiet = 0 } = options;
  const reach = options.horizons[(options.horizons.length - 1) >> 1]!;
  const most = isWide(intervals) ? MOST_WIDE_ROWS : MOST_ROWS;
  const rows = chooseRows(fleet.entities, { quiet, edges: intervals.edges, most, seed, reach });
  const folds = options.asked === 'others' ? entityFolds(rows, seed) : timeFolds(rows);
  const missing = whatIsMissing(rows, folds, options.asked);
  if (missing !== null) return { ready: false, missing };
  const fit = { fleet, options, intervals, run, now };
  report(fit, 0.02, 'features');
  const seen = readRows(fit, rows, knownRows(rows, options));
  const [shape, search] = await shapeOf(fit, seen, folds);
  const material = { ...seen, shape };
  const { teams, answers, asked } = await judge(fit, material, folds);
  const outcomes = outcomesOf(rows, asked);
  const stack = fitStack(answers, outcomes, intervals);
  const chances = stackAnswers(stack, answers, intervals);
  const shown = options.asked === 'others' ? cutShort(fleet, rows, asked, outcomes) : outcomes;
  const calibration = fitCalibration(chances, shown, intervals);
  calibrate(calibration, chances);
  // What was judged saw nothing of the rows that judged it, nor did its features; what is put to use has learnt from all.
  const last = options.asked === 'others' ? material : { ...readRows(fit, rows, rows), shape };
  const finals = options.asked === 'others' ? teams : await finish(fit, last);
  const kinds = await fitKinds({ fleet, rows, data: last.data, reach, seed }, run);
  const facts = factsOf({ rows, outcomes: shown, chances, intervals, horizons: options.horizons, stack });
  report(fit, 1, 'done');
  return {
    ready: true,
    predictor: createHazardPredictor({
      horizons: [...options.horizons],
      intervals,
      rows: last.rowModel,
      teams: finals,
      stack,
      calibration,
      kinds,
      facts: { ...facts, regimes: last.rowModel.features.signals.regimes.count, ...(search !== null && { search }) },
    }),
  };
}

function report({ options }: Pick<Fit, 'options'>, done: number, step: string): void {
  if (options.signal?.aborted === true) throw new MlError('ML_CANCELLED', 'training was cancelled');
  options.onProgress?.({ done, step });
}

/** Labels that features may be learnt from: where later time judges, nothing of it. */
function knownRows(rows: TrainingRows, { asked }: PredictorOptions): TrainingRows {
  const cut = asked === 'later' ? firstCut(rows) : null;
  return cut === null ? rows : censorAt(rows, cut);
}

/** What members read of all training rows, by features that are learnt from what was known of them. */
function readRows(
  { fleet, intervals, options }: Fit,
  rows: TrainingRows,
  known: TrainingRows,
): Pick<Material, 'rowModel' | 'rows' | 'data'> {
  const { unitMs, asked, seed } = options;
  const learnt = learnFeatures({ fleet, rows: known, intervals, unitMs, asked, seed });
  const rowModel: RowModel = { features: learnt.model, sequence: sequenceFor(learnt, intervals) };
  return { rowModel, rows, data: buildTraining(rowModel, rows, fleet) };
}

/** What members read of all training rows. */
function buildTraining(model: RowModel, rows: TrainingRows, { entities, columns }: FleetHistory): MemberRows {
  const picked: { history: FleetHistory['entities'][number]; rows: Int32Array }[] = [];
  eachEntity(rows, (entity, from, to) =>
    picked.push({ history: entities[entity]!, rows: rows.row.subarray(from, to) }),
  );
  return buildRows(model, picked, columns);
}

interface Material {
  readonly rowModel: RowModel;
  readonly rows: TrainingRows;
  readonly data: MemberRows;
  readonly shape: HazardShape;
}

/** The fixed shape, or what a search finds within its part of the budget, where one is asked for and later time judges. */
async function shapeOf(
  { options, intervals, run, now }: Fit,
  { rows, data }: Pick<Material, 'rows' | 'data'>,
  folds: readonly Fold[],
): Promise<[HazardShape, PredictorSearch | null]> {
  const { asked, search, seed, signal, budgetMs = USUAL_BUDGET } = options;
  if (search === undefined || asked !== 'later') return [FIXED_SHAPE, null];
  const onProgress = (tried: number): void => options.onProgress?.({ done: 0.04, step: 'search', tried });
  onProgress(0);
  const budgetSeconds = (SEARCH_SHARE * budgetMs) / 1000;
  const { candidates } = search;
  return searchShape({ rows, data, folds, intervals, seed, candidates, budgetSeconds, now, signal, onProgress }, run);
}

async function train(
  fit: Fit,
  { data, shape }: Material,
  fold: Pick<Fold, 'rows' | 'learn'>,
  number: number,
): Promise<Team> {
  const { options, intervals, run } = fit;
  const effort = Math.min(1, (options.budgetMs ?? USUAL_BUDGET) / USUAL_BUDGET);
  const seed = options.seed * 1000 + number;
  return trainTeam({ rows: fold.rows, data, picked: fold.learn, intervals, seed, effort, shape }, run);
}

/** Trains a team a fold, side by side where `run` has room, and asks each about rows that it has not seen. */
async function judge(fit: Fit, material: Material, folds: readonly Fold[]) {
  let done = 0;
  const one = async (fold: Fold, number: number): Promise<Team> => {
    const team = await train(fit, material, fold, number);
    done++;
    report(fit, 0.05 + (0.7 * done) / folds.length, 'models');
    return team;
  };
  const teams = await Promise.all(folds.map(one));
  const parts = teams.map((team, i) => askTeams([team], takeMemberRows(material.data, folds[i]!.judge), fit.intervals));
  const asked = Int32Array.from(folds.flatMap(({ judge: rows }) => [...rows]));
  return { teams, asked, answers: joinAnswers(parts) };
}

function joinAnswers(parts: readonly Answers[]): Answers {
  const join = (arrays: readonly Float64Array[]): Float64Array => {
    const out = new Float64Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      out.set(array, at);
      at += array.length;
    }
    return out;
  };
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    positions: parts[0]!.positions.map((_, m) => join(parts.map(({ positions }) => positions[m]!))),
    hazards: parts[0]!.hazards.map((_, m) => join(parts.map(({ hazards }) => hazards[m]!))),
  };
}

/** Teams on everything that is known by now. */
async function finish(fit: Fit, material: Material): Promise<Team[]> {
  const { rows } = material;
  const learn = Int32Array.from({ length: rows.count }, (_, i) => i);
  report(fit, 0.8, 'final');
  const numbers = Array.from({ length: FINAL_TEAMS }, (_, i) => 100 + i);
  return Promise.all(numbers.map((number) => train(fit, material, { rows, learn }, number)));
}

/** More failures than one entity can have had. */
const MOST_PAST = 2 ** 20;

const outcomesOf = (rows: TrainingRows, asked: Int32Array): Outcomes => ({
  time: Float64Array.from(asked, (i) => rows.time[i]!),
  failed: Uint8Array.from(asked, (i) => rows.failed[i]!),
  failure: Float64Array.from(asked, (i) =>
    rows.failed[i] === 1 ? rows.entity[i]! * MOST_PAST + rows.failure[i]! : -1,
  ),
  weight: Float64Array.from(asked, (i) => rows.weight[i]!),
});

/** Share of the failures that end their entity's history from which on it is one of runs to failure. */
const RUNS_SHARE = 0.9;

/**
 * Where every run ends in its failure, those asked about are cut short before it. Of a run cut at a random moment, a row is
 * still seen with the chance that the cut comes after it: what is left of the run over the whole of it. So rows close to
 * failure are rarer there, and chances would come out too high by what training saw.
 */
function cutShort(fleet: FleetHistory, rows: TrainingRows, asked: Int32Array, outcomes: Outcomes): Outcomes {
  const failing = fleet.entities.filter(({ failures }) => failures.length > 0);
  const runs = failing.filter(({ failures, times }) => failures.length === 1 && times.at(-1)! <= failures[0]!.time);
  if (runs.length < RUNS_SHARE * failing.length) return outcomes;
  const weight = Float64Array.from(asked, (i, at) => {
    const { times } = fleet.entities[rows.entity[i]!]!;
    const age = rows.at[i]! - times[0]!;
    return (outcomes.weight[at]! * rows.time[i]!) / (rows.time[i]! + age);
  });
  return { ...outcomes, weight };
}
