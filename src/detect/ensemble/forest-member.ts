import { fitIsolationForest, type IsolationForest, loadIsolationForest } from '../../ml/isolation-forest.ts';
import type { MemberFactory, MemberModel } from './member.ts';

/** Twice scikit-learn's default: with trailing means among the columns a single tree sees few of them. */
const TREES = 200;

function memberOf(forest: IsolationForest): MemberModel {
  return {
    kind: 'forest',
    columns: forest.columns,
    score: (row, offset) => forest.scoreRow(row, offset),
    // Its Shapley values take milliseconds a row; what each split saved on the way takes as long as a score.
    blame: (row, out, offset = 0) => {
      forest.pathGains(row, out, offset);
      for (let c = 0; c < out.length; c++) out[c] = Number.isNaN(row[offset + c]!) ? 0 : Math.max(0, out[c]!);
    },
    toBytes: () => forest.toBytes(),
  };
}

export const forestMember: MemberFactory = {
  kind: 'forest',
  fit: (rows, { seed }) => memberOf(fitIsolationForest(rows, { seed, trees: TREES })),
  load: (bytes) => memberOf(loadIsolationForest(bytes)),
};
