import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../ml/random.ts';
import { intervalsOf } from './intervals.ts';
import type { Answers } from './members.ts';
import { fitStack, type Outcomes, type Stack, stackAnswers } from './stack.ts';

/** Minutes to a week, as the program has them. */
const HORIZONS = [900, 3600, 21_600, 86_400, 604_800];
const intervals = intervalsOf(HORIZONS);
const size = intervals.edges.length;
const ROWS = 4000;

/** Rows with hazards of their own; one member knows them, the other says anything. Some are lost from sight on the way. */
function world(seed: number): { answers: Answers; outcomes: Outcomes } {
  const random = createRandom(seed);
  const knows = new Float64Array(ROWS * size);
  const guesses = knows.map(() => 0.02 + 0.3 * random.next());
  const time = new Float64Array(ROWS);
  const failed = new Uint8Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    const level = random.next() ** 3;
    const seen = random.next() < 0.2 ? Math.floor(size * random.next()) : size;
    time[row] = seen === size ? 10 * intervals.edges.at(-1)! : intervals.edges[seen]! * 0.999;
    for (let k = 0; k < size; k++) {
      const hazard = 0.01 + 0.5 * level;
      knows[row * size + k] = hazard;
      if (failed[row] === 0 && k < seen && random.next() < hazard) {
        failed[row] = 1;
        time[row] = intervals.edges[k]! * 0.999;
      }
    }
  }
  const positions = [0, 1, 2].map(() => new Float64Array(ROWS).map(() => size * random.next()));
  const weight = new Float64Array(ROWS).fill(1);
  const failure = Int32Array.from({ length: ROWS }, (_, row) => row);
  return {
    answers: { count: ROWS, hazards: [knows, guesses], positions },
    outcomes: { time, failed, failure, weight },
  };
}

let stack: Stack;
const learnt = world(1);
beforeAll(() => {
  stack = fitStack(learnt.answers, learnt.outcomes, intervals);
});

/** Expected failures over those that came by an edge, of the rows whose fate by then is known. */
function calibrationAt({ answers, outcomes }: typeof learnt, k: number): number {
  const chances = stackAnswers(stack, answers, intervals);
  let [expected, observed] = [0, 0];
  for (let row = 0; row < ROWS; row++) {
    const within = outcomes.time[row]! <= intervals.edges[k]!;
    if (within && outcomes.failed[row] === 0) continue;
    expected += chances[row * size + k]!;
    observed += Number(within);
  }
  return expected / observed;
}

describe('a stack over minutes to a week', () => {
  it('expects as many failures by each horizon as come, also of rows that it was not fitted on', () => {
    for (const k of intervals.atHorizon) {
      expect(calibrationAt(learnt, k)).toBeGreaterThan(0.85);
      expect(calibrationAt(learnt, k)).toBeLessThan(1.15);
      expect(calibrationAt(world(2), k)).toBeGreaterThan(0.8);
      expect(calibrationAt(world(2), k)).toBeLessThan(1.2);
    }
  });

  it('follows who knows, not who guesses', () => {
    const { answers } = world(3);
    const [knows] = answers.hazards;
    const chances = stackAnswers(stack, answers, intervals);
    const at = intervals.atHorizon[1]!;
    const rows = [...knows!.keys()].filter((i) => i % size === 0).sort((a, b) => knows![a]! - knows![b]!);
    const mean = (some: readonly number[]): number => some.reduce((sum, i) => sum + chances[i + at]! / some.length, 0);
    expect(mean(rows.slice(-400))).toBeGreaterThan(4 * mean(rows.slice(0, 400)));
  });

  it('grows with the horizon and takes no notice of positions, which lie days ahead', () => {
    const { answers } = learnt;
    const chances = stackAnswers(stack, answers, intervals);
    const falling = [...chances.keys()].filter((i) => i % size > 0 && chances[i]! < chances[i - 1]!);
    expect(falling).toEqual([]);
    const moved = { ...answers, positions: answers.positions.map((all) => all.map((p) => size - p)) };
    expect(stackAnswers(stack, moved, intervals)).toEqual(chances);
  });

  it('says by the constant of each interval and the members alone', () => {
    const { answers } = learnt;
    const odds = (p: number): number => Math.log((p + 1e-6) / (1 - p + 1e-6));
    const members = answers.hazards.length;
    const own = stack.theta.length - 2 * members;
    const survival = new Float64Array(ROWS).fill(1);
    const chances = stackAnswers(stack, answers, intervals);
    // The first interval lies within a day, where members weigh by the first of their two weights.
    for (let row = 0; row < 50; row++) {
      const z = answers.hazards.reduce((sum, all, m) => sum + stack.theta[own + m]! * odds(all[row * size]!), 0);
      survival[row]! *= 1 - 1 / (1 + Math.exp(-(stack.theta[0]! + z)));
      expect(chances[row * size]).toBeCloseTo(1 - survival[row]!, 12);
    }
  });
});
