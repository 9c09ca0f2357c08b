import type { EntityHistory, FailurePredictor } from '../../model/predictor.ts';
import type { Population } from './histories.ts';

/** What was said of the rows of a table, by row of the file. */
export interface Predictions {
  readonly horizons: number;
  /** 1 where something was said. */
  readonly made: Uint8Array;
  /** rows × horizons, row-major. */
  readonly probabilities: Float64Array;
  readonly expected: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Rows asked for at once, so that what a model lays out for them stays small. */
const ROWS_AT_ONCE = 20_000;

export function noPredictions(rows: number, horizons: number): Predictions {
  return {
    horizons,
    made: new Uint8Array(rows),
    probabilities: new Float64Array(rows * horizons),
    expected: new Float64Array(rows),
    low: new Float64Array(rows),
    high: new Float64Array(rows),
  };
}

/** Stretch of rows of one entity, by place in its history. */
export interface Stretch {
  readonly entity: number;
  readonly from: number;
  readonly to: number;
}

/** Asks a model for stretches of rows and puts its answers where the rows stand in the file. */
export function predictInto(
  out: Predictions,
  predictor: FailurePredictor,
  { population, stretches }: { readonly population: Population; readonly stretches: readonly Stretch[] },
): void {
  let batch: Stretch[] = [];
  let rows = 0;
  const flush = (): void => {
    const queries = batch.map(({ entity, from, to }) => ({ history: population.histories[entity]!, from, to }));
    const answer = predictor.predict(queries, population.columns);
    let at = 0;
    for (const { entity, from, to } of batch) {
      for (let place = from; place < to; place++, at++) {
        const row = population.rowOf[entity]![place]!;
        out.made[row] = 1;
        for (let j = 0; j < out.horizons; j++) {
          out.probabilities[row * out.horizons + j] = answer.probabilities[at * out.horizons + j]!;
        }
        out.expected[row] = answer.expected[at]!;
        out.low[row] = answer.low[at]!;
        out.high[row] = answer.high[at]!;
      }
    }
    batch = [];
    rows = 0;
  };
  for (const stretch of stretches) {
    if (stretch.to <= stretch.from) continue;
    batch.push(stretch);
    rows += stretch.to - stretch.from;
    if (rows >= ROWS_AT_ONCE) flush();
  }
  if (batch.length > 0) flush();
}

/** Places of the rows of an entity about which something was said. */
export function saidOf(out: Predictions, rowOf: Int32Array): number[] {
  const places: number[] = [];
  for (let place = 0; place < rowOf.length; place++) if (out.made[rowOf[place]!] === 1) places.push(place);
  return places;
}

/** Copies with those parts of a history that a run shorter than its life would still have. */
export const withoutFailures = (history: EntityHistory): EntityHistory => ({
  ...history,
  failures: [],
  events: [],
  circles: [],
  observedFrom: Infinity,
  observedTo: -Infinity,
});
