import type { EntityHistory } from '../../model/predictor.ts';
import { labelRows } from '../../predict/hazard/labels.ts';
import { followed } from '../../predict/history/rate-model.ts';
import type { Rival } from '../../learn/evaluation/scored.ts';
import type { Population } from './histories.ts';
import { type InForce, rivalInForce } from './model-in-force.ts';
import { type Predictions, saidOf } from './predictions.ts';
import type { Timing } from './request.ts';
import { createStraightLine } from './straight-line.ts';

/** "Of late", for the rate of an entity's own failures: 90 days; without a unit, so many of the largest horizon as 90 days are of a week. */
const RECENT_SECONDS = 90 * 86_400;
const RECENT_HORIZONS = 13;

/**
 * What anybody could say without a model: the base rate, the entity's own rate of late, and a straight line through the feature
 * that tells most; and what the model in force says, where one was given. They are asked for the same rows, knowing the same past.
 */
export function rivalsOf(given: {
  readonly population: Population;
  readonly said: Predictions;
  readonly training: readonly EntityHistory[];
  readonly timing: Timing;
  readonly inForce: InForce | null;
}): { readonly rivals: readonly Rival[]; readonly baseRates: readonly number[] } {
  const { population, said, training, timing, inForce } = given;
  const { horizons } = timing;
  const baseRates = baseRatesOf(training, horizons);
  const recent = timing.unitMs === null ? RECENT_HORIZONS * horizons.at(-1)! : (RECENT_SECONDS * 1000) / timing.unitMs;
  const line = createStraightLine(training, population.columns, horizons);
  const places = population.rowOf.map((rowOf) => saidOf(said, rowOf));
  const each = (chance: (history: EntityHistory, place: number, horizon: number) => number): Float64Array[] =>
    population.histories.map((history, entity) => {
      const own = places[entity]!;
      const out = new Float64Array(own.length * horizons.length);
      for (let i = 0; i < out.length; i++) {
        out[i] = chance(history, own[Math.floor(i / horizons.length)]!, i % horizons.length);
      }
      return out;
    });
  const anyPast = population.histories.some(({ failures }) => failures.length > 0);
  return {
    baseRates,
    rivals: [
      { name: 'base-rate', probabilities: each((_, __, j) => baseRates[j]!) },
      ...(anyPast
        ? [
            {
              name: 'recent-rate',
              probabilities: each((history, place, j) =>
                Math.min(1, (countRecent(history, place, recent) * horizons[j]!) / recent),
              ),
            },
          ]
        : []),
      ...(line === null ? [] : [{ name: 'straight-line', probabilities: each(line) }]),
      ...(inForce === null ? [] : [rivalInForce(inForce, population, places)]),
    ],
  };
}

function countRecent({ failures, times }: EntityHistory, place: number, length: number): number {
  const now = times[place]!;
  return upTo(failures, now) - upTo(failures, now - length);
}

function upTo(failures: EntityHistory['failures'], time: number): number {
  let low = 0;
  let high = failures.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (failures[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Share of the training rows that a failure followed within each horizon. */
function baseRatesOf(training: readonly EntityHistory[], horizons: readonly number[]): number[] {
  const known = horizons.map(() => 0);
  const positive = horizons.map(() => 0);
  for (const history of training) {
    const label = labelRows(history, 0);
    for (let row = 0; row < history.times.length; row++) {
      for (const [j, horizon] of horizons.entries()) {
        const outcome = followed(label, row, horizon);
        if (outcome < 0) continue;
        known[j]! += 1;
        positive[j]! += outcome;
      }
    }
  }
  return horizons.map((_, j) => (known[j]! > 0 ? positive[j]! / known[j]! : 0));
}
