import { createRandom } from '../../ml/random.ts';
import type { EntityHistory, FleetHistory } from '../../model/predictor.ts';

export interface FleetPlan {
  readonly entities: number;
  readonly seed: number;
  /** Load levels that rows switch between at random; 1 for none. */
  readonly regimes?: number;
  /** Cut every run short at a random moment and keep its failure back. */
  readonly cut?: boolean;
}

export interface GeneratedFleet {
  readonly fleet: FleetHistory;
  /** When each entity really fails. */
  readonly ends: readonly number[];
}

/** Runs to failure of 40 to 80 cycles: wear grows exponentially towards the end and shows in two of four columns. */
export function generatedFleet({ entities, seed, regimes = 1, cut = false }: FleetPlan): GeneratedFleet {
  const random = createRandom(seed);
  const ends: number[] = [];
  const histories = Array.from({ length: entities }, (_, e): EntityHistory => {
    const end = 40 + random.int(41);
    const rows = cut ? 5 + random.int(end - 5) : end;
    const values = new Float32Array(rows * 4);
    const offset = random.normal();
    for (let r = 0; r < rows; r++) {
      const load = random.int(regimes);
      const wear = 6 * Math.exp((r + 1 - end) / 15);
      values[r * 4] = 10 * load + 0.01 * random.normal();
      values[r * 4 + 1] = 50 * load + (1 + load) * (offset + wear + 0.5 * random.normal());
      values[r * 4 + 2] = 100 - 30 * load - (2 + load) * (wear + 0.5 * random.normal());
      values[r * 4 + 3] = 20 * load + random.normal();
    }
    ends.push(end);
    const last = rows;
    return {
      entity: `unit-${e}`,
      times: Float64Array.from({ length: rows }, (_row, r) => r + 1),
      values,
      failures: cut ? [] : [{ time: end, kind: e % 3 === 0 ? 'fan' : 'pump' }],
      events: [],
      observedFrom: 1,
      observedTo: last,
    };
  });
  return { fleet: { columns: ['load', 'heat', 'pressure', 'noise'], entities: histories }, ends };
}
