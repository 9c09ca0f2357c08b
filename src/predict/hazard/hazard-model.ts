import { exportLstm } from '../../ml/tensorflow-layers.ts';
import type { FailurePredictor, PredictedRows, PredictorFacts, PredictorQuery } from '../../model/predictor.ts';
import { calibrate, type EdgeCalibration } from './calibrate.ts';
import { withNetworks } from './exchange-networks.ts';
import { explainRow } from './explain.ts';
import { encodeHazardModel } from './hazard-format.ts';
import { type Intervals, remainingOf } from './intervals.ts';
import type { KindModel } from './kind-model.ts';
import { type Answers, askTeam, meanAnswers, type MemberRows, type Team } from './members.ts';
import { buildRows, queriedRows, type RowModel } from './row-builder.ts';
import { type Stack, stackAnswers } from './stack.ts';

export const KIND = 'hazard';

/** Everything that makes a predictor. */
export interface HazardModel {
  readonly horizons: readonly number[];
  readonly intervals: Intervals;
  readonly rows: RowModel;
  /** Trained alike on other rows or with other seeds; their answers are averaged. */
  readonly teams: readonly Team[];
  readonly stack: Stack;
  readonly calibration: EdgeCalibration;
  readonly kinds: KindModel;
  readonly facts: PredictorFacts;
}

/** Rows predicted at once: bounds the memory of features and sequences. */
const CHUNK = 2048;

/** What all teams say together. */
export const askTeams = (teams: readonly Team[], rows: MemberRows, intervals: Intervals): Answers =>
  meanAnswers(teams.map((team) => askTeam(team, rows, intervals)));

/** Chance of a failure by each edge: rows × intervals. */
export function chancesOf(model: Omit<HazardModel, 'facts' | 'kinds'>, rows: MemberRows): Float64Array {
  const answers = askTeams(model.teams, rows, model.intervals);
  return calibrate(model.calibration, stackAnswers(model.stack, answers, model.intervals));
}

/** A predictor around a model. */
export function createHazardPredictor(model: HazardModel): FailurePredictor {
  const { horizons, facts } = model;
  return {
    kind: KIND,
    horizons,
    columns: model.rows.features.signals.columns,
    facts,
    predict: (queries, columns) => predict(model, queries, columns),
    explain: (history, row, columns) => explainRow(model, { history, row, columns }),
    toBytes: () => encodeHazardModel(model),
    toTensorFlow: () => model.teams.flatMap(({ lstm }) => (lstm === null ? [] : [exportLstm(lstm)])),
    withTensorFlow: (networks) => createHazardPredictor({ ...model, teams: withNetworks(model.teams, networks) }),
  };
}

function predict(model: HazardModel, queries: readonly PredictorQuery[], columns: readonly string[]): PredictedRows {
  const rows = queries.reduce((sum, { from, to }) => sum + to - from, 0);
  const width = model.horizons.length;
  const out = {
    rows,
    probabilities: new Float64Array(rows * width),
    expected: new Float64Array(rows),
    low: new Float64Array(rows),
    high: new Float64Array(rows),
  };
  let at = 0;
  for (const chunk of chunksOf(queries)) {
    const built = buildRows(model.rows, queriedRows(chunk), columns);
    const chances = chancesOf(model, built);
    for (let i = 0; i < built.count; i++, at++) describe(model, chances, i, { ...out, at });
  }
  return out;
}

/** Writes probabilities, expectation and interval of one row. */
function describe(model: HazardModel, chances: Float64Array, row: number, out: PredictedRows & { at: number }): void {
  const { intervals, horizons } = model;
  const from = row * intervals.edges.length;
  for (let h = 0; h < horizons.length; h++) {
    out.probabilities[out.at * horizons.length + h] = chances[from + intervals.atHorizon[h]!]!;
  }
  [out.expected[out.at], out.low[out.at], out.high[out.at]] = remainingOf(intervals, chances, from);
}

/** Queries in chunks of about equal size; a long one is not cut, since each part would read its history anew. */
function* chunksOf(queries: readonly PredictorQuery[]): Generator<PredictorQuery[]> {
  let chunk: PredictorQuery[] = [];
  let size = 0;
  for (const query of queries) {
    chunk.push(query);
    size += query.to - query.from;
    if (size < CHUNK) continue;
    yield chunk;
    chunk = [];
    size = 0;
  }
  if (chunk.length > 0) yield chunk;
}
