import { decodeModel, encodeModel, requireKind } from '../../ml/serialize.ts';
import type {
  EntityHistory,
  FailurePredictor,
  FailurePredictorFactory,
  FleetHistory,
  PredictedRows,
  PredictionExplanation,
  PredictorFacts,
  PredictorQuery,
} from '../../model/predictor.ts';
import { phrase } from '../../model/phrase.ts';
import { type Intervals, intervalsOf, remainingOf } from '../hazard/intervals.ts';
import { type CircleTally, createCircleTally } from './circle-tally.ts';
import { createOwnTally, fitRates, type RateModel, shareOf, type Tally } from './rate-model.ts';

const KIND = 'history';
const VERSION = 1;
/** No horizon is certain, and none impossible. */
const SURE = 1e-9;

/**
 * Predicts from nothing but when failures were: what is left where entities have no features, and what any model with features
 * has to beat. It has few numbers to learn, so it carries over to machines that behave unlike those it was trained on, where trees
 * on counts of failures carry the level of their training machines with them. Always ready, with or without failures.
 */
export function fitHistoryPredictor(fleet: FleetHistory, horizons: readonly number[], quiet = 0): FailurePredictor {
  const model = fitRates(fleet.entities, Float64Array.from(horizons), quiet);
  const facts: PredictorFacts = {
    rows: fleet.entities.reduce((sum, { times }) => sum + times.length, 0),
    entities: fleet.entities.length,
    failures: fleet.entities.reduce((sum, { failures }) => sum + failures.length, 0),
    regimes: 1,
    metrics: {},
  };
  return createHistoryPredictor(model, fleet.columns, facts);
}

export const historyPredictorFactory: FailurePredictorFactory = {
  kind: KIND,
  fit: (fleet, { horizons, quiet }) =>
    Promise.resolve({ ready: true, predictor: fitHistoryPredictor(fleet, horizons, quiet) }),
  load: (bytes) => {
    const saved = decodeModel(bytes);
    requireKind(saved, KIND, VERSION);
    const edges = saved.section('edges', 'f64');
    const model: RateModel = {
      edges,
      memories: saved.section('memories', 'f64'),
      prior: saved.section('prior', 'f64', edges.length),
      rowsPerFailure: saved.section('rowsPerFailure', 'f64', edges.length),
      cell: saved.number('cell', Number.MIN_VALUE),
      quiet: saved.number('quiet', 0),
    };
    const count = (key: string): number => saved.integer(key, 0, Number.MAX_SAFE_INTEGER);
    const facts = { rows: count('rows'), entities: count('entities'), failures: count('failures') };
    return createHistoryPredictor(model, [], { ...facts, regimes: 1, metrics: {} });
  },
};

function createHistoryPredictor(model: RateModel, columns: readonly string[], facts: PredictorFacts): FailurePredictor {
  const horizons = [...model.edges];
  const intervals = intervalsOf(horizons);
  // A circle is one array for all its members, and goes when they go.
  const circles = new WeakMap<readonly EntityHistory[], CircleTally>();
  const circleOf = (members: readonly EntityHistory[]): CircleTally => {
    let tally = circles.get(members);
    if (tally === undefined) circles.set(members, (tally = createCircleTally(model, members)));
    return tally;
  };
  return {
    kind: KIND,
    horizons,
    columns,
    facts,
    predict: (queries) => predictAll({ model, intervals, circleOf }, queries),
    explain: (history, row) => explain(model, history, row),
    toBytes: () => {
      const { edges, memories, prior, rowsPerFailure, cell, quiet } = model;
      const { rows, entities, failures } = facts;
      return encodeModel(
        KIND,
        VERSION,
        { cell, quiet, rows, entities, failures },
        { edges, memories, prior, rowsPerFailure },
      );
    },
  };
}

interface Trained {
  readonly model: RateModel;
  readonly intervals: Intervals;
  readonly circleOf: (members: readonly EntityHistory[]) => CircleTally;
}

function predictAll({ model, intervals, circleOf }: Trained, queries: readonly PredictorQuery[]): PredictedRows {
  const width = model.edges.length;
  const rows = queries.reduce((sum, { from, to }) => sum + to - from, 0);
  const out: Writable = {
    rows,
    probabilities: new Float64Array(rows * width),
    expected: new Float64Array(rows),
    low: new Float64Array(rows),
    high: new Float64Array(rows),
  };
  const cumulative = new Float64Array(intervals.edges.length);
  let at = 0;
  for (const { history, from, to } of queries) {
    const own = createOwnTally(model, history);
    const around = (history.circles ?? []).filter(({ length }) => length > 1).map(circleOf);
    for (let row = from; row < to; row++, at++) {
      const chances = out.probabilities.subarray(at * width, (at + 1) * width);
      chancesOf(model, own.advance(row), { around, now: history.times[row]! }, chances);
      spread(intervals, model.edges, chances, cumulative);
      [out.expected[at], out.low[at], out.high[at]] = remainingOf(intervals, cumulative, 0);
    }
  }
  return out;
}

type Writable = { -readonly [Key in keyof PredictedRows]: PredictedRows[Key] };

/** Chance within each horizon, never falling from one to the next. */
function chancesOf(
  model: RateModel,
  own: Tally,
  { around, now }: { readonly around: readonly CircleTally[]; readonly now: number },
  out: Float64Array,
): void {
  const { edges, memories } = model;
  let before = SURE;
  for (let j = 0; j < edges.length; j++) {
    let prior = model.prior[j]!;
    // From the widest circle in.
    for (let c = around.length - 1; c >= 0; c--) prior = shareOf(model, j, around[c]!.at(now, j), prior);
    let sum = 0;
    for (let m = 0; m < memories.length; m++) {
      const at = m * edges.length + j;
      sum += shareOf(model, j, { known: own.known[at]!, positive: own.positive[at]! }, prior);
    }
    before = out[j] = Math.min(1 - SURE, Math.max(before, sum / memories.length));
  }
}

/** Chances at the horizons as chances at every edge: between two of them, and beyond the last, at an even rate. */
function spread({ edges }: Intervals, horizons: Float64Array, chances: Float64Array, out: Float64Array): void {
  let j = 0;
  for (let k = 0; k < edges.length; k++) {
    while (j < horizons.length - 1 && horizons[j]! < edges[k]!) j++;
    const from = j > 0 ? horizons[j - 1]! : 0;
    const before = j > 0 ? Math.log1p(-chances[j - 1]!) : 0;
    const after = Math.log1p(-chances[j]!);
    out[k] = -Math.expm1(before + ((after - before) * (edges[k]! - from)) / (horizons[j]! - from));
  }
}

/** The entity's own failures of late against what is usual. */
function explain({ prior, memories, edges }: RateModel, history: EntityHistory, row: number): PredictionExplanation {
  const now = history.times[row]!;
  const past = history.failures.filter(({ time }) => time <= now);
  const recent = past.filter(({ time }) => time > now - memories[1]!);
  const usual = (prior.at(-1)! * memories[1]!) / edges.at(-1)!;
  const kinds = new Map<string, number>();
  for (const { kind } of past) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  return {
    drivers: [
      {
        feature: '',
        share: 1,
        raises: recent.length > usual,
        reason: phrase('predict.driver_past_failures', { count: recent.length, all: past.length }),
      },
    ],
    kinds: [...kinds]
      .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .map(([kind, count]) => ({ kind, share: count / past.length })),
  };
}
