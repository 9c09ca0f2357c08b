import type { FailureFit, FailureFitted, JudgedFit } from '../../model/failure-fitter.ts';
import type {
  EntityHistory,
  FailurePredictor,
  FailurePredictorFactory,
  FleetHistory,
  PredictorProgress,
} from '../../model/predictor.ts';

/** How many of the rising times lie at or before a moment. */
function countUpTo(times: Float64Array, moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What was known at the cut. */
function upTo(history: EntityHistory, width: number, cut: number): EntityHistory {
  const { entity, times, values, failures, events, observedFrom, observedTo, actedAt, weights, decisions } = history;
  const rows = countUpTo(times, cut);
  return {
    entity,
    times: times.subarray(0, rows),
    values: values.subarray(0, rows * width),
    failures: failures.filter(({ time }) => time <= cut),
    events: events.filter(({ time }) => time <= cut),
    observedFrom,
    observedTo: Math.min(observedTo, cut),
    ...(actedAt !== undefined && { actedAt: actedAt.subarray(0, rows) }),
    ...(weights !== undefined && { weights: weights.subarray(0, rows) }),
    ...(decisions !== undefined && { decisions: decisions.filter(({ time }) => time <= cut) }),
  };
}

/** Trains on what was known at the cut, then says what it would have said of rows after it. */
export async function fitFailures(
  { fleet, cut, options, mostJudged }: FailureFit,
  factory: FailurePredictorFactory,
  control: { readonly signal?: AbortSignal; readonly onProgress: (progress: PredictorProgress) => void },
): Promise<FailureFitted> {
  const width = fleet.columns.length;
  const known = { columns: fleet.columns, entities: fleet.entities.map((history) => upTo(history, width, cut)) };
  const outcome = await factory.fit(known, { ...options, unitMs: 1000, asked: 'later', ...control });
  if (!outcome.ready) return outcome;
  const { predictor } = outcome;
  const judged = judge(predictor, fleet, { cut, most: mostJudged });
  return { ready: true, factory: factory.kind, bytes: predictor.toBytes(), facts: predictor.facts, judged };
}

function judge(
  predictor: FailurePredictor,
  fleet: FleetHistory,
  { cut, most }: { cut: number; most: number },
): JudgedFit {
  const width = predictor.horizons.length;
  const starts = fleet.entities.map(({ times }) => countUpTo(times, cut));
  const all = fleet.entities.reduce((sum, { times }, e) => sum + times.length - starts[e]!, 0);
  const stride = Math.max(1, Math.ceil(all / most));
  const entity: number[] = [];
  const times: number[] = [];
  const probabilities: number[] = [];
  for (const [e, history] of fleet.entities.entries()) {
    const from = starts[e]!;
    if (from === history.times.length) continue;
    const said = predictor.predict([{ history, from, to: history.times.length }], fleet.columns);
    for (let row = e % stride; row < said.rows; row += stride) {
      entity.push(e);
      times.push(history.times[from + row]!);
      for (let h = 0; h < width; h++) probabilities.push(said.probabilities[row * width + h]!);
    }
  }
  return {
    entity: Int32Array.from(entity),
    times: Float64Array.from(times),
    probabilities: Float64Array.from(probabilities),
  };
}
