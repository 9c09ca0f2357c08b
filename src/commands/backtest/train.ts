import { phrase, type Phrase } from '../../model/phrase.ts';
import type {
  EntityHistory,
  FailurePredictor,
  FailurePredictorFactory,
  FleetHistory,
  PredictorOptions,
} from '../../model/predictor.ts';
import { fitHistoryPredictor } from '../../predict/history/history-predictor.ts';

/** A model, or the one from past failures alone with what is missing for a better one. */
export interface Trained {
  readonly predictor: FailurePredictor;
  readonly missing: Phrase | null;
}

/** Fewest failures that anything is learnt from. */
const LEAST_FAILURES = 5;

/** Failures that the rows of an entity stand before: others teach nothing. */
const taught = ({ failures, times, observedTo }: EntityHistory): number[] =>
  failures.map(({ time }) => time).filter((time) => time > (times[0] ?? Infinity) && time <= observedTo);

/** What is missing before anything can be learnt; null where there is enough to try. */
export function missingEvidence(entities: readonly EntityHistory[]): Phrase | null {
  const failed = entities.filter((history) => taught(history).length > 0);
  const count = failed.reduce((sum, history) => sum + taught(history).length, 0);
  if (count === 0) return phrase('backtest.no_failures');
  if (count < LEAST_FAILURES) return phrase('backtest.few_failures', { count, needed: LEAST_FAILURES });
  if (failed.length === 1 && entities.length > 1) return phrase('backtest.one_entity', { entity: failed[0]!.entity });
  // Runs that start at the same number and end in their failure may end alike; dates that agree are one incident.
  const times = new Set(failed.flatMap(taught));
  return times.size === 1 ? phrase('backtest.at_once') : null;
}

/**
 * Trains what the fleet allows: the model with features, from past failures alone where there are no features, and the latter too
 * where the evidence is too thin, with what is missing.
 */
export async function train(
  fleet: FleetHistory,
  options: PredictorOptions,
  factory: FailurePredictorFactory | null,
): Promise<Trained> {
  const fallback = (missing: Phrase | null): Trained => ({
    predictor: fitHistoryPredictor(fleet, options.horizons, options.quiet),
    missing,
  });
  const missing = missingEvidence(fleet.entities);
  if (missing !== null) return fallback(missing);
  const bare = fleet.columns.length === 0 && fleet.entities.every(({ events }) => events.length === 0);
  if (bare || factory === null) return fallback(factory === null && !bare ? phrase('backtest.no_predictor') : null);
  const outcome = await factory.fit(fleet, options);
  return outcome.ready ? { predictor: outcome.predictor, missing: null } : fallback(outcome.missing);
}
