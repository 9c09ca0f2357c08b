import { fitOneClassSvm, loadOneClassSvm, type OneClassSvm } from '../../ml/one-class-svm.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { someRows, squares } from './some-rows.ts';

/** Share of training rows outside; a tenth of these rows are support vectors, which is what a score costs. */
const NU = 0.1;
const MOST_ROWS = 2000;

function memberOf(svm: OneClassSvm): MemberModel {
  return {
    kind: 'svm',
    columns: svm.columns,
    score: (row, offset) => svm.scoreRow(row, offset),
    blame: (row, out, offset = 0) => squares(row, out, offset),
    toBytes: () => svm.toBytes(),
  };
}

export const svmMember: MemberFactory = {
  kind: 'svm',
  fit: (rows) => memberOf(fitOneClassSvm(someRows(rows, MOST_ROWS), { nu: NU })),
  load: (bytes) => memberOf(loadOneClassSvm(bytes)),
};
