import { createRandom } from '../../src/ml/random.ts';
import type { EntityHistory, FleetHistory } from '../../src/model/predictor.ts';
import type { SimulatedFleet } from './fleet.ts';

/** The same fleet with more features: noisy echoes of those that it has. */
export function widened(
  { columns, entities }: Pick<SimulatedFleet, 'columns' | 'entities'>,
  features: number,
): FleetHistory {
  return {
    columns: Array.from({ length: features }, (_, c) => nameOf(columns, c)),
    entities: entities.map((history, e): EntityHistory => {
      const values = new Float32Array(history.times.length * features);
      widenInto({ history, columns: columns.length, features, seed: e }, values);
      return { ...history, values };
    }),
  };
}

const nameOf = (columns: readonly string[], c: number): string =>
  c < columns.length ? columns[c]! : `${columns[c % columns.length]!}_${Math.floor(c / columns.length)}`;

interface Widening {
  readonly history: EntityHistory;
  readonly columns: number;
  readonly features: number;
  readonly seed: number;
}

/** Writes the rows of one entity with more features. */
export function widenInto({ history, columns, features, seed }: Widening, out: Float32Array): void {
  const random = createRandom(seed).fork('echo');
  const rows = history.times.length;
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < features; c++) {
      const x = history.values[row * columns + (c % columns)]!;
      out[row * features + c] = c < columns ? x : x * (1 + 0.2 * random.normal());
    }
  }
}
