import { type CurvePoint, curveOf, type LeadPoint, leadPoints } from './curves.ts';
import { calibrationBins, type CalibrationBin } from '../../ml/probability-metrics.ts';
import { chooseThreshold, type Contract, type PageRule, pagesOf, type PageTally } from './pages.ts';
import {
  type Figure,
  figureOf,
  rank,
  resample,
  type RowFigures,
  rowFigures,
  weightedPrecision,
} from './row-figures.ts';
import { type JudgedRows, judgedRows, type Rival, type ScoredEntity } from './scored.ts';

export interface Evaluated {
  readonly horizons: readonly number[];
  readonly entities: readonly ScoredEntity[];
  /** Predictions of the same kind of model on rows that it had not learnt from and that come before: thresholds are chosen there. */
  readonly tuning: readonly ScoredEntity[];
  /** The same rows by the model of `tuning`, whose pages they are: its thresholds are no other's. Default: `entities`. */
  readonly paged?: readonly ScoredEntity[];
  /** Share of rows followed by a failure in training, by horizon. */
  readonly baseRates: readonly number[];
  readonly rivals: readonly Rival[];
  readonly contract: Contract;
  /** Time that an entity counts for "an entity-day": 86,400 where the unit is seconds, 1 otherwise. */
  readonly day: number;
  readonly seed: number;
}

export interface RivalFigures {
  readonly name: string;
  readonly auprc: Figure | null;
  readonly brierSkill: Figure | null;
  /** How many times the rival's area the model has, on the same rows drawn again; above 1 the model is better. */
  readonly ratio: Figure | null;
}

export interface PageFigures {
  /** Null: no threshold keeps the contract, so nothing pages. */
  readonly threshold: number | null;
  readonly precision: Figure | null;
  readonly recall: Figure | null;
  readonly pages: number;
  readonly right: number;
  readonly wrong: number;
  readonly late: number;
  readonly open: number;
  readonly failures: number;
  readonly caught: number;
  readonly falsePerEntityDay: number;
  readonly medianLead: number | null;
  readonly leads: readonly number[];
}

export interface HorizonReport extends RowFigures {
  readonly horizon: number;
  readonly rows: number;
  readonly positives: number;
  readonly baseRate: number;
  readonly observedRate: number;
  readonly reliability: readonly CalibrationBin[];
  readonly rivals: readonly RivalFigures[];
  readonly paging: PageFigures;
  readonly curve: readonly CurvePoint[];
  readonly byLead: readonly LeadPoint[];
}

export interface EvaluationReport {
  readonly rows: number;
  readonly entities: number;
  readonly failures: number;
  readonly entityDays: number;
  readonly from: number;
  readonly to: number;
  readonly contract: Contract;
  readonly horizons: readonly HorizonReport[];
  /** Place of the horizon with the most skill, which is shown first. */
  readonly main: number;
  /** Pages and failures at the main horizon. */
  readonly tally: PageTally;
}

const BINS = 10;

/**
 * How good predictions were against what came. Pure and the same for the same input: a backtest, a challenger in shadow and the
 * model in force are judged by it alike. Rows whose outcome nobody could see are left out, intervals draw whole entities (or
 * stretches of their time where entities are few) again. O(horizons × rows × resamples).
 */
export function evaluatePredictions(given: Evaluated): EvaluationReport {
  const { entities, horizons, paged = entities } = given;
  const exposure = entityDays(entities, given.day);
  const reports = horizons.map((_, index) => horizonReport(given, index, exposure));
  const main = mainOf(reports);
  const filled = entities.filter(({ times }) => times.length > 0);
  return {
    rows: filled.reduce((sum, { times }) => sum + times.length, 0),
    entities: filled.length,
    failures: filled.reduce(
      (sum, { failures, times }) => sum + failures.filter(({ time }) => time > times[0]!).length,
      0,
    ),
    entityDays: exposure,
    from: filled.reduce((least, { times }) => Math.min(least, times[0]!), Infinity),
    to: filled.reduce((most, { times }) => Math.max(most, times.at(-1)!), -Infinity),
    contract: given.contract,
    horizons: reports,
    main,
    tally: pagesOf(paged, ruleOf(given, main, reports[main]!.paging.threshold ?? Infinity)),
  };
}

const ruleOf = ({ horizons, contract }: Evaluated, index: number, threshold: number): PageRule => ({
  horizon: horizons[index]!,
  index,
  width: horizons.length,
  minLead: contract.minLead,
  threshold,
});

