import { type EvaluationReport, evaluatePredictions } from '../../learn/evaluation/evaluate-predictions.ts';
import type { Leak } from '../../learn/evaluation/find-leaks.ts';
import type { Page } from '../../learn/evaluation/pages.ts';
import { nextFailure, type ScoredEntity } from '../../learn/evaluation/scored.ts';
import type { EntityHistory } from '../../model/predictor.ts';
import type { Phrase } from '../../model/phrase.ts';
import type { Population } from './histories.ts';
import { leaksOf } from './leaks.ts';
import type { InForce } from './model-in-force.ts';
import type { FrameTable } from './read-frames.ts';
import type { Request, Timing } from './request.ts';
import type { Replayed } from './run-backtest.ts';
import type { MixedZones } from './time-text.ts';

/** Everything that the report shows; `report.json` holds it as it is. */
export interface BacktestReport {
  readonly version: 1;
  readonly request: Readonly<Record<string, string | number | null>>;
  /** Seconds where times are dates; otherwise the data's own unit. */
  readonly unit: 'seconds' | 'own';
  /** Horizons as they were given. */
  readonly names: readonly string[];
  readonly data: {
    readonly rows: number;
    readonly entities: number;
    readonly failures: number;
    readonly columns: readonly string[];
    readonly leftColumns: readonly string[];
    readonly notes: Population['notes'];
    /** Files of which only one names time zones. */
    readonly zones: MixedZones | null;
  };
  readonly training: {
    readonly rows: number;
    readonly entities: number;
    readonly failures: number;
    readonly cuts: readonly number[];
  };
  readonly model: {
    readonly kind: string;
    readonly metrics: Readonly<Record<string, number>>;
    readonly regimes: number;
  };
  /** What is missing for a model of its own; null where nothing is. */
  readonly missing: Phrase | null;
  /** Where evidence was too little although it was enough for the last model. */
  readonly thin: Replayed['thin'];
  /** The model in force beside which this one was put. */
  readonly inForce: {
    readonly version: string;
    readonly trainedTo: number | null;
    /** Of the columns that it reads, how many are there. */
    readonly found: number;
    readonly columns: number;
    /** Whether it has learnt from some of the time that is judged, so that its figures flatter it. */
    readonly knows: boolean;
  } | null;
  /** True where the figures are of entities that were left out of training, not of those that were predicted. */
  readonly heldOut: boolean;
  readonly leaks: readonly Leak[];
  readonly evaluation: Omit<EvaluationReport, 'tally'>;
  readonly cost: CostEstimate | null;
  /** At the main horizon. */
  readonly failures: readonly FailureStory[];
  readonly pages: readonly (Omit<Page, 'entity'> & { readonly entity: string })[];
  readonly days: readonly { readonly from: number; readonly right: number; readonly wrong: number }[];
  /** How wide a bar of `days` is. */
  readonly dayWidth: number;
}

/** One failure, and what was said before it. */
export interface FailureStory {
  readonly entity: string;
  readonly time: number;
  readonly kind: string;
  /** Time between the first right page and it; null where there was none. */
  readonly lead: number | null;
  /** Chance at the main horizon, by time ahead, falling. */
  readonly said: readonly { readonly ahead: number; readonly chance: number }[];
}

/** Minutes, so that a reader can put in his own. */
export interface CostEstimate {
  readonly failureMinutes: number;
  readonly pageMinutes: number;
  readonly savedShare: number;
  readonly saved: number;
  readonly spent: number;
  /** Minutes of a page at which nothing is won. */
  readonly breakEven: number | null;
}

/** What a failure, a page and a page in time are taken to be worth. Shown with the estimate. */
const FAILURE_MINUTES = 60;
const PAGE_MINUTES = 10;
const SAVED_SHARE = 0.5;

const MOST_STORIES = 2000;
const MOST_PAGES = 5000;
const STORY_POINTS = 48;
const MOST_DAYS = 90;
const DAY_SECONDS = 86_400;

interface Given {
  readonly request: Request;
  readonly timing: Timing;
  readonly table: FrameTable;
  readonly data: Population;
  readonly replayed: Replayed;
  readonly cuts: readonly number[];
  readonly zones: MixedZones | null;
  readonly inForce: InForce | null;
  readonly seed: number;
}

