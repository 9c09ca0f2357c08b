import { fitPca, loadPca, type Pca } from '../../ml/pca.ts';
import type { MemberFactory, MemberModel } from './member.ts';

/**
 * Share of the variance that counts as the usual course: the one or two axes of load, on which everything rises and falls
 * together. What is left of a row is judged whole; taking more axes away hides what breaks several features alike.
 */
const SHARE = 0.4;
/** Beyond so many columns all axes cost too much to look at; the first ones are the axes of load. */
const MANY_COLUMNS = 512;
const MANY_AXES = 2;

function memberOf(pca: Pca): MemberModel {
  return {
    kind: 'pca',
    columns: pca.columns,
    score: (row, offset) => pca.scoreRow(row, offset),
    blame: (row, out, offset) => {
      pca.residualRow(row, out, offset);
      for (let c = 0; c < out.length; c++) out[c] = out[c]! ** 2;
    },
    toBytes: () => pca.toBytes(),
  };
}

/** Principal components of windows, which the trailing means stand for: what departs from the common course is abnormal. */
export const pcaMember: MemberFactory = {
  kind: 'pca',
  fit: (rows, { seed }) => {
    const axes = rows.columns > MANY_COLUMNS ? { components: MANY_AXES } : { share: SHARE };
    return memberOf(fitPca(rows, { ...axes, standardise: false, seed }));
  },
  load: (bytes) => memberOf(loadPca(bytes)),
};