function horizonReport(given: Evaluated, index: number, exposure: number): HorizonReport {
  const { entities, horizons, contract, seed, paged = entities } = given;
  const horizon = horizons[index]!;
  const rows = judgedRows(entities, { index, value: horizon, width: horizons.length });
  const positives = rows.label.reduce((sum, label) => sum + label, 0);
  const baseRate = given.baseRates[index]!;
  const threshold = chooseThreshold(given.tuning, ruleOf(given, index, 0), contract);
  const tally = pagesOf(paged, ruleOf(given, index, threshold ?? Infinity));
  return {
    horizon,
    rows: rows.count,
    positives,
    baseRate,
    observedRate: positives / Math.max(1, rows.count),
    ...(rows.count === 0 ? NO_FIGURES : rowFigures(rows, seed)),
    reliability: rows.count === 0 ? [] : reliability(rows),
    rivals: given.rivals.map((rival) => rivalFigures(given, rows, { rival, index })),
    paging: { threshold, ...pageFigures(tally, { exposure, entities: entities.length, seed }) },
    curve: curveOf(paged, ruleOf(given, index, 0), exposure),
    byLead: threshold === null ? [] : leadPoints(paged, ruleOf(given, index, threshold)),
  };
}

const NO_FIGURES: RowFigures = {
  auprc: null,
  brier: null,
  brierSkill: null,
  expectedOverObserved: null,
  riskiestTenth: null,
};

/** Bins of equal width where probabilities spread, of equal count where they crowd at one end. */
function reliability(rows: JudgedRows): CalibrationBin[] {
  const bins = calibrationBins(rows.label, rows.chance, { bins: BINS });
  const used = bins.filter(({ count }) => count >= rows.count / 200).length;
  return used >= BINS / 2 ? bins : calibrationBins(rows.label, rows.chance, { bins: BINS, strategy: 'quantile' });
}

function rivalFigures(
  given: Evaluated,
  rows: JudgedRows,
  { rival, index }: { readonly rival: Rival; readonly index: number },
): RivalFigures {
  const none = { name: rival.name, auprc: null, brierSkill: null, ratio: null };
  if (rows.count === 0) return none;
  const width = given.horizons.length;
  const chance = Float64Array.from(rows.row, (row, i) => rival.probabilities[rows.entity[i]!]![row * width + index]!);
  const figures = rowFigures({ ...rows, chance }, given.seed);
  const mine = rank(rows, rows.chance);
  const theirs = rank(rows, chance);
  const ratios: number[] = [];
  resample(rows, given.seed, (weights) =>
    ratios.push(weightedPrecision(mine, weights) / weightedPrecision(theirs, weights)),
  );
  return { name: rival.name, auprc: figures.auprc, brierSkill: figures.brierSkill, ratio: figureOf(ratios) };
}

/** Pages of each entity drawn again together. */
function pageFigures(
  { pages, failures }: PageTally,
  { exposure, entities, seed }: { readonly exposure: number; readonly entities: number; readonly seed: number },
): Omit<PageFigures, 'threshold'> {
  const right = new Float64Array(entities);
  const decided = new Float64Array(entities);
  const caught = new Float64Array(entities);
  const failed = new Float64Array(entities);
  const count = { right: 0, false: 0, late: 0, open: 0 };
  for (const { entity, verdict } of pages) {
    count[verdict]++;
    if (verdict === 'open') continue;
    decided[entity]! += 1;
    if (verdict === 'right') right[entity]! += 1;
  }
  for (const { entity, lead } of failures) {
    failed[entity]! += 1;
    if (lead >= 0) caught[entity]! += 1;
  }
  const precision: number[] = [];
  const recall: number[] = [];
  const dot = (weights: ArrayLike<number>, values: Float64Array): number =>
    values.reduce((sum, value, i) => sum + value * weights[i]!, 0);
  resample({ count: entities, clusters: entities }, seed, (weights) => {
    precision.push(dot(weights, right) / dot(weights, decided));
    recall.push(dot(weights, caught) / dot(weights, failed));
  });
  const leads = failures.map(({ lead }) => lead).filter((lead) => lead >= 0);
  return {
    precision: figureOf(precision),
    recall: figureOf(recall),
    pages: pages.length,
    right: count.right,
    wrong: count.false,
    late: count.late,
    open: count.open,
    failures: failures.length,
    caught: leads.length,
    falsePerEntityDay: (count.false + count.late) / exposure,
    medianLead: leads.length > 0 ? leads.toSorted((a, b) => a - b)[leads.length >> 1]! : null,
    leads,
  };
}

/** Time watched over, each row standing for the usual step to the next. */
function entityDays(entities: readonly ScoredEntity[], day: number): number {
  let watched = 0;
  for (const { times } of entities) {
    if (times.length === 0) continue;
    const span = times.at(-1)! - times[0]!;
    watched += times.length > 1 ? (span * times.length) / (times.length - 1) : 0;
  }
  return Math.max(watched / day, Number.MIN_VALUE);
}

function mainOf(reports: readonly HorizonReport[]): number {
  let best = reports.length - 1;
  for (let i = reports.length - 2; i >= 0; i--) {
    if ((reports[i]!.brierSkill?.value ?? -Infinity) > (reports[best]!.brierSkill?.value ?? -Infinity)) best = i;
  }
  return best;
}