/** Judges what was said, and gathers all that the report shows. */
export function reportOf(given: Given): BacktestReport {
  const { request, timing, data, replayed, seed } = given;
  const dated = timing.unitMs !== null;
  const { tally, ...evaluation } = evaluatePredictions({
    horizons: timing.horizons,
    entities: replayed.scored,
    tuning: replayed.tuning,
    paged: replayed.paged,
    baseRates: replayed.baseRates,
    rivals: replayed.rivals,
    contract: { precision: request.precision, minLead: timing.minLead },
    day: dated ? DAY_SECONDS : 1,
    seed,
  });
  const dayWidth = widthOf(evaluation.to - evaluation.from, dated);
  return {
    version: 1,
    request: { ...request.options, precision: request.precision, minLead: timing.minLead, seed },
    unit: dated ? 'seconds' : 'own',
    names: timing.names,
    ...sourcesOf(given),
    missing: replayed.missing,
    thin: replayed.thin,
    inForce: inForceOf(given.inForce, evaluation.from),
    heldOut: replayed.heldOut,
    leaks: leaksOf(replayed.training, data.columns, timing.horizons),
    evaluation,
    cost: costOf(evaluation),
    failures: tally.failures
      .toSorted((a, b) => a.time - b.time || a.entity - b.entity)
      .slice(0, MOST_STORIES)
      .map((failure) => storyOf(replayed.paged[failure.entity]!, failure, evaluation)),
    pages: tally.pages
      .toSorted((a, b) => a.time - b.time || a.entity - b.entity)
      .slice(0, MOST_PAGES)
      .map(({ entity, ...page }) => Object.assign(page, { entity: replayed.scored[entity]!.entity })),
    days: daysOf(tally.pages, evaluation, dayWidth),
    dayWidth,
  };
}

/** What was read, and what was learnt from it. */
function sourcesOf({ table, data, replayed, cuts, zones }: Given): Pick<BacktestReport, 'data' | 'training' | 'model'> {
  const count = (histories: readonly EntityHistory[]): { rows: number; failures: number } => ({
    rows: histories.reduce((sum, { times }) => sum + times.length, 0),
    failures: histories.reduce((sum, { failures }) => sum + failures.length, 0),
  });
  return {
    data: {
      ...count(data.histories),
      entities: table.entities.length,
      columns: table.columns,
      leftColumns: table.left,
      notes: data.notes,
      zones,
    },
    training: { ...count(replayed.training), entities: replayed.training.length, cuts },
    model: { kind: replayed.model, metrics: replayed.facts.metrics, regimes: replayed.facts.regimes },
  };
}

function inForceOf(inForce: InForce | null, from: number): BacktestReport['inForce'] {
  if (inForce === null) return null;
  const { version, trainedTo, found, predictor } = inForce;
  return { version, trainedTo, found, columns: predictor.columns.length, knows: (trainedTo ?? Infinity) > from };
}

/** Whole days while they are few enough to be drawn; without a unit, ninety bars. */
function widthOf(span: number, dated: boolean): number {
  if (!(span > 0)) return 1;
  return dated
    ? DAY_SECONDS * Math.max(1, Math.ceil(span / DAY_SECONDS / MOST_DAYS))
    : Math.max(1, Math.ceil(span / MOST_DAYS));
}

function daysOf(
  pages: readonly { readonly time: number; readonly verdict: string }[],
  { from, to }: { readonly from: number; readonly to: number },
  width: number,
): BacktestReport['days'] {
  if (!(to >= from)) return [];
  const start = Math.floor(from / width) * width;
  const days = Array.from({ length: Math.floor((to - start) / width) + 1 }, (_, i) => ({
    from: start + i * width,
    right: 0,
    wrong: 0,
  }));
  for (const { time, verdict } of pages) {
    const day = days[Math.floor((time - start) / width)]!;
    if (verdict === 'right') day.right++;
    else if (verdict !== 'open') day.wrong++;
  }
  return days;
}

function storyOf(
  scored: ScoredEntity,
  failure: { readonly time: number; readonly kind: string; readonly lead: number },
  { horizons, main }: Omit<EvaluationReport, 'tally'>,
): FailureStory {
  const { horizon } = horizons[main]!;
  const rows: number[] = [];
  // What was said of an earlier failure belongs to that one.
  for (let row = 0; row < scored.times.length; row++) {
    const ahead = failure.time - scored.times[row]!;
    if (ahead > 0 && ahead <= 1.5 * horizon && nextFailure(scored.failures, scored.times[row]!) === failure.time)
      rows.push(row);
  }
  const every = Math.max(1, Math.ceil(rows.length / STORY_POINTS));
  return {
    entity: scored.entity,
    time: failure.time,
    kind: failure.kind,
    lead: Number.isFinite(failure.lead) ? failure.lead : null,
    said: rows
      .filter((_, i) => (rows.length - 1 - i) % every === 0)
      .map((row) => ({
        ahead: failure.time - scored.times[row]!,
        chance: scored.probabilities[row * horizons.length + main]!,
      })),
  };
}

function costOf({ horizons, main }: Omit<EvaluationReport, 'tally'>): CostEstimate | null {
  const { paging } = horizons[main]!;
  if (paging.threshold === null || paging.pages === 0) return null;
  const saved = paging.caught * SAVED_SHARE * FAILURE_MINUTES;
  return {
    failureMinutes: FAILURE_MINUTES,
    pageMinutes: PAGE_MINUTES,
    savedShare: SAVED_SHARE,
    saved,
    spent: paging.pages * PAGE_MINUTES,
    breakEven: saved / paging.pages,
  };
}
