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

/** Spreads indices evenly over the fleet, whatever order it is in: fractional parts of multiples of the golden ratio (Weyl). */
const placeOf = (entity: number): number => (entity * 0.618_033_988_749_895) % 1;

/**
 * What it would have said after the cut: of every row, since pages are judged as densely as they would come. Where there are more
 * rows than may be asked about, of fewer entities.
 */
function judge(
  predictor: FailurePredictor,
  fleet: FleetHistory,
  { cut, most }: { cut: number; most: number },
): JudgedFit {
  const width = predictor.horizons.length;
  const starts = fleet.entities.map(({ times }) => countUpTo(times, cut));
  const lengths = fleet.entities.map(({ times }, e) => times.length - starts[e]!);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  const asked = [...fleet.entities.keys()].filter((e) => lengths[e]! > 0 && placeOf(e) < most / all);
  const rows = asked.reduce((sum, e) => sum + lengths[e]!, 0);
  const judged = {
    entity: new Int32Array(rows),
    times: new Float64Array(rows),
    probabilities: new Float64Array(rows * width),
  };
  let at = 0;
  for (const e of asked) {
    const history = fleet.entities[e]!;
    const said = predictor.predict([{ history, from: starts[e]!, to: history.times.length }], fleet.columns);
    judged.entity.fill(e, at, at + said.rows);
    judged.times.set(history.times.subarray(starts[e]), at);
    judged.probabilities.set(said.probabilities, at * width);
    at += said.rows;
  }
  return judged;
}
