import type { FloatArray } from '../../ml/matrix.ts';
import { fitOneClassSvm, loadOneClassSvm, type OneClassSvm } from '../../ml/one-class-svm.ts';
import type { MemberFactory, MemberModel } from './member.ts';
import { someRows } from './some-rows.ts';

/** Share of training rows outside; a tenth of these rows are support vectors, which is what a score costs. */
const NU = 0.1;
const MOST_ROWS = 2000;

/**
 * How much nearer the row would be to the support vectors that it is near to, were a column at its usual value, which is 0. They are
 * weighed by their part in the score, so that what goes with the others, as a high load does, is not blamed.
 */
function distances(
  { supportVectors, coefficients, gamma }: OneClassSvm,
  row: FloatArray,
  { offset, out }: { readonly offset: number; readonly out: Float64Array },
): void {
  const { data, rows, columns } = supportVectors;
  const parts = new Float64Array(rows);
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows; i++) {
    let square = 0;
    for (let c = 0; c < columns; c++) {
      const x = row[offset + c]!;
      if (x === x) square += (x - data[i * columns + c]!) ** 2;
    }
    parts[i] = Math.log(coefficients[i]!) - gamma * square;
    most = Math.max(most, parts[i]!);
  }
  let total = 0;
  for (let i = 0; i < rows; i++) total += parts[i] = Math.exp(parts[i]! - most);
  out.fill(0);
  for (let i = 0; i < rows; i++) {
    const part = parts[i]! / total;
    for (let c = 0; c < columns; c++) {
      const x = row[offset + c]!;
      const near = data[i * columns + c]!;
      if (x === x) out[c]! += part * ((x - near) ** 2 - near ** 2);
    }
  }
  for (let c = 0; c < columns; c++) out[c] = Math.max(0, out[c]!);
}

function memberOf(svm: OneClassSvm): MemberModel {
  return {
    kind: 'svm',
    columns: svm.columns,
    score: (row, offset) => svm.scoreRow(row, offset),
    blame: (row, out, offset = 0) => distances(svm, row, { offset, out }),
    toBytes: () => svm.toBytes(),
  };
}

export const svmMember: MemberFactory = {
  kind: 'svm',
  fit: (rows) => memberOf(fitOneClassSvm(someRows(rows, MOST_ROWS), { nu: NU })),
  load: (bytes) => memberOf(loadOneClassSvm(bytes)),
};
