import type { EntityHistory } from '../../src/model/predictor.ts';
import { COLUMNS } from './kinds.ts';
import { type FleetPlan, type Hidden, liveThrough } from './life.ts';

export interface SimulatedFleet {
  readonly columns: readonly string[];
  readonly entities: readonly EntityHistory[];
  readonly hidden: readonly Hidden[];
}

/** A fleet that nobody acts upon. The same plan gives the same bits. */
export function simulateFleet(plan: FleetPlan): SimulatedFleet {
  const lives = Array.from({ length: plan.entities }, (_, entity) => liveThrough(plan, entity));
  return {
    columns: COLUMNS,
    entities: lives.map(({ history }) => history),
    hidden: lives.map(({ hidden }) => hidden),
  };
}

/** What was known at a time. */
export function knownAt(history: EntityHistory, width: number, time: number): EntityHistory {
  const rows = countUpTo(history.times, time);
  return {
    ...history,
    times: history.times.subarray(0, rows),
    values: history.values.subarray(0, rows * width),
    failures: history.failures.filter((failure) => failure.time <= time),
    events: history.events.filter((event) => event.time <= time),
    observedTo: Math.min(history.observedTo, time),
  };
}

/** How many of the rising times lie at or before a moment. */
export function countUpTo(times: Float64Array, moment: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= moment) low = middle + 1;
    else high = middle;
  }
  return low;
}
