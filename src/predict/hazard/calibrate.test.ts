import { describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { calibrate, fitCalibration } from './calibrate.ts';
import { intervalsOf } from './intervals.ts';

const HORIZONS = [3600, 21_600, 86_400];
const intervals = intervalsOf(HORIZONS);
const size = intervals.edges.length;
const day = intervals.atHorizon[2]!;
const logit = (p: number): number => Math.log(p / (1 - p));
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

interface World {
  readonly rows: number;
  /** Rows in a row of one entity share their fate. */
  readonly alike: number;
  /** Log odds that are said, from those that are true. */
  readonly said: (truth: number) => number;
  /** How much a row that led to a failure counts. */
  readonly heavy: number;
  readonly seed: number;
}

/** Rows whose chance of failing within a day is drawn, and said otherwise than it is. */
function world({ rows, alike, said, heavy, seed }: World) {
  const random = createRandom(seed);
  const cumulative = new Float64Array(rows * size);
  const truth = new Float64Array(rows);
  const time = new Float64Array(rows).fill(10 * HORIZONS[2]!);
  const failed = new Uint8Array(rows);
  const failure = new Int32Array(rows).fill(-1);
  const weight = new Float64Array(rows).fill(1);
  for (let first = 0; first < rows; first += alike) {
    const odds = -4 + 1.5 * random.normal();
    const fails = random.next() < sigmoid(odds);
    for (let row = first; row < first + alike; row++) {
      truth[row] = sigmoid(odds);
      for (let k = 0; k < size; k++) cumulative[row * size + k] = sigmoid(said(odds) + (k - day) * 0.1);
      if (!fails) continue;
      [time[row], failed[row], failure[row], weight[row]] = [1800, 1, first, heavy];
    }
  }
  return { cumulative, truth, outcomes: { time, failed, failure, weight } };
}

describe('calibration on rows that were not learnt from', () => {
  it('puts right what is said too boldly and too high', () => {
    const many = world({ rows: 20_000, alike: 1, said: (odds) => 2 * odds + 3, heavy: 1, seed: 1 });
    const curves = fitCalibration(many.cumulative, many.outcomes, intervals);
    const chances = calibrate(curves, many.cumulative.slice());
    expect(curves.slope[day]).toBeCloseTo(0.5, 1);
    for (const odds of [-6, -4, -2, 0]) {
      const rows = [...many.truth.keys()].filter((row) => Math.abs(logit(many.truth[row]!) - odds) < 0.05);
      for (const row of rows) expect(Math.abs(logit(chances[row * size + day]!) - odds)).toBeLessThan(0.5);
    }
  });

  it('takes hundreds of rows before one failure for one failure: little moves far by little', () => {
    const few = world({ rows: 60_000, alike: 3000, said: (odds) => odds, heavy: 1, seed: 4 });
    const { offset, slope } = fitCalibration(few.cumulative, few.outcomes, intervals);
    expect(new Set(few.outcomes.failure).size - 1).toBeLessThan(3);
    expect(Math.abs(offset[day]! + slope[day]! * -3 + 3)).toBeLessThan(2.5);
  });

  it('never says 1 of everything, be it that a few rows stand for thousands', () => {
    for (let seed = 0; seed < 40; seed++) {
      const bold = world({ rows: 4000, alike: 40, said: (odds) => 8 * odds + 20, heavy: 5000, seed });
      const curves = fitCalibration(bold.cumulative, bold.outcomes, intervals);
      const chances = calibrate(curves, bold.cumulative.slice());
      const likely = [...bold.truth.keys()].filter((row) => chances[row * size + day]! > 0.5);
      expect(likely.length).toBeLessThan(2000);
    }
  });

  it('says less by an edge by which nothing failed, and never more', () => {
    const none = world({ rows: 4000, alike: 1, said: (odds) => odds, heavy: 1, seed: 2 });
    none.outcomes.time.forEach((time, row) => (none.outcomes.time[row] = Math.max(time, intervals.edges[1]!)));
    const { offset, slope } = fitCalibration(none.cumulative, none.outcomes, intervals);
    expect(offset[0]! + slope[0]! * -3).toBeLessThan(-3);
  });
});
