import { fitIsolationForest, type IsolationForest, loadIsolationForest } from '../../ml/isolation-forest.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { squares } from './some-rows.ts';

/** Twice scikit-learn's default: with trailing means among the columns a single tree sees few of them. */
const TREES = 200;

function memberOf(forest: IsolationForest): MemberModel {
  return {
    kind: 'forest',
    columns: forest.columns,
    score: (row, offset) => forest.scoreRow(row, offset),
    // The forest's own Shapley values take milliseconds a row; a column that is far out is what isolates a row.
    blame: (row, out, offset = 0) => squares(row, out, offset),
    toBytes: () => forest.toBytes(),
  };
}

export const forestMember: MemberFactory = {
  kind: 'forest',
  fit: (rows, { seed }) => memberOf(fitIsolationForest(rows, { seed, trees: TREES })),
  load: (bytes) => memberOf(loadIsolationForest(bytes)),
};
