import { fitExtraTrees } from '../../ml/extra-trees.ts';
import { type Forest, loadForest } from '../../ml/forest.ts';
import { growInTurns } from '../../ml/grow-in-turns.ts';
import { matrixFromRows } from '../../ml/matrix.ts';
import { minutesLost, type PolicyEpisode } from '../../model/policy.ts';
import { rowOf, situationOf } from './context-row.ts';
import { WORTH_MINUTES } from './shares.ts';

const TREES = 30;
const LEAST_ROWS = 20;
const MOST_ROWS = 2000;

/** What a try in vain still costs to the end of its incident, minutes: what one that resolves is worth. */
export interface CostToGo {
  of(row: Float64Array): number;
  readonly forest: Forest | null;
}

const costToGo = (forest: Forest | null): CostToGo => ({
  forest,
  of: (row) => (forest === null ? WORTH_MINUTES : Math.max(0, forest.predictRow(row, new Float64Array(1))[0]!)),
});

export const loadCostToGo = (bytes: Uint8Array | null): CostToGo => costToGo(bytes === null ? null : loadForest(bytes));

/** Learns from what came after tries in vain, by the context in which they were made. */
export async function fitCostToGo(
  episodes: readonly PolicyEpisode[],
  vocabulary: readonly string[],
  seed: number,
): Promise<CostToGo> {
  const rows: Float64Array[] = [];
  const target: number[] = [];
  for (const { steps } of episodes.slice(-MOST_ROWS)) {
    let after = 0;
    for (const [i, step] of steps.toReversed().entries()) {
      const vain = step.verdict !== 'resolved';
      // The last try in vain is followed by what its own minutes hold: somebody else had to end it.
      if (vain && i > 0) {
        rows.push(rowOf(situationOf(step), vocabulary));
        target.push(after);
      } else if (vain) {
        rows.push(rowOf(situationOf(step), vocabulary));
        target.push(step.minutes);
      }
      after += minutesLost(step) ?? step.minutes;
    }
  }
  if (rows.length < LEAST_ROWS) return costToGo(null);
  const matrix = matrixFromRows(rows);
  return costToGo(
    await growInTurns(fitExtraTrees, { matrix, target }, { seed, task: 'regression', trees: TREES, minLeafRows: 5 }),
  );
}
