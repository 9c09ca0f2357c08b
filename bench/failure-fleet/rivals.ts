import { type LstmModel, loadLstm } from '../../src/ml/neural-lstm.ts';
import { hazardTargets } from '../../src/ml/neural-losses.ts';
import { createRandom } from '../../src/ml/random.ts';
import { runTrainingTask } from '../../src/ml/training-tasks.ts';
import type { EntityHistory, FleetHistory } from '../../src/model/predictor.ts';
import { assessCapacity } from '../../src/predict/capacity.ts';
import { intervalsOf } from '../../src/predict/hazard/intervals.ts';
import { chooseRows } from '../../src/predict/hazard/training-rows.ts';
import { HeadroomHistory } from '../../src/predict/headroom-history.ts';
import { LIMITED } from './kinds.ts';

/** Says probabilities of rows of one entity: rows × horizons. */
export type Sayer = (history: EntityHistory, from: number, to: number) => Float64Array;

/** Looks between which capacity is not asked again, in frames. */
const LOOKS = 4;

/** What capacity alone says: the feature with a limit that is likeliest to reach it. */
export function capacityAlone(columns: number, step: number, horizons: readonly number[]): Sayer {
  return ({ times, values }, from, to) => {
    const pasts = LIMITED.map(() => new HeadroomHistory(step * 1000));
    const out = new Float64Array((to - from) * horizons.length);
    let said: readonly number[] = horizons.map(() => 0);
    for (let row = 0; row < to; row++) {
      for (const [i, { column, limit }] of LIMITED.entries())
        pasts[i]!.push(times[row]! * 1000, limit - values[row * columns + column]!);
      if (row < from) continue;
      if ((row - from) % LOOKS === 0) {
        const all = pasts.map((past, i) => assessCapacity(past, horizons, LIMITED[i]!.limit));
        said = horizons.map((_, h) => Math.max(0, ...all.map((one) => one?.probabilities[h] ?? 0)));
      }
      out.set(said, (row - from) * horizons.length);
    }
    return out;
  };
}

/** Frames that the lone network looks back over, the 30 of the literature; rows that it learns from. */
const FRAMES = 30;
const ROWS = 16_000;
const CHUNK = 2048;

/** One LSTM of hazards on the last frames, each feature scaled over the fleet: the plain form, without anything beside it. */
export function lstmAlone(fleet: FleetHistory, horizons: readonly number[], seed: number): Sayer {
  const { edges } = intervalsOf(horizons);
  const rows = chooseRows(fleet.entities, { quiet: 0, edges, most: ROWS, seed });
  const width = FRAMES * fleet.columns.length;
  const sequences = new Float32Array(rows.count * width);
  const order = createRandom(seed).shuffle(Int32Array.from({ length: rows.count }, (_, i) => i));
  order.forEach((i, at) => {
    const { values } = fleet.entities[rows.entity[i]!]!;
    fill(values, { row: rows.row[i]!, columns: fleet.columns.length, out: sequences, at: at * width });
  });
  const pick = (from: ArrayLike<number>): Float64Array => Float64Array.from(order, (i) => from[i]!);
  const targets = hazardTargets(
    pick(rows.time),
    Uint8Array.from(order, (i) => rows.failed[i]!),
    [...edges],
  );
  const { bytes } = runTrainingTask(
    {
      kind: 'lstm',
      data: {
        sequences: { data: sequences, rows: rows.count, columns: width },
        targets: { data: targets, rows: rows.count, columns: edges.length },
      },
      options: {
        features: fleet.columns.length,
        units: [32],
        hidden: [16],
        loss: { kind: 'hazard' },
        seed,
        epochs: 16,
        batchSize: 64,
        learningRate: 3e-3,
        dropout: 0.1,
        validationShare: 0,
        rowWeights: pick(rows.weight),
      },
    },
    () => undefined,
  );
  return sayBy(loadLstm(bytes), fleet.columns.length, horizons);
}

function sayBy(model: LstmModel, columns: number, horizons: readonly number[]): Sayer {
  const { edges, atHorizon } = intervalsOf(horizons);
  const width = FRAMES * columns;
  return ({ values }, from, to) => {
    const out = new Float64Array((to - from) * horizons.length);
    for (let start = from; start < to; start += CHUNK) {
      const count = Math.min(CHUNK, to - start);
      const data = new Float32Array(count * width);
      for (let i = 0; i < count; i++) fill(values, { row: start + i, columns, out: data, at: i * width });
      const hazards = model.predictBatch({ data, rows: count, columns: width });
      for (let i = 0; i < count; i++) {
        let survival = 1;
        let h = 0;
        for (let k = 0; k < edges.length && h < horizons.length; k++) {
          survival *= 1 - hazards[i * edges.length + k]!;
          if (atHorizon[h] === k) out[(start - from + i) * horizons.length + h++] = 1 - survival;
        }
      }
    }
    return out;
  };
}

interface Place {
  readonly row: number;
  readonly columns: number;
  readonly out: Float32Array;
  readonly at: number;
}

/** The last frames up to a row; what lies before the first is missing. */
function fill(values: EntityHistory['values'], { row, columns, out, at }: Place): void {
  for (let back = FRAMES - 1; back >= 0; back--) {
    const to = at + (FRAMES - 1 - back) * columns;
    const from = (row - back) * columns;
    if (from < 0) out.fill(Number.NaN, to, to + columns);
    else out.set(values.subarray(from, from + columns), to);
  }
}
